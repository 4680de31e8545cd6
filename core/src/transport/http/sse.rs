//! Server-sent events, as MCP uses them: one JSON-RPC message an event.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::{BufMut as _, Bytes, BytesMut};
use futures_util::Stream;
use http::{HeaderValue, header};
use tokio::time::{Instant, Sleep, sleep};

/// How often a silent stream shows that it is alive.
pub(super) const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// A comment, which clients pass over.
pub(super) const COMMENT: Bytes = Bytes::from_static(b":\n\n");

/// An event that holds a message. JSON has no line breaks outside its strings, and none inside that are not escaped.
pub(super) fn event(message: &[u8]) -> Bytes {
    let mut event = BytesMut::with_capacity(message.len() + 24);
    event.put_slice(b"event: message\ndata: ");
    event.put_slice(message);
    event.put_slice(b"\n\n");
    event.freeze()
}

/// As [`event`], at the end of others, with the id by which the stream is taken up again after it.
pub(super) fn write_event(into: &mut BytesMut, stream: &str, number: u64, message: &[u8]) {
    into.reserve(message.len() + stream.len() + 48);
    // Writing to memory does not fail.
    let _ = write!(into, "id: {stream}.{number}\nevent: message\ndata: ");
    into.put_slice(message);
    into.put_slice(b"\n\n");
}

/// An event with an id and without a message, from which on a client may come back (MCP 2025-11-25, Transports, Sending
/// Messages to the Server).
pub(super) fn priming(stream: &str, number: u64, retry: Duration) -> Bytes {
    format!("id: {stream}.{number}\nretry: {}\ndata: \n\n", retry.as_millis()).into()
}

/// How long a client waits before it comes back.
pub(super) fn write_retry(into: &mut BytesMut, after: Duration) {
    let _ = write!(into, "retry: {}\n\n", after.as_millis());
}

/// When a silent stream has to show that it is alive.
pub(super) struct KeepAlive(Pin<Box<Sleep>>);

impl KeepAlive {
    pub(super) fn new() -> Self {
        Self(Box::pin(sleep(KEEP_ALIVE)))
    }

    /// Something else was sent.
    pub(super) fn reset(&mut self) {
        self.0.as_mut().reset(Instant::now() + KEEP_ALIVE);
    }

    /// Whether the stream was silent for too long.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        std::task::ready!(self.0.as_mut().poll(context));
        self.reset();
        Poll::Ready(())
    }
}

/// The response whose body are these events.
pub(super) fn response(events: impl Stream<Item = Bytes> + Send + 'static) -> Response {
    use futures_util::StreamExt as _;

    let mut response = Response::new(Body::from_stream(events.map(Ok::<_, Infallible>)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    // Without it a reverse proxy may hold events back (MCP 2026-07-28, Streamable HTTP, Receiving Messages).
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}
