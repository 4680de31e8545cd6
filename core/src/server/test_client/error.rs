//! Why a request has no answer.

use crate::extract::Refused;
use crate::protocol::RpcError;

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The arguments cannot be written as JSON.
    #[error("the arguments cannot be written as JSON: {0}")]
    Arguments(String),
    /// A JSON-RPC error.
    #[error("the server answered with a JSON-RPC error: {0}")]
    Protocol(RpcError),
    /// HTTP 401: nobody is logged in, or the login is over.
    #[error("a login is required")]
    LoginRequired,
    /// HTTP 503: the provider behind the login is away.
    #[error("the provider behind the login is away; try again in {retry_after} s")]
    ProviderUnavailable {
        /// In seconds.
        retry_after: u32,
    },
    /// HTTP 403: the caller lacks scopes; these are all that the call needs.
    #[error("the call needs the scopes {0:?}")]
    InsufficientScope(Vec<String>),
    /// The call asked something that the test has no answer for.
    #[error(
        "the call asks `{key}` ({message}), and the test has no answer: add `.answer({key:?}, ..)`, `.decline({key:?})` \
         or `.on_ask(..)`"
    )]
    Unanswered {
        /// The question's key.
        key: String,
        /// What the user would read; empty where the question is not for the user.
        message: String,
    },
    /// The call asks on and on.
    #[error("the call still asks after {0} rounds")]
    TooManyRounds(usize),
}

impl From<Refused> for CallError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::LoginRequired => Self::LoginRequired,
            Refused::ProviderUnavailable { retry_after } => Self::ProviderUnavailable { retry_after },
            Refused::InsufficientScope(scopes) => {
                Self::InsufficientScope(scopes.into_iter().map(String::from).collect())
            }
        }
    }
}
