//! Server-sent events, as MCP uses them: one JSON-RPC message an event.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::{BufMut as _, Bytes, BytesMut};
use futures_util::Stream;
use http::{HeaderValue, header};

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
