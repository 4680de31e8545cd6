//! Reads the iCalendar text of a new schedule, and finds the mistakes that clients make with it.

use chrono::{NaiveDateTime, TimeZone, Utc};
use chrono_tz::Asia::Seoul;

use crate::naver::KstDateTime;

/// What a `VEVENT` says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ReadEvent {
    pub(super) uid: String,
    pub(super) title: String,
    pub(super) start: KstDateTime,
    pub(super) end: KstDateTime,
    pub(super) description: String,
    pub(super) location: String,
}

/// One unfolded line: `NAME;PARAM=value:value`.
struct Line<'t> {
    name: &'t str,
    params: &'t str,
    value: &'t str,
}

pub(super) fn read_event(text: &str) -> Result<ReadEvent, &'static str> {
    let unfolded = text.replace("\r\n", "\n").replace("\n ", "").replace("\n\t", "");
    check_encoding(&unfolded)?;
    let lines = event_lines(&unfolded)?;
    let find = |name: &str| lines.iter().find(|line| line.name.eq_ignore_ascii_case(name));
    let text_of = |name| find(name).map(|line| unescape(line.value)).unwrap_or_default();

    let uid = find("UID").map(|line| line.value.trim()).filter(|uid| !uid.is_empty()).ok_or("UID is missing")?;
    if uid.contains('%') {
        return Err("UID has a `%`, which is not supported");
    }
    let start = instant(find("DTSTART").ok_or("DTSTART is missing")?)?;
    let end = instant(find("DTEND").ok_or("DTEND is missing")?)?;
    if end <= start {
        return Err("DTEND is not after DTSTART");
    }
    let title = text_of("SUMMARY").trim().to_owned();
    if title.is_empty() {
        return Err("SUMMARY is missing");
    }
    Ok(ReadEvent {
        uid: uid.to_owned(),
        title,
        start,
        end,
        description: text_of("DESCRIPTION"),
        location: text_of("LOCATION"),
    })
}

/// After the one decoding of the form, offsets have their `+` and texts can be read.
fn check_encoding(text: &str) -> Result<(), &'static str> {
    if text.contains("TZOFFSETTO: 0900") || text.contains("TZOFFSETFROM: 0900") {
        return Err("the `+` of an offset was lost; percent-encode the form value");
    }
    if text.contains("TZOFFSETTO:%2B") || text.contains("TZOFFSETFROM:%2B") || text.contains("GMT%2B") {
        return Err("the text was percent-encoded twice");
    }
    // A Hangul syllable in UTF-8 begins with the byte EA, EB, EC or ED.
    let twice = |line: &str| {
        let summary = line.starts_with("SUMMARY") || line.starts_with("DESCRIPTION") || line.starts_with("LOCATION");
        let upper = line.to_ascii_uppercase();
        summary && ["%EA%", "%EB%", "%EC%", "%ED%"].iter().any(|byte| upper.contains(byte))
    };
    if text.lines().any(twice) {
        return Err("the text was percent-encoded twice");
    }
    Ok(())
}

/// The lines of the one event, without those of components within it.
fn event_lines(text: &str) -> Result<Vec<Line<'_>>, &'static str> {
    let mut open: Vec<&str> = Vec::new();
    let mut lines = Vec::new();
    let mut events = 0;
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let line = split(line).ok_or("a line is not NAME:value")?;
        match line.name {
            "BEGIN" => {
                open.push(line.value);
                events += usize::from(line.value == "VEVENT");
            }
            "END" if open.pop() != Some(line.value) => return Err("BEGIN and END do not match"),
            "END" => {}
            _ if open == ["VCALENDAR", "VEVENT"] => lines.push(line),
            _ => {}
        }
    }
    match events {
        1 if open.is_empty() => Ok(lines),
        0 | 1 => Err("there is no complete VEVENT"),
        _ => Err("there is more than one VEVENT"),
    }
}

