//! The URI of a resource: one URI, or a template of URIs (RFC 6570) in as much as it can be read backwards.

use syn::LitStr;

use crate::sink::Sink;

/// What is understood, for the errors.
const SUPPORTED: &str = "`{name}` for one segment, `{+name}` for a path of several, `{/name}` for a segment with the \
                         slash before it, and `{?a,b}` at the end for a query";

/// The URI, or the template of URIs.
pub(crate) struct Uri {
    text: LitStr,
    parts: Vec<Part>,
}

impl Uri {
    /// Reads it; all that is wrong with it is noted.
    pub(crate) fn parse(text: LitStr, sink: &mut Sink) -> Option<Self> {
        match parse(&text.value()) {
            Ok(parts) => Some(Self { text, parts }),
            Err(faults) => {
                faults.into_iter().for_each(|fault| sink.add(&text, fault));
                None
            }
        }
    }

    /// As it was written.
    pub(crate) const fn text(&self) -> &LitStr {
        &self.text
    }

    pub(crate) fn parts(&self) -> &[Part] {
        &self.parts
    }

    pub(crate) fn is_template(&self) -> bool {
        self.variables().next().is_some()
    }

    pub(crate) fn variables(&self) -> impl Iterator<Item = &String> {
        self.parts.iter().flat_map(Part::variables)
    }

    pub(crate) fn has(&self, variable: &str) -> bool {
        self.variables().any(|own| own == variable)
    }

    /// Whether no URI of the template is without this variable.
    pub(crate) fn always_has(&self, variable: &str) -> bool {
        let always = self.parts.iter().filter(|part| !part.may_be_absent());
        always.flat_map(Part::variables).any(|own| own == variable)
    }
}

/// A part of a template.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Literal(String),
    /// `{name}`
    Segment(String),
    /// `{+name}`
    Path(String),
    /// `{/name}`
    NextSegment(String),
    /// `{?a,b}`
    Query(Vec<String>),
}

impl Part {
    /// Its variables.
    fn variables(&self) -> &[String] {
        match self {
            Self::Literal(_) => &[],
            Self::Segment(name) | Self::Path(name) | Self::NextSegment(name) => std::slice::from_ref(name),
            Self::Query(names) => names,
        }
    }

    /// Whether a URI of the template may be without it.
    const fn may_be_absent(&self) -> bool {
        matches!(self, Self::NextSegment(_) | Self::Query(_))
    }
}

/// The parts of a URI, or all that is wrong with it.
fn parse(uri: &str) -> Result<Vec<Part>, Vec<String>> {
    let (mut parts, mut faults) = (Vec::new(), Vec::new());
    let mut rest = uri;
    while let Some(start) = rest.find(['{', '}']) {
        let (literal, from_brace) = rest.split_at(start);
        push_literal(literal, &mut parts);
        let Some((expression, after)) = from_brace.strip_prefix('{').and_then(|inside| inside.split_once('}')) else {
            faults.push(format!("a brace of this template has no other: {SUPPORTED}"));
            return Err(faults);
        };
        match expression_parts(expression) {
            Ok(found) => parts.extend(found),
            Err(fault) => faults.push(fault),
        }
        rest = after;
    }
    push_literal(rest, &mut parts);
    faults.extend(literal_faults(&parts));
    faults.extend(order_faults(&parts));
    if faults.is_empty() { Ok(parts) } else { Err(faults) }
}

fn push_literal(text: &str, parts: &mut Vec<Part>) {
    if !text.is_empty() {
        parts.push(Part::Literal(text.to_owned()));
    }
}

/// What stands between two braces.
fn expression_parts(expression: &str) -> Result<Vec<Part>, String> {
    let operator = expression.chars().next().filter(|first| !first.is_ascii_alphanumeric() && *first != '_');
    let list = operator.map_or(expression, |operator| &expression[operator.len_utf8()..]);
    let names: Vec<String> = list.split(',').map(str::to_owned).collect();
    if let Some(operator) = operator.filter(|operator| !"+/?".contains(*operator)) {
        return Err(format!("`{{{operator}…}}` is not understood here: a template has {SUPPORTED}"));
    }
    for name in &names {
        if name.ends_with('*') || name.contains(':') {
            return Err(format!(
                "`{name}` has a modifier, and a value that was cut or taken apart cannot be read back: write \
                 `{{{}}}`",
                name.split(['*', ':']).next().unwrap_or_default()
            ));
        }
        let is_name = name.chars().next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
            && name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_');
        if !is_name {
            return Err(format!(
                "`{name}` cannot be a variable: it has the name of a parameter, made of `A-Z a-z 0-9 _`"
            ));
        }
    }
    match (operator, names.as_slice()) {
        (None, [name]) => Ok(vec![Part::Segment(name.clone())]),
        (Some('+'), [name]) => Ok(vec![Part::Path(name.clone())]),
        (Some('/'), _) => Ok(names.into_iter().map(Part::NextSegment).collect()),
        (Some('?'), _) => Ok(vec![Part::Query(names)]),
        (_, [first, second, ..]) => Err(format!(
            "`{{{expression}}}` has several variables, and a comma may be part of a value: write `{{{first}}}` and \
             `{{{second}}}` with text between them"
        )),
        (_, _) => Err(format!("a variable has a name: {SUPPORTED}")),
    }
}

