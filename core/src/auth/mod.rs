//! Login: who calls, and how they came to be allowed to.
//!
//! To MCP clients this server is an OAuth 2.1 authorization server; to a provider that knows nothing of MCP it is an
//! ordinary client. [`OAuthProxy`] is that login, [`Provider`] is what a provider has to say of itself, and [`Gate`]
//! is what stands before the MCP endpoint.
//!
//! Inside, a file uses only those above it in this list:
//!
//! - values: `params`, `scope`, `pkce`, `redirect_uri`, `redirect_policy`, `client`, `urls`, `metadata`, `cookies`,
//!   `random`, `mac`, `grant_id`, `reason`, `counters`, `provider`
//! - what is stored: `records`, `grants`, `codes`, `refresh_tokens`, `access_token`
//! - the provider's side: `upstream`, `logins` with `upstream_refresh` and `identity_check`
//! - the client's side: `server`, `pages`, `oauth_error`, `cors`, `challenge`, `proxy` (the endpoints), `gate`

#[cfg(feature = "auth")]
mod access_token;
#[cfg(feature = "auth")]
mod challenge;
#[cfg(feature = "auth")]
mod client;
#[cfg(feature = "auth")]
mod codes;
#[cfg(feature = "auth")]
mod cookies;
#[cfg(feature = "auth")]
mod cors;
#[cfg(feature = "auth")]
mod counters;
#[cfg(feature = "auth")]
mod flight;
#[cfg(feature = "auth")]
mod gate;
#[cfg(feature = "auth")]
mod grant_id;
#[cfg(feature = "auth")]
mod grants;
#[cfg(feature = "auth")]
mod identity_check;
#[cfg(feature = "auth")]
mod logins;
#[cfg(feature = "auth")]
mod mac;
#[cfg(feature = "auth")]
mod metadata;
#[cfg(feature = "auth")]
mod oauth_error;
#[cfg(feature = "auth")]
mod pages;
#[cfg(feature = "auth")]
mod params;
#[cfg(feature = "auth")]
mod pkce;
mod principal;
#[cfg(feature = "auth")]
mod provider;
#[cfg(feature = "auth")]
mod proxy;
#[cfg(feature = "auth")]
mod random;
#[cfg(feature = "auth")]
mod reason;
#[cfg(feature = "auth")]
mod records;
#[cfg(feature = "auth")]
mod redirect_policy;
#[cfg(feature = "auth")]
mod redirect_uri;
#[cfg(feature = "auth")]
mod refresh_tokens;
#[cfg(feature = "auth")]
mod scope;
#[cfg(feature = "auth")]
mod server;
#[cfg(feature = "auth")]
mod upstream;
#[cfg(feature = "auth")]
mod upstream_refresh;
#[cfg(feature = "auth")]
mod urls;

pub use principal::Principal;
#[cfg(feature = "auth")]
pub use {
    counters::Counters,
    gate::{Gate, Refusal},
    provider::{
        BoxFuture, ClientAuth, IdentifyError, Identity, Provider, ProviderConfig, TokenCall, UpstreamError,
        UpstreamTokens,
    },
    proxy::{AuthConfigError, Defaults, OAuthProxy},
};
#[cfg(feature = "auth")]
pub(crate) use {gate::Login, grants::UpstreamTrouble, oauth_error::RETRY_AFTER};
