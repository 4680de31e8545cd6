//! How a request as it came in takes the one shape that dispatch knows, whatever its transport and era.

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
pub(crate) use crate::protocol::Incoming;
use crate::protocol::{LoggingLevel, MethodParams, ProtocolVersion, RawJson, RequestId, RequestMeta, RpcError};

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
    ) -> Result<Request<'a>, RpcError> {
        // A method that nobody knows has no parameters that could be wrong.
        let known = !matches!(method, Method::Unknown(_));
        let params = if known { self.params.of_method(body)? } else { MethodParams::default() };
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
