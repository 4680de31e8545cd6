//! The MCP endpoint: a request from its first check to its answer.

use std::sync::Arc;

use axum::body::HttpBody;
use axum::response::Response;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method as HttpMethod, Request as HttpRequest, StatusCode, Uri, header};
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
use crate::dispatch::{Dispatched, Method, Registry, Running};
use crate::extract::Refused;
use crate::outcome::Outcome;
use crate::protocol::{ErrorCode, Message, Params, ProtocolVersion, RequestId, RpcError};
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

/// A request past the bearer check, without its body.
pub(super) struct Arrived {
    pub(super) headers: HeaderMap,
    pub(super) principal: Option<Principal>,
    pub(super) connection: Connection,
}

/// What comes of a POST.
pub(super) enum Posted {
    /// There is nothing to wait for.
    Answered(Response),
    /// A function runs for a stateless request.
    Runs(ProtocolVersion, RequestId, Box<Running>),
    /// A function runs for a request of a handshake revision.
    RunsInSession(Session, RequestId, Box<Running>),
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
    ///
    /// What can be said at once is done before there is a future: it keeps room for all that it was given.
    pub(super) fn handle<B>(
        self: Arc<Self>,
        request: HttpRequest<B>,
        hang_up: Option<HangUp>,
    ) -> impl Future<Output = Response> + Send + use<B>
    where
        B: HttpBody<Data = Bytes> + Unpin + Send,
        B::Error: Send,
    {
        let (Parts { method, uri, headers, .. }, body) = request.into_parts();
        let admitted = self.admit(&uri, &headers);
        async move {
            let origin = match admitted {
                Ok(origin) => origin,
                Err(refusal) => return *refusal,
            };
            let mut response = if method == HttpMethod::OPTIONS {
                cors::preflight(&headers)
            } else {
                self.authorized(method, headers, body, hang_up).await
            };
            if let Some(origin) = origin {
                cors::allow(&mut response, &origin);
            }
            response
        }
    }

    /// Whether the request is for this server, and from no page of a stranger's; its origin, where it has one.
    pub(super) fn admit(&self, uri: &Uri, headers: &HeaderMap) -> Result<Option<HeaderValue>, Box<Response>> {
        if let Err(refusal) = self.guard.check_host(uri, headers) {
            return Err(Box::new(answer::foreign_host(&refusal)));
        }
        self.guard.check_origin(headers).map(Option::<&HeaderValue>::cloned).map_err(|refusal| {
            tracing::warn!(reason = "origin_not_allowed", "{refusal}");
            let refusal = RpcError::new(ErrorCode::InvalidRequest, refusal.to_string());
            Box::new(answer::error_with(StatusCode::FORBIDDEN, None, &refusal))
        })
    }

    /// The bearer check comes before anything else is judged: a client without a token learns how to get one.
    async fn authorized<B>(
        self: Arc<Self>,
        method: HttpMethod,
        mut headers: HeaderMap,
        body: B,
        hang_up: Option<HangUp>,
    ) -> Response
    where
        B: HttpBody<Data = Bytes> + Unpin,
    {
        let principal = match self.access.authenticate(&headers).await {
            Ok(principal) => principal,
            Err(challenge) => return challenge,
        };
        let connection = Connection { authorization: headers.remove(header::AUTHORIZATION), hang_up };
        headers.remove(header::PROXY_AUTHORIZATION);
        headers.remove(header::COOKIE);
        match method {
            HttpMethod::POST => {
                let body = match body::read(&headers, body, self.body_limit).await {
                    Ok(body) => body,
                    Err(refusal) => return answer::error_with(refusal.status, None, &refusal.error),
                };
                match self.post(Arrived { headers, principal, connection }, &body) {
                    Posted::Answered(response) => response,
                    Posted::Runs(version, id, running) => self.run_stateless(version, id, running).await,
                    Posted::RunsInSession(session, id, running) => {
                        Box::pin(self.run_legacy(session, id, running)).await
                    }
                }
            }
            HttpMethod::GET => self.get(&headers, principal.as_ref(), connection),
            HttpMethod::DELETE => self.delete(&headers, principal.as_ref()),
            _ => answer::not_allowed(),
        }
    }

    /// What comes of a message. Nothing here waits: what does are the functions, once they run.
    fn post(self: &Arc<Self>, arrived: Arrived, body: &Bytes) -> Posted {
        if let Some(incoming) = Incoming::well_formed(body) {
            return self.request(arrived, body, &incoming);
        }
        let response = match Message::parse(body) {
            Ok(Message::Request { id, method, params }) => match Incoming::read(id, method, params) {
                Ok(incoming) => return self.request(arrived, body, &incoming),
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
            Err(error) => {
                let (id, error) = error.into_error("body");
                answer::refuse(id.as_ref(), &error)
            }
        };
        Posted::Answered(response)
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

    fn request(self: &Arc<Self>, arrived: Arrived, body: &Bytes, incoming: &Incoming<'_>) -> Posted {
        let refuse = |error: RpcError| Posted::Answered(answer::refuse(Some(&incoming.id), &error));
        let session = match era::of(&arrived.headers, &incoming.method, incoming.protocol_version()) {
            Err(error) => return refuse(error),
            Ok(Era::Stateless(version)) => {
                let checked = incoming.settle(version, body).and_then(|settled| {
                    self.check_headers(&arrived.headers, &incoming.method, &incoming.params)?;
                    Ok(settled)
                });
                return checked.map_or_else(refuse, |settled| self.stateless(arrived, body, incoming, settled));
            }
            Ok(Era::Initialize) => return Posted::Answered(self.initialize(&arrived, body, &incoming.id)),
            Ok(Era::Session(session)) => self.sessions.find(session, arrived.principal.as_ref()),
            Ok(Era::Sessionless(version)) => Some(Session::sessionless(version)),
        };
        match session {
            Some(session) => self.legacy_request(arrived, body, session, incoming),
            None => Posted::Answered(answer::session_not_found(Some(&incoming.id))),
        }
    }

    /// What the headers of a stateless request repeat from its body.
    pub(super) fn check_headers(&self, headers: &HeaderMap, method: &str, params: &Params<'_>) -> Result<(), RpcError> {
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
    fn stateless(
        self: &Arc<Self>,
        arrived: Arrived,
        body: &Bytes,
        incoming: &Incoming<'_>,
        settled: Settled,
    ) -> Posted {
        let version = settled.version;
        let Arrived { headers, principal, connection } = arrived;
        let caller = Caller { headers, principal };
        let method = Method::parse(&incoming.method);
        let dispatched = match incoming.request(method, body, settled, caller, &self.shared) {
            Ok(request) => self.registry.dispatch(request),
            Err(error) => Dispatched::Answered(Ok(Outcome::Error(error))),
        };
        match dispatched {
            Dispatched::Running(running) => Posted::Runs(version, incoming.id.clone(), running),
            Dispatched::Listening(listening) => {
                Posted::Answered(Arc::clone(self).listen(version, incoming.id.clone(), listening, connection))
            }
            Dispatched::Answered(answer) => {
                let status = match &answer {
                    Ok(Outcome::Error(error)) => answer::answered(error.code()),
                    _ => StatusCode::OK,
                };
                Posted::Answered(self.respond(version, &incoming.id, answer, status))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_waits_in_little_room() {
        let server = crate::McpServer::new("small", "1.0.0").build().unwrap();
        let answer = server.endpoint().clone().handle(HttpRequest::new(axum::body::Body::empty()), None);
        // It is moved, with all its room, on every call.
        assert!(size_of_val(&answer) <= 2048);
    }
}
