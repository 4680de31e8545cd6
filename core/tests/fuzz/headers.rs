//! Header values: arbitrary ones, and such as agree with the body in the form that the specification gives them.

use http::{HeaderName, HeaderValue};
use proptest::prelude::any;
use serde_json::json;

use crate::http_answer::{encoded, modern, post, request};
use crate::mutation::{mutate, mutations, text};
use crate::{fuzz, runtime, server};

const NAMES: [&str; 7] = [
    "mcp-protocol-version",
    "mcp-method",
    "mcp-name",
    "mcp-param-region",
    "mcp-session-id",
    "last-event-id",
    "content-type",
];

#[test]
fn header_values() {
    let (runtime, router) = (runtime(), server::router());
    let values =
        (0..NAMES.len(), any::<bool>(), mutations(3), proptest::collection::vec(any::<u8>(), 0..20), any::<bool>());
    fuzz("header_values", (values, text()), |((name, mutates, mutations, arbitrary, twice), region)| {
        let body = request("tools/call", json!({ "name": "region", "arguments": { "region": region } }));
        let mut headers = modern(&body);
        let name = HeaderName::from_static(NAMES[*name]);
        let before = headers
            .iter()
            .find(|(other, _)| *other == name)
            .map_or(&b"=?base64?7ISc7Jq4?="[..], |(_, value)| value.as_bytes());
        let value = if *mutates { mutate(before, mutations) } else { arbitrary.clone() };
        let Ok(value) = HeaderValue::from_bytes(&value) else { return Ok("no header".to_owned()) };
        if !twice {
            headers.retain(|(other, _)| *other != name);
        }
        headers.push((name, value));
        runtime.block_on(post(&router, &headers, &body)).map(|answer| answer.word())
    });
}

/// Whatever text a tool is called with, its header can say it.
#[test]
fn header_texts() {
    let (runtime, router) = (runtime(), server::router());
    fuzz("header_texts", text(), |region| {
        let body = request("tools/call", json!({ "name": "region", "arguments": { "region": region } }));
        let answer = runtime.block_on(post(&router, &modern(&body), &body))?;
        if answer.last()["result"]["content"][0]["text"] != json!(region) {
            return Err(format!("sent as {:?}, it came back as {}", encoded(region), answer.last()));
        }
        let body = request("tools/call", json!({ "name": region, "arguments": {} }));
        let answer = runtime.block_on(post(&router, &modern(&body), &body))?;
        // The names of tools that there are, are no names of such texts.
        if answer.code() == -32602 { Ok("the same".to_owned()) } else { Err(format!("{}", answer.last())) }
    });
}
