//! The handshake revisions (`2025-06-18`, `2025-11-25`), turned into the shape of the current one and back.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::response::sse::{Event as SseEvent, Sse};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::detach::{HangUp, Held};
use super::endpoint::{Arrived, Endpoint, Read, request_of};
use super::era::{self, Era};
use super::session::Session;
use super::{answer, headers};
use crate::RequestContext;
use crate::auth::Principal;
use crate::dispatch::{Dispatched, Event, Method};
use crate::exchange::Exchange;
use crate::outcome::Outcome;
use crate::protocol::{ProtocolVersion, RawJson, RequestId, RequestMeta, RpcError};
use crate::transport::encode;

/// How often a silent stream shows that it is alive.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// The parameters of `initialize`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct InitializeParams<'a> {
    #[serde(borrow)]
    protocol_version: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    capabilities: Option<&'a RawValue>,
    #[serde(borrow)]
    client_info: Option<&'a RawValue>,
}

/// A whole `initialize` request.
#[derive(Deserialize)]
struct Initialize<'a> {
    #[serde(borrow)]
    params: Option<InitializeParams<'a>>,
}

/// What `initialize` answers in each revision, serialized at `build()`.
pub(super) struct Handshakes(Vec<(ProtocolVersion, Bytes)>);

impl Handshakes {
    /// What is `common` to the revisions, with each of them named in it.
    pub(super) fn new(common: &Map<String, Value>) -> Self {
        let revisions = ProtocolVersion::ALL.into_iter().filter(|version| version.is_legacy());
        let answer = |version: ProtocolVersion| {
            let mut result = common.clone();
            result.insert("protocolVersion".to_owned(), version.as_str().into());
            (version, Bytes::from(Value::Object(result).to_string()))
        };
        Self(revisions.map(answer).collect())
    }

    fn of(&self, version: ProtocolVersion) -> Option<&Bytes> {
        self.0.iter().find(|(revision, _)| *revision == version).map(|(_, result)| result)
    }
}

impl Endpoint {
    /// Answers `initialize` and opens a session.
    pub(super) fn initialize(&self, arrived: &Arrived, id: &RequestId) -> Response {
        let params = serde_json::from_slice::<Initialize<'_>>(&arrived.body).ok().and_then(|request| request.params);
        let Some(params) = params else {
            let error =
                RpcError::invalid_params("`initialize` needs `protocolVersion`, `capabilities` and `clientInfo`");
            return answer::error_with(StatusCode::OK, Some(id), &error);
        };
        let version = negotiate(&params.protocol_version);
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
        read: Read<'_>,
    ) -> Response {
        let outcome = match method {
            "ping" => Ok(Outcome::Empty),
            method => {
                let Arrived { headers, principal, body } = arrived;
                let context = RequestContext {
                    reference: crate::context::Reference::next(),
                    id: id.clone(),
                    version: session.version,
                    client_info: session.client_info,
                    client_capabilities: session.client_capabilities,
                    meta: RequestMeta(RawJson::within(&body, read.params.meta)),
                    headers,
                    principal,
                    progress_token: RawJson::within(&body, read.meta.progress_token),
                    log_level: read.log_level,
                    exchange: Arc::new(Exchange::waiting()),
                    shared: Arc::clone(&self.shared),
                };
                match request_of(known_method(method), &read, &body, context) {
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
        self.respond(session.version, &id, outcome, StatusCode::OK)
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

/// The revision that is spoken with a client that asked for this one (MCP 2025-11-25, Lifecycle).
fn negotiate(requested: &str) -> ProtocolVersion {
    match ProtocolVersion::parse(requested) {
        Some(version) if version.is_legacy() => version,
        // Dates compare as text; whoever is newer than the handshake gets its last revision.
        _ if requested < ProtocolVersion::V2025_06_18.as_str() => ProtocolVersion::V2025_06_18,
        _ => ProtocolVersion::LATEST_LEGACY,
    }
}

/// The methods of these revisions: what came later is unknown to them.
fn known_method(name: &str) -> Method {
    match Method::parse(name) {
        Method::Discover => Method::Unknown(name.into()),
        method => method,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_handshake_settles_on_a_legacy_revision() {
        for (asked, settled) in [
            ("2025-06-18", ProtocolVersion::V2025_06_18),
            ("2025-11-25", ProtocolVersion::V2025_11_25),
            ("2024-11-05", ProtocolVersion::V2025_06_18),
            ("2025-03-26", ProtocolVersion::V2025_06_18),
            ("2026-07-28", ProtocolVersion::V2025_11_25),
            ("2099-01-01", ProtocolVersion::V2025_11_25),
        ] {
            assert_eq!(negotiate(asked), settled, "{asked}");
        }
    }
}
