//! Why a call does not reach its function.

use serde_json::json;

use crate::protocol::{ErrorCode, RpcError};
use crate::tool_error::ToolError;

/// Why an extractor could not be filled.
#[derive(Debug)]
#[non_exhaustive]
pub enum Rejection {
    /// The model is told, in a result with `isError`.
    Tool(ToolError),
    /// The request cannot be served: a JSON-RPC error.
    Protocol(RpcError),
    /// The caller's login is over: HTTP 401, so that the client logs in again.
    LoginRequired,
    /// The provider behind the login is away: HTTP 503 with `Retry-After`, and the login lives on.
    ProviderUnavailable {
        /// When to try again, in seconds.
        retry_after: u32,
    },
}

impl From<ToolError> for Rejection {
    fn from(error: ToolError) -> Self {
        Self::Tool(error)
    }
}

impl From<RpcError> for Rejection {
    fn from(error: RpcError) -> Self {
        Self::Protocol(error)
    }
}

impl Refused {
    /// The same as a JSON-RPC error, where there is no HTTP status to say it with: on stdio, and after the first event of
    /// a stream. `data` has what the challenge would have had (RFC 6750 §3).
    pub(crate) fn to_error(&self) -> RpcError {
        match self {
            Self::LoginRequired => RpcError::new(ErrorCode::InvalidRequest, "A login is required")
                .with_data(json!({ "error": "invalid_token" })),
            Self::ProviderUnavailable { retry_after } => {
                RpcError::new(ErrorCode::InternalError, "The provider behind the login is away: try again")
                    .with_data(json!({ "error": "temporarily_unavailable", "retryAfter": retry_after }))
            }
            Self::InsufficientScope(scopes) => RpcError::new(ErrorCode::InvalidRequest, "The call needs more scopes")
                .with_data(json!({ "error": "insufficient_scope", "scope": scopes.join(" ") })),
        }
    }
}

/// Why a request is refused at the level of the transport, so that the client can mend it.
#[derive(Debug)]
pub(crate) enum Refused {
    /// Nobody is logged in, or the login is over.
    LoginRequired,
    /// The provider behind the login is away; try again in so many seconds.
    ProviderUnavailable { retry_after: u32 },
    /// The caller lacks scopes; these are all that the call needs.
    InsufficientScope(Box<[Box<str>]>),
}
