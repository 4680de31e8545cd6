//! The answer to a request of a handshake revision whose function runs: plain JSON, or a stream from its first message
//! on. Hanging up cancels nothing here: what the call says waits for the client to come back (MCP 2025-11-25,
//! Transports).

use std::sync::Arc;

use axum::response::Response;
use bytes::Bytes;
use futures_util::{FutureExt as _, StreamExt as _, stream};
use http::StatusCode;
use tokio_util::sync::CancellationToken;

use super::live::Registered;
use super::stream::CallStream;
use crate::dispatch::{Event, Running};
use crate::exchange::{Exchange, Said};
use crate::protocol::{ProtocolVersion, RequestId};
use crate::transport::detach::{HangUp, Held};
use crate::transport::http::endpoint::Endpoint;
use crate::transport::http::session::Session;
use crate::transport::http::sse;
use crate::transport::questions::Questions;

/// A call on its way to its answer.
struct LegacyCall {
    endpoint: Arc<Endpoint>,
    session: Session,
    id: RequestId,
    held: Held,
    exchange: Arc<Exchange>,
    /// Cancelled when the client cancels the call.
    cancelled: CancellationToken,
}

impl Endpoint {
    /// Runs a call to its end, or to the first message that it sends.
    pub(in crate::transport::http) async fn run_legacy(
        self: Arc<Self>,
        session: Session,
        id: RequestId,
        running: Box<Running>,
    ) -> Response {
        let exchange = Arc::clone(running.exchange());
        let mut held = Held::new(running, HangUp::IsNothing, self.detached.clone());
        // A function that does not wait is done before anybody could cancel it.
        let mut event = held.next().now_or_never();
        if let Some(Event::Ended(answer)) = event {
            return self.respond(session.version, &id, answer, StatusCode::OK);
        }
        let registered = session.key().map(|key| self.live.register(key, &id));
        let cancelled = registered.as_ref().map(Registered::cancelled).cloned().unwrap_or_default();
        if let Some(registered) = registered {
            held.cancelled_by(cancelled.clone(), registered);
        } else {
            // Without a session there is no way for an answer.
            exchange.desert();
        }
        let mut call = LegacyCall { endpoint: self, session, id, held, exchange, cancelled };
        loop {
            let next = match event.take() {
                Some(event) => Some(event),
                None => call.next().await,
            };
            match next {
                Some(Event::Ended(answer)) => {
                    return call.endpoint.respond(call.session.version, &call.id, answer, StatusCode::OK);
                }
                Some(Event::Said(said)) if call.is_heard(&said) => return call.stream(said),
                Some(Event::Said(_)) => {}
                None => {
                    call.held.cancel();
                    // A request that was cancelled has no response, but the connection waits for one.
                    return sse::response(stream::empty());
                }
            }
        }
    }
}

impl LegacyCall {
    /// What comes next; nothing once the client has cancelled the call.
    async fn next(&mut self) -> Option<Event> {
        tokio::select! {
            event = self.held.next() => Some(event),
            () = self.cancelled.cancelled() => None,
        }
    }

    /// Whether the client can make something of it.
    fn is_heard(&self, said: &Said) -> bool {
        let in_session = self.session.key().is_some();
        match said {
            Said::Notification(_) => true,
            Said::Asked => in_session,
            // A client that hangs up before the answer is new in 2025-11-25.
            Said::Reconnect(_) => in_session && self.session.version >= ProtocolVersion::V2025_11_25,
        }
    }

    /// Answers with a stream that begins with this.
    fn stream(self, first: Said) -> Response {
        let Some(key) = self.session.key() else { return self.stream_once(first) };
        let Some(stream) = self.endpoint.live.open_stream(key, self.cancelled.clone()) else {
            return self.stream_once(first);
        };
        // Older clients take an event without a message for a broken one.
        let reader = stream.read(self.session.version >= ProtocolVersion::V2025_11_25);
        let endpoint = Arc::clone(&self.endpoint);
        endpoint.streaming.spawn(self.write(stream, first));
        sse::response(reader)
    }

    /// Writes what the call says to its stream, until its end, whether anybody reads or not.
    async fn write(mut self, stream: Arc<CallStream>, first: Said) {
        let mut questions = Questions::default();
        let endpoint = Arc::clone(&self.endpoint);
        let mut stopping = std::pin::pin!(endpoint.shutdown.cancelled().fuse());
        let mut said = Some(first);
        loop {
            match said.take() {
                Some(Said::Notification(message)) => stream.notify(message),
                Some(Said::Asked) => self.ask(&stream, &mut questions),
                Some(said @ Said::Reconnect(after)) if self.is_heard(&said) => stream.reconnect(after),
                Some(Said::Reconnect(_)) | None => {}
            }
            endpoint.live.keep_less();
            let exchange = Arc::clone(&self.exchange);
            let event = tokio::select! {
                event = self.next() => event,
                () = questions.run_out(&exchange) => continue,
                () = &mut stopping => {
                    // Whoever could answer is being hung up on.
                    exchange.desert();
                    continue;
                }
            };
            match event {
                Some(Event::Said(more)) => said = Some(more),
                Some(Event::Ended(answer)) => {
                    stream.answer(endpoint.last_event(self.session.version, &self.id, answer));
                    break;
                }
                None => {
                    stream.cut();
                    break;
                }
            }
        }
        if let Some(key) = self.session.key() {
            endpoint.live.with_known(key, |live| {
                for id in questions.ids() {
                    live.questions.remove(id);
                }
            });
            endpoint.live.stream_ended(key, stream);
            endpoint.take_care();
        }
        self.held.cancel();
    }

    /// Sends the questions that are new, and takes back those that nobody waits for.
    fn ask(&self, stream: &CallStream, questions: &mut Questions) {
        let Some(key) = self.session.key().filter(|_| self.endpoint.sessions.is_alive(&self.session)) else {
            self.exchange.desert();
            return;
        };
        let news = questions.news(&self.exchange);
        for (id, notification) in news.withdrawn {
            let open = self.endpoint.live.with_known(key, |live| live.questions.remove(&id));
            // What was answered need not be taken back.
            if open.flatten().is_some() {
                stream.notify(notification);
            }
        }
        for (id, question, message) in news.asked {
            self.endpoint.live.with(key, |live| live.questions.insert(id, question));
            stream.ask(message);
        }
    }

    /// As [`stream`](Self::stream), where the client has no way to come back.
    fn stream_once(self, first: Said) -> Response {
        let first = match first {
            Said::Notification(message) => Some(sse::event(&message)),
            Said::Asked | Said::Reconnect(_) => {
                self.exchange.desert();
                None
            }
        };
        let rest = stream::unfold(Some(self), |call| async move {
            let mut call = call?;
            loop {
                let event = tokio::select! {
                    event = call.next() => event?,
                    () = tokio::time::sleep(sse::KEEP_ALIVE) => return Some((sse::COMMENT, Some(call))),
                };
                match event {
                    Event::Said(Said::Notification(message)) => return Some((sse::event(&message), Some(call))),
                    Event::Said(Said::Asked | Said::Reconnect(_)) => {}
                    Event::Ended(answer) => {
                        let answer: Bytes = call.endpoint.last_event(call.session.version, &call.id, answer);
                        return Some((sse::event(&answer), None));
                    }
                }
            }
        });
        sse::response(stream::iter(first).chain(rest))
    }
}
