//! Instants as a language model writes them, in Korean time.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use chrono::{
    DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Timelike, Utc,
};
use chrono_tz::{Asia::Seoul, Tz};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

const FORMS: &str = "2026-10-18 15:30, 2026-10-18T15:30:00 or 2026-10-18T06:30:00Z";

/// An instant in Korean time (Asia/Seoul), to the second: the argument type for "when" in a tool.
///
/// It reads what models write, and reads it exactly:
///
/// | form | example |
/// |---|---|
/// | date and time, with or without seconds | `2026-10-18 15:30`, `2026-10-18 15:30:00` |
/// | with `T` | `2026-10-18T15:30` |
/// | with an offset or `Z`, which is converted | `2026-10-18T15:30:00+09:00`, `2026-10-18T06:30:00Z` |
/// | compact | `20261018T1530`, `20261018T153000`, `20261018 1530` |
///
/// Without an offset the time is Korean time. White space around it is ignored, fractions of a second are cut off.
/// Anything else is refused with an error that names what was received and shows the right forms: a date without a
/// time, a day or an hour that does not exist, a year outside 1970–9999, other text.
///
/// It is written (by `Display` and `Serialize`) in the form of RFC 3339, `2026-10-18T15:30:00+09:00`.
///
/// ```
/// use dari_providers::naver::KstDateTime;
///
/// let at: KstDateTime = "2026-10-18 15:30".parse()?;
/// assert_eq!(at.to_string(), "2026-10-18T15:30:00+09:00");
/// assert!("2026-10-18".parse::<KstDateTime>().is_err());
/// # Ok::<(), dari_providers::naver::ParseKstDateTimeError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KstDateTime(DateTime<Tz>);

impl KstDateTime {
    /// The present moment.
    pub fn now() -> Self {
        Utc::now().into()
    }

    /// The instant in the time zone Asia/Seoul.
    pub fn to_chrono(self) -> DateTime<Tz> {
        self.0
    }

    /// The instant in UTC.
    pub fn to_utc(self) -> DateTime<Utc> {
        self.0.to_utc()
    }
}

/// Converts to Korean time and cuts off fractions of a second.
impl<Z: TimeZone> From<DateTime<Z>> for KstDateTime {
    fn from(instant: DateTime<Z>) -> Self {
        let instant = instant.with_timezone(&Seoul);
        Self(instant.with_nanosecond(0).unwrap_or(instant))
    }
}

impl From<KstDateTime> for DateTime<Tz> {
    fn from(instant: KstDateTime) -> Self {
        instant.0
    }
}

impl From<KstDateTime> for DateTime<Utc> {
    fn from(instant: KstDateTime) -> Self {
        instant.to_utc()
    }
}

impl fmt::Display for KstDateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.format("%Y-%m-%dT%H:%M:%S%:z").fmt(f)
    }
}

impl fmt::Debug for KstDateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KstDateTime({self})")
    }
}

impl FromStr for KstDateTime {
    type Err = ParseKstDateTimeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text.trim()).map_err(|reason| ParseKstDateTimeError { received: shorten(text), reason })
    }
}

impl Serialize for KstDateTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for KstDateTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = KstDateTime;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a date and time in Korean time, such as {FORMS}")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<KstDateTime, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

/// A string without `format`: `date-time` would forbid the forms that models like best.
impl JsonSchema for KstDateTime {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "KstDateTime".into()
    }

    fn schema_id() -> Cow<'static, str> {
        concat!(module_path!(), "::KstDateTime").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "Date and time as `YYYY-MM-DD HH:MM` or `YYYY-MM-DDTHH:MM:SS`, in Korean time (Asia/Seoul) unless it ends with an offset such as `+09:00` or `Z`. The time of day is required.",
            "examples": ["2026-10-18 15:30", "2026-10-18T15:30:00", "2026-10-18T06:30:00Z"],
        })
    }
}

/// A text that is not a date and time. Its message is meant for the one who wrote the text, a model or a person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{received}` {reason}; write a date and time such as {FORMS} (Korean time unless it has an offset)")]
pub struct ParseKstDateTimeError {
    received: String,
    reason: &'static str,
}

/// What was received, fit to be shown: no control characters, not long.
fn shorten(text: &str) -> String {
    let shown: String = text.chars().take(40).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(40).is_some() { format!("{shown}…") } else { shown }
}

const SHAPE: &str = "is not a date and time";

fn parse(text: &str) -> Result<KstDateTime, &'static str> {
    if text.is_empty() {
        return Err("is empty");
    }
    if !text.is_ascii() {
        return Err(SHAPE);
    }
    let (date, rest) = date(text)?;
    let rest = match rest.strip_prefix(['T', 't']) {
        Some(rest) => rest,
        None if rest.is_empty() => return Err("has a date but no time of day"),
        None if rest.starts_with(' ') => rest.trim_start_matches(' '),
        None => return Err(SHAPE),
    };
    let (time, rest) = time(rest)?;
    let local = NaiveDateTime::new(date, time);
    let instant = match offset(rest.trim_start_matches(' '))? {
        Some(offset) => offset.from_local_datetime(&local).earliest().map(|instant| instant.with_timezone(&Seoul)),
        // Korea had summer time in 1987 and 1988: an hour that came twice is read as its first coming.
        None => Seoul.from_local_datetime(&local).earliest(),
    };
    let instant = instant.ok_or("does not exist in Korean time")?;
    if !(1970..=9999).contains(&instant.year()) {
        return Err("has a year outside 1970 to 9999");
    }
    Ok(KstDateTime(instant))
}

