//! The MCP endpoint: a request from its first check to its answer.

use std::sync::Arc;

use axum::body::HttpBody;
use axum::response::Response;
use bytes::Bytes;
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderValue, Method as HttpMethod, Request as HttpRequest, StatusCode};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::access::Access;
use super::caretaker::Caretaker;
use super::connection::{Connection, HangUp};
use super::guard::Guard;
use super::head::Head;
use super::legacy::LiveSessions;
use super::post::{Arrived, Served};
use super::session::Sessions;
use super::{answer, body, cors};
use crate::context::Shared;
use crate::dispatch::Registry;
use crate::extract::Refused;
use crate::outcome::Outcome;
use crate::protocol::{ErrorCode, ProtocolVersion, RequestId, RpcError};
use crate::transport::encode::Encoder;
use crate::transport::handshake::Handshakes;

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
    /// It is one future, and what it calls borrows from it: a future is moved with room for all that it was given, and one
    /// within another would have all of that twice.
    pub(super) fn handle<B>(
        self: Arc<Self>,
        request: HttpRequest<B>,
        hang_up: Option<HangUp>,
    ) -> impl Future<Output = Response> + Send + use<B>
    where
        B: HttpBody<Data = Bytes> + Unpin + Send,
        B::Error: Send,
    {
        let (Parts { method, uri, mut headers, .. }, mut body) = request.into_parts();
        let authority = uri.into_parts().authority;
        async move {
            let head = Head::of(&headers);
            let origin = match self.admit(authority.as_ref(), &head) {
                Ok(origin) => origin.cloned(),
                Err(refusal) => return *refusal,
            };
            let mut response = 'response: {
                if method == HttpMethod::OPTIONS {
                    break 'response cors::preflight(&headers);
                }
                // Before anything else is judged: a client without a token learns how to get one.
                let principal = match self.access.authenticate(head.authorization).await {
                    Ok(principal) => principal,
                    Err(challenge) => break 'response challenge,
                };
                let message = match method {
                    HttpMethod::POST => body::read(head.content_type.first(), &mut body, self.body_limit).await,
                    HttpMethod::GET => {
                        let authorization = head.authorization.first().cloned();
                        let connection = Connection { authorization, hang_up };
                        break 'response self.get(&head, principal.as_ref(), connection);
                    }
                    HttpMethod::DELETE => break 'response self.delete(&head, principal.as_ref()),
                    _ => break 'response answer::not_allowed(),
                };
                drop(body);
                let message = match message {
                    Ok(message) => message,
                    Err(refusal) => break 'response answer::error_with(refusal.status, None, &refusal.error),
                };
                // What is read of the message is gone before anything is waited for.
                let served = {
                    let incoming = match self.receive(&head, principal.as_ref(), &message) {
                        Ok(incoming) => incoming,
                        Err(answer) => break 'response *answer,
                    };
                    let terms = match self.judge(&headers, &head, principal.as_ref(), &incoming, &message) {
                        Ok(terms) => terms,
                        Err(refusal) => break 'response *refusal,
                    };
                    let authorization = head.credentials.take(&mut headers);
                    let connection = Connection { authorization, hang_up };
                    self.serve(&incoming, terms, Arrived { headers, principal, connection }, &message)
                };
                drop(message);
                match served {
                    Served::Answered(response) => response,
                    Served::Runs(version, id, running) => self.run_stateless(version, id, running).await,
                    Served::RunsInSession(session, id, running) => {
                        Box::pin(self.run_legacy(session, id, running)).await
                    }
                }
            };
            if let Some(origin) = origin {
                cors::allow(&mut response, &origin);
            }
            response
        }
    }

    /// Whether the request is for this server, and from no page of a stranger's; its origin, where it has one.
    pub(super) fn admit<'h>(
        &self,
        authority: Option<&Authority>,
        head: &Head<'h>,
    ) -> Result<Option<&'h HeaderValue>, Box<Response>> {
        if let Err(refusal) = self.guard.check_host(authority, head.host) {
            return Err(Box::new(answer::foreign_host(&refusal)));
        }
        self.guard.check_origin(head.origin).map_err(|refusal| {
            tracing::warn!(reason = "origin_not_allowed", "{refusal}");
            let refusal = RpcError::new(ErrorCode::InvalidRequest, refusal.to_string());
            Box::new(answer::error_with(StatusCode::FORBIDDEN, None, &refusal))
        })
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
        assert!(size_of_val(&answer) <= 1024);
    }
}
