//! What is wrong with the arguments of a call, in words that let a model mend it.

use serde_json::Value;

/// How much of a value is repeated to the model, in characters.
const SHOWN: usize = 60;
/// How many faults are told at once: a call can hold as many as its sender likes.
const TOLD: usize = 20;

/// The faults of one call.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    told: Vec<String>,
    untold: usize,
}

impl Faults {
    pub(crate) fn add(&mut self, argument: &str, fault: &str) {
        if self.told.len() < TOLD {
            self.told.push(format!("`{}`: {fault}", cut(argument)));
        } else {
            self.untold += 1;
        }
    }

    /// The text for the model, if there is any fault.
    pub(crate) fn text(&self) -> Option<String> {
        if self.told.is_empty() {
            return None;
        }
        let mut text = format!("Invalid arguments: {}", self.told.join("; "));
        if self.untold > 0 {
            text.push_str(&format!("; and {} more", self.untold));
        }
        Some(text)
    }
}

/// A value as it is repeated to the model.
pub(crate) fn show(value: &Value) -> String {
    cut(&value.to_string())
}

/// A text that is not repeated in full if it is long.
pub(crate) fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// What serde says of a value that does not fit: without its position, without long quotes, and with the names of JSON.
pub(crate) fn from_serde(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.rsplit_once(" at line ").map_or(&*text, |(text, _)| text);
    let text = cut_quotes(text);
    match text.split_once(", expected ") {
        Some((fault, expected)) => format!("{fault}, expected {}", json_name(expected)),
        None => text,
    }
}

/// Shortens what stands in quotes, which is the caller's.
fn cut_quotes(text: &str) -> String {
    let mut shortened = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(['"', '`']) {
        let (before, quoted) = rest.split_at(start);
        let quote = if quoted.starts_with('"') { '"' } else { '`' };
        shortened.push_str(before);
        // A quote inside the text would end it early; the last one of a `"` text is its end.
        let end = if quote == '"' { quoted[1..].rfind(quote) } else { quoted[1..].find(quote) };
        let Some(end) = end else {
            shortened.push_str(&cut(quoted));
            return shortened;
        };
        shortened.push(quote);
        shortened.push_str(&cut(&quoted[1..=end]));
        shortened.push(quote);
        rest = &quoted[end + 2..];
    }
    shortened.push_str(rest);
    shortened
}

/// The name of a type of Rust in the words of JSON.
fn json_name(expected: &str) -> String {
    let integer = |low: i128, high: i128| format!("an integer from {low} to {high}");
    match expected {
        "u8" => integer(0, u8::MAX.into()),
        "u16" => integer(0, u16::MAX.into()),
        "u32" => integer(0, u32::MAX.into()),
        "u64" | "usize" => integer(0, u64::MAX.into()),
        "i8" => integer(i8::MIN.into(), i8::MAX.into()),
        "i16" => integer(i16::MIN.into(), i16::MAX.into()),
        "i32" => integer(i32::MIN.into(), i32::MAX.into()),
        "i64" | "isize" => integer(i64::MIN.into(), i64::MAX.into()),
        "u128" | "i128" => "an integer".into(),
        "f32" | "f64" => "a number".into(),
        "a sequence" => "an array".into(),
        "a map" => "an object".into(),
        name if name.starts_with("struct ") => "an object".into(),
        name => name.into(),
    }
}
