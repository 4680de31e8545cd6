//! The MCP endpoint: a request from its first check to its answer.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, Method as HttpMethod, Request as HttpRequest, StatusCode, header};
use serde_json::value::RawValue;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::access::Access;
use super::era::Era;
use super::guard::Guard;
use super::headers::ParamHeader;
use super::legacy::Handshakes;
use super::session::Sessions;
use super::{answer, body, cors, era, headers};
use crate::RequestContext;
use crate::auth::Principal;
use crate::context::Shared;
use crate::dispatch::{Dispatched, Method, Registry, Request};
use crate::exchange::Exchange;
use crate::extract::Refused;
use crate::outcome::Outcome;
use crate::protocol::{
    ErrorCode, LoggingLevel, Message, MessageError, MethodParams, Params, ProtocolMeta, ProtocolVersion, RawJson,
    RequestId, RequestMeta, RpcError,
};
use crate::transport::encode::Encoder;

/// Everything that the MCP route needs.
pub(crate) struct Endpoint {
    pub(super) registry: Registry,
    pub(super) shared: Arc<Shared>,
    pub(super) access: Access,
    pub(super) guard: Guard,
    pub(super) sessions: Sessions,
    pub(super) handshakes: Handshakes,
    pub(super) body_limit: usize,
    /// The arguments that a header repeats, of the tools that have some (`x-mcp-header`).
    param_headers: HashMap<Box<str>, Vec<ParamHeader>>,
    /// Ends streams that would otherwise stay open.
    pub(super) shutdown: CancellationToken,
    /// The calls that go on although their client hung up.
    pub(super) detached: TaskTracker,
}

