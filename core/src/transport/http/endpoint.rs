//! The MCP endpoint: a request from its first check to its answer.

use std::sync::Arc;

use axum::body::HttpBody;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, Method as HttpMethod, Request as HttpRequest, StatusCode, header};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::access::Access;
use super::caretaker::Caretaker;
use super::connection::{Connection, HangUp};
use super::era::Era;
use super::guard::Guard;
use super::legacy::LiveSessions;
use super::session::{Session, Sessions};
use super::{answer, body, cors, era, headers};
use crate::auth::Principal;
use crate::context::Shared;
use crate::dispatch::{Dispatched, Method, Registry};
use crate::extract::Refused;
use crate::outcome::Outcome;
use crate::protocol::{ErrorCode, Message, MessageError, Params, ProtocolVersion, RequestId, RpcError};
use crate::tool::Tool;
use crate::transport::encode::Encoder;
use crate::transport::handshake::Handshakes;
use crate::transport::incoming::{Caller, Incoming, Settled};

/// Everything that the MCP route needs.
pub(crate) struct Endpoint {
    pub(super) registry: Registry,
    pub(super) shared: Arc<Shared>,
    pub(super) access: Access,
    pub(super) guard: Guard,
    pub(super) sessions: Sessions,
    pub(super) handshakes: Handshakes,
    /// What this process knows of sessions.
    pub(super) live: Arc<LiveSessions>,
    pub(super) body_limit: usize,
    /// Ends streams that would otherwise stay open.
    pub(super) shutdown: CancellationToken,
    /// The calls that go on although their client hung up.
    pub(super) detached: TaskTracker,
    /// The calls that write to a stream, whoever reads it.
    pub(super) streaming: TaskTracker,
    pub(super) caretaker: Caretaker,
}

/// A request as it came off the wire and past the bearer check.
pub(super) struct Arrived {
    pub(super) headers: HeaderMap,
    pub(super) principal: Option<Principal>,
    pub(super) body: Bytes,
    pub(super) connection: Connection,
}

#[cfg(feature = "auth")]
impl Endpoint {
    /// The users' logins, where there is a login. (The sessions of the handshake revisions are another thing.)
    pub(crate) fn sessions_of_users(&self) -> Option<crate::auth::Sessions> {
        match &self.access {
            Access::Open => None,
            Access::Login(gate) => Some(gate.sessions()),
        }
    }
}

impl Endpoint {
    pub(crate) fn new(
        registry: Registry,
        shared: Arc<Shared>,
        access: Access,
        guard: Guard,
        session_keys: &[[u8; 32]],
        body_limit: usize,
    ) -> Self {
        let (sessions, shutdown) = (Sessions::new(session_keys), CancellationToken::new());
        Self {
            handshakes: Handshakes::new(&registry.handshake),
            registry,
            shared,
            access,
            guard,
            sessions,
            live: Arc::default(),
            body_limit,
            shutdown,
            detached: TaskTracker::new(),
            streaming: TaskTracker::new(),
            caretaker: Caretaker::default(),
        }
    }

    /// Ends the streams that are open.
    pub(crate) fn end_streams(&self) {
        self.shutdown.cancel();
    }

    /// Waits for the calls whose clients hung up, and for tasks.
    pub(crate) async fn finish_detached(&self) {
        for tracker in [&self.streaming, &self.detached] {
            tracker.close();
            tracker.wait().await;
        }
        self.registry.tasks.finish().await;
    }

    /// Ends the tasks that did not finish in time, and gives back when that is written down.
    pub(crate) async fn abandon_tasks(&self) {
        self.registry.tasks.abandon().await;
    }

