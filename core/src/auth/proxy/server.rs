//! The authorization server: what its endpoints share.

use std::any::TypeId;
use std::sync::Arc;
use std::time::Duration;

use super::cookies::BrowserCookie;
use super::limits::Limits;
use super::metadata::Metadata;
use super::urls::Urls;
use super::verified::VerifiedTokens;
use crate::auth::bounds::source::Proxies;
use crate::auth::clients::Clients;
use crate::auth::clients::assertion::Assertions;
use crate::auth::counters::Counts;
use crate::auth::login::logins::Logins;
use crate::auth::login::sessions::Sessions;
use crate::auth::provider::AnyProvider;
use crate::auth::request::redirect_policy::RedirectPolicy;
use crate::auth::request::scope::Scopes;
use crate::auth::tokens::access_token::AccessTokens;
use crate::auth::tokens::codes::Codes;
use crate::auth::tokens::mac::Authenticator;
use crate::auth::tokens::refresh_tokens::RefreshTokens;
use crate::store::Sealed;

/// Everything behind the endpoints and the gate.
pub(crate) struct AuthorizationServer {
    pub(crate) name: String,
    pub(crate) urls: Urls,
    pub(crate) metadata: Metadata,
    pub(crate) provider: Arc<dyn AnyProvider>,
    pub(crate) provider_type: (TypeId, &'static str),
    pub(crate) redirect_policy: RedirectPolicy,
    /// What every call needs, and what a client gets that asks for nothing.
    pub(crate) required_scopes: Scopes,
    /// What a client may ask for; the required ones are among them.
    pub(crate) supported_scopes: Scopes,
    /// Whether users are asked before they go to the provider.
    pub(crate) asks_consent: bool,
    pub(crate) cookie: BrowserCookie,
    pub(crate) csrf: Authenticator,
    pub(crate) clients: Clients,
    pub(crate) assertions: Assertions,
    /// Whether clients may register themselves.
    pub(crate) takes_registrations: bool,
    /// Whose word on a client's address is taken.
    pub(crate) proxies: Proxies,
    pub(crate) limits: Limits,
    pub(crate) store: Sealed,
    pub(crate) codes: Codes,
    pub(crate) refresh_tokens: RefreshTokens,
    pub(crate) access_tokens: AccessTokens,
    pub(crate) verified: VerifiedTokens,
    pub(crate) logins: Arc<Logins>,
    pub(crate) access_token_lifetime: Duration,
    pub(crate) refresh_token_idle_lifetime: Duration,
    pub(crate) counts: Arc<Counts>,
}

impl AuthorizationServer {
    /// The users' logins, for who may list and end them.
    pub(crate) fn sessions(&self) -> Sessions {
        Sessions::new(self.logins.clone())
    }

    /// The scopes to grant where these were asked for: unknown ones are left out, and none means the required ones.
    /// `None`: all of them are unknown.
    pub(crate) fn scopes_for(&self, asked: &Scopes) -> Option<Scopes> {
        if asked.is_empty() {
            return Some(self.required_scopes.clone());
        }
        let known = asked.intersection(&self.supported_scopes);
        (!known.is_empty() || self.supported_scopes.is_empty()).then_some(known)
    }
}
