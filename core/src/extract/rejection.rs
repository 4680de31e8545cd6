//! Why a call does not reach its function.

use serde_json::{Value, json};

use crate::auth::Principal;
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

impl Rejection {
    /// The scopes that a function found to be missing ([`ToolError::needs_scope`]).
    pub(crate) fn needed_scopes(&self) -> Option<&[Box<str>]> {
        match self {
            Self::Tool(error) => error.needed_scopes(),
            Self::Protocol(_) | Self::LoginRequired | Self::ProviderUnavailable { .. } => None,
        }
    }
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
    /// What a call turned out to need while it ran. The login takes note, for the provider may have to ask the user anew.
    #[cfg_attr(not(feature = "auth"), expect(clippy::unused_async, reason = "only a login takes note of it"))]
    pub(crate) async fn after_the_fact(_principal: &Principal, scopes: &[Box<str>]) -> Self {
        #[cfg(feature = "auth")]
        if let Some(login) = _principal.login::<crate::auth::Login>() {
            login.lacks(scopes).await;
        }
        Self::InsufficientScope(scopes.into())
    }

    /// The same with the scopes that the call was known to need before: a challenge names all.
    pub(crate) fn with_scopes(self, declared: &[impl AsRef<str>]) -> Self {
        match self {
            Self::InsufficientScope(scopes) => {
                let mut all: Vec<Box<str>> = declared.iter().map(|scope| scope.as_ref().into()).collect();
                all.extend(scopes.into_iter().filter(|scope| !declared.iter().any(|known| known.as_ref() == &**scope)));
                Self::InsufficientScope(all.into())
            }
            other => other,
        }
    }

    /// The same as a JSON-RPC error, where there is no HTTP status to say it with: on stdio, and after the first event of
    /// a stream. `data` has what the challenge would have had (RFC 6750 §3).
    pub(crate) fn to_error(&self) -> RpcError {
        let (code, message, data) = self.told();
        RpcError::new(code, message).with_data(data)
    }

    /// The same of a server that clients log in to, with the URL of its metadata (RFC 9728 §5.1).
    #[cfg(feature = "auth")]
    pub(crate) fn to_challenge(&self, resource_metadata: &str) -> RpcError {
        let (code, message, mut data) = self.told();
        data["resource_metadata"] = resource_metadata.into();
        RpcError::new(code, message).with_data(data)
    }

    fn told(&self) -> (ErrorCode, &'static str, Value) {
        match self {
            Self::LoginRequired => {
                (ErrorCode::InvalidRequest, "A login is required", json!({ "error": "invalid_token" }))
            }
            Self::ProviderUnavailable { retry_after } => (
                ErrorCode::InternalError,
                "The provider behind the login is away: try again",
                json!({ "error": "temporarily_unavailable", "retryAfter": retry_after }),
            ),
            Self::InsufficientScope(scopes) => (
                ErrorCode::InvalidRequest,
                "The call needs more scopes",
                json!({ "error": "insufficient_scope", "scope": scopes.join(" ") }),
            ),
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
