//! One connection: what each message of the client leads to.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Stdio;
use super::asked::Asked;
use super::calls::{self, Calls, Registered, Turned};
use super::lines::Line;
use super::outbox::Outbox;
use super::session::Session;
use crate::dispatch::{Dispatched, Event, Method, Running};
use crate::exchange::{Exchange, Said};
use crate::outcome::{Answer, Outcome};
use crate::protocol::{ErrorCode, Json, Message, ProtocolVersion, RequestId, RpcError, params_of};
use crate::transport::encode::{self, Encoder};
use crate::transport::handshake::{self, Initialize};
use crate::transport::incoming::{self, Caller, Incoming, Settled};
use crate::transport::{HangUp, Held};

/// The two ends of a connection, and what runs on it.
pub(super) struct Connection {
    pub(super) server: Arc<Stdio>,
    pub(super) outbox: Outbox,
    calls: Calls,
    asked: Asked,
    session: Mutex<Option<Arc<Session>>>,
    running: TaskTracker,
    /// The calls that were told that they are cancelled, and come to their end.
    ending: TaskTracker,
    cancel_all: CancellationToken,
    /// What tells of changes, until the server stops.
    pub(super) listening: TaskTracker,
    pub(super) stopping: CancellationToken,
}

impl Connection {
    /// A connection whose calls are cancelled with `cancel_all`.
    pub(super) fn new(server: Arc<Stdio>, outbox: Outbox, cancel_all: CancellationToken) -> Self {
        Self {
            server,
            outbox,
            calls: Calls::new(cancel_all.clone()),
            asked: Asked::default(),
            session: Mutex::default(),
            running: TaskTracker::new(),
            ending: TaskTracker::new(),
            listening: TaskTracker::new(),
            stopping: cancel_all.child_token(),
            cancel_all,
        }
    }

    /// Takes one line. Calls run on by themselves; that there is no room for an answer holds up the lines after it.
    pub(super) async fn take(self: &Arc<Self>, line: Line) {
        let line = match line {
            Line::Message(line) => line,
            Line::TooLong => {
                let limit = self.server.line_limit;
                return self
                    .refuse(None, ErrorCode::InvalidRequest, format!("a message has at most {limit} bytes"))
                    .await;
            }
        };
        if let Some(incoming) = Incoming::well_formed(&line) {
            return self.request(&line, &incoming).await;
        }
        match Message::parse(&line) {
            Ok(Message::Request { id, method, params }) => match Incoming::read(id, method, params) {
                Ok(incoming) => self.request(&line, &incoming).await,
                Err((id, error)) => self.error(Some(&id), &error).await,
            },
            Ok(Message::Notification { method, params }) => {
                if let Some(id) = incoming::cancelled(&method, params) {
                    self.calls.cancel(&id);
                }
                if method == "notifications/initialized"
                    && let Some(session) = self.session()
                    && self.server.registry.tells_anything()
                    && self.watch(&session).is_err()
                {
                    tracing::warn!("the client is not told of changes: there are too many subscriptions");
                }
            }
            Ok(Message::Response { id, answer }) => self.asked.answer(id.as_ref(), answer),
            Err(error) => {
                let (id, error) = error.into_error("line");
                self.error(id.as_ref(), &error).await;
            }
        }
    }

    async fn request(self: &Arc<Self>, line: &Bytes, incoming: &Incoming<'_>) {
        let id = &incoming.id;
        // What a message says of its revision makes it stateless; the rest is within what a handshake settled.
        match incoming.protocol_version().map(|version| (version, ProtocolVersion::parse(version))) {
            Some((version, None)) => self.error(Some(id), &RpcError::unsupported_version(version)).await,
            Some((_, Some(version))) if !version.is_legacy() => match incoming.settle(version, line) {
                Ok(settled) => self.serve(line, Method::parse(&incoming.method), incoming, settled).await,
                Err(error) => self.error(Some(id), &error).await,
            },
            Some(_) | None => match (&*incoming.method, self.session()) {
                ("initialize", _) => self.initialize(id, params_of(line)).await,
                ("ping", session) => {
                    let version = session.map_or(ProtocolVersion::LATEST_LEGACY, |session| session.version);
                    self.answer(version, id, Ok(Outcome::Empty)).await;
                }
                (_, Some(session)) => self.legacy(line, incoming, &session).await,
                (_, None) => {
                    let message =
                        "`initialize` comes first, or `io.modelcontextprotocol/protocolVersion` in `params._meta`";
                    self.refuse(Some(id), ErrorCode::InvalidParams, message).await;
                }
            },
        }
    }

