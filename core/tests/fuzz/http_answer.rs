//! One exchange over the router, and what has to be true of every answer.

use std::collections::HashMap;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::{HeaderName, HeaderValue, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tower::ServiceExt as _;

/// What the server answered, and was found to be right.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// The JSON-RPC messages, the answer last.
    pub(crate) messages: Vec<Value>,
    pub(crate) session: Option<String>,
}

impl Answer {
    pub(crate) fn code(&self) -> i64 {
        self.last()["error"]["code"].as_i64().unwrap_or(0)
    }

    pub(crate) fn last(&self) -> &Value {
        self.messages.last().unwrap_or(&Value::Null)
    }

    /// In a word, for the summary.
    pub(crate) fn word(&self) -> String {
        let last = self.last();
        match (self.code(), last["result"]["resultType"].as_str()) {
            (0, _) if last["result"]["isError"] == true => "tool-error".to_owned(),
            (0, Some(kind)) => kind.to_owned(),
            (0, None) if last["result"].is_object() => "legacy".to_owned(),
            (0, None) => self.status.as_u16().to_string(),
            (code, _) => code.to_string(),
        }
    }
}

pub(crate) type Headers = Vec<(HeaderName, HeaderValue)>;

/// Posts a body and checks the answer.
pub(crate) async fn post(router: &Router, headers: &Headers, body: &[u8]) -> Result<Answer, String> {
    let mut request = Request::post("/mcp")
        .header(header::HOST, "mcp.example.com")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ACCEPT, "application/json, text/event-stream");
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let request = request.body(Body::from(body.to_vec())).map_err(|error| error.to_string())?;
    let response = router.clone().oneshot(request).await.map_err(|never| -> String { match never {} })?;
    let (parts, mut body_stream) = response.into_parts();
    let status = parts.status;
    if status.is_server_error() {
        return Err(format!("{status}"));
    }
    let content_type = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let session = parts.headers.get("mcp-session-id").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let mut bytes = Vec::new();
    let read = async {
        while let Some(frame) = body_stream.frame().await {
            let frame = frame.map_err(|error| error.to_string())?;
            bytes.extend_from_slice(frame.data_ref().map_or(&[][..], |data| data));
            // This stream has no end of its own.
            if find(&bytes, b"notifications/subscriptions/acknowledged") && bytes.ends_with(b"\n\n") {
                break;
            }
        }
        Ok::<_, String>(())
    };
    tokio::time::timeout(Duration::from_secs(10), read).await.map_err(|_| "the answer has no end".to_owned())??;
    let messages = match content_type {
        "application/json" => vec![serde_json::from_slice(&bytes).map_err(|error| format!("no JSON: {error}"))?],
        "text/event-stream" => super::event_streams::data(&bytes)?
            .iter()
            .map(|data| {
                serde_json::from_str::<&RawValue>(data)
                    .map_err(|error| format!("no JSON in an event: {error}: {data:?}"))?;
                // What a client logs may hold a number that is JSON, and too large for this test to read.
                Ok::<_, String>(serde_json::from_str(data).ok())
            })
            .filter_map(Result::transpose)
            .collect::<Result<_, _>>()?,
        "" if bytes.is_empty() => Vec::new(),
        other => return Err(format!("content type {other:?}, {status}")),
    };
    let asked = id_of(body);
    for message in &messages {
        check(message, &asked)?;
    }
    Ok(Answer { status, messages, session })
}

/// The id of a request, whatever else is in it: the raw members may be such as no value can hold.
pub(crate) fn id_of(body: &[u8]) -> Value {
    let members: HashMap<String, Box<RawValue>> = serde_json::from_slice(body).unwrap_or_default();
    members.get("id").and_then(|id| serde_json::from_str(id.get()).ok()).unwrap_or_default()
}

fn find(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

/// Whether a message of the server is one, and answers what was asked.
pub(crate) fn check(message: &Value, asked: &Value) -> Result<(), String> {
    let fault = |fault: &str| Err(format!("{fault}: {message}"));
    if message["jsonrpc"] != "2.0" {
        return fault("no JSON-RPC");
    }
    if message.to_string().to_ascii_lowercase().contains("internal error") || message["error"]["code"] == json!(-32603)
    {
        return fault("an internal error");
    }
    match (message.get("method"), message.get("result"), message.get("error")) {
        (Some(method), None, None) if method.is_string() => Ok(()),
        (None, Some(result), None) if result.is_object() => {
            if message["id"] == *asked {
                Ok(())
            } else {
                fault("the result of another request")
            }
        }
        (None, None, Some(error)) if error["code"].is_i64() && error["message"].is_string() => {
            match message.get("id") {
                None => Ok(()),
                Some(id) if id == asked => Ok(()),
                Some(_) => fault("the error of another request"),
            }
        }
        _ => fault("no message"),
    }
}

/// The headers that go with a body in the current revision, as far as it can be read.
pub(crate) fn modern(body: &[u8]) -> Headers {
    let body = serde_json::from_slice::<Value>(body).unwrap_or_default();
    let params = &body["params"];
    let version = params["_meta"]["io.modelcontextprotocol/protocolVersion"].as_str().unwrap_or("2026-07-28");
    let name = ["name", "uri", "taskId"].iter().find_map(|member| params[*member].as_str());
    let mut headers = vec![("mcp-protocol-version", Some(version)), ("mcp-method", body["method"].as_str())];
    headers.push(("mcp-name", name));
    headers.push(("mcp-param-region", params["arguments"]["region"].as_str()));
    headers
        .into_iter()
        .filter_map(|(name, value)| {
            Some((HeaderName::from_static(name), HeaderValue::from_str(&encoded(value?)).ok()?))
        })
        .collect()
}

/// A value as it may stand in a header (MCP 2026-07-28, Streamable HTTP, Value Encoding).
pub(crate) fn encoded(value: &str) -> String {
    use base64::Engine as _;

    let plain = !value.is_empty()
        && value.bytes().all(|byte| (b' '..=b'~').contains(&byte))
        && !value.starts_with(' ')
        && !value.ends_with(' ')
        && !value.starts_with("=?base64?");
    if plain {
        value.to_owned()
    } else {
        format!("=?base64?{}?=", base64::engine::general_purpose::STANDARD.encode(value))
    }
}

/// The headers of a session.
pub(crate) fn legacy(session: &str) -> Headers {
    let header = |name, value: &str| Some((HeaderName::from_static(name), HeaderValue::from_str(value).ok()?));
    [header("mcp-session-id", session), header("mcp-protocol-version", "2025-11-25")].into_iter().flatten().collect()
}

/// Opens a session.
pub(crate) async fn initialize(router: &Router) -> String {
    let params = json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "fuzz", "version": "1" } });
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params }).to_string();
    let answer = post(router, &Vec::new(), body.as_bytes()).await.expect("a session");
    answer.session.expect("a session")
}

/// A request of the current revision.
pub(crate) fn request(method: &str, mut params: Value) -> Vec<u8> {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": { "elicitation": {} },
        "io.modelcontextprotocol/logLevel": "debug",
    });
    json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string().into_bytes()
}
