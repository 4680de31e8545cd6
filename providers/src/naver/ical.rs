//! One schedule as an iCalendar text (RFC 5545).
//!
//! The crate `icalendar` writes the event: it escapes and folds text. The calendar around it is written by hand, since
//! that crate has no type for `VTIMEZONE` and would add a `UID` to it, which RFC 5545 does not allow.

use chrono::{DateTime, FixedOffset, Utc};
use icalendar::{Class, Component, Event, Property};

use super::kst::KstDateTime;

/// What goes into a `VEVENT`. The texts may hold anything; they are cleaned and escaped here.
#[derive(Debug)]
pub(crate) struct EventText<'a> {
    pub(crate) uid: &'a str,
    pub(crate) title: &'a str,
    pub(crate) start: KstDateTime,
    pub(crate) end: KstDateTime,
    pub(crate) description: &'a str,
    pub(crate) location: &'a str,
}

/// Korea has had +09:00 all year since 1988-10-09, so one rule says it all.
const HEAD: &str = "BEGIN:VCALENDAR\r\n\
    VERSION:2.0\r\n\
    PRODID:-//dari//dari-providers//KO\r\n\
    CALSCALE:GREGORIAN\r\n\
    BEGIN:VTIMEZONE\r\n\
    TZID:Asia/Seoul\r\n\
    BEGIN:STANDARD\r\n\
    DTSTART:19700101T000000\r\n\
    TZNAME:GMT+09:00\r\n\
    TZOFFSETFROM:+0900\r\n\
    TZOFFSETTO:+0900\r\n\
    END:STANDARD\r\n\
    END:VTIMEZONE\r\n";
const TAIL: &str = "END:VCALENDAR\r\n";

/// The calendar text, in CRLF lines. `now` stamps it (`DTSTAMP`, `CREATED`, `LAST-MODIFIED`) in real UTC.
pub(crate) fn calendar_text(event: &EventText<'_>, now: DateTime<Utc>) -> Result<String, std::fmt::Error> {
    let stamp = now.format("%Y%m%dT%H%M%SZ").to_string();
    let mut component = Event::new();
    component
        .uid(event.uid)
        .class(Class::Public)
        .append_property(seoul("DTSTART", event.start))
        .append_property(seoul("DTEND", event.end))
        .add_property("SUMMARY", one_line(event.title))
        .add_property("SEQUENCE", "0")
        .add_property("TRANSP", "OPAQUE")
        .add_property("DTSTAMP", &stamp)
        .add_property("CREATED", &stamp)
        .add_property("LAST-MODIFIED", &stamp);
    if !event.description.trim().is_empty() {
        component.add_property("DESCRIPTION", lines(event.description));
    }
    if !event.location.trim().is_empty() {
        component.add_property("LOCATION", one_line(event.location));
    }
    Ok(format!("{HEAD}{}{TAIL}", component.try_into_string()?))
}

/// A local time by the rule in [`HEAD`], so that the two always agree.
fn seoul(name: &str, at: KstDateTime) -> Property {
    const KST: FixedOffset = FixedOffset::east_opt(9 * 3600).expect("nine hours are less than a day");
    let local = at.to_utc().with_timezone(&KST);
    Property::new(name, local.format("%Y%m%dT%H%M%S").to_string()).add_parameter("TZID", "Asia/Seoul").done()
}

/// A text that stays one line: what breaks or controls a line becomes a space.
fn one_line(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    text.trim().chars().map(|c| if breaks_lines(c) { ' ' } else { c }).collect()
}

/// A text of several lines. Only `\n` may break them, since that alone is escaped by everyone.
fn lines(text: &str) -> String {
    text.replace("\r\n", "\n").trim().chars().map(|c| if c != '\n' && breaks_lines(c) { ' ' } else { c }).collect()
}

fn breaks_lines(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(title: &str, description: &str, location: &str) -> String {
        let at = |text: &str| text.parse::<KstDateTime>().unwrap();
        let event = EventText {
            uid: "u-1",
            title,
            start: at("2026-10-18 15:30"),
            end: at("2026-10-18T07:30Z"),
            description,
            location,
        };
        calendar_text(&event, "2026-10-01T00:00:09Z".parse().unwrap()).unwrap()
    }

    #[test]
    fn the_whole_text() {
        let expected = "BEGIN:VCALENDAR VERSION:2.0 PRODID:-//dari//dari-providers//KO CALSCALE:GREGORIAN \
            BEGIN:VTIMEZONE TZID:Asia/Seoul BEGIN:STANDARD DTSTART:19700101T000000 TZNAME:GMT+09:00 \
            TZOFFSETFROM:+0900 TZOFFSETTO:+0900 END:STANDARD END:VTIMEZONE \
            BEGIN:VEVENT CLASS:PUBLIC CREATED:20261001T000009Z DESCRIPTION:설명 DTEND;TZID=Asia/Seoul:20261018T163000 \
            DTSTAMP:20261001T000009Z DTSTART;TZID=Asia/Seoul:20261018T153000 LAST-MODIFIED:20261001T000009Z \
            LOCATION:어딘가 SEQUENCE:0 SUMMARY:회의 TRANSP:OPAQUE UID:u-1 END:VEVENT END:VCALENDAR";
        let text = text("회의", "설명", "어딘가");
        assert!(text.ends_with("\r\n"));
        assert_eq!(text.split_terminator("\r\n").collect::<Vec<_>>(), expected.split_whitespace().collect::<Vec<_>>());
    }

    #[test]
    fn empty_texts_leave_no_property() {
        let text = text("t", "  ", "");
        assert!(!text.contains("DESCRIPTION") && !text.contains("LOCATION"), "{text}");
    }

    #[test]
    fn a_text_can_inject_no_property() {
        for line_break in ["\n", "\r", "\r\n", "\u{85}", "\u{2028}", "\u{b}", "\0"] {
            let evil =
                format!("a;b,c\\d{line_break}END:VEVENT{line_break}BEGIN:VEVENT{line_break}ATTENDEE:mailto:x@y.kr");
            let text = text(&evil, &evil, &evil);
            let unfolded = text.replace("\r\n ", "");
            let starts = |prefix: &str| unfolded.split("\r\n").filter(|line| line.starts_with(prefix)).count();
            assert_eq!((starts("BEGIN:VEVENT"), starts("END:VEVENT"), starts("ATTENDEE")), (1, 1, 0), "{text}");
            assert!(unfolded.contains(r"SUMMARY:a\;b\,c\\d END:VEVENT"), "{unfolded}");
            // No line break but CRLF is left.
            assert!(!unfolded.replace("\r\n", "").contains(breaks_lines), "{unfolded:?}");
        }
    }

    #[test]
    fn a_description_keeps_its_lines_escaped() {
        assert!(text("t", "one\r\ntwo\nthree", "").contains("DESCRIPTION:one\\ntwo\\nthree\r\n"));
    }

    #[test]
    fn long_lines_are_folded_between_characters() {
        let title = "아주 긴 제목 ".repeat(30);
        let text = text(&title, "", "");
        assert!(text.split("\r\n").all(|line| line.len() <= 76), "{text}");
        assert!(text.replace("\r\n ", "").contains(title.trim()));
    }
}
