//! Login: who calls, and how they came to be allowed to.
//!
//! To MCP clients this server is an OAuth 2.1 authorization server; to a provider that knows nothing of MCP it is an
//! ordinary client. [`OAuthProxy`] is that login, [`Provider`] is what a provider has to say of itself, and [`Gate`]
//! is what stands before the MCP endpoint.
//!
//! Inside are floors, and a floor uses only those above it in this list, and the single files, which use none:
//!
//! 1. `request`: what clients and browsers send, checked — parameters, scopes, PKCE, redirect URIs, registrations
//! 2. `bounds`: how much strangers may ask for
//! 3. `fetch`: documents at URLs that strangers name
//! 4. `provider`: the other side, as data and over HTTP
//! 5. `login`: grants — stored, found, their upstream tokens kept fresh and their users checked
//! 6. `clients`: clients — found, wherever they are described, kept, and authenticated
//! 7. `tokens`: what clients get for a grant — codes, access tokens, refresh tokens
//! 8. `pages`: what people see
//! 9. `proxy`: the endpoints, what they share, and the gate
//! 10. `checkup`: a deployment, looked at from outside
//!
//! Two things look down the list: [`Provider::configure`] may set options of the [`OAuthProxy`] it is given to, and
//! [`Provider::routes`] is given the [`Sessions`] that its routes may end.

#[cfg(feature = "auth")]
mod bounds;
#[cfg(feature = "auth")]
mod checkup;
#[cfg(feature = "auth")]
mod clients;
#[cfg(feature = "auth")]
mod counters;
#[cfg(feature = "auth")]
pub(crate) mod fetch;
#[cfg(feature = "auth")]
mod login;
#[cfg(feature = "auth")]
mod pages;
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
mod request;
#[cfg(feature = "auth")]
mod tokens;

pub use principal::Principal;
#[cfg(feature = "auth")]
pub use {
    checkup::{CheckUp, Finding, Verdict},
    clients::pre_registered::PreRegisteredClient,
    counters::Counters,
    login::sessions::{Session, Sessions, SessionsError},
    provider::{
        BoxFuture, ClientAuth, IdentifyError, Identity, Provider, ProviderConfig, TokenCall, UpstreamError,
        UpstreamTokens, log_refusal,
    },
    proxy::{AuthConfigError, Defaults, Gate, OAuthProxy, Refusal},
};
#[cfg(feature = "auth")]
pub(crate) use {
    login::grants::UpstreamTrouble,
    login::logins::RETRY_AFTER,
    login::records::{Grant, GrantedTokens},
    proxy::Login,
    reason::Reason,
    request::scope::Scopes,
};
