//! Event streams: what is written is read again, event by event, whatever is said.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::http_answer::{initialize, legacy, modern, post};
use crate::mutation::text;
use crate::{fuzz, runtime, server};

/// The data of the events of a stream, read as browsers do (HTML, Server-sent events, §9.2.6).
pub(crate) fn data(stream: &[u8]) -> Result<Vec<String>, String> {
    let text = std::str::from_utf8(stream).map_err(|error| error.to_string())?;
    let (mut events, mut data) = (Vec::new(), None::<String>);
    // Lines end with any of the three.
    for line in text.replace("\r\n", "\n").split(['\n', '\r']) {
        if line.is_empty() {
            events.extend(data.take().filter(|data| !data.is_empty()));
            continue;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => {
                let data = data.get_or_insert_with(String::new);
                if !data.is_empty() {
                    data.push('\n');
                }
                data.push_str(value);
            }
            "" | "event" | "id" | "retry" => {}
            other => return Err(format!("a line that is none of a stream of ours: {other:?}")),
        }
    }
    match data {
        None => Ok(events),
        Some(rest) => Err(format!("the last event has no end: {rest:?}")),
    }
}

/// JSON with white space where an author might have some.
fn spaced(value: &Value, space: &str) -> String {
    match value {
        Value::Object(members) => {
            let members: Vec<String> = members
                .iter()
                .map(|(name, value)| format!("{space}{}{space}:{space}{}", json!(name), spaced(value, space)))
                .collect();
            format!("{{{}{space}}}", members.join(","))
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| format!("{space}{}", spaced(item, space))).collect();
            format!("[{}{space}]", items.join(","))
        }
        other => other.to_string(),
    }
}

#[test]
fn event_streams() {
    let (runtime, router) = (runtime(), server::router());
    let session = runtime.block_on(initialize(&router));
    let level = json!({ "jsonrpc": "2.0", "id": 1, "method": "logging/setLevel", "params": { "level": "debug" } });
    runtime.block_on(post(&router, &legacy(&session), level.to_string().as_bytes())).expect("a level");

    let value = (text(), text(), any::<i32>(), any::<bool>()).prop_map(|(key, text, number, nested)| {
        let inner = json!({ key: text, "n": number });
        if nested { json!([inner, [], {}, null]) } else { inner }
    });
    let space = prop::sample::select(vec!["", " ", "\n", "\r", "\r\n", "\n\n", "\t", "\n\r\n "]);
    fuzz("event_streams", (text(), value, space, text(), any::<bool>()), |(said, value, space, token, old)| {
        let arguments = json!({ "text": said, "json": spaced(value, space) });
        let mut meta = json!({ "progressToken": token });
        if !old {
            meta["io.modelcontextprotocol/protocolVersion"] = json!("2026-07-28");
            meta["io.modelcontextprotocol/clientCapabilities"] = json!({});
            meta["io.modelcontextprotocol/logLevel"] = json!("debug");
        }
        let params = json!({ "name": "say", "arguments": arguments, "_meta": meta });
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
        let body = spaced(&request, space).into_bytes();
        let headers = if *old { legacy(&session) } else { modern(&body) };
        let answer = runtime.block_on(post(&router, &headers, &body))?;
        let [progress, log, result] = &*answer.messages else {
            return Err(format!("{} messages: {:?}", answer.messages.len(), answer.messages));
        };
        let as_said = progress["params"]["message"] == json!(said)
            && progress["params"]["progressToken"] == json!(token)
            && log["params"]["data"] == *value
            && result["result"]["content"][0]["text"] == json!(said)
            // The handshake revisions know objects only.
            && ((*old && value.is_array()) || result["result"]["structuredContent"] == *value);
        if as_said {
            Ok(if *old { "legacy" } else { "modern" }.to_owned())
        } else {
            Err(format!("{:?}", answer.messages))
        }
    });
}
