//! JSON text, walked from its start to its end: how a message is sorted before its parts are read.
//!
//! It goes over text once, without recursion and without a copy, and takes what serde_json takes (RFC 8259); serde_json
//! itself passes over a long string at a fraction of the speed. Where it gives nothing, a closer look finds out why.

use std::borrow::Cow;
use std::ops::Range;

use memchr::{memchr, memchr2, memchr2_iter};
use serde::Deserialize;
use serde::de::{Deserializer, Visitor};

/// The deepest nesting that is walked; serde_json's own limit is the same.
pub(super) const DEPTH_LIMIT: u32 = u128::BITS;

/// One value as it was sent, known to be well-formed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Json<'a>(&'a str);

impl<'a> Json<'a> {
    /// Its text.
    pub(crate) const fn get(self) -> &'a str {
        self.0
    }

    pub(crate) fn is_null(self) -> bool {
        self.0 == "null"
    }

    pub(crate) fn is_object(self) -> bool {
        self.0.starts_with('{')
    }

    /// A string, borrowed wherever it holds no escapes; `None` of any other value, and of one that is no Unicode.
    pub(crate) fn text(self) -> Option<Cow<'a, str>> {
        match self.plain() {
            Some(plain) => Some(Cow::Borrowed(plain)),
            None => serde_json::from_str(self.0).ok().map(Cow::Owned),
        }
    }

    /// The value as a type.
    pub(crate) fn read<T: Deserialize<'a>>(self) -> Result<T, serde_json::Error> {
        match self.plain() {
            Some(plain) => T::deserialize(Plain { json: self.0, plain }),
            None => serde_json::from_str(self.0),
        }
    }

    /// A string without escapes: what stands between its quotes.
    fn plain(self) -> Option<&'a str> {
        let plain = self.0.strip_prefix('"')?.strip_suffix('"')?;
        memchr(b'\\', plain.as_bytes()).is_none().then_some(plain)
    }
}

/// A walk over one text.
#[derive(Debug)]
pub(crate) struct Walk<'a> {
    text: &'a str,
    /// The byte that is next.
    at: usize,
    /// How many objects and arrays are open.
    depth: u32,
    /// Which of them are objects: the innermost is the last bit.
    objects: u128,
}

impl<'a> Walk<'a> {
    /// Walks over the whole of a text: past what `read` passes over may come white space only.
    pub(crate) fn whole<T>(text: &'a str, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let mut walk = Self { text, at: 0, depth: 0, objects: 0 };
        let read = read(&mut walk)?;
        walk.space();
        (walk.at == text.len()).then_some(read)
    }

    /// An object. `member` is told of each name, and has to pass over its value.
    pub(crate) fn object(&mut self, mut member: impl FnMut(&mut Self, Cow<'a, str>) -> Option<()>) -> Option<()> {
        self.space();
        if self.next()? != b'{' {
            return None;
        }
        self.open(true)?;
        if self.closes(b'}') {
            return Some(());
        }
        loop {
            let name = match self.name()? {
                (name, false) => Cow::Borrowed(self.text.get(name)?),
                (name, true) => Json(self.text.get(name.start - 1..name.end + 1)?).text()?,
            };
            member(self, name)?;
            self.space();
            match self.next()? {
                b',' => {}
                b'}' => {
                    self.close();
                    return Some(());
                }
                _ => return None,
            }
        }
    }

    /// Whether `null` is next, which this passes over.
    pub(crate) fn null(&mut self) -> bool {
        self.space();
        let null = self.rest().starts_with(b"null");
        self.at += if null { 4 } else { 0 };
        null
    }

    /// Any value.
    pub(crate) fn value(&mut self) -> Option<Json<'a>> {
        self.space();
        let (start, outside) = (self.at, self.depth);
        loop {
            // Here a value begins.
            self.space();
            match self.next()? {
                b'"' => drop(self.string()?),
                b'{' => {
                    self.open(true)?;
                    if !self.closes(b'}') {
                        self.name()?;
                        continue;
                    }
                }
                b'[' => {
                    self.open(false)?;
                    if !self.closes(b']') {
                        continue;
                    }
                }
                b'-' => {
                    let digit = self.next()?;
                    self.number(digit)?;
                }
                digit @ b'0'..=b'9' => self.number(digit)?,
                b't' => self.word("rue")?,
                b'f' => self.word("alse")?,
                b'n' => self.word("ull")?,
                _ => return None,
            }
            // Here one has ended: what holds it goes on, or ends as well.
            loop {
                if self.depth == outside {
                    return self.text.get(start..self.at).map(Json);
                }
                let in_object = self.objects & 1 == 1;
                self.space();
                match (self.next()?, in_object) {
                    (b',', true) => {
                        self.name()?;
                        break;
                    }
                    (b',', false) => break,
                    (b'}', true) | (b']', false) => self.close(),
                    _ => return None,
                }
            }
        }
    }

