//! The floor: what a `tools/call` costs with axum alone. It parses the body into a small struct, adds, and answers; it
//! knows nothing of MCP and checks nothing.
//!
//! At `/stream` it holds an event stream open on which nothing ever happens, beside which subscriptions are weighed.
//!
//! Ratios in `BENCHMARKS.md` are to this, so this file changes in commits of its own only.

use std::convert::Infallible;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
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

async fn stream() -> impl IntoResponse {
    Sse::new(futures_util::stream::pending::<Result<Event, Infallible>>()).keep_alive(KeepAlive::default())
}

/// The routes.
pub fn router() -> Router {
    Router::new().route("/mcp", post(call)).route("/stream", get(stream))
}
