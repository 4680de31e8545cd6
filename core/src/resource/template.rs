//! URI templates (RFC 6570), read backwards: from a URI to the values of its variables.
//!
//! What a value may be is decided here, once and strictly: many a function will make a file name of it.

use bytes::Bytes;
use serde::{Serialize, Serializer};
use serde_json::Map;

use crate::function::arguments::Argument;

/// The longest URI that is looked at: reading one costs time and memory in proportion to its length.
const LONGEST: usize = 8 * 1024;

/// A template whose parts the macro found.
#[derive(Debug)]
pub(crate) struct UriTemplate {
    text: &'static str,
    parts: &'static [Part],
    /// The arguments that the function cannot be without.
    required: Vec<&'static str>,
}

/// A part of a template. The macro sees to it that no two stand together whose border could not be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Text that stands as it is.
    Literal(&'static str),
    /// `{name}`: one segment.
    Segment(&'static str),
    /// `{+name}`: segments, with slashes between them.
    Path(&'static str),
    /// `{/name}`: a slash and one segment, or nothing.
    NextSegment(&'static str),
    /// `{?a,b}`, at the end: a query with some of these.
    Query(&'static [&'static str]),
}

impl UriTemplate {
    pub(crate) const fn new(text: &'static str, parts: &'static [Part]) -> Self {
        Self { text, parts, required: Vec::new() }
    }

    /// The same template, for a function with these arguments.
    pub(crate) fn with_arguments(mut self, arguments: &[Argument]) -> Self {
        self.required = arguments.iter().filter(|argument| argument.required).map(|argument| argument.name).collect();
        self
    }

    pub(crate) const fn as_str(&self) -> &'static str {
        self.text
    }

    /// The values of the variables, as a JSON object of strings; `None` if a URI is not of this form.
    pub(crate) fn matches(&self, uri: &str) -> Option<Bytes> {
        if uri.len() > LONGEST {
            return None;
        }
        let (parts, path, query) = match self.parts {
            [parts @ .., Part::Query(names)] => {
                let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
                (parts, path, query_values(query, names)?)
            }
            parts => (parts, uri, Vec::new()),
        };
        let mut values = Map::new();
        for (name, value) in self.path_values(parts, path)?.into_iter().chain(query) {
            values.insert(name.to_owned(), value.into());
        }
        serde_json::to_vec(&values).ok().map(Bytes::from)
    }

    /// The values in the part of a URI before its query.
    fn path_values(&self, parts: &[Part], path: &str) -> Option<Vec<(&'static str, String)>> {
        let fits = self.fits(parts, path.as_bytes());
        fits[0][0].then_some(())?;
        let (mut values, mut at) = (Vec::new(), 0);
        for (part, rest_fits) in parts.iter().zip(&fits[1..]) {
            let (name, start) = match *part {
                Part::Literal(text) => {
                    at += text.len();
                    continue;
                }
                Part::Segment(name) | Part::Path(name) => (name, at),
                Part::NextSegment(name) => (name, at + 1),
                Part::Query(_) => return None,
            };
            // The longest value that leaves the rest its own: in `{name}.{extension}`, the last dot is between them.
            let ends = (start + 1..=path.len()).take_while(|end| part.takes(path.as_bytes()[end - 1]));
            let end = match ends.filter(|end| rest_fits[*end]).last() {
                Some(end) if part.starts_at(path.as_bytes(), at) => end,
                // There is nothing of it: the rest fits where it would start.
                _ => continue,
            };
            let value = decode(path.get(start..end)?)?;
            let may_be = if matches!(part, Part::Path(_)) { is_path(&value) } else { is_segment(&value) };
            values.push((name, may_be.then_some(value)?));
            at = end;
        }
        Some(values)
    }

    /// Where in `path` the parts from each one on fit all that is left of it.
    fn fits(&self, parts: &[Part], path: &[u8]) -> Vec<Vec<bool>> {
        let mut fits = vec![vec![false; path.len() + 1]; parts.len() + 1];
        fits[parts.len()][path.len()] = true;
        for (index, part) in parts.iter().enumerate().rev() {
            let (before, after) = fits.split_at_mut(index + 1);
            let (fits, rest_fits) = (&mut before[index], &after[0]);
            // Whether a value may start here, with one character or more.
            let mut value_fits = false;
            for at in (0..=path.len()).rev() {
                fits[at] = match part {
                    Part::Literal(text) => path[at..].starts_with(text.as_bytes()) && rest_fits[at + text.len()],
                    Part::Segment(_) | Part::Path(_) => false,
                    Part::NextSegment(name) => {
                        (part.starts_at(path, at) && value_fits) || (!self.required.contains(name) && rest_fits[at])
                    }
                    Part::Query(_) => false,
                };
                value_fits = at < path.len() && part.takes(path[at]) && (rest_fits[at + 1] || value_fits);
                if matches!(part, Part::Segment(_) | Part::Path(_)) {
                    fits[at] = value_fits;
                }
            }
        }
        fits
    }
}

impl Part {
    /// Whether its value may hold this byte.
    const fn takes(self, byte: u8) -> bool {
        match self {
            Self::Segment(_) | Self::NextSegment(_) => !matches!(byte, b'/' | b'?' | b'#'),
            Self::Path(_) => true,
            Self::Literal(_) | Self::Query(_) => false,
        }
    }

    /// Whether it may start here, by what stands before its value.
    fn starts_at(self, path: &[u8], at: usize) -> bool {
        !matches!(self, Self::NextSegment(_)) || path.get(at) == Some(&b'/')
    }
}

/// The values of a query that has none but these names, each at most once.
fn query_values(query: &str, names: &[&'static str]) -> Option<Vec<(&'static str, String)>> {
    let mut values: Vec<(&'static str, String)> = Vec::new();
    if query.contains('#') {
        return None;
    }
    for pair in query.split('&').filter(|_| !query.is_empty()) {
        let (name, value) = pair.split_once('=')?;
        let name = *names.iter().find(|known| **known == name)?;
        if values.iter().any(|(earlier, _)| *earlier == name) {
            return None;
        }
        values.push((name, decode(value).filter(|value| !value.contains('\0'))?));
    }
    Some(values)
}

/// Undoes percent-encoding (RFC 3986 §2.1), once; `None` where it is wrong, or no UTF-8.
fn decode(text: &str) -> Option<String> {
    if !text.contains('%') {
        return Some(text.to_owned());
    }
    let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let (high, low) = (digit(rest.next())?, digit(rest.next())?);
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

/// Whether a value is one segment of a path, which leads nowhere but to what it names.
fn is_segment(value: &str) -> bool {
    !matches!(value, "" | "." | "..") && !value.contains(['/', '\\', '\0'])
}

/// Whether a value is a path that stays below where it starts.
fn is_path(value: &str) -> bool {
    let leads_up = value.split('/').any(|segment| matches!(segment, "." | ".."));
    !leads_up && !value.starts_with('/') && !value.contains(['\\', '\0'])
}

impl Serialize for UriTemplate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.text)
    }
}

#[cfg(test)]
mod tests;