/// `YYYY-MM-DD` or `YYYYMMDD`.
fn date(text: &str) -> Result<(NaiveDate, &str), &'static str> {
    let (year, rest) = digits(text, 4).ok_or(SHAPE)?;
    let (month, day, rest) = match rest.strip_prefix('-') {
        Some(rest) => {
            let (month, rest) = digits(rest, 2).ok_or(SHAPE)?;
            let (day, rest) = digits(rest.strip_prefix('-').ok_or(SHAPE)?, 2).ok_or(SHAPE)?;
            (month, day, rest)
        }
        None => {
            let (month, rest) = digits(rest, 2).ok_or(SHAPE)?;
            let (day, rest) = digits(rest, 2).ok_or(SHAPE)?;
            (month, day, rest)
        }
    };
    let year = i32::try_from(year).map_err(|_| SHAPE)?;
    let date = NaiveDate::from_ymd_opt(year, month, day).ok_or("names a day that does not exist")?;
    Ok((date, rest))
}

/// `HH:MM`, `HH:MM:SS`, `HHMM` or `HHMMSS`; after seconds also a fraction, which is dropped.
fn time(text: &str) -> Result<(NaiveTime, &str), &'static str> {
    const SHAPE: &str = "has no time of day of the form HH:MM or HH:MM:SS";
    let (hour, rest) = digits(text, 2).ok_or(SHAPE)?;
    let extended = rest.strip_prefix(':');
    let (minute, rest) = digits(extended.unwrap_or(rest), 2).ok_or(SHAPE)?;
    let seconds = if extended.is_some() {
        match rest.strip_prefix(':') {
            Some(rest) => Some(digits(rest, 2).ok_or(SHAPE)?),
            None => None,
        }
    } else {
        digits(rest, 2)
    };
    let (second, rest) = match seconds {
        Some((second, rest)) => (second, fraction(rest)?),
        None => (0, rest),
    };
    let time = NaiveTime::from_hms_opt(hour, minute, second)
        .ok_or("names a time of day that does not exist (hours are 00 to 23, minutes and seconds 00 to 59)")?;
    Ok((time, rest))
}

fn fraction(text: &str) -> Result<&str, &'static str> {
    let Some(rest) = text.strip_prefix('.') else { return Ok(text) };
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    if (1..=9).contains(&end) { Ok(&rest[end..]) } else { Err(SHAPE) }
}

/// Nothing, `Z`, `+09:00`, `+0900` or `+09`.
fn offset(text: &str) -> Result<Option<FixedOffset>, &'static str> {
    const BAD: &str = "does not end with an offset of the form +09:00 or Z";
    let (sign, rest) = match text.as_bytes() {
        [] => return Ok(None),
        [b'Z' | b'z'] => return Ok(FixedOffset::east_opt(0)),
        [b'+', ..] => (1, &text[1..]),
        [b'-', ..] => (-1, &text[1..]),
        _ => return Err(BAD),
    };
    let (hours, rest) = digits(rest, 2).ok_or(BAD)?;
    let minutes = match rest.strip_prefix(':').unwrap_or(rest) {
        "" if rest.is_empty() => 0,
        rest => match digits(rest, 2).ok_or(BAD)? {
            (minutes @ 0..=59, "") => minutes,
            _ => return Err(BAD),
        },
    };
    let seconds = i32::try_from(hours * 3600 + minutes * 60).map_err(|_| BAD)?;
    FixedOffset::east_opt(sign * seconds).map(Some).ok_or(BAD)
}

/// Exactly `count` digits from the start. `text` is ASCII.
fn digits(text: &str, count: usize) -> Option<(u32, &str)> {
    let (number, rest) = text.split_at_checked(count)?;
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some((number.parse().ok()?, rest))
}

/// A period in Korean time that ends after it starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KstPeriod {
    start: KstDateTime,
    end: KstDateTime,
}

impl KstPeriod {
    /// The period from `start` to `end`.
    ///
    /// # Errors
    /// When `end` is not after `start`. The message tells the model which two instants it gave.
    pub fn new(start: KstDateTime, end: KstDateTime) -> Result<Self, ReversedPeriodError> {
        if end > start { Ok(Self { start, end }) } else { Err(ReversedPeriodError { start, end }) }
    }

    /// Its first instant.
    pub fn start(self) -> KstDateTime {
        self.start
    }

    /// The instant at which it is over.
    pub fn end(self) -> KstDateTime {
        self.end
    }

    /// How long it is; always more than zero.
    pub fn duration(self) -> TimeDelta {
        self.end.0.signed_duration_since(self.start.0)
    }
}

/// A period whose end is not after its start.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the end ({end}) is not after the start ({start}); give an end later than the start, for instance one hour later: {}",
    KstDateTime(start.0 + TimeDelta::hours(1))
)]
pub struct ReversedPeriodError {
    start: KstDateTime,
    end: KstDateTime,
}

#[cfg(test)]
mod tests;
