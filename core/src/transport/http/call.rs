//! The answer to a stateless request whose function runs: plain JSON, or a stream from its first message on.

use std::sync::Arc;

use axum::response::Response;
use bytes::Bytes;
use futures_util::stream;
use http::StatusCode;

use super::endpoint::Endpoint;
use super::{answer, sse};
use crate::dispatch::{Event, Running};
use crate::exchange::Said;
use crate::outcome::{Answer, Outcome};
use crate::protocol::{ProtocolVersion, RequestId};
use crate::transport::detach::{HangUp, Held};
use crate::transport::encode::Encoder;

impl Endpoint {
    /// Runs a call to its end, or to the first message that it sends. A client that hangs up cancels it.
    pub(super) async fn run_stateless(
        self: &Arc<Self>,
        version: ProtocolVersion,
        id: RequestId,
        running: Box<Running>,
    ) -> Response {
        let mut call = Held::new(running, HangUp::Cancels, self.detached.clone());
        loop {
            match call.next().await {
                Event::Ended(answer) => {
                    let status = match &answer {
                        Ok(Outcome::Error(error)) => answer::answered(error.code()),
                        _ => StatusCode::OK,
                    };
                    return self.respond(version, &id, answer, status);
                }
                Event::Said(Said::Notification(first)) => {
                    return sse::response(self.events(version, id, call, first));
                }
                // Here answers come with the next request, and a stream cannot be taken up again.
                Event::Said(Said::Asked | Said::Reconnect(_)) => {}
            }
        }
    }

    /// The messages of a call and its answer, as events.
    fn events(
        self: &Arc<Self>,
        version: ProtocolVersion,
        id: RequestId,
        call: Held,
        first: Bytes,
    ) -> impl futures_util::Stream<Item = Bytes> + Send + use<> {
        struct State {
            endpoint: Arc<Endpoint>,
            version: ProtocolVersion,
            id: RequestId,
            call: Held,
            first: Option<Bytes>,
            ended: bool,
        }
        let state = State { endpoint: Arc::clone(self), version, id, call, first: Some(first), ended: false };
        stream::unfold(state, |mut state| async move {
            if let Some(first) = state.first.take() {
                return Some((sse::event(&first), state));
            }
            if state.ended {
                return None;
            }
            loop {
                let event = tokio::select! {
                    event = state.call.next() => event,
                    () = tokio::time::sleep(sse::KEEP_ALIVE) => return Some((sse::COMMENT, state)),
                };
                match event {
                    Event::Said(Said::Notification(message)) => return Some((sse::event(&message), state)),
                    Event::Said(Said::Asked | Said::Reconnect(_)) => {}
                    Event::Ended(answer) => {
                        state.ended = true;
                        let answer = state.endpoint.last_event(state.version, &state.id, answer);
                        return Some((sse::event(&answer), state));
                    }
                }
            }
        })
    }

    /// The answer as a message, once its status has been sent.
    pub(super) fn last_event(&self, version: ProtocolVersion, id: &RequestId, answer: Answer) -> Bytes {
        let outcome = answer.unwrap_or_else(|refused| Outcome::Error(self.access.to_error(refused)));
        Encoder { version, server_info: &self.registry.server_info }.response_or_error(id, &outcome)
    }
}
