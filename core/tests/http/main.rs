//! Streamable HTTP in both eras: over the router without a socket where that will do. Ids are those of the security list.

mod asks;
mod cancellation;
mod completions;
#[cfg(feature = "json-schema")]
mod dynamic;
mod events;
mod guards;
mod lists;
mod observing;
mod prompts;
mod resources;
mod serving;
mod sessions;
mod stateless;
mod streams;
mod subscriptions;
mod tasks;

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use dari::Reconnect;
use dari::prelude::*;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

/// How often `count` ran.
static CALLS: AtomicU32 = AtomicU32::new(0);

/// Adds two numbers.
#[mcp_tool(read_only)]
fn add(a: i64, b: i64) -> String {
    (a + b).to_string()
}

/// Counts its calls.
#[mcp_tool(inline)]
fn count() -> String {
    CALLS.fetch_add(1, Ordering::SeqCst).to_string()
}

/// Panics.
#[mcp_tool]
async fn explode() -> String {
    panic!("a secret of the inside")
}

/// Takes too long.
#[mcp_tool(timeout = "20ms")]
async fn sleep() -> String {
    tokio::time::sleep(Duration::from_secs(60)).await;
    String::new()
}

/// Runs on one region.
#[mcp_tool]
fn region(#[arg(header = "Region")] region: String) -> String {
    region
}

/// Says who calls it.
#[mcp_tool]
fn client(info: ClientInfo) -> String {
    info.name
}

/// Takes a while.
#[mcp_tool]
async fn linger() -> String {
    tokio::time::sleep(Duration::from_millis(300)).await;
    String::new()
}

/// Tells that it runs, and ends a moment later.
#[mcp_tool]
async fn signal(State(started): State<std::sync::Arc<tokio::sync::Notify>>) -> String {
    started.notify_one();
    tokio::time::sleep(Duration::from_millis(100)).await;
    "finished".to_owned()
}

fn server() -> McpServer {
    McpServer::new("test", "1.2.3")
        .instructions("Be brief.")
        .public_url("https://mcp.example.com")
        .tools(tools![add, count, explode, sleep, region, client, linger])
}

fn router() -> Router {
    server().into_router().expect("the server builds")
}

/// One HTTP exchange.
struct Exchange {
    status: StatusCode,
    headers: HeaderMap,
    body: Value,
}

impl Exchange {
    fn code(&self) -> i64 {
        self.body["error"]["code"].as_i64().unwrap_or(0)
    }

    fn text(&self) -> &str {
        self.body["result"]["content"][0]["text"].as_str().unwrap_or_default()
    }
}

async fn send(router: &Router, request: Request<Body>) -> Exchange {
    let response = router.clone().oneshot(request).await.expect("a router does not fail");
    let (parts, body) = response.into_parts();
    let body = body.collect().await.expect("a body").to_bytes();
    let body = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).expect("JSON") };
    Exchange { status: parts.status, headers: parts.headers, body }
}

fn post(headers: &[(&str, &str)], body: impl Into<Body>) -> Request<Body> {
    let mut request =
        Request::post("/mcp").header("host", "mcp.example.com").header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(body.into()).expect("a request")
}

fn meta() -> Value {
    json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": { "name": "tester", "version": "1" },
        "io.modelcontextprotocol/clientCapabilities": {},
    })
}

/// A stateless request, right in every way.
fn modern(method: &str, mut params: Value) -> Request<Body> {
    let name = params["name"].as_str().or(params["uri"].as_str()).map(str::to_owned);
    params["_meta"] = meta();
    let mut headers = vec![("mcp-protocol-version", "2026-07-28"), ("mcp-method", method)];
    if let Some(name) = &name {
        headers.push(("mcp-name", name));
    }
    post(&headers, json!({ "jsonrpc": "2.0", "id": 7, "method": method, "params": params }).to_string())
}

fn call(name: &str, arguments: Value) -> Request<Body> {
    modern("tools/call", json!({ "name": name, "arguments": arguments }))
}

/// A request within a session.
fn legacy(session: &str, method: &str, params: Value) -> Request<Body> {
    let headers = [("mcp-session-id", session), ("mcp-protocol-version", "2025-11-25")];
    post(&headers, json!({ "jsonrpc": "2.0", "id": "l", "method": method, "params": params }).to_string())
}

async fn initialize(router: &Router, version: &str) -> (String, Exchange) {
    let params =
        json!({ "protocolVersion": version, "capabilities": {}, "clientInfo": { "name": "old", "version": "1" } });
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params });
    let exchange = send(router, post(&[], body.to_string())).await;
    let session = exchange.headers.get("mcp-session-id").expect("a session").to_str().expect("ASCII").to_owned();
    (session, exchange)
}
