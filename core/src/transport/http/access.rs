//! Who may call: everyone, or whoever is logged in.

use axum::response::Response;
use http::HeaderValue;

use crate::auth::Principal;
#[cfg(feature = "auth")]
use crate::auth::Reason;
use crate::extract::Refused;
use crate::protocol::RpcError;
use crate::sent::Sent;
use crate::spent::Spent;
use crate::store::Records;

/// What stands before the MCP endpoint.
#[derive(Clone)]
pub(crate) enum Access {
    /// Nothing: the server has no login.
    Open,
    /// A login.
    #[cfg(feature = "auth")]
    Login(crate::auth::Gate),
}

impl Access {
    /// Where what outlives a request is kept: in the store of the login, or in memory.
    pub(crate) fn records(&self) -> Records {
        match self {
            Self::Open => Records::in_memory(),
            #[cfg(feature = "auth")]
            Self::Login(gate) => Records::Store(gate.store().clone()),
        }
    }

    /// Where it is remembered what was used once.
    pub(crate) fn spent(&self) -> Spent {
        match self {
            Self::Open => Spent::default(),
            #[cfg(feature = "auth")]
            Self::Login(gate) => Spent::Store(gate.store().clone()),
        }
    }

    /// The caller, or the answer that tells the client how to log in.
    #[cfg_attr(
        not(feature = "auth"),
        expect(clippy::unused_async, reason = "without a login there is nothing to wait for")
    )]
    pub(super) async fn authenticate(&self, _authorization: Sent<'_>) -> Result<Option<Principal>, Response> {
        match self {
            Self::Open => Ok(None),
            #[cfg(feature = "auth")]
            Self::Login(gate) => match gate.let_in(_authorization).await {
                Ok(principal) => Ok(Some(principal)),
                Err(refusal) => Err(gate.respond(refusal)),
            },
        }
    }

    /// Whether logins can be checked now.
    #[cfg_attr(
        not(feature = "auth"),
        expect(clippy::unused_async, reason = "without a login there is nothing to wait for")
    )]
    pub(super) async fn is_ready(&self) -> bool {
        match self {
            Self::Open => true,
            #[cfg(feature = "auth")]
            Self::Login(gate) => gate.is_ready().await,
        }
    }

    /// Whether a login still holds that was good when a stream was opened with it.
    #[cfg_attr(
        not(feature = "auth"),
        expect(clippy::unused_async, reason = "without a login there is nothing to wait for")
    )]
    pub(super) async fn still_holds(&self, _authorization: &HeaderValue) -> bool {
        match self {
            Self::Open => true,
            #[cfg(feature = "auth")]
            Self::Login(gate) => gate.still_holds(_authorization).await,
        }
    }

    /// The same as a message, once a status has been sent.
    pub(super) fn to_error(&self, refused: Refused) -> RpcError {
        match self {
            Self::Open => refused.to_error(),
            #[cfg(feature = "auth")]
            Self::Login(gate) => {
                reason(&refused).log();
                let refused = refused.with_scopes(&gate.required_scopes());
                refused.to_challenge(gate.resource_metadata())
            }
        }
    }

    /// The answer to a call that was refused on its way to the function.
    pub(super) fn refuse(&self, refused: Refused) -> Response {
        match self {
            Self::Open => open(refused),
            #[cfg(feature = "auth")]
            Self::Login(gate) => {
                reason(&refused).log();
                match refused {
                    Refused::LoginRequired => gate.login_required(),
                    Refused::ProviderUnavailable { retry_after } => gate.provider_unavailable(retry_after),
                    Refused::InsufficientScope(scopes) => gate.insufficient_scope(&scopes),
                }
            }
        }
    }
}

#[cfg(feature = "auth")]
const fn reason(refused: &Refused) -> Reason {
    match refused {
        Refused::LoginRequired => Reason::GrantEnded,
        Refused::ProviderUnavailable { .. } => Reason::ProviderAway,
        Refused::InsufficientScope(_) => Reason::ScopeMissing,
    }
}

/// Without a login there is nobody to send anywhere; an extractor of the user's own may still refuse.
fn open(refused: Refused) -> Response {
    use axum::response::IntoResponse;
    use http::{StatusCode, header};

    match refused {
        Refused::LoginRequired => StatusCode::UNAUTHORIZED.into_response(),
        Refused::InsufficientScope(_) => StatusCode::FORBIDDEN.into_response(),
        Refused::ProviderUnavailable { retry_after } => {
            (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, retry_after)]).into_response()
        }
    }
}
