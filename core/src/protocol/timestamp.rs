//! Moments as the protocol writes them: ISO 8601, in UTC.

const DAY: u64 = 24 * 60 * 60 * 1000;

/// A moment in milliseconds since 1970, such as `2026-07-28T09:30:00.000Z`.
pub(crate) fn timestamp(unix_millis: u64) -> String {
    let (year, month, day) = date(unix_millis / DAY);
    let millis = unix_millis % DAY;
    let (seconds, millis) = (millis / 1000, millis % 1000);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

/// The date of a day, which is counted from 1970-01-01.
const fn date(day: u64) -> (u64, u64, u64) {
    /// Days in 400, 100 and 4 years of the Gregorian calendar, and in one that is no leap year.
    const CYCLE: u64 = 146_097;
    const CENTURY: u64 = 36_524;
    const LEAP: u64 = 1_461;
    const YEAR: u64 = 365;
    // Counted from 2000-03-01 less five cycles, so that the leap day is the last of its year, and nothing is negative.
    let day = day + 5 * CYCLE - 11_017;
    let (cycle, day) = (day / CYCLE, day % CYCLE);
    // The last day of a cycle belongs to its fourth century, and the last of four years to their fourth year.
    let century = if day / CENTURY > 3 { 3 } else { day / CENTURY };
    let day = day - century * CENTURY;
    let (leap, day) = (day / LEAP, day % LEAP);
    let year = if day / YEAR > 3 { 3 } else { day / YEAR };
    let day = day - year * YEAR;
    // From March on, months of 31 and 30 days take turns so that 153 days are five of them.
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let year = cycle * 400 + century * 100 + leap * 4 + year;
    if month < 10 { (year, month + 3, day) } else { (year + 1, month - 9, day) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_moments() {
        for (millis, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_399_999, "2000-02-28T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (951_868_800_000, "2000-03-01T00:00:00.000Z"),
            (1_709_164_800_000, "2024-02-29T00:00:00.000Z"),
            (1_785_231_000_001, "2026-07-28T09:30:00.001Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(timestamp(millis), text);
        }
    }

    #[test]
    fn every_day_follows_the_one_before() {
        let length = |year: u64, month: u64| match month {
            2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        let mut expected = (1970, 1, 1);
        for day in 0..400_000 {
            assert_eq!(date(day), expected);
            expected.2 += 1;
            if expected.2 > length(expected.0, expected.1) {
                expected = if expected.1 == 12 { (expected.0 + 1, 1, 1) } else { (expected.0, expected.1 + 1, 1) };
            }
        }
    }
}
