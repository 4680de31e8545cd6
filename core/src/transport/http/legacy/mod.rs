//! The handshake revisions (`2025-06-18`, `2025-11-25`), turned into the shape of the current one and back.

mod call;
mod listen;
mod live;
mod stream;

use std::sync::Arc;

use axum::response::Response;
use bytes::Bytes;
use http::{HeaderValue, StatusCode};
use serde_json::value::RawValue;

pub(super) use self::live::LiveSessions;
use super::endpoint::Endpoint;
use super::era::{self, Era};
use super::head::Head;
use super::post::{Arrived, Served};
use super::session::Session;
use super::{answer, headers};
use crate::auth::Principal;
use crate::dispatch::Dispatched;
use crate::exchange::Exchange;
use crate::outcome::Outcome;
use crate::protocol::{ErrorCode, Json, RequestId, RpcError, params_of};
use crate::transport::handshake::Initialize;
use crate::transport::incoming::{Caller, Incoming, Settled};
use crate::transport::{encode, handshake, incoming};

impl Endpoint {
    /// Answers `initialize` and opens a session.
    pub(super) fn initialize(&self, arrived: &Arrived, body: &[u8], id: &RequestId) -> Response {
        let params = match Initialize::read(params_of(body)) {
            Ok(params) => params,
            Err(error) => return answer::error_with(StatusCode::OK, Some(id), &error),
        };
        let version = params.version();
        let principal = arrived.principal.as_ref();
        let session = self.sessions.open(version, params.client_info, params.capabilities, principal);
        let session = session.and_then(|session| HeaderValue::try_from(session).ok());
        let body = self.handshakes.of(version).and_then(|result| encode::serialized(id, result).ok());
        let (Some(session), Some(body)) = (session, body) else {
            return answer::refuse(Some(id), &RpcError::internal());
        };
        let mut response = answer::json(StatusCode::OK, body);
        response.headers_mut().insert(headers::SESSION_ID, session);
        response
    }

    /// Serves a request within a session.
    pub(super) fn legacy_request(
        self: &Arc<Self>,
        arrived: Arrived,
        body: &Bytes,
        session: Session,
        incoming: &Incoming<'_>,
    ) -> Served {
        let version = session.version;
        let outcome = match &*incoming.method {
            "ping" => Ok(Outcome::Empty),
            "logging/setLevel" if self.registry.logs() => {
                let set = self.set_level(&session, params_of(body));
                Ok(set.map_or_else(Outcome::Error, |()| Outcome::Empty))
            }
            "resources/subscribe" | "resources/unsubscribe" if self.registry.tells_resources() => {
                let (principal, uri) = (arrived.principal.as_ref(), incoming.params.uri());
                self.watch_resource(&session, principal, uri, incoming.method == "resources/subscribe")
            }
            method => {
                let Arrived { headers, principal, .. } = arrived;
                let log_level = session.key().and_then(|key| self.live.with_known(key, |live| live.log_level));
                let settled = Settled {
                    version,
                    client_info: session.client_info.clone(),
                    client_capabilities: session.client_capabilities.clone(),
                    log_level: log_level.flatten(),
                    exchange: Arc::new(Exchange::waiting()),
                };
                let caller = Caller { headers, principal };
                match incoming.request(handshake::method(method), body, settled, caller, &self.shared) {
                    Ok(request) => match self.registry.dispatch(request) {
                        Dispatched::Answered(answer) => answer,
                        // The method is of the current revision.
                        Dispatched::Listening(_) => Ok(Outcome::Error(RpcError::internal())),
                        Dispatched::Running(running) => {
                            return Served::RunsInSession(session, incoming.id.clone(), running);
                        }
                    },
                    Err(error) => Ok(Outcome::Error(error)),
                }
            }
        };
        Served::Answered(self.respond(version, &incoming.id, outcome, StatusCode::OK))
    }

    /// The level of the log messages that the session's client gets from here on (MCP 2025-11-25, Logging).
    fn set_level(&self, session: &Session, params: Option<Json<'_>>) -> Result<(), RpcError> {
        let level = handshake::log_level(params)?;
        let key = session.key().ok_or_else(without_session)?;
        self.live.with(key, |live| live.log_level = Some(level));
        Ok(())
    }

    /// Takes a notification: one that cancels a call is for its session, and no other says anything to us.
    pub(super) fn legacy_notification(&self, session: &Session, method: &str, params: Option<&RawValue>) {
        if let (Some(key), Some(request_id)) = (session.key(), incoming::cancelled(method, params)) {
            self.live.cancel(key, &request_id);
        }
    }

    /// Takes the answer to a question; one that nobody asked, or that was answered before, is passed over.
    pub(super) fn legacy_response(
        &self,
        session: &Session,
        id: Option<&RequestId>,
        answer: Result<&RawValue, &RawValue>,
    ) {
        let (Some(key), Some(RequestId::String(id))) = (session.key(), id) else { return };
        if let Some(question) = self.live.with_known(key, |live| live.questions.remove(id)).flatten() {
            question.answer(answer);
        }
    }

    /// Ends a session.
    pub(super) fn delete(&self, head: &Head<'_>, principal: Option<&Principal>) -> Response {
        match self.session_of(head, principal) {
            Ok(session) => {
                self.sessions.end(&session);
                if let Some(key) = session.key() {
                    self.live.end(key);
                }
                answer::empty(StatusCode::NO_CONTENT)
            }
            Err(refusal) => *refusal,
        }
    }

    /// The session that a GET or DELETE is about. In the current revision there is none: 405.
    fn session_of(&self, head: &Head<'_>, principal: Option<&Principal>) -> Result<Session, Box<Response>> {
        match era::of(head, "", None) {
            Ok(Era::Session(id)) => {
                self.sessions.find(id, principal).ok_or_else(|| Box::new(answer::session_not_found(None)))
            }
            Err(error) if !head.protocol_version.is_absent() => Err(Box::new(answer::refuse(None, &error))),
            Ok(_) | Err(_) => Err(Box::new(answer::not_allowed())),
        }
    }
}

/// What is of a session cannot be done without one.
fn without_session() -> RpcError {
    RpcError::new(ErrorCode::InvalidRequest, "there is no session to remember this for: send `initialize` first")
}
