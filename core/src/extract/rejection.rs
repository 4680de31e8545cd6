//! Why a call does not reach its function.

use crate::protocol::RpcError;
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
