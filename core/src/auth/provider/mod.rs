//! What a provider is: data, and a few functions that read its answers.

mod config;
mod erased;
mod refusal;
mod token_answer;
pub(super) mod upstream;

use std::borrow::Cow;

use axum::Router;
use http::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::auth::{OAuthProxy, Sessions};
pub use config::{ClientAuth, ProviderConfig};
pub(crate) use erased::AnyProvider;
pub use futures_util::future::BoxFuture;
pub use refusal::log_refusal;
pub use token_answer::UpstreamTokens;

/// An OAuth 2.0 provider that users already have an account with, and that need know nothing of MCP.
///
/// Most of it is data, the [`ProviderConfig`]. Two things are code: [`identify`](Self::identify) says whose tokens
/// these are, and [`read_token_response`](Self::read_token_response) reads a token answer, where the provider does not
/// write it as RFC 6749 has it.
pub trait Provider: Send + Sync + 'static {
    /// What [`Identity::profile`] deserializes to, for `AccessToken<P>::profile()`.
    type Profile: DeserializeOwned;

    /// Endpoints, client and scopes.
    fn config(&self) -> &ProviderConfig;

    /// Settings of the login that come with the provider, such as those that it read from the environment beside its
    /// own. Called by [`OAuthProxy::new`]; what is said on the proxy afterwards wins. Changes nothing as it stands.
    fn configure(&self, proxy: OAuthProxy) -> OAuthProxy {
        proxy
    }

    /// Whose tokens these are, by the provider's own word (its profile endpoint, or a verified `id_token`).
    ///
    /// The login asks once with fresh tokens, and again at an interval
    /// ([`identity_check_interval`](crate::auth::OAuthProxy::identity_check_interval)).
    ///
    /// # Errors
    ///
    /// [`IdentifyError`] keeps apart "no" and "no answer": a login must never be lost to an outage.
    fn identify<'a>(&'a self, tokens: &'a UpstreamTokens) -> BoxFuture<'a, Result<Identity, IdentifyError>>;

    /// Reads the answer of the token endpoint.
    ///
    /// As it stands it reads RFC 6749 §5 with the liberties that providers take: `expires_in` as a number or a string,
    /// an error object under HTTP 200, any `Content-Type`.
    ///
    /// # Errors
    ///
    /// [`UpstreamError`]: no tokens, and whether that is for good.
    fn read_token_response(&self, status: StatusCode, body: &[u8]) -> Result<UpstreamTokens, UpstreamError> {
        UpstreamTokens::read(status, body)
    }

    /// Parameters that the provider wants at its token endpoint beyond those of RFC 6749 (Naver: `state`).
    fn extra_token_params(&self, _call: TokenCall<'_>) -> Vec<(Cow<'static, str>, String)> {
        Vec::new()
    }

    /// Ends the tokens at the provider. Does nothing as it stands.
    ///
    /// Called once, when the user's last login at this server was revoked (RFC 7009, or
    /// [`Sessions`](crate::auth::Sessions)): with many providers it takes the user's consent back for all logins. Never
    /// called for a code or refresh token that was used twice, since a thief could bring that about.
    ///
    /// # Errors
    ///
    /// [`UpstreamError`], which is logged; the login here has ended whatever the provider says.
    fn revoke<'a>(&'a self, _tokens: &'a UpstreamTokens) -> BoxFuture<'a, Result<(), UpstreamError>> {
        Box::pin(async { Ok(()) })
    }

    /// Routes of the provider's own, such as one that it tells of a consent which its user took back. They are served
    /// below the public URL and `/auth/provider`, to everybody: they have to find out by themselves who calls, and log whom
    /// they refuse ([`log_refusal`]). One source has 300 requests at once, and then 10 in a second; a body 64 KiB and 30
    /// seconds. There are none as it stands.
    fn routes(&self, _sessions: Sessions) -> Router {
        Router::new()
    }

    /// How a user takes the consent back at the provider, for the page that they see when it did not ask them again for a
    /// permission that is missing: a sentence or two, in the language of the BCP 47 tag `language` (`"ko"` or `"en"`).
    /// `None`: the page says it in general words.
    fn describe_withdrawal(&self, _language: &str) -> Option<String> {
        None
    }

    /// What a scope of this server means, for the consent page, in the language of the BCP 47 tag `language`
    /// (`"ko"` or `"en"`). `None`: the scope's name is shown.
    fn describe_scope(&self, _scope: &str, _language: &str) -> Option<String> {
        None
    }
}

/// Which request to the token endpoint is being made.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum TokenCall<'a> {
    /// A code is exchanged (RFC 6749 §4.1.3).
    Exchange {
        /// The `state` that went to the authorization endpoint with the request.
        state: &'a str,
    },
    /// Tokens are refreshed (RFC 6749 §6).
    Refresh,
}

/// Who logged in, by the provider's word.
#[derive(Clone)]
pub struct Identity {
    /// The user's id at the provider: stable, and unique among its users.
    pub subject: String,
    /// What the provider tells of the user, as it says it.
    pub profile: Value,
}

impl std::fmt::Debug for Identity {
    /// Without the profile, which is the user's own business.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity").field("subject", &self.subject).finish_non_exhaustive()
    }
}

/// Why [`Provider::identify`] has no identity. The texts are for the log: no secrets, nothing of the user.
#[derive(Clone, Debug, thiserror::Error)]
pub enum IdentifyError {
    /// The provider does not accept the token (401, or its own words for it).
    #[error("the provider does not accept the token: {0}")]
    Rejected(Cow<'static, str>),
    /// The provider gave no verdict: 5xx, 429, a timeout, a body that cannot be read.
    #[error("the provider did not say whose token this is: {0}")]
    Unavailable(Cow<'static, str>),
}

/// Why the provider gave no tokens. The texts are for the log: no secrets, no free text of the provider.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UpstreamError {
    /// The code or refresh token is not valid (any more): the user has to log in again.
    #[error("the provider refused the grant: {0}")]
    Rejected(Cow<'static, str>),
    /// The provider does not accept this server's own client id or secret. No login is lost: it is for the operator to mend.
    #[error(
        "the provider does not accept this server as its client ({0}): check client id, client secret and redirect URI"
    )]
    ClientRefused(Cow<'static, str>),
    /// The provider gave no verdict: 5xx, 429, a timeout, a body that cannot be read.
    #[error("the provider is not available: {0}")]
    Unavailable(Cow<'static, str>),
}
