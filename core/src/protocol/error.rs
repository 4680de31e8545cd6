//! JSON-RPC errors.

use std::borrow::Cow;

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::{ProtocolVersion, RequestId};

/// A JSON-RPC error code that the protocol defines (MCP 2026-07-28, Overview, Error Codes).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorCode {
    /// `-32700`: the body is not JSON.
    ParseError,
    /// `-32600`: JSON, but not a request.
    InvalidRequest,
    /// `-32601`: no such method here.
    MethodNotFound,
    /// `-32602`: the parameters do not fit the method.
    InvalidParams,
    /// `-32602`, and `-32002` in the handshake revisions: there is no such resource.
    ResourceNotFound,
    /// `-32603`: the server failed.
    InternalError,
    /// `-32020`: headers and body disagree, or a required header is missing.
    HeaderMismatch,
    /// `-32021`: the request needs a capability that the client did not declare.
    MissingRequiredClientCapability,
    /// `-32022`: a protocol revision that is not served.
    UnsupportedProtocolVersion,
}

impl ErrorCode {
    /// The number on the wire.
    #[must_use]
    pub const fn code(self) -> i32 {
        match self {
            Self::ParseError => -32700,
            Self::InvalidRequest => -32600,
            Self::MethodNotFound => -32601,
            Self::InvalidParams | Self::ResourceNotFound => -32602,
            Self::InternalError => -32603,
            Self::HeaderMismatch => -32020,
            Self::MissingRequiredClientCapability => -32021,
            Self::UnsupportedProtocolVersion => -32022,
        }
    }
}

impl ErrorCode {
    /// The number on the wire of a revision.
    const fn in_revision(self, version: ProtocolVersion) -> i32 {
        match self {
            Self::ResourceNotFound if version.is_legacy() => -32002,
            code => code.code(),
        }
    }
}

impl Serialize for ErrorCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i32(self.code())
    }
}

/// A JSON-RPC error: the request itself could not be served (MCP 2026-07-28, Overview, Error Responses).
///
/// A tool that ran and failed answers with a [`ToolError`](crate::ToolError) instead, which the model gets to see.
#[derive(Clone, Debug, PartialEq, Serialize, thiserror::Error)]
#[error("{message}")]
pub struct RpcError {
    code: ErrorCode,
    message: Cow<'static, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Value>,
}

impl RpcError {
    /// An error with this code and a message for the client's developer.
    #[must_use]
    pub fn new(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into(), data: None }
    }

    /// Adds the machine-readable `data` member.
    #[must_use]
    pub fn with_data(mut self, data: Value) -> Self {
        self.data = Some(data);
        self
    }

    /// `-32602`: the parameters do not fit the method.
    #[must_use]
    pub fn invalid_params(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::InvalidParams, message)
    }

    /// `-32602`, naming the URI at which there is nothing (MCP 2026-07-28, Resources, Error Handling).
    #[must_use]
    pub fn resource_not_found(uri: &str) -> Self {
        Self::new(ErrorCode::ResourceNotFound, "Resource not found").with_data(json!({ "uri": uri }))
    }

    /// `-32603`, with a text that tells nothing of the inside.
    #[must_use]
    pub fn internal() -> Self {
        Self::new(ErrorCode::InternalError, "Internal error")
    }

    /// `-32021`, naming what the client would have had to declare, in the form of `ClientCapabilities`.
    #[must_use]
    pub fn missing_capability(required: &Value) -> Self {
        Self::new(ErrorCode::MissingRequiredClientCapability, "Missing required client capability")
            .with_data(json!({ "requiredCapabilities": required }))
    }

    /// `-32022`, naming what is served (MCP 2026-07-28, Versioning).
    #[must_use]
    pub fn unsupported_version(requested: &str) -> Self {
        let supported = ProtocolVersion::ALL.map(ProtocolVersion::as_str);
        Self::new(ErrorCode::UnsupportedProtocolVersion, "Unsupported protocol version")
            .with_data(json!({ "supported": supported, "requested": requested }))
    }

    pub(crate) const fn has_data(&self) -> bool {
        self.data.is_some()
    }

    /// What went wrong, for the client's developer.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The code.
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        self.code
    }
}

/// The error response around an [`RpcError`]; `id` is absent where it could not be read.
#[derive(Debug, Serialize)]
pub(crate) struct ErrorResponse<'a> {
    jsonrpc: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a RequestId>,
    error: Body<'a>,
}

#[derive(Debug, Serialize)]
struct Body<'a> {
    code: i32,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Value>,
}

impl<'a> ErrorResponse<'a> {
    pub(crate) fn new(version: ProtocolVersion, id: Option<&'a RequestId>, error: &'a RpcError) -> Self {
        let RpcError { code, message, data } = error;
        let error = Body { code: code.in_revision(version), message, data: data.as_ref() };
        Self { jsonrpc: "2.0", id, error }
    }
}
