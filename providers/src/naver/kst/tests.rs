use super::*;

#[track_caller]
fn reads(text: &str, expected: &str) {
    let instant: KstDateTime = text.parse().unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(instant.to_string(), expected, "from {text:?}");
}

#[track_caller]
fn refuses(text: &str, reason: &str) {
    let error = text.parse::<KstDateTime>().unwrap_err().to_string();
    assert!(error.contains(reason), "{text:?} gave: {error}");
    assert!(error.contains("2026-10-18 15:30"), "no example in: {error}");
}

#[test]
fn the_inputs_that_the_seed_of_this_project_read_wrongly() {
    reads("2025-10-18 15:00:00", "2025-10-18T15:00:00+09:00");
    reads("2025-10-18T15:00:00", "2025-10-18T15:00:00+09:00");
    reads("2025-10-18 15:00", "2025-10-18T15:00:00+09:00");
    reads("2025-10-18 15:30", "2025-10-18T15:30:00+09:00");
    reads("2025-10-18 09:45", "2025-10-18T09:45:00+09:00");
    reads("2025-10-18T15:05", "2025-10-18T15:05:00+09:00");
    reads("2025-10-18T15:00:00+09:00", "2025-10-18T15:00:00+09:00");
    reads("2025-10-18T15:00:00Z", "2025-10-19T00:00:00+09:00");
    refuses("2025-10-18", "no time of day");
}

#[test]
fn every_accepted_form() {
    for text in [
        "2026-10-18 15:30",
        "  2026-10-18 15:30\n",
        "2026-10-18  15:30",
        "2026-10-18T15:30",
        "2026-10-18t15:30",
        "2026-10-18 15:30:00",
        "2026-10-18T15:30:00.999",
        "20261018T1530",
        "20261018T153000",
        "20261018 1530",
        "20261018 153000",
        "2026-10-18T06:30Z",
        "20261018T063000Z",
        "20261018T0630Z",
        "2026-10-18 15:30 +09:00",
        "2026-10-18T15:30+0900",
        "2026-10-18T15:30+09",
        "2026-10-17T23:30:00-07:00",
        "20261018 1530+0900",
    ] {
        reads(text, "2026-10-18T15:30:00+09:00");
    }
}

#[test]
fn the_rest_is_refused_with_a_reason() {
    refuses("", "is empty");
    refuses("   ", "is empty");
    refuses("내일 오후 3시", "내일 오후 3시");
    refuses("tomorrow", "not a date and time");
    refuses("20261018", "no time of day");
    refuses("2026-10-18T", "HH:MM");
    refuses("2026-02-30 10:00", "day that does not exist");
    refuses("2026-13-01 10:00", "day that does not exist");
    refuses("2026-10-18 24:00", "time of day that does not exist");
    refuses("2026-10-18 15:60", "time of day that does not exist");
    refuses("2026-10-18 15:30:60", "time of day that does not exist");
    refuses("2026-10-18 15", "HH:MM");
    refuses("2026-10-18 3:30", "HH:MM");
    refuses("2026-10-18 15:30 PM", "offset");
    refuses("2026-10-18 15:30+9", "offset");
    refuses("2026-10-18 15:30+24:00", "offset");
    refuses("2026-10-18 15:30+09:60", "offset");
    refuses("2026-10-18 15:30+09:", "offset");
    refuses("2026-10-18T15:30:00.", "not a date and time");
    refuses("2026/10/18 15:30", "not a date and time");
    refuses("26-10-18 15:30", "not a date and time");
    refuses("0026-10-18 15:30", "year outside");
    refuses("9999-12-31T23:59:00Z", "year outside");
    refuses("２０２６-10-18 15:30", "not a date and time");
    refuses("2026-1-8 15:30", "not a date and time");
    // An hour that summer time skipped.
    refuses("1988-05-08 02:30", "does not exist");
}

#[test]
fn an_error_shows_the_text_shortened_and_without_control_characters() {
    let error = format!("x\u{1b}[31m{}", "y".repeat(100_000)).parse::<KstDateTime>().unwrap_err().to_string();
    assert!(error.len() < 300 && !error.contains('\u{1b}'), "{error}");
}

/// A small generator of numbers, always the same ones: enough to walk over many instants without a crate.
fn numbers() -> impl Iterator<Item = u64> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    })
}

#[test]
fn whatever_is_written_is_read_back() {
    // From 1989 on, after Korea's last summer time, to 9999.
    let range = 599_616_000..253_402_182_000_i64;
    for number in numbers().take(2_000) {
        let seconds = range.start + i64::try_from(number % u64::try_from(range.end - range.start).unwrap()).unwrap();
        let instant = KstDateTime::from(DateTime::<Utc>::from_timestamp(seconds, 0).unwrap());
        let local = instant.to_chrono();
        for form in ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y%m%dT%H%M%S", "%Y%m%d %H%M%S", "%Y-%m-%dT%H:%M:%S%:z"]
        {
            let text = local.format(form).to_string();
            assert_eq!(text.parse::<KstDateTime>().as_ref(), Ok(&instant), "{text}");
        }
        let utc = instant.to_utc().format("%Y-%m-%dT%H:%M:%SZ").to_string();
        assert_eq!(utc.parse(), Ok(instant), "{utc}");
        assert_eq!(instant.to_string().parse(), Ok(instant));
        // Minutes without seconds are the minute itself: never 15:03 for 15:30.
        let minutes = local.format("%Y-%m-%d %H:%M").to_string();
        assert_eq!(minutes.parse::<KstDateTime>().unwrap().to_utc(), instant.to_utc().with_second(0).unwrap());
    }
}

#[test]
fn no_text_makes_it_panic() {
    let alphabet: Vec<char> = "0123456789-:TZ+. 한\u{301}".chars().collect();
    let length = u64::try_from(alphabet.len()).unwrap();
    let mut numbers = numbers();
    for _ in 0..5_000 {
        let size = numbers.next().unwrap() % 26;
        let text: String =
            (0..size).map(|_| alphabet[usize::try_from(numbers.next().unwrap() % length).unwrap()]).collect();
        let _outcome = text.parse::<KstDateTime>();
    }
}

#[test]
fn json_is_a_string_without_a_format() {
    let instant: KstDateTime = serde_json::from_str(r#""2026-10-18 15:30""#).unwrap();
    assert_eq!(serde_json::to_string(&instant).unwrap(), r#""2026-10-18T15:30:00+09:00""#);
    let error = serde_json::from_str::<KstDateTime>("20261018").unwrap_err().to_string();
    assert!(error.contains("2026-10-18 15:30"), "{error}");

    let schema = schemars::schema_for!(KstDateTime);
    assert_eq!(schema.get("type").and_then(|kind| kind.as_str()), Some("string"));
    assert_eq!(schema.get("format"), None);
    for example in schema.get("examples").unwrap().as_array().unwrap() {
        serde_json::from_value::<KstDateTime>(example.clone()).unwrap();
    }
}

#[test]
fn a_period_ends_after_it_starts() {
    let at = |text: &str| text.parse::<KstDateTime>().unwrap();
    let (three, four) = (at("2026-10-18 15:00"), at("2026-10-18 16:00"));
    assert_eq!(KstPeriod::new(three, four).unwrap().duration(), TimeDelta::hours(1));
    for end in [three, at("2026-10-18 14:00"), at("2026-10-18T05:59:59Z")] {
        let error = KstPeriod::new(three, end).unwrap_err().to_string();
        assert!(error.contains(&end.to_string()) && error.contains(&four.to_string()), "{error}");
    }
}