/// What is wrong with the text outside of braces (RFC 3986).
fn literal_faults(parts: &[Part]) -> Vec<String> {
    let mut faults = Vec::new();
    let scheme = match parts.first() {
        Some(Part::Literal(text)) => text.split_once(':').map(|(scheme, _)| scheme),
        _ => None,
    };
    let is_scheme = |scheme: &str| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    };
    if !scheme.is_some_and(is_scheme) {
        faults.push("a URI starts with a scheme, such as the `naver:` of \"naver://profile\"".to_owned());
    }
    for part in parts {
        let Part::Literal(text) = part else { continue };
        for character in text.chars() {
            if !character.is_ascii_graphic() || "\"<>\\^`|".contains(character) {
                let encoded: String = character.to_string().bytes().map(|byte| format!("%{byte:02X}")).collect();
                faults.push(format!("{character:?} cannot stand in a URI (RFC 3986 §2): write `{encoded}`"));
            }
        }
        let is_encoded = |rest: &str| {
            let digits = rest.as_bytes();
            digits.len() >= 2 && digits[..2].iter().all(u8::is_ascii_hexdigit)
        };
        if text.split('%').skip(1).any(|rest| !is_encoded(rest)) {
            faults.push("a `%` of a URI has two digits after it (RFC 3986 §2.1): write `%25` for itself".to_owned());
        }
    }
    faults
}

/// What is wrong with the order of the parts: where one value ends and another starts must be seen.
fn order_faults(parts: &[Part]) -> Vec<String> {
    let mut faults = Vec::new();
    for pair in parts.windows(2) {
        match pair {
            [Part::Query(_), _] => {
                faults.push("`{?…}` stands at the end: nothing comes after a query".to_owned());
            }
            [
                Part::Segment(first) | Part::Path(first) | Part::NextSegment(first),
                Part::Segment(second) | Part::Path(second),
            ]
            | [Part::Path(first), Part::NextSegment(second)] => {
                faults.push(format!("where `{first}` ends and `{second}` starts cannot be told: put text between them"))
            }
            _ => {}
        }
    }
    let has_question_mark = |part: &Part| matches!(part, Part::Literal(text) if text.contains(['?', '#']));
    if matches!(parts.last(), Some(Part::Query(_))) && parts.iter().any(has_question_mark) {
        faults.push("`{?…}` writes the `?` itself: there can be no `?` or `#` before it".to_owned());
    }
    let mut names: Vec<&String> = Vec::new();
    for name in parts.iter().flat_map(Part::variables) {
        if names.contains(&name) {
            faults.push(format!("`{name}` is twice in this template: a parameter has one value"));
        }
        names.push(name);
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_is_taken_apart() {
        let literal = |text: &str| Part::Literal(text.to_owned());
        assert_eq!(parse("naver://profile"), Ok(vec![literal("naver://profile")]));
        assert_eq!(
            parse("test://{a}/x/{+b}{?c,d_1}"),
            Ok(vec![
                literal("test://"),
                Part::Segment("a".to_owned()),
                literal("/x/"),
                Part::Path("b".to_owned()),
                Part::Query(vec!["c".to_owned(), "d_1".to_owned()]),
            ])
        );
        assert_eq!(
            parse("a:b{/c,d}"),
            Ok(vec![literal("a:b"), Part::NextSegment("c".to_owned()), Part::NextSegment("d".to_owned())])
        );
    }

    #[test]
    fn what_cannot_be_read_back_is_refused() {
        for (uri, said) in [
            ("", "scheme"),
            ("profile", "scheme"),
            ("{a}://b", "scheme"),
            ("1a://b", "scheme"),
            ("a://{b", "brace"),
            ("a://b}", "brace"),
            ("a://{}", "variable"),
            ("a://{b,c}", "comma"),
            ("a://{+b,c}", "comma"),
            ("a://{b*}", "modifier"),
            ("a://{b:3}", "modifier"),
            ("a://{#b}", "`{#…}`"),
            ("a://{.b}", "`{.…}`"),
            ("a://{;b}", "`{;…}`"),
            ("a://{&b}", "`{&…}`"),
            ("a://{b-c}", "cannot be a variable"),
            ("a://{1}", "cannot be a variable"),
            ("a://{b}{c}", "put text between"),
            ("a://{+b}{/c}", "put text between"),
            ("a://{/b}{c}", "put text between"),
            ("a://{b}/{b}", "twice"),
            ("a://{?b}/c", "end"),
            ("a://b?c=1{?d}", "`?` itself"),
            ("a://b c", "%20"),
            ("a://검색", "%EA%B2%80"),
            ("a://b%2", "two digits"),
        ] {
            let faults = parse(uri).expect_err(uri);
            assert!(faults.iter().any(|fault| fault.contains(said)), "{uri}: {faults:?}");
        }
    }
}
