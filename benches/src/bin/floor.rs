//! The floor: what a `tools/call` costs with axum alone. It parses the body into a small struct, adds, and answers; it
//! knows nothing of MCP and checks nothing.
//!
//! Ratios in `BENCHMARKS.md` are to this program, so it changes in a commit of its own only.

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::serve::ListenerExt as _;
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Request {
    id: u64,
    params: Params,
}

#[derive(Deserialize)]
struct Params {
    arguments: Arguments,
}

/// Of `add(a, b)`, or of `measure(text)`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Arguments {
    a: i64,
    b: i64,
    text: Option<String>,
}

#[derive(Serialize)]
struct Answer {
    jsonrpc: &'static str,
    id: u64,
    result: CallResult,
}

#[derive(Serialize)]
struct CallResult {
    content: [Text; 1],
}

#[derive(Serialize)]
struct Text {
    r#type: &'static str,
    text: String,
}

async fn call(body: Bytes) -> Response {
    let Ok(Request { id, params }) = serde_json::from_slice(&body) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let Arguments { a, b, text } = params.arguments;
    let text = text.map_or_else(|| (a + b).to_string(), |text| text.len().to_string());
    let answer = Answer { jsonrpc: "2.0", id, result: CallResult { content: [Text { r#type: "text", text }] } };
    match serde_json::to_vec(&answer) {
        Ok(json) => ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], json).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}/mcp", listener.local_addr()?);
    // Without it every answer but the first would wait for the client's delayed acknowledgement.
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    axum::serve(listener, Router::new().route("/mcp", post(call))).await
}