    /// Answers one HTTP request to the MCP path, which came over a connection that this hangs up.
    pub(super) async fn handle<B>(self: Arc<Self>, request: HttpRequest<B>, hang_up: Option<HangUp>) -> Response
    where
        B: HttpBody<Data = Bytes> + Unpin,
        B::Error: Into<axum::BoxError>,
    {
        if let Err(refusal) = self.guard.check_host(request.uri(), request.headers()) {
            return answer::foreign_host(&refusal);
        }
        let origin = match self.guard.check_origin(request.headers()) {
            Ok(origin) => origin.cloned(),
            Err(refusal) => {
                tracing::warn!(reason = "origin_not_allowed", "{refusal}");
                let refusal = RpcError::new(ErrorCode::InvalidRequest, refusal.to_string());
                return answer::error_with(StatusCode::FORBIDDEN, None, &refusal);
            }
        };
        let mut response = if request.method() == HttpMethod::OPTIONS {
            cors::preflight(request.headers())
        } else {
            self.authorized(request, hang_up).await
        };
        if let Some(origin) = origin {
            cors::allow(&mut response, &origin);
        }
        response
    }

    /// The bearer check comes before anything else is judged: a client without a token learns how to get one.
    async fn authorized<B>(self: Arc<Self>, request: HttpRequest<B>, hang_up: Option<HangUp>) -> Response
    where
        B: HttpBody<Data = Bytes> + Unpin,
        B::Error: Into<axum::BoxError>,
    {
        let (parts, body) = request.into_parts();
        let principal = match self.access.authenticate(&parts.headers).await {
            Ok(principal) => principal,
            Err(challenge) => return challenge,
        };
        let mut headers = parts.headers;
        let authorization = headers.remove(header::AUTHORIZATION);
        let connection = Connection { authorization, hang_up };
        headers.remove(header::PROXY_AUTHORIZATION);
        headers.remove(header::COOKIE);
        match parts.method {
            HttpMethod::POST => match body::read(&headers, body, self.body_limit).await {
                Ok(body) => self.post(Arrived { headers, principal, body, connection }).await,
                Err(refusal) => answer::error_with(refusal.status, None, &refusal.error),
            },
            HttpMethod::GET => self.get(&headers, principal.as_ref(), connection),
            HttpMethod::DELETE => self.delete(&headers, principal.as_ref()),
            _ => answer::not_allowed(),
        }
    }

    async fn post(self: Arc<Self>, arrived: Arrived) -> Response {
        let body = arrived.body.clone();
        if let Some(incoming) = Incoming::well_formed(&body) {
            return self.request(arrived, &incoming).await;
        }
        match Message::parse(&body) {
            Ok(Message::Request { id, method, params }) => match Incoming::read(id, method, params) {
                Ok(incoming) => self.request(arrived, &incoming).await,
                Err((id, error)) => answer::refuse(Some(&id), &error),
            },
            Ok(Message::Notification { method, params }) => match self.one_way(&arrived) {
                Ok(None) => answer::empty(StatusCode::ACCEPTED),
                Ok(Some(session)) => {
                    self.legacy_notification(&session, &method, params);
                    answer::empty(StatusCode::ACCEPTED)
                }
                Err(refusal) => *refusal,
            },
            Ok(Message::Response { id, answer: answered }) => match self.one_way(&arrived) {
                Ok(None) => {
                    let message = "Invalid request: this revision's servers send no requests that could be answered";
                    answer::refuse(None, &RpcError::new(ErrorCode::InvalidRequest, message))
                }
                Ok(Some(session)) => {
                    self.legacy_response(&session, id.as_ref(), answered);
                    answer::empty(StatusCode::ACCEPTED)
                }
                Err(refusal) => *refusal,
            },
            Err(MessageError::NotJson) => {
                let error = RpcError::new(ErrorCode::ParseError, "Parse error: the body is not JSON in UTF-8");
                answer::refuse(None, &error)
            }
            Err(MessageError::Invalid { id, reason }) => {
                let error = RpcError::new(ErrorCode::InvalidRequest, format!("Invalid request: {reason}"));
                answer::refuse(id.as_ref(), &error)
            }
        }
    }