    /// Opens the session. A client that opens it again starts anew.
    async fn initialize(&self, id: &RequestId, params: Option<Json<'_>>) {
        let params = match Initialize::read(params) {
            Ok(params) => params,
            Err(error) => return self.error(Some(id), &error).await,
        };
        let session = Session::open(&params);
        let version = session.version;
        *self.session.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(session));
        match self.server.handshakes.of(version).and_then(|result| encode::serialized(id, result).ok()) {
            Some(answer) => self.outbox.send(answer).await,
            None => self.error(Some(id), &RpcError::internal()).await,
        }
    }

    /// A request within the session.
    async fn legacy(self: &Arc<Self>, line: &Bytes, incoming: &Incoming<'_>, session: &Session) {
        let (id, method) = (&incoming.id, &*incoming.method);
        if method == "logging/setLevel" && self.server.registry.logs() {
            let outcome = match handshake::log_level(params_of(line)) {
                Ok(level) => {
                    session.set_log_level(level);
                    Outcome::Empty
                }
                Err(error) => Outcome::Error(error),
            };
            return self.answer(session.version, id, Ok(outcome)).await;
        }
        if matches!(method, "resources/subscribe" | "resources/unsubscribe") && self.server.registry.tells_resources() {
            let outcome = self.watch_resource(session, incoming.params.uri(), method == "resources/subscribe");
            return self.answer(session.version, id, outcome).await;
        }
        let settled = Settled {
            version: session.version,
            client_info: session.client_info.clone(),
            client_capabilities: session.client_capabilities.clone(),
            log_level: session.log_level(),
            exchange: Arc::new(Exchange::waiting()),
        };
        self.serve(line, handshake::method(method), incoming, settled).await;
    }

    /// Serves a request, in the shape that both eras have inside.
    async fn serve(self: &Arc<Self>, line: &Bytes, method: Method, incoming: &Incoming<'_>, settled: Settled) {
        let id = &incoming.id;
        let version = settled.version;
        let caller = Caller { principal: self.server.principal.clone(), ..Caller::default() };
        let request = match incoming.request(method, line, settled, caller, &self.server.shared) {
            Ok(request) => request,
            Err(error) => return self.answer(version, id, Ok(Outcome::Error(error))).await,
        };
        let dispatched = match self.server.registry.dispatch(request) {
            Dispatched::Answered(answer) => return self.answer(version, id, answer).await,
            dispatched => dispatched,
        };
        match self.calls.register(id).await {
            Ok(registered) => match dispatched {
                Dispatched::Running(running) => {
                    let (connection, id) = (Arc::clone(self), id.clone());
                    self.running.spawn(async move { connection.run(version, id, running, registered).await });
                }
                Dispatched::Listening(listening) => self.listen(version, id.clone(), listening, registered),
                Dispatched::Answered(answer) => self.answer(version, id, answer).await,
            },
            Err(Turned::SameId) => {
                let message = format!("a request with the id {id} is still being served: each needs an id of its own");
                self.refuse(Some(id), ErrorCode::InvalidRequest, message).await;
            }
            Err(Turned::TooMany) => {
                let message = format!("{} calls are running already: wait until one has ended", calls::LIMIT);
                self.refuse(Some(id), ErrorCode::InternalError, message).await;
            }
        }
    }

    /// Runs a call to its end, unless it is cancelled: then nothing more is said of it.
    async fn run(&self, version: ProtocolVersion, id: RequestId, running: Box<Running>, registered: Registered) {
        let exchange = Arc::clone(running.exchange());
        // Dropped before its end, it is cancelled.
        let mut call = Held::new(running, HangUp::Cancels, self.ending.clone());
        let conversation = async {
            let mut asking = self.asked.by(&exchange);
            loop {
                let event = tokio::select! {
                    event = call.next() => event,
                    never = asking.run_out() => match never {},
                };
                match event {
                    Event::Said(Said::Notification(message)) => self.outbox.send(message).await,
                    Event::Said(Said::Asked) => {
                        for message in asking.news() {
                            self.outbox.send(message).await;
                        }
                    }
                    // Here nobody hangs up to come back.
                    Event::Said(Said::Reconnect(_)) => {}
                    Event::Ended(answer) => return answer,
                }
            }
        };
        let answer = tokio::select! {
            biased;
            () = registered.cancelled() => return,
            answer = conversation => answer,
        };
        let answer = self.encode(version, &id, answer);
        // From here on the id is free, and it is too late to cancel.
        drop(registered);
        tokio::select! {
            biased;
            () = self.outbox.send(answer) => {}
            // A client that reads nothing more keeps no server from its end.
            () = self.cancel_all.cancelled() => {}
        }
    }

    /// Comes to an end: running calls may end by themselves for so long; then they are cancelled, and may tidy up.
    pub(super) async fn finish(&self, grace: Duration, cancelled_grace: Duration) {
        self.asked.desert();
        self.stopping.cancel();
        self.listening.close();
        self.running.close();
        if tokio::time::timeout(grace, self.running.wait()).await.is_err() {
            tracing::warn!("{} calls did not end within {grace:?} and are cancelled", self.running.len());
        }
        self.cancel_all.cancel();
        self.running.wait().await;
        // A client that reads nothing more is not waited for.
        let _ = tokio::time::timeout(cancelled_grace, self.listening.wait()).await;
        self.ending.close();
        if tokio::time::timeout(cancelled_grace, self.ending.wait()).await.is_err() {
            tracing::warn!("{} cancelled calls did not come to their end and are dropped", self.ending.len());
        }
    }

    fn session(&self) -> Option<Arc<Session>> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn answer(&self, version: ProtocolVersion, id: &RequestId, answer: Answer) {
        self.outbox.send(self.encode(version, id, answer)).await;
    }

    fn encode(&self, version: ProtocolVersion, id: &RequestId, answer: Answer) -> Bytes {
        let outcome = answer.unwrap_or_else(|refused| Outcome::Error(refused.to_error()));
        Encoder { version, server_info: &self.server.registry.server_info }.response_or_error(id, &outcome)
    }

    async fn refuse(
        &self,
        id: Option<&RequestId>,
        code: ErrorCode,
        message: impl Into<std::borrow::Cow<'static, str>>,
    ) {
        self.error(id, &RpcError::new(code, message)).await;
    }

    /// Answers with an error, where the revision has a form for it.
    async fn error(&self, id: Option<&RequestId>, error: &RpcError) {
        let version = self.session().map_or(ProtocolVersion::LATEST, |session| session.version);
        // An error without an id is no message of this revision, and nothing else may be written.
        if id.is_none() && version == ProtocolVersion::V2025_06_18 {
            tracing::warn!("the client sent what is no message: {error}");
            return;
        }
        match encode::error_response(version, id, error) {
            Ok(answer) => self.outbox.send(answer).await,
            Err(failure) => tracing::error!("an error could not be serialized: {failure}"),
        }
    }
}
