//! What a template is expanded to is read back, and nothing else is read that could lead elsewhere.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;

/// `test://{a}/x/{+b}:{c}{/d}{?e,f}`: every kind of part.
const EVERY: &[Part] = &[
    Part::Literal("test://"),
    Part::Segment("a"),
    Part::Literal("/x/"),
    Part::Path("b"),
    Part::Literal(":"),
    Part::Segment("c"),
    Part::NextSegment("d"),
    Part::Query(&["e", "f"]),
];

fn matched(parts: &'static [Part], uri: &str) -> Option<Value> {
    let values = UriTemplate::new("", parts).matches(uri)?;
    Some(serde_json::from_slice(&values).expect("JSON"))
}

/// Expansion by RFC 6570 §3.2: all but unreserved characters are encoded, and in a path the reserved ones are not.
fn expand(parts: &[Part], values: &Map<String, Value>) -> String {
    let encode = |name: &str, kept: &str| {
        let value = values.get(name)?.as_str()?;
        let kept =
            |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || kept.as_bytes().contains(&byte);
        let encoded = value.bytes().map(|byte| match byte {
            byte if kept(byte) => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        });
        Some(encoded.collect::<String>())
    };
    let mut uri = String::new();
    for part in parts {
        match part {
            Part::Literal(text) => uri.push_str(text),
            Part::Segment(name) => uri.push_str(&encode(name, "").expect("a value")),
            // Where a query may follow, a `?` of the value has to be encoded to be told from it.
            Part::Path(name) => uri.push_str(&encode(name, "/:[]@!$&'()*+,;=").expect("a value")),
            Part::NextSegment(name) => uri.extend(encode(name, "").map(|value| format!("/{value}"))),
            Part::Query(names) => {
                let given = names.iter().filter_map(|name| Some(format!("{name}={}", encode(name, "")?)));
                let given: Vec<String> = given.collect();
                uri.push_str(if given.is_empty() { "" } else { "?" });
                uri.push_str(&given.join("&"));
            }
        }
    }
    uri
}

/// A value of one segment.
fn segment() -> impl Strategy<Value = String> {
    any::<String>().prop_filter("one segment", |value| is_segment(value))
}

/// A value of several.
fn path() -> impl Strategy<Value = String> {
    let segment = any::<String>().prop_filter("a segment", |value| is_segment(value));
    proptest::collection::vec(segment, 1..4).prop_map(|segments| segments.join("/"))
}

proptest! {
    #[test]
    fn what_was_expanded_is_read_back(
        a in segment(), b in path(), c in segment(), d in proptest::option::of(segment()),
        e in proptest::option::of("[^\0]*"), f in proptest::option::of("[^\0]*"),
    ) {
        let mut values = Map::new();
        for (name, value) in [("a", Some(a)), ("b", Some(b)), ("c", Some(c)), ("d", d), ("e", e), ("f", f)] {
            values.extend(value.map(|value| (name.to_owned(), Value::String(value))));
        }
        let uri = expand(EVERY, &values);
        prop_assume!(uri.len() <= LONGEST);
        prop_assert_eq!(matched(EVERY, &uri), Some(Value::Object(values)), "{}", uri);
    }

    #[test]
    fn nothing_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), text in ".*") {
        let bytes = String::from_utf8_lossy(&bytes);
        for uri in [&*bytes, &text, &format!("test://{text}"), &format!("test://a/x/{bytes}:{text}/d?e={text}")] {
            matched(EVERY, uri);
        }
    }

    #[test]
    fn no_value_leads_elsewhere(uri in "test://([a-z./%\\\\]|%2[eEfF]|%5[cC]|%00|\\.\\.){0,12}/x/([a-z./%:]|%2[eEfF]|%5[cC]|\\.\\./){0,12}:[a-z.%2ef]{1,6}") {
        let Some(values) = matched(EVERY, &uri) else { return Ok(()) };
        for (name, value) in values.as_object().expect("an object") {
            let value = value.as_str().expect("a string");
            prop_assert!(!value.contains(['\0', '\\']), "{}: {}", uri, value);
            prop_assert!(!value.starts_with('/'), "{}: {}", uri, value);
            prop_assert!(name == "b" || !value.contains('/'), "{}: {}", uri, value);
            prop_assert!(value.split('/').all(|segment| segment != "." && segment != ".."), "{}: {}", uri, value);
        }
    }
}

#[test]
fn a_value_is_as_long_as_what_follows_lets_it_be() {
    const FILE: &[Part] = &[Part::Literal("f:"), Part::Segment("name"), Part::Literal("."), Part::Segment("extension")];
    assert_eq!(matched(FILE, "f:a.tar.gz"), Some(json!({ "name": "a.tar", "extension": "gz" })));
    const PATHS: &[Part] = &[Part::Literal("f:"), Part::Path("a"), Part::Literal("/x/"), Part::Segment("b")];
    assert_eq!(matched(PATHS, "f:p/x/q/x/r"), Some(json!({ "a": "p/x/q", "b": "r" })));
    assert_eq!(matched(PATHS, "f:p/x/q/y"), None);
}

#[test]
fn a_segment_that_may_be_absent_is_there_if_it_can_be() {
    const TWO: &[Part] = &[Part::Literal("f:a"), Part::NextSegment("b"), Part::NextSegment("c")];
    assert_eq!(matched(TWO, "f:a"), Some(json!({})));
    assert_eq!(matched(TWO, "f:a/1"), Some(json!({ "b": "1" })));
    assert_eq!(matched(TWO, "f:a/1/2"), Some(json!({ "b": "1", "c": "2" })));
    assert_eq!(matched(TWO, "f:a/1/2/3"), None);
    let mut template = UriTemplate::new("", TWO);
    template.required = vec!["b"];
    assert!(template.matches("f:a").is_none());
    assert!(template.matches("f:a/1").is_some());
}

#[test]
fn a_long_uri_costs_no_more_than_its_length() {
    const MANY: &[Part] = &[
        Part::Literal("f:"),
        Part::Path("a"),
        Part::Literal("x"),
        Part::Path("b"),
        Part::Literal("x"),
        Part::Path("c"),
        Part::Literal("y"),
    ];
    let longest = format!("f:{}", "x".repeat(LONGEST - 2));
    assert_eq!(matched(MANY, &longest), None);
    assert_eq!(matched(MANY, &format!("{longest}y")), None, "nobody looks at what is longer");
}
