//! Text that a stranger chose, made fit to be seen: it may lie, but it cannot change what stands around it.

use maud::{Markup, Render, html};

/// A text from a client or another party, as it may stand on a page: on one line, not long, without characters that
/// hide or reorder others, escaped, and isolated from the direction of the text around it.
pub(super) struct Untrusted(String);

impl Untrusted {
    /// Cleans a text and cuts it after `max` characters; `None` if nothing is left to be seen.
    pub(super) fn new(text: &str, max: usize) -> Option<Self> {
        let mut clean = String::new();
        let mut length = 0;
        let mut marks = 0;
        for c in text.chars().filter(|c| !is_hidden(*c)) {
            let c = if is_blank(c) { ' ' } else { c };
            if c == ' ' && (clean.is_empty() || clean.ends_with(' ')) {
                continue;
            }
            marks = if is_mark(c) { marks + 1 } else { 0 };
            // Piled-up marks would reach into the lines above and below.
            if marks > 2 || (marks > 0 && clean.is_empty()) {
                continue;
            }
            if length == max && c == ' ' {
                continue;
            }
            if length == max {
                clean.truncate(clean.trim_end().len());
                clean.push('…');
                break;
            }
            clean.push(c);
            length += 1;
        }
        clean.truncate(clean.trim_end().len());
        (!clean.is_empty()).then_some(Self(clean))
    }

    /// The clean text, for the page's title, where no markup can be.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Render for Untrusted {
    fn render(&self) -> Markup {
        html! { bdi { (self.0) } }
    }
}

/// Line breaks and tabs, every width of space, and letters that look like one.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' | '\u{2800}')
}

/// Controls, and what is invisible or turns the direction of text (UAX #9, UTS #39).
fn is_hidden(c: char) -> bool {
    (c.is_control() && !c.is_whitespace())
        || matches!(
            c,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{e000}'..='\u{f8ff}'
                | '\u{fe00}'..='\u{fe0e}'
                | '\u{feff}'
                | '\u{fff0}'..='\u{ffff}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{10ffff}'
        )
}

/// Marks that combine with the letter before them.
fn is_mark(c: char) -> bool {
    matches!(
        c,
        '\u{300}'..='\u{36f}'
            | '\u{483}'..='\u{489}'
            | '\u{e47}'..='\u{e4e}'
            | '\u{1ab0}'..='\u{1aff}'
            | '\u{1dc0}'..='\u{1dff}'
            | '\u{20d0}'..='\u{20ff}'
            | '\u{fe20}'..='\u{fe2f}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cleaned_and_cut_cons_08() {
        for (text, max, seen) in [
            ("Claude Code", 40, Some("Claude Code")),
            ("달력 도우미 👩‍💻", 40, Some("달력 도우미 👩💻")),
            ("  a \t\r\n b\u{a0}\u{3000} ", 40, Some("a b")),
            ("evil\u{202e}moc.elgoog", 40, Some("evilmoc.elgoog")),
            ("\u{2066}a\u{2069}\u{200b}b\u{feff}\u{ad}\u{0}c\u{7f}", 40, Some("abc")),
            ("a\u{2028}b\u{2029}c", 40, Some("a b c")),
            ("\u{3164}\u{2800}\u{115f}", 40, None),
            ("", 40, None),
            ("\u{200b}", 40, None),
            ("e\u{301}\u{301}\u{301}\u{301}x", 40, Some("e\u{301}\u{301}x")),
            ("\u{301}x", 40, Some("x")),
            ("abcdef", 3, Some("abc…")),
            ("ab cdef", 3, Some("ab…")),
            ("abc", 3, Some("abc")),
            ("abc  ", 3, Some("abc")),
        ] {
            assert_eq!(Untrusted::new(text, max).as_ref().map(Untrusted::as_str), seen, "{text:?}");
        }
    }

    #[test]
    fn rendered_escaped_and_isolated_cons_08() {
        let markup = Untrusted::new("<img src=x onerror=\"a\">&", 40).unwrap().render().into_string();
        assert_eq!(markup, "<bdi>&lt;img src=x onerror=&quot;a&quot;&gt;&amp;</bdi>");
    }
}
