//! Reading event streams, and tools that are led by their tests.

use std::sync::Arc;

use axum::body::BodyDataStream;
use futures_util::StreamExt;
use http::Response;
use tokio::sync::Semaphore;

use crate::*;

/// An event as it came.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Event {
    pub(crate) id: Option<String>,
    /// `None` where there was no `data` line.
    pub(crate) data: Option<String>,
    pub(crate) retry: Option<u64>,
    pub(crate) is_comment: bool,
}

impl Event {
    pub(crate) fn message(&self) -> Value {
        self.data.as_deref().and_then(|data| serde_json::from_str(data).ok()).unwrap_or_default()
    }
}

/// The events of a response.
pub(crate) struct Events {
    pub(crate) headers: HeaderMap,
    body: BodyDataStream,
    read: String,
}

impl Events {
    pub(crate) fn of(response: Response<Body>) -> Self {
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let (parts, body) = response.into_parts();
        Self { headers: parts.headers, body: body.into_data_stream(), read: String::new() }
    }

    /// The next event, whatever it holds; none at the end.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some((event, rest)) = self.read.split_once("\n\n") {
                let mut read = Event::default();
                for line in event.lines() {
                    match line.split_once(": ").or_else(|| line.split_once(':')).expect("a field") {
                        ("", _) => read.is_comment = true,
                        ("id", id) => read.id = Some(id.to_owned()),
                        ("data", data) => read.data = Some(data.to_owned()),
                        ("retry", retry) => read.retry = retry.parse().ok(),
                        ("event", "message") => {}
                        other => panic!("{other:?}"),
                    }
                }
                self.read = rest.to_owned();
                return Some(read);
            }
            let chunk = tokio::time::timeout(Duration::from_secs(20), self.body.next()).await.expect("in time")?;
            self.read.push_str(std::str::from_utf8(&chunk.expect("a chunk")).expect("UTF-8"));
        }
    }

    /// The next message with its event.
    pub(crate) async fn message(&mut self) -> (Value, Event) {
        loop {
            let event = self.next().await.expect("a message");
            if event.data.as_ref().is_some_and(|data| !data.is_empty()) {
                return (event.message(), event);
            }
        }
    }

    /// All messages that are still to come.
    pub(crate) async fn rest(&mut self) -> Vec<Value> {
        let mut messages = Vec::new();
        while let Some(event) = self.next().await {
            if event.data.as_ref().is_some_and(|data| !data.is_empty()) {
                messages.push(event.message());
            }
        }
        messages
    }
}

/// What test and tool tell each other.
#[derive(Clone)]
pub(crate) struct Signals {
    pub(crate) started: Arc<Semaphore>,
    pub(crate) go: Arc<Semaphore>,
    pub(crate) ended: Arc<Semaphore>,
    pub(crate) dropped: Arc<Semaphore>,
}

impl Default for Signals {
    fn default() -> Self {
        let signal = || Arc::new(Semaphore::new(0));
        Self { started: signal(), go: signal(), ended: signal(), dropped: signal() }
    }
}

/// Waits until this was signalled once more.
pub(crate) async fn heard(signal: &Semaphore) {
    let permit = tokio::time::timeout(Duration::from_secs(300), signal.acquire()).await.expect("in time");
    permit.expect("it is open").forget();
}

/// Tells that what holds it was dropped before its end.
pub(crate) struct OnDrop(pub Option<Arc<Semaphore>>);

impl Drop for OnDrop {
    fn drop(&mut self) {
        if let Some(dropped) = self.0.take() {
            dropped.add_permits(1);
        }
    }
}

/// Opens the stream of a session, or takes one up after this event.
pub(crate) async fn get(router: &Router, session: &str, last_event: Option<&str>) -> Response<Body> {
    let mut request = Request::get("/mcp").header("host", "mcp.example.com").header("mcp-session-id", session);
    if let Some(last_event) = last_event {
        request = request.header("last-event-id", last_event);
    }
    router.clone().oneshot(request.body(Body::empty()).expect("a request")).await.expect("an answer")
}

/// A message within a session that wants no answer.
pub(crate) async fn tell(router: &Router, session: &str, message: Value) -> StatusCode {
    send(router, post(&[("mcp-session-id", session)], message.to_string())).await.status
}

pub(crate) async fn respond(router: &Router, request: Request<Body>) -> Response<Body> {
    router.clone().oneshot(request).await.expect("an answer")
}

/// `initialize` with these capabilities.
pub(crate) async fn open_with(router: &Router, version: &str, capabilities: Value) -> String {
    let params = json!({ "protocolVersion": version, "capabilities": capabilities, "clientInfo": { "name": "old", "version": "1" } });
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params });
    let exchange = send(router, post(&[], body.to_string())).await;
    exchange.headers["mcp-session-id"].to_str().expect("ASCII").to_owned()
}

pub(crate) async fn delete(router: &Router, session: &str) {
    let request = Request::delete("/mcp").header("host", "mcp.example.com").header("mcp-session-id", session);
    assert!(send(router, request.body(Body::empty()).expect("a request")).await.status.is_success());
}
