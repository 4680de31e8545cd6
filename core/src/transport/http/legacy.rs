//! The handshake revisions (`2025-06-18`, `2025-11-25`), turned into the shape of the current one and back.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::response::sse::{Event as SseEvent, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::value::RawValue;

use super::endpoint::{Arrived, Endpoint};
use super::era::{self, Era};
use super::session::Session;
use super::{answer, headers};
use crate::auth::Principal;
use crate::dispatch::{Dispatched, Event};
use crate::exchange::Exchange;
use crate::outcome::Outcome;
use crate::protocol::{RequestId, RpcError};
use crate::transport::detach::{HangUp, Held};
use crate::transport::handshake::Initialize;
use crate::transport::incoming::{Caller, Incoming, Settled};
use crate::transport::{encode, handshake};

/// How often a silent stream shows that it is alive.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

impl Endpoint {
    /// Answers `initialize` and opens a session.
    pub(super) fn initialize(&self, arrived: &Arrived, id: &RequestId, params: Option<&RawValue>) -> Response {
        let params = match Initialize::read(params) {
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

    /// Serves a request within a session. Hanging up cancels nothing here.
    pub(super) async fn legacy_request(
        self: Arc<Self>,
        arrived: Arrived,
        id: RequestId,
        session: Session,
        method: &str,
        incoming: &Incoming<'_>,
    ) -> Response {
        let version = session.version;
        let outcome = match method {
            "ping" => Ok(Outcome::Empty),
            method => {
                let Arrived { headers, principal, body } = arrived;
                let settled = Settled {
                    version,
                    client_info: session.client_info,
                    client_capabilities: session.client_capabilities,
                    log_level: None,
                    exchange: Arc::new(Exchange::waiting()),
                };
                let caller = Caller { headers, principal };
                match incoming.request(&id, handshake::method(method), &body, settled, caller, &self.shared) {
                    Ok(request) => match self.registry.dispatch(request) {
                        Dispatched::Answered(answer) => answer,
                        Dispatched::Running(running) => {
                            let mut call = Held::new(running, HangUp::IsNothing, self.detached.clone());
                            loop {
                                if let Event::Ended(answer) = call.next().await {
                                    break answer;
                                }
                            }
                        }
                    },
                    Err(error) => Ok(Outcome::Error(error)),
                }
            }
        };
        self.respond(version, &id, outcome, StatusCode::OK)
    }

    /// Opens the stream on which a server may speak by itself (MCP 2025-11-25, Transports). It ends with its session.
    pub(super) fn get(self: Arc<Self>, headers: &HeaderMap, principal: Option<&Principal>) -> Response {
        let session = match self.session_of(headers, principal) {
            Ok(session) => session,
            Err(refusal) => return *refusal,
        };
        let silence = stream::unfold((self, session), |(endpoint, session)| async move {
            tokio::select! {
                () = endpoint.shutdown.cancelled() => None,
                () = tokio::time::sleep(KEEP_ALIVE) => {
                    let alive = endpoint.sessions.is_alive(&session);
                    alive.then(|| (Ok::<_, Infallible>(SseEvent::default().comment("")), (endpoint, session)))
                }
            }
        });
        let mut response = Sse::new(silence).into_response();
        response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
        response
    }

    /// Ends a session.
    pub(super) fn delete(&self, headers: &HeaderMap, principal: Option<&Principal>) -> Response {
        match self.session_of(headers, principal) {
            Ok(session) => {
                self.sessions.end(&session);
                answer::empty(StatusCode::NO_CONTENT)
            }
            Err(refusal) => *refusal,
        }
    }

    /// The session that a GET or DELETE is about. In the current revision there is none: 405.
    fn session_of(&self, headers: &HeaderMap, principal: Option<&Principal>) -> Result<Session, Box<Response>> {
        match era::of(headers, "", None) {
            Ok(Era::Session(id)) => {
                self.sessions.find(id, principal).ok_or_else(|| Box::new(answer::session_not_found(None)))
            }
            Err(error) if headers.contains_key(headers::PROTOCOL_VERSION) => {
                Err(Box::new(answer::refuse(None, &error)))
            }
            Ok(_) | Err(_) => Err(Box::new(answer::not_allowed())),
        }
    }
}