    /// A value into its place, which has to be empty yet.
    pub(crate) fn value_into(&mut self, place: &mut Option<Json<'a>>) -> Option<()> {
        place.replace(self.value()?).is_none().then_some(())
    }

    /// A name with its colon: where it stands without its quotes, and whether it has escapes.
    fn name(&mut self) -> Option<(Range<usize>, bool)> {
        self.space();
        if self.next()? != b'"' {
            return None;
        }
        let start = self.at;
        let escaped = self.string()?;
        let name = start..self.at - 1;
        self.space();
        (self.next()? == b':').then_some((name, escaped))
    }

    /// The rest of a string, past its opening quote; whether it has escapes.
    fn string(&mut self) -> Option<bool> {
        let mut escaped = false;
        loop {
            self.at += plain_prefix(self.rest());
            match self.next()? {
                b'"' => return Some(escaped),
                b'\\' => self.escape()?,
                _ => return None,
            }
            escaped = true;
        }
    }

    /// The rest of an escape, past its backslash. Whether it is Unicode is for who reads it to say, as in serde_json.
    fn escape(&mut self) -> Option<()> {
        match self.next()? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(()),
            b'u' => {
                let digits = self.rest().first_chunk::<4>()?;
                self.at += digits.len();
                digits.iter().all(u8::is_ascii_hexdigit).then_some(())
            }
            _ => None,
        }
    }

    /// The rest of a number, past its first digit.
    fn number(&mut self, first: u8) -> Option<()> {
        match first {
            b'0' => {}
            b'1'..=b'9' => self.digits(),
            _ => return None,
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digit()?;
            self.digits();
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digit()?;
            self.digits();
        }
        Some(())
    }

    fn digit(&mut self) -> Option<()> {
        self.next()?.is_ascii_digit().then_some(())
    }

    fn digits(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
    }

    fn word(&mut self, rest: &str) -> Option<()> {
        let found = self.rest().starts_with(rest.as_bytes());
        self.at += rest.len();
        found.then_some(())
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\t' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn open(&mut self, object: bool) -> Option<()> {
        self.depth += 1;
        self.objects = self.objects << 1 | u128::from(object);
        (self.depth <= DEPTH_LIMIT).then_some(())
    }

    fn close(&mut self) {
        self.depth -= 1;
        self.objects >>= 1;
    }

    /// Whether what was opened just now ends at once.
    fn closes(&mut self, bracket: u8) -> bool {
        self.space();
        let closes = self.peek() == Some(bracket);
        if closes {
            self.at += 1;
            self.close();
        }
        closes
    }

    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let next = self.peek()?;
        self.at += 1;
        Some(next)
    }
}

/// How many bytes of a string stand for themselves, up to its end or an escape or what may not be in one.
fn plain_prefix(text: &[u8]) -> usize {
    /// Most strings are no longer.
    const SHORT: usize = 64;
    let (words, _) = text.as_chunks::<8>();
    let mut length = 0;
    for word in words.iter().take(SHORT / 8) {
        let special = special_bytes(u64::from_le_bytes(*word));
        if special != 0 {
            return length + special.trailing_zeros() as usize / 8;
        }
        length += word.len();
    }
    if length == SHORT {
        let rest = &text[SHORT..];
        let long = &rest[..memchr2(b'"', b'\\', rest).unwrap_or(rest.len())];
        if long.iter().fold(u8::MAX, |least, byte| least.min(*byte)) >= b' ' {
            return SHORT + long.len();
        }
    }
    let is_special = |byte: &u8| *byte < b' ' || matches!(byte, b'"' | b'\\');
    length + text[length..].iter().position(is_special).unwrap_or(text.len() - length)
}

