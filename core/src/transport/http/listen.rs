//! Streams on which a client is told what has changed: `subscriptions/listen`, and before it the stream that a session
//! opens by GET.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::response::Response;
use bytes::{Bytes, BytesMut};
use futures_util::Stream;
use tokio_util::sync::WaitForCancellationFutureOwned;

use super::connection::{Connection, HangUp, LoginWatch};
use super::endpoint::Endpoint;
use super::session::Session;
use super::sse::{self, KeepAlive};
use crate::changes::{Reader, Subscription};
use crate::dispatch::Listening;
use crate::protocol::{self, ProtocolVersion, RequestId};
use crate::transport::encode::Encoder;

/// Who a stream is for.
enum Listener {
    /// This request, which the stream is the answer to.
    Request(RequestId, ProtocolVersion),
    /// This session.
    Session(Box<Session>),
}

/// A stream of changes. It ends with the server, with its login, and with its session.
struct Changed {
    listener: Listener,
    reader: Option<Reader>,
    opening: Option<Bytes>,
    keep_alive: KeepAlive,
    login: LoginWatch,
    stopping: Pin<Box<WaitForCancellationFutureOwned>>,
    endpoint: Arc<Endpoint>,
}

impl Endpoint {
    /// Answers `subscriptions/listen`: what is honoured first, then changes as they come (MCP 2026-07-28,
    /// Subscriptions).
    pub(super) fn listen(
        self: Arc<Self>,
        version: ProtocolVersion,
        id: RequestId,
        listening: Listening,
        connection: Connection,
    ) -> Response {
        let Listening { honoured, subscription } = listening;
        let opening = sse::event(&protocol::acknowledged(&id, &honoured));
        self.changed(Listener::Request(id, version), &Arc::new(subscription), Some(opening), connection)
    }

    /// The stream of a session.
    pub(super) fn listen_in_session(
        self: Arc<Self>,
        session: Session,
        subscription: &Arc<Subscription>,
        connection: Connection,
    ) -> Response {
        self.changed(Listener::Session(Box::new(session)), subscription, None, connection)
    }

    fn changed(
        self: Arc<Self>,
        listener: Listener,
        subscription: &Arc<Subscription>,
        opening: Option<Bytes>,
        connection: Connection,
    ) -> Response {
        self.take_care();
        let hang_up = connection.hang_up.map(|HangUp(connection)| connection);
        sse::response(Changed {
            listener,
            reader: Some(subscription.read(hang_up)),
            opening,
            keep_alive: KeepAlive::new(),
            login: LoginWatch::new(Arc::clone(&self), connection.authorization),
            stopping: Box::pin(self.shutdown.clone().cancelled_owned()),
            endpoint: self,
        })
    }
}

impl Changed {
    /// The end: a request gets its answer.
    fn end(&mut self) -> Option<Bytes> {
        self.reader = None;
        match &self.listener {
            Listener::Request(id, version) => {
                let encoder = Encoder { version: *version, server_info: &self.endpoint.registry.server_info };
                Some(sse::event(&encoder.listened(id)))
            }
            Listener::Session(_) => None,
        }
    }

    fn is_alive(&self) -> bool {
        match &self.listener {
            Listener::Request(..) => true,
            Listener::Session(session) => self.endpoint.sessions.is_alive(session),
        }
    }
}

impl Stream for Changed {
    type Item = Bytes;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let this = &mut *self;
        if let Some(opening) = this.opening.take() {
            return Poll::Ready(Some(opening));
        }
        let Some(reader) = &this.reader else { return Poll::Ready(None) };
        if this.stopping.as_mut().poll(context).is_ready() || this.login.poll_over(context) {
            return Poll::Ready(this.end());
        }
        let id = match &this.listener {
            Listener::Request(id, _) => Some(id),
            Listener::Session(_) => None,
        };
        let mut events = BytesMut::new();
        loop {
            match reader.poll_next(context) {
                Poll::Ready(Some(change)) => events.extend_from_slice(&sse::event(&change.notification(id))),
                Poll::Ready(None) if events.is_empty() => return Poll::Ready(this.end()),
                Poll::Ready(None) | Poll::Pending => break,
            }
        }
        if !events.is_empty() {
            return Poll::Ready(Some(events.freeze()));
        }
        // It goes by its own time, whatever else is sent: the login is looked at as often.
        if this.keep_alive.poll(context).is_pending() {
            return Poll::Pending;
        }
        if !this.is_alive() {
            return Poll::Ready(this.end());
        }
        this.login.start();
        // A login that is looked up in memory is known at once.
        if this.login.poll_over(context) { Poll::Ready(this.end()) } else { Poll::Ready(Some(sse::COMMENT)) }
    }
}
