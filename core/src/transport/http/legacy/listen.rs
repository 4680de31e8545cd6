//! The streams that a client opens by GET: to hear what the server says by itself, or to take up the stream of a call
//! where it was cut off (MCP 2025-11-25, Transports).

use std::convert::Infallible;
use std::sync::Arc;

use axum::response::sse::{Event as SseEvent, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use http::{HeaderMap, HeaderValue};

use crate::auth::Principal;
use crate::protocol::{ErrorCode, RpcError};
use crate::transport::http::endpoint::Endpoint;
use crate::transport::http::session::Session;
use crate::transport::http::{answer, headers, sse};

impl Endpoint {
    /// Opens the stream on which a server may speak by itself, or one that was opened before. It ends with its session.
    pub(in crate::transport::http) fn get(
        self: Arc<Self>,
        headers: &HeaderMap,
        principal: Option<&Principal>,
    ) -> Response {
        let session = match self.session_of(headers, principal) {
            Ok(session) => session,
            Err(refusal) => return *refusal,
        };
        match headers::optional(headers, &headers::LAST_EVENT_ID) {
            Ok(Some(event)) => self.resume(&session, event),
            Ok(None) => self.listen(session),
            Err(error) => answer::refuse(None, &error),
        }
    }

    /// Takes up a stream after this event.
    fn resume(&self, session: &Session, event: &str) -> Response {
        let reader = event.rsplit_once('.').and_then(|(stream, number)| {
            let (key, number) = (session.key()?, number.parse().ok()?);
            let stream = self.live.with_known(key, |live| live.stream(stream).cloned()).flatten()?;
            stream.read_after(number)
        });
        reader.map_or_else(
            || {
                let message = "Invalid request: Last-Event-ID is of no stream that is kept here. Streams are kept for \
                               some minutes after their end, by the process that served them: send the request again";
                answer::refuse(None, &RpcError::new(ErrorCode::InvalidRequest, message))
            },
            sse::response,
        )
    }

    fn listen(self: Arc<Self>, session: Session) -> Response {
        let silence = stream::unfold((self, session), |(endpoint, session)| async move {
            tokio::select! {
                () = endpoint.shutdown.cancelled() => None,
                () = tokio::time::sleep(sse::KEEP_ALIVE) => {
                    let alive = endpoint.sessions.is_alive(&session);
                    alive.then(|| (Ok::<_, Infallible>(SseEvent::default().comment("")), (endpoint, session)))
                }
            }
        });
        let mut response = Sse::new(silence).into_response();
        response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
        response
    }
}
