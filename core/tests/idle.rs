//! What thousands of idle streams and sessions cost, measured on the process. Alone in its process, so that nothing else
//! is counted.
#![cfg(target_os = "linux")]

use axum::Router;
use axum::body::Body;
use dari::Changes;
use dari::prelude::*;
use futures_util::StreamExt;
use http::{Request, Response};
use http_body_util::BodyExt;
use serde_json::json;
use tower::ServiceExt;

const STREAMS: usize = 2000;

/// Adds two numbers.
#[mcp_tool]
fn add(a: i64, b: i64) -> String {
    (a + b).to_string()
}

/// The memory of this process that is its own, in bytes.
fn resident() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").expect("statm");
    let pages: usize = pages.split(' ').nth(1).expect("a field").parse().expect("a number");
    pages * 4096
}

fn post(session: Option<&str>, version: &str, body: &serde_json::Value) -> Request<Body> {
    let method = body["method"].as_str().expect("a method");
    let mut request =
        Request::post("/mcp").header("host", "mcp.example.com").header("content-type", "application/json");
    if method != "initialize" {
        request = request.header("mcp-protocol-version", version).header("mcp-method", method);
    }
    if let Some(session) = session {
        request = request.header("mcp-session-id", session);
    }
    request.body(Body::from(body.to_string())).expect("a request")
}

async fn listen(router: &Router, number: usize) -> Response<Body> {
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let params = json!({ "_meta": meta, "notifications": { "toolsListChanged": true } });
    let body = json!({ "jsonrpc": "2.0", "id": number, "method": "subscriptions/listen", "params": params });
    router.clone().oneshot(post(None, "2026-07-28", &body)).await.expect("an answer")
}

async fn initialize(router: &Router) -> String {
    let params =
        json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "t", "version": "1" } });
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params });
    let answer = router.clone().oneshot(post(None, "", &body)).await.expect("an answer");
    answer.headers()["mcp-session-id"].to_str().expect("ASCII").to_owned()
}

async fn get(router: &Router, session: &str) -> Response<Body> {
    let request = Request::get("/mcp").header("host", "mcp.example.com").header("mcp-session-id", session);
    router.clone().oneshot(request.body(Body::empty()).expect("a request")).await.expect("an answer")
}

/// Bytes for each of what this makes; what it made is given back, so that it lives.
async fn each<T, F: Future<Output = T>>(make: impl Fn(usize) -> F) -> (usize, Vec<T>) {
    // The first ones grow what is there for all.
    let mut made = Vec::with_capacity(STREAMS + 100);
    for number in 0..100 {
        made.push(make(number).await);
    }
    let before = resident();
    for number in 0..STREAMS {
        made.push(make(100 + number).await);
    }
    (resident().saturating_sub(before) / STREAMS, made)
}

#[tokio::test]
async fn idle_streams_and_sessions_cost_little() {
    let changes = Changes::new();
    let server = McpServer::new("test", "1").public_url("https://mcp.example.com").tools(tools![add]);
    let router = server.changes(changes.clone()).into_router().expect("it builds");

    // A stream as the client sees it: its first message read, and then nothing but waiting.
    let (stream, streams) = each(|number| {
        let router = &router;
        async move {
            let mut stream = listen(router, number).await.into_body().into_data_stream();
            assert!(stream.next().await.is_some_and(|first| first.is_ok()));
            assert!(futures_util::poll!(stream.next()).is_pending());
            stream
        }
    })
    .await;

    let (session, sessions) = each(|_| async {
        let session = initialize(&router).await;
        let params = json!({ "name": "add", "arguments": { "a": 1, "b": 2 } });
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
        let called = router.clone().oneshot(post(Some(&session), "2025-11-25", &body)).await.expect("an answer");
        assert!(called.into_body().collect().await.is_ok());
        session
    })
    .await;

    let (listening, all) = each(|number| {
        let (router, sessions) = (&router, &sessions);
        async move {
            let mut stream = get(router, &sessions[number]).await.into_body().into_data_stream();
            assert!(futures_util::poll!(stream.next()).is_pending());
            stream
        }
    })
    .await;

    println!(
        "bytes each: subscription stream {stream}, idle session (its id, held here) {session}, GET stream {listening}"
    );
    assert!(stream <= 4096, "a subscription stream costs {stream} bytes");
    assert!(session <= 1024, "an idle session costs {session} bytes");
    assert!(listening <= 4096, "the stream of a session costs {listening} bytes");

    // They are no fiction: each is told.
    changes.tools();
    for mut stream in streams.into_iter().chain(all) {
        let told = stream.next().await.expect("an event").expect("a chunk");
        assert!(told.ends_with(b"\n\n") && told.starts_with(b"event: message"));
    }
}
