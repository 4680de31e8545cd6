//! A request as it came in, and how it takes the one shape that dispatch knows, whatever its transport and era.

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
    LoggingLevel, MethodParams, Params, ProtocolMeta, ProtocolVersion, RawJson, RequestId, RequestMeta, RpcError,
};

/// What was read of a request's parameters, before its era is known. It borrows from the message.
pub(crate) struct Incoming<'a> {
    pub(crate) params: Params<'a>,
    pub(crate) meta: ProtocolMeta<'a>,
    /// The parameters as a whole.
    pub(crate) all: Option<&'a RawValue>,
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
    pub(crate) fn read(all: Option<&'a RawValue>) -> Result<Self, RpcError> {
        // All members are raw, so this is the one thing that can be wrong with them.
        let params: Option<Params<'a>> = all
            .map(|params| serde_json::from_str(params.get()))
            .transpose()
            .map_err(|_| RpcError::invalid_params("`params` names a member twice"))?;
        let params = params.unwrap_or_default();
        let meta: ProtocolMeta<'a> = match params.meta {
            Some(meta) => serde_json::from_str(meta.get()).map_err(|_| {
                RpcError::invalid_params("`_meta` must be an object, its protocol version a string, no key twice")
            })?,
            None => ProtocolMeta::default(),
        };
        // It is sent back with every report (MCP 2026-07-28, Progress).
        if meta.progress_token.is_some_and(|token| serde_json::from_str::<RequestId>(token.get()).is_err()) {
            return Err(RpcError::invalid_params("`progressToken` in `_meta` must be a string or an integer"));
        }
        Ok(Self { params, meta, all })
    }

    /// What a stateless request settles by itself, in `body` (MCP 2026-07-28, Overview, `_meta`).
    pub(crate) fn settle(&self, version: ProtocolVersion, body: &Bytes) -> Result<Settled, RpcError> {
        let meta = &self.meta;
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
        // The log messages that it opts in to (MCP 2026-07-28, Logging).
        let log_level = meta.log_level.as_deref().map(LoggingLevel::parse).transpose().map_err(|unknown| {
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
        id: &RequestId,
        method: Method,
        body: &Bytes,
        settled: Settled,
        caller: Caller,
        shared: &Arc<Shared>,
    ) -> Result<Request, RpcError> {
        // A method that nobody knows has no parameters that could be wrong.
        let known = !matches!(method, Method::Unknown(_));
        let params = if known { self.params.detach(body, self.all)? } else { MethodParams::default() };
        let Settled { version, client_info, client_capabilities, log_level, exchange } = settled;
        let context = RequestContext {
            reference: Reference::next(),
            id: id.clone(),
            version,
            client_info,
            client_capabilities,
            meta: RequestMeta(RawJson::within(body, self.params.meta)),
            headers: caller.headers,
            principal: caller.principal,
            progress_token: RawJson::within(body, self.meta.progress_token),
            log_level,
            resolved: ResolvedArguments::default(),
            exchange,
            shared: Arc::clone(shared),
        };
        Ok(Request { method, params, context })
    }
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
