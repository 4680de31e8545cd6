//! A request as it came in, and how it takes the one shape that dispatch knows, whatever its transport and era.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::RequestContext;
use crate::auth::Principal;
use crate::context::{Reference, Shared};
use crate::dispatch::{Method, Request};
use crate::exchange::Exchange;
use crate::extract::ResolvedArguments;
use crate::protocol::{
    LoggingLevel, MethodParams, Params, ProtocolMeta, ProtocolVersion, RawJson, RequestId, RequestMeta, RpcError, Walk,
    WellFormed, meta_of,
};

/// What was read of a request's parameters, before its era is known. It borrows from the message.
pub(crate) struct Incoming<'a> {
    pub(crate) id: RequestId,
    pub(crate) method: Cow<'a, str>,
    pub(crate) params: Params<'a>,
}

/// What a request says of its client, or what a handshake said before it.
pub(crate) struct Settled {
    pub(crate) version: ProtocolVersion,
    pub(crate) client_info: RawJson,
    pub(crate) client_capabilities: RawJson,
    /// The least level of the log messages that the client wants.
    pub(crate) log_level: Option<LoggingLevel>,
    pub(crate) exchange: Arc<Exchange>,
}

/// Who calls, by the word of the transport.
#[derive(Default)]
pub(crate) struct Caller {
    pub(crate) headers: HeaderMap,
    pub(crate) principal: Option<Principal>,
}

impl<'a> Incoming<'a> {
    /// A request that is well-formed, as nearly all are.
    pub(crate) fn well_formed(body: &'a [u8]) -> Option<Self> {
        let WellFormed { id, method, params } = WellFormed::read(body)?;
        let incoming = Self { id, method, params };
        incoming.check().ok()?;
        Some(incoming)
    }

    /// The same at a closer look, which finds what is wrong.
    pub(crate) fn read(
        id: RequestId,
        method: Cow<'a, str>,
        params: Option<&'a RawValue>,
    ) -> Result<Self, (RequestId, RpcError)> {
        let read = params.map(|params| Params::read(params.get()).ok_or_else(|| fault(params))).transpose();
        let params = match read {
            Ok(params) => params.unwrap_or_default(),
            Err(error) => return Err((id, error)),
        };
        let incoming = Self { id, method, params };
        match incoming.check() {
            Ok(()) => Ok(incoming),
            Err(error) => Err((incoming.id, error)),
        }
    }

    fn check(&self) -> Result<(), RpcError> {
        // It is sent back with every report (MCP 2026-07-28, Progress).
        if self.params.meta.progress_token.is_some_and(|token| token.read::<RequestId>().is_err()) {
            return Err(RpcError::invalid_params("`progressToken` in `_meta` must be a string or an integer"));
        }
        Ok(())
    }

    /// The revision that it says it is in.
    pub(crate) fn protocol_version(&self) -> Option<&str> {
        self.params.meta.protocol_version()
    }

    /// What a stateless request settles by itself, in `body` (MCP 2026-07-28, Overview, `_meta`).
    pub(crate) fn settle(&self, version: ProtocolVersion, body: &Bytes) -> Result<Settled, RpcError> {
        let meta = &self.params.meta;
        let missing = |key: &str| RpcError::invalid_params(format!("`_meta` lacks `io.modelcontextprotocol/{key}`"));
        if meta.protocol_version().is_none() {
            return Err(missing("protocolVersion"));
        }
        match meta.client_capabilities {
            None => return Err(missing("clientCapabilities")),
            Some(capabilities) if !capabilities.is_object() => {
                let message = "`io.modelcontextprotocol/clientCapabilities` in `_meta` must be an object";
                return Err(RpcError::invalid_params(message));
            }
            Some(_) => {}
        }
        // The log messages that it opts in to (MCP 2026-07-28, Logging).
        let log_level = meta.log_level().map(LoggingLevel::parse).transpose().map_err(|unknown| {
            RpcError::invalid_params(format!("`io.modelcontextprotocol/logLevel` in `_meta` is no level: {unknown}"))
        })?;
        Ok(Settled {
            version,
            client_info: RawJson::within(body, meta.client_info),
            client_capabilities: RawJson::within(body, meta.client_capabilities),
            log_level,
            exchange: Arc::new(Exchange::retrying()),
        })
    }

    /// The request in the shape that dispatch takes. What is large stays where it is in `body`.
    pub(crate) fn request(
        &self,
        method: Method,
        body: &Bytes,
        settled: Settled,
        caller: Caller,
        shared: &Arc<Shared>,
    ) -> Result<Request, RpcError> {
        // A method that nobody knows has no parameters that could be wrong.
        let known = !matches!(method, Method::Unknown(_));
        let params = if known { self.params.detach(body)? } else { MethodParams::default() };
        let Settled { version, client_info, client_capabilities, log_level, exchange } = settled;
        let context = Box::new(RequestContext {
            reference: Reference::next(),
            id: self.id.clone(),
            version,
            client_info,
            client_capabilities,
            meta: RequestMeta::of(body.clone()),
            headers: caller.headers,
            principal: caller.principal,
            progress_token: RawJson::within(body, self.params.meta.progress_token),
            log_level,
            resolved: ResolvedArguments::default(),
            exchange,
            shared: Arc::clone(shared),
        });
        Ok(Request { method, params, context })
    }
}

/// What is wrong with parameters all of whose members but `_meta` may be anything.
fn fault(params: &RawValue) -> RpcError {
    let is_of_meta = meta_of(params.get()).is_some_and(|meta| Walk::whole(meta.get(), ProtocolMeta::walk).is_none());
    RpcError::invalid_params(if is_of_meta {
        "`_meta` must be an object, its protocol version a string, no key twice"
    } else {
        "`params` names a member twice"
    })
}

/// The request that a notification cancels, if it is one that does. What is malformed is passed over, as what is unknown or
/// done already (MCP 2026-07-28, Cancellation, Error Handling).
pub(crate) fn cancelled(method: &str, params: Option<&RawValue>) -> Option<RequestId> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Cancelled {
        request_id: RequestId,
        reason: Option<serde_json::Value>,
    }
    if method != "notifications/cancelled" {
        return None;
    }
    let Cancelled { request_id, reason } = serde_json::from_str(params?.get()).ok()?;
    tracing::debug!(id = %request_id, ?reason, "a client cancels its call");
    Some(request_id)
}
