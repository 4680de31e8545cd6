//! The requests that are measured, as bytes: a client that builds them anew each time would measure itself.

use serde_json::{Value, json};

/// A kind of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `tools/call` of `add`.
    Small,
    /// `tools/call` of `measure` with a text of 64 KiB.
    Large,
    /// `tools/call` of `add_slowly`, which reports its progress three times.
    Progress,
    /// `tools/list`.
    List,
    /// `subscriptions/listen`, for a change that never comes.
    Listen,
}

/// The protocol that it is sent in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Era {
    /// 2026-07-28.
    Modern,
    /// 2025-11-25 without a session.
    Stateless,
    /// 2025-11-25 in the session of this id.
    Session(String),
}

/// A whole HTTP request.
#[must_use]
pub fn bytes(host: &str, kind: Kind, era: &Era, token: Option<&str>) -> Vec<u8> {
    let (method, name, mut params) = match kind {
        Kind::Small => ("tools/call", Some("add"), json!({ "name": "add", "arguments": { "a": 20, "b": 22 } })),
        Kind::Large => {
            let text = "x".repeat(64 * 1024);
            ("tools/call", Some("measure"), json!({ "name": "measure", "arguments": { "text": text } }))
        }
        Kind::Progress => {
            ("tools/call", Some("add_slowly"), json!({ "name": "add_slowly", "arguments": { "a": 20, "b": 22 } }))
        }
        Kind::Listen => ("subscriptions/listen", None, json!({ "notifications": { "toolsListChanged": true } })),
        Kind::List => ("tools/list", None, json!({})),
    };
    let mut headers = vec![
        ("host", host.to_owned()),
        ("content-type", "application/json".to_owned()),
        ("accept", "application/json, text/event-stream".to_owned()),
    ];
    headers.extend(token.map(|token| ("authorization", format!("Bearer {token}"))));
    match era {
        Era::Modern => {
            headers.push(("mcp-protocol-version", "2026-07-28".to_owned()));
            headers.push(("mcp-method", method.to_owned()));
            headers.extend(name.map(|name| ("mcp-name", name.to_owned())));
            params["_meta"] = json!({
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientInfo": { "name": "load", "version": "1.0.0" },
                "io.modelcontextprotocol/clientCapabilities": {},
            });
            if kind == Kind::Progress {
                params["_meta"]["progressToken"] = json!(1);
            }
        }
        Era::Stateless => headers.push(("mcp-protocol-version", "2025-11-25".to_owned())),
        Era::Session(id) => {
            headers.push(("mcp-protocol-version", "2025-11-25".to_owned()));
            headers.push(("mcp-session-id", id.clone()));
        }
    }
    http(&headers, &json!({ "jsonrpc": "2.0", "id": 10, "method": method, "params": params }))
}

/// The request that opens a session.
#[must_use]
pub fn initialize(host: &str) -> Vec<u8> {
    let headers = [
        ("host", host.to_owned()),
        ("content-type", "application/json".to_owned()),
        ("accept", "application/json, text/event-stream".to_owned()),
    ];
    let params = json!({
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": { "name": "load", "version": "1.0.0" },
    });
    http(&headers, &json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params }))
}

/// The request for the floor's stream.
#[must_use]
pub fn stream(host: &str) -> Vec<u8> {
    format!("GET /stream HTTP/1.1\r\nhost: {host}\r\naccept: text/event-stream\r\n\r\n").into_bytes()
}

fn http(headers: &[(&str, String)], body: &Value) -> Vec<u8> {
    let body = body.to_string();
    let mut request = String::from("POST /mcp HTTP/1.1\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
    request.into_bytes()
}