    /// The session of a message that wants no answer; none in the current revision.
    fn one_way(&self, arrived: &Arrived) -> Result<Option<Session>, Box<Response>> {
        match era::of(&arrived.headers, "", None) {
            Ok(Era::Session(id)) => match self.sessions.find(id, arrived.principal.as_ref()) {
                Some(session) => Ok(Some(session)),
                None => Err(Box::new(answer::session_not_found(None))),
            },
            Ok(Era::Sessionless(version)) => Ok(Some(Session::sessionless(version))),
            Ok(Era::Stateless(_) | Era::Initialize) => Ok(None),
            Err(error) => Err(Box::new(answer::refuse(None, &error))),
        }
    }

    async fn request(self: Arc<Self>, arrived: Arrived, incoming: &Incoming<'_>) -> Response {
        let refuse = |error: RpcError| answer::refuse(Some(&incoming.id), &error);
        let session = match era::of(&arrived.headers, &incoming.method, incoming.protocol_version()) {
            Err(error) => return refuse(error),
            Ok(Era::Stateless(version)) => {
                let checked = incoming.settle(version, &arrived.body).and_then(|settled| {
                    self.check_headers(&arrived.headers, &incoming.method, &incoming.params)?;
                    Ok(settled)
                });
                return match checked {
                    Ok(settled) => self.stateless(arrived, incoming, settled).await,
                    Err(error) => refuse(error),
                };
            }
            Ok(Era::Initialize) => return self.initialize(&arrived, &incoming.id),
            Ok(Era::Session(session)) => self.sessions.find(session, arrived.principal.as_ref()),
            Ok(Era::Sessionless(version)) => Some(Session::sessionless(version)),
        };
        match session {
            Some(session) => self.legacy_request(arrived, session, incoming).await,
            None => answer::session_not_found(Some(&incoming.id)),
        }
    }

    /// What the headers of a stateless request repeat from its body.
    fn check_headers(&self, headers: &HeaderMap, method: &str, params: &Params<'_>) -> Result<(), RpcError> {
        headers::check(headers, method, params)?;
        if method != "tools/call" {
            return Ok(());
        }
        let tool = params.name()?.and_then(|name| self.registry.tool(&name));
        match tool.map(Tool::headers) {
            Some(declared) if !declared.is_empty() => headers::check_params(headers, declared, params.arguments),
            _ => Ok(()),
        }
    }

    /// Serves a stateless request in place: a client that hangs up drops it, which is how it cancels.
    async fn stateless(self: Arc<Self>, arrived: Arrived, incoming: &Incoming<'_>, settled: Settled) -> Response {
        let version = settled.version;
        let Arrived { headers, principal, body, connection } = arrived;
        let caller = Caller { headers, principal };
        let method = Method::parse(&incoming.method);
        let dispatched = match incoming.request(method, &body, settled, caller, &self.shared) {
            Ok(request) => self.registry.dispatch(request),
            Err(error) => Dispatched::Answered(Ok(Outcome::Error(error))),
        };
        match dispatched {
            Dispatched::Running(running) => self.run_stateless(version, incoming.id.clone(), running).await,
            Dispatched::Listening(listening) => self.listen(version, incoming.id.clone(), listening, connection),
            Dispatched::Answered(answer) => {
                let status = match &answer {
                    Ok(Outcome::Error(error)) => answer::answered(error.code()),
                    _ => StatusCode::OK,
                };
                self.respond(version, &incoming.id, answer, status)
            }
        }
    }

    /// The HTTP response to what came of a request.
    pub(super) fn respond(
        &self,
        version: ProtocolVersion,
        id: &RequestId,
        outcome: Result<Outcome, Refused>,
        status: StatusCode,
    ) -> Response {
        let outcome = match outcome {
            Ok(outcome) => outcome,
            Err(refused) => return self.access.refuse(refused),
        };
        let encoder = Encoder { version, server_info: &self.registry.server_info };
        match encoder.response(id, &outcome) {
            Ok(body) => answer::json(status, body),
            Err(failure) => {
                tracing::error!("a result could not be serialized: {failure}");
                answer::refuse(Some(id), &RpcError::internal())
            }
        }
    }
}