fn split(line: &str) -> Option<Line<'_>> {
    let mut quoted = false;
    let colon = line.find(|c| {
        quoted ^= c == '"';
        c == ':' && !quoted
    })?;
    let (head, value) = (&line[..colon], &line[colon + 1..]);
    let (name, params) = head.split_once(';').unwrap_or((head, ""));
    Some(Line { name, params, value })
}

/// `;TZID=Asia/Seoul:20261018T153000`, or UTC with a `Z`. Without a zone the time is Korean.
fn instant(line: &Line<'_>) -> Result<KstDateTime, &'static str> {
    const FORM: &str = "a time is not of the form 20261018T153000";
    if line.params.split(';').any(|param| param.starts_with("TZID=") && param != "TZID=Asia/Seoul") {
        return Err("the time zone is not Asia/Seoul");
    }
    let (text, utc) = match line.value.strip_suffix('Z') {
        Some(text) => (text, true),
        None => (line.value, false),
    };
    if text.len() != 15 {
        return Err(FORM);
    }
    let local = NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%S").map_err(|_| FORM)?;
    if utc {
        return Ok(Utc.from_utc_datetime(&local).into());
    }
    Seoul.from_local_datetime(&local).earliest().map(KstDateTime::from).ok_or(FORM)
}

fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n' | 'N') => plain.push('\n'),
                Some(other) => plain.push(other),
                None => {}
            },
            c => plain.push(c),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The style of Naver's own samples: LF, zone, and a space at the end of the title.
    const SAMPLE: &str = "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VTIMEZONE\nTZID:Asia/Seoul\nBEGIN:STANDARD\n\
        DTSTART:19700101T000000\nTZOFFSETFROM:+0900\nTZOFFSETTO:+0900\nEND:STANDARD\nEND:VTIMEZONE\nBEGIN:VEVENT\n\
        UID:u-1\nDTSTART;TZID=Asia/Seoul:20270301T150000\nDTEND;TZID=Asia/Seoul:20270301T160000\n\
        SUMMARY:가상 일정 \nDESCRIPTION:a\\, b\\nc\nORGANIZER;CN=\"a:b\":mailto:x@y.kr\nEND:VEVENT\nEND:VCALENDAR";

    #[test]
    fn the_sample_is_read() {
        for text in [SAMPLE.to_owned(), SAMPLE.replace('\n', "\r\n"), SAMPLE.replace("가상", "가\n 상")] {
            let event = read_event(&text).unwrap();
            assert_eq!((event.uid.as_str(), event.title.as_str()), ("u-1", "가상 일정"));
            assert_eq!(event.start.to_string(), "2027-03-01T15:00:00+09:00");
            assert_eq!(event.description, "a, b\nc");
        }
    }

    #[test]
    fn mistakes_are_named() {
        for (from, to, reason) in [
            ("+0900", " 0900", "`+` of an offset was lost"),
            ("+0900", "%2B0900", "encoded twice"),
            ("가상 일정", "%EA%B0%80%EC%83%81", "encoded twice"),
            ("u-1", "u%201", "UID has a `%`"),
            ("UID:u-1\n", "", "UID is missing"),
            ("20270301T160000", "20270301T150000", "not after"),
            ("20270301T160000", "2027-03-01 16:00", "not of the form"),
            ("DTEND;TZID=Asia/Seoul", "DTEND;TZID=Europe/Paris", "time zone"),
            ("END:VEVENT", "END:VEVENT\nBEGIN:VEVENT\nEND:VEVENT", "more than one"),
            ("END:VEVENT\n", "", "do not match"),
            ("UID:u-1", "UID:u-1\ngarbage", "NAME:value"),
        ] {
            let error = read_event(&SAMPLE.replace(from, to)).unwrap_err();
            assert!(error.contains(reason), "{to}: {error}");
        }
        assert_eq!(read_event(""), Err("there is no complete VEVENT"));
    }
}