/// A request as it came off the wire and past the bearer check.
pub(super) struct Arrived {
    pub(super) headers: HeaderMap,
    pub(super) principal: Option<Principal>,
    pub(super) body: Bytes,
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
        let with_headers = registry.tools().map(|tool| (tool.name().into(), headers::declared(tool)));
        let param_headers = with_headers.filter(|(_, declared)| !declared.is_empty()).collect();
        let (sessions, shutdown) = (Sessions::new(session_keys), CancellationToken::new());
        Self {
            handshakes: Handshakes::new(&registry.handshake),
            registry,
            shared,
            access,
            guard,
            sessions,
            body_limit,
            param_headers,
            shutdown,
            detached: TaskTracker::new(),
        }
    }

    /// Ends the streams that are open.
    pub(crate) fn end_streams(&self) {
        self.shutdown.cancel();
    }

    /// Waits for the calls whose clients hung up.
    pub(crate) async fn finish_detached(&self) {
        self.detached.close();
        self.detached.wait().await;
    }

    /// Answers one HTTP request to the MCP path.
    pub(super) async fn handle(self: Arc<Self>, request: HttpRequest<Body>) -> Response {
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
            self.authorized(request).await
        };
        if let Some(origin) = origin {
            cors::allow(&mut response, &origin);
        }
        response
    }

    /// The bearer check comes before anything else is judged: a client without a token learns how to get one.
    async fn authorized(self: Arc<Self>, request: HttpRequest<Body>) -> Response {
        let (parts, body) = request.into_parts();
        let principal = match self.access.authenticate(&parts.headers).await {
            Ok(principal) => principal,
            Err(challenge) => return challenge,
        };
        let mut headers = parts.headers;
        headers.remove(header::AUTHORIZATION);
        headers.remove(header::PROXY_AUTHORIZATION);
        headers.remove(header::COOKIE);
        match parts.method {
            HttpMethod::POST => match body::read(&headers, body, self.body_limit).await {
                Ok(body) => self.post(Arrived { headers, principal, body }).await,
                Err(refusal) => answer::error_with(refusal.status, None, &refusal.error),
            },
            HttpMethod::GET => self.get(&headers, principal.as_ref()),
            HttpMethod::DELETE => self.delete(&headers, principal.as_ref()),
            _ => answer::not_allowed(),
        }
    }

    async fn post(self: Arc<Self>, arrived: Arrived) -> Response {
        let body = arrived.body.clone();
        match Message::parse(&body) {
            Ok(Message::Request { id, method, params: all }) => {
                let params = match all.map(|params| serde_json::from_str(params.get())).transpose() {
                    Ok(params) => params.unwrap_or_default(),
                    // All members are raw, so this is the one thing that can be wrong with them.
                    Err(_) => {
                        return answer::refuse(Some(&id), &RpcError::invalid_params("`params` names a member twice"));
                    }
                };
                self.request(arrived, id, &method, &params, all).await.unwrap_or_else(|refusal| *refusal)
            }
            Ok(Message::Notification) => self.one_way(&arrived, || answer::empty(StatusCode::ACCEPTED)),
            Ok(Message::Response) => self.one_way(&arrived, || {
                let message = "Invalid request: this revision's servers send no requests that could be answered";
                answer::refuse(None, &RpcError::new(ErrorCode::InvalidRequest, message))
            }),
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

    /// Takes a message that wants no answer. None of them asks anything of this server; `stateless` is what the current
    /// revision says to it.
    fn one_way(&self, arrived: &Arrived, stateless: impl FnOnce() -> Response) -> Response {
        match era::of(&arrived.headers, "", None) {
            Ok(Era::Session(id)) if self.sessions.find(id, arrived.principal.as_ref()).is_none() => {
                answer::session_not_found(None)
            }
            Ok(Era::Stateless(_)) => stateless(),
            Ok(_) => answer::empty(StatusCode::ACCEPTED),
            Err(error) => answer::refuse(None, &error),
        }
    }

    async fn request(
        self: Arc<Self>,
        arrived: Arrived,
        id: RequestId,
        method: &str,
        params: &Params<'_>,
        all: Option<&RawValue>,
    ) -> Result<Response, Box<Response>> {
        let refuse = |error: RpcError| Box::new(answer::refuse(Some(&id), &error));
        let meta: ProtocolMeta<'_> = match params.meta {
            Some(meta) => serde_json::from_str(meta.get()).map_err(|_| {
                refuse(RpcError::invalid_params(
                    "`_meta` must be an object, its protocol version a string, no key twice",
                ))
            })?,
            None => ProtocolMeta::default(),
        };
        let era = era::of(&arrived.headers, method, meta.protocol_version.as_deref()).map_err(refuse)?;
        match era {
            Era::Stateless(version) => {
                self.check_stateless(&arrived.headers, method, params, &meta).map_err(refuse)?;
                let log_level = log_level(&meta).map_err(refuse)?;
                Ok(self.stateless(arrived, id, version, method, Read { params, all, meta: &meta, log_level }).await)
            }
            Era::Initialize => Ok(self.initialize(&arrived, &id)),
            Era::Session(session) => match self.sessions.find(session, arrived.principal.as_ref()) {
                Some(session) => Ok(self
                    .legacy_request(arrived, id, session, method, Read { params, all, meta: &meta, log_level: None })
                    .await),
                None => Err(Box::new(answer::session_not_found(Some(&id)))),
            },
            Era::Sessionless(version) => {
                let session = super::session::Session::sessionless(version);
                Ok(self
                    .legacy_request(arrived, id, session, method, Read { params, all, meta: &meta, log_level: None })
                    .await)
            }
        }
    }

    /// The rules of a stateless request beyond its version.
    fn check_stateless(
        &self,
        headers: &HeaderMap,
        method: &str,
        params: &Params<'_>,
        meta: &ProtocolMeta<'_>,
    ) -> Result<(), RpcError> {
        let missing = |key: &str| RpcError::invalid_params(format!("`_meta` lacks `io.modelcontextprotocol/{key}`"));
        if meta.protocol_version.is_none() {
            return Err(missing("protocolVersion"));
        }
        match meta.client_capabilities {
            None => return Err(missing("clientCapabilities")),
            Some(capabilities) if !capabilities.get().starts_with('{') => {
                let message = "`io.modelcontextprotocol/clientCapabilities` in `_meta` must be an object";
                return Err(RpcError::invalid_params(message));
            }
            Some(_) => {}
        }
        headers::check(headers, method, params)?;
        if method != "tools/call" || self.param_headers.is_empty() {
            return Ok(());
        }
        match params.name()?.and_then(|name| self.param_headers.get(&*name)) {
            Some(declared) => headers::check_params(headers, declared, params.arguments),
            None => Ok(()),
        }
    }

    /// Serves a stateless request in place: a client that hangs up drops it, which is how it cancels.
    async fn stateless(
        self: Arc<Self>,
        arrived: Arrived,
        id: RequestId,
        version: ProtocolVersion,
        method: &str,
        read: Read<'_>,
    ) -> Response {
        let Read { params, meta, log_level, .. } = read;
        let Arrived { headers, principal, body } = arrived;
        let context = RequestContext {
            reference: crate::context::Reference::next(),
            id: id.clone(),
            version,
            client_info: RawJson::within(&body, meta.client_info),
            client_capabilities: RawJson::within(&body, meta.client_capabilities),
            meta: RequestMeta(RawJson::within(&body, params.meta)),
            headers,
            principal,
            progress_token: RawJson::within(&body, meta.progress_token),
            log_level,
            exchange: Arc::new(Exchange::retrying()),
            shared: Arc::clone(&self.shared),
        };
        let dispatched = match request_of(Method::parse(method), &read, &body, context) {
            Ok(request) => self.registry.dispatch(request),
            Err(error) => Dispatched::Answered(Ok(Outcome::Error(error))),
        };
        match dispatched {
            Dispatched::Running(running) => self.run_stateless(version, id, running).await,
            Dispatched::Answered(answer) => {
                let status = match &answer {
                    Ok(Outcome::Error(error)) => answer::answered(error.code()),
                    _ => StatusCode::OK,
                };
                self.respond(version, &id, answer, status)
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

/// What was read of a request's parameters.
#[derive(Clone, Copy)]
pub(super) struct Read<'a> {
    pub(super) params: &'a Params<'a>,
    /// The parameters as a whole.
    pub(super) all: Option<&'a RawValue>,
    pub(super) meta: &'a ProtocolMeta<'a>,
    pub(super) log_level: Option<LoggingLevel>,
}

/// The log messages that a stateless request opted in to (MCP 2026-07-28, Logging).
fn log_level(meta: &ProtocolMeta<'_>) -> Result<Option<LoggingLevel>, RpcError> {
    let level = meta.log_level.as_deref().map(LoggingLevel::parse);
    level.transpose().map_err(|unknown| {
        RpcError::invalid_params(format!("`io.modelcontextprotocol/logLevel` in `_meta` is no level: {unknown}"))
    })
}

/// A request in the shape that dispatch takes.
pub(super) fn request_of(
    method: Method,
    read: &Read<'_>,
    body: &Bytes,
    context: RequestContext,
) -> Result<Request, RpcError> {
    // A method that nobody knows has no parameters that could be wrong.
    let known = !matches!(method, Method::Unknown(_));
    let params = if known { read.params.detach(body, read.all)? } else { MethodParams::default() };
    Ok(Request { method, params, context })
}