/// The quotes, backslashes and control characters of eight bytes: the highest bit of each, exact up to the first.
const fn special_bytes(word: u64) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    const fn zeros(word: u64) -> u64 {
        word.wrapping_sub(ONES) & !word
    }
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    let quote = zeros(word ^ (ONES * b'"' as u64));
    let backslash = zeros(word ^ (ONES * b'\\' as u64));
    (control | quote | backslash) & (ONES << 7)
}

/// The deserializer of a string without escapes, which need not be looked for again.
struct Plain<'a> {
    json: &'a str,
    plain: &'a str,
}

impl<'de> Deserializer<'de> for Plain<'de> {
    type Error = serde_json::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, serde_json::Error> {
        visitor.visit_borrowed_str(self.plain)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, serde_json::Error> {
        visitor.visit_borrowed_bytes(self.plain.as_bytes())
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, serde_json::Error> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, serde_json::Error> {
        visitor.visit_some(self)
    }

    // One of them is serde_json's own.
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, serde_json::Error> {
        serde_json::Deserializer::from_str(self.json).deserialize_newtype_struct(name, visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, serde_json::Error> {
        serde_json::Deserializer::from_str(self.json).deserialize_enum(name, variants, visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string unit unit_struct seq tuple tuple_struct map
        struct identifier ignored_any
    }
}

/// Whether brackets nest deeper than is walked, in what may not be JSON.
pub(super) fn is_too_deep(json: &[u8]) -> bool {
    // Few brackets cannot nest deep, and counting them is all that an ordinary body costs.
    if memchr2_iter(b'[', b'{', json).nth(DEPTH_LIMIT as usize).is_none() {
        return false;
    }
    let (mut depth, mut in_string, mut escaped) = (0_u32, false, false);
    for byte in json {
        if in_string {
            (in_string, escaped) = match byte {
                _ if escaped => (true, false),
                b'\\' => (true, true),
                b'"' => (false, false),
                _ => (true, false),
            };
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEPTH_LIMIT {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::de::DeserializeOwned;
    use serde_json::Value;
    use serde_json::value::RawValue;

    use super::*;

    fn walked(text: &str) -> Option<&str> {
        Walk::whole(text, Walk::value).map(Json::get)
    }

    fn raw(text: &str) -> Option<&str> {
        serde_json::from_str::<&RawValue>(text).ok().map(RawValue::get)
    }

    /// JSON and what is nearly JSON: pieces of both, in any order.
    fn pieces() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            4 => "[\\[\\]{}:,\"\\\\ \n]",
            2 => prop_oneof![Just("true"), Just("false"), Just("null"), Just("nul"), Just("\"a\":"), Just("\"\""), Just("{}"), Just("[]")].prop_map(str::to_owned),
            2 => "-?[0-9]{0,3}(\\.[0-9]{0,2})?([eE][+-]?[0-9]{0,2})?",
            2 => "\"([a-z가-힣]|\\\\[\"\\\\/bfnrtux0]|\\\\u[0-9a-fA-FdD]{3,4}){0,20}\"",
            1 => "\\PC{0,20}",
            1 => "[\u{0}-\u{20}]",
        ];
        prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }

    /// Trees, as text with white space of every kind.
    fn trees() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "\\PC{0,40}".prop_map(Value::from),
        ];
        leaf.prop_recursive(6, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::hash_map("\\PC{0,20}", inner, 0..6)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    /// What reading gives, and the text of its error, by the shortcut and by serde_json.
    fn reads_alike<T: DeserializeOwned + PartialEq + std::fmt::Debug>(text: &str) {
        let ours = Walk::whole(text, Walk::value).unwrap().read::<T>();
        match (ours, serde_json::from_str::<T>(text)) {
            (Ok(ours), Ok(theirs)) => assert_eq!(ours, theirs),
            (Err(ours), Err(theirs)) => {
                let theirs = theirs.to_string();
                let theirs = theirs.split(" at line").next().unwrap();
                assert_eq!(ours.to_string().split(" at line").next(), Some(theirs), "{text}");
            }
            (ours, theirs) => panic!("{text}: {ours:?}, but {theirs:?}"),
        }
    }

    #[test]
    fn http_09_depth_is_bounded_and_strings_do_not_count() {
        assert!(is_too_deep("[".repeat(100_000).as_bytes()));
        assert!(is_too_deep("{\"a\":".repeat(129).as_bytes()));
        assert!(!is_too_deep("[]".repeat(500).as_bytes()));
        assert!(!is_too_deep(format!("\"{}\"", "[".repeat(500)).as_bytes()));
        assert!(!is_too_deep(format!("\"\\\"{}\"", "{".repeat(500)).as_bytes()));
        assert!(is_too_deep(format!("\"\\\\\"{}", "{".repeat(500)).as_bytes()));
    }

    proptest! {
        #[test]
        fn it_takes_what_serde_json_takes(text in pieces()) {
            prop_assert_eq!(walked(&text), raw(&text));
        }

        #[test]
        fn it_takes_every_tree(tree in trees(), cut in any::<prop::sample::Index>()) {
            for text in [tree.to_string(), format!(" {tree:#}\r\n\t")] {
                prop_assert_eq!(walked(&text), raw(&text));
                let cut = (0..=cut.index(text.len() + 1)).rev().find(|at| text.is_char_boundary(*at)).unwrap();
                prop_assert_eq!(walked(&text[..cut]), raw(&text[..cut]));
            }
        }

        #[test]
        fn members_are_those_that_serde_json_finds(tree in trees()) {
            let text = tree.to_string();
            let mut members = serde_json::Map::new();
            let ended = Walk::whole(&text, |walk| walk.object(|walk, name| {
                members.insert(name.into_owned(), walk.value()?.read().unwrap());
                Some(())
            }));
            let theirs = serde_json::from_str::<Value>(&text).unwrap();
            prop_assert_eq!(ended.map(|()| Value::Object(members)), tree.is_object().then_some(theirs));
        }

        #[test]
        fn strings_are_read_as_serde_json_reads_them(text in "\"([a-z가-힣]|\\\\[nrt\"]){0,40}\"") {
            #[derive(Debug, PartialEq, serde::Deserialize)]
            struct Newtype(String);
            #[derive(Debug, PartialEq, serde::Deserialize)]
            #[serde(untagged)]
            enum Either { Number(u8), Text(String) }
            #[derive(Debug, PartialEq, serde::Deserialize)]
            #[serde(rename_all = "lowercase")]
            enum Unit { A, B }
            reads_alike::<String>(&text);
            reads_alike::<Option<Box<str>>>(&text);
            reads_alike::<Newtype>(&text);
            reads_alike::<Option<Newtype>>(&text);
            reads_alike::<Either>(&text);
            reads_alike::<Unit>(&text);
            reads_alike::<char>(&text);
            reads_alike::<i64>(&text);
            reads_alike::<()>(&text);
            reads_alike::<Vec<u8>>(&text);
            reads_alike::<std::collections::BTreeMap<String, u8>>(&text);
            reads_alike::<Value>(&text);
            reads_alike::<std::net::IpAddr>(&text);
            reads_alike::<std::path::PathBuf>(&text);
            let json = Walk::whole(&text, Walk::value).unwrap();
            let raw = json.read::<Box<RawValue>>().unwrap();
            prop_assert_eq!(raw.get(), &text);
            prop_assert_eq!(json.text().unwrap().into_owned(), serde_json::from_str::<String>(&text).unwrap());
        }
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(walked(&nested(128)).is_some());
        assert!(walked(&nested(129)).is_none());
        let mixed = |depth: usize| format!("{}0{}", "{\"a\":[".repeat(depth), "]}".repeat(depth));
        assert!(walked(&mixed(64)).is_some());
        assert!(walked(&mixed(65)).is_none());
        assert!(walked(&"[".repeat(1_000_000)).is_none());
        assert!(walked(&format!("[{}]", "[],".repeat(1000) + "[]")).is_some(), "what was closed does not count");
    }
}
