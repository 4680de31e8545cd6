//! The caller's token at the provider.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use secrecy::SecretString;
use serde::Deserialize as _;
use serde_json::Value;

use super::{FromContext, OptionalFromContext, Rejection, Requirements};
use crate::RequestContext;
use crate::auth::{
    Grant, GrantedTokens, Identity, Login, Principal, Provider, RETRY_AFTER, Scopes, UpstreamTokens, UpstreamTrouble,
};

/// Whichever provider the server has: `AccessToken` alone is `AccessToken<Any>`.
#[derive(Clone, Copy, Debug)]
pub enum Any {}

/// The caller's access token at the provider (Naver, …), verified and not about to end. It is never an argument of the
/// tool, and the MCP client never sees it.
///
/// It is resolved afresh for every call; where it had to be refreshed, that was done before the function starts. With
/// the provider named, `AccessToken<Naver>`, its typed [`profile`](Self::profile) can be read, and `build()` fails on
/// a server with another provider. `Option<AccessToken>` is `None` for a caller that did not log in.
///
/// `Debug` shows no token.
pub struct AccessToken<P = Any> {
    principal: Principal,
    grant: Arc<Grant>,
    provider: PhantomData<fn() -> P>,
}

impl<P> AccessToken<P> {
    /// The token itself, for a request to the provider's API.
    #[must_use]
    pub fn secret(&self) -> &SecretString {
        &self.grant.upstream.access_token
    }

    /// The scopes of this server that the caller was granted.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.principal.scopes()
    }

    /// When the token ends; `None` where the provider does not say.
    #[must_use]
    pub fn expires_at(&self) -> Option<SystemTime> {
        let seconds = Duration::from_secs(self.grant.upstream.expires_at?);
        SystemTime::UNIX_EPOCH.checked_add(seconds)
    }

    /// The user's id at the provider.
    #[must_use]
    pub fn user_id(&self) -> &str {
        self.principal.subject()
    }

    /// The MCP client that acts for the user.
    #[must_use]
    pub fn client_id(&self) -> &str {
        self.principal.client_id()
    }

    /// What the provider tells of the user, as it says it.
    #[must_use]
    pub fn raw_profile(&self) -> &Value {
        &self.grant.profile
    }

    /// The same token, of a caller with these scopes, for unit tests.
    #[must_use]
    pub fn with_scopes(mut self, scopes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let scopes = scopes.into_iter().map(Into::into);
        self.principal = Principal::new(self.user_id(), self.client_id(), scopes);
        self
    }

    /// A caller who has this token.
    pub(crate) fn into_principal(self) -> Principal {
        Principal::with_login(self.user_id(), self.client_id(), self.scopes(), Arc::clone(&self.grant))
    }

    /// The caller over a transport that has no login, with the token that the program was given.
    pub(crate) fn configured(tokens: &UpstreamTokens, identity: Identity, scopes: Vec<String>) -> Principal {
        let token = Self::given(tokens, "stdio", identity.subject, identity.profile);
        token.with_scopes(scopes).into_principal()
    }

    /// The token behind a principal; `None` if nobody logged in.
    async fn resolve(principal: Option<&Principal>) -> Result<Option<Self>, Rejection> {
        let Some(principal) = principal else { return Ok(None) };
        let grant = match principal.login::<Login>() {
            Some(login) => {
                login.logins.fresh(&login.live).await.map_err(|trouble| match trouble {
                    UpstreamTrouble::Ended => Rejection::LoginRequired,
                    UpstreamTrouble::Unavailable => Rejection::ProviderUnavailable { retry_after: RETRY_AFTER },
                })?;
                Some(login.live.seen())
            }
            // The caller of a `TestClient` has a grant that no store knows.
            None => principal.login::<Grant>(),
        };
        Ok(grant.map(|grant| Self { principal: principal.clone(), grant, provider: PhantomData }))
    }
}

impl AccessToken {
    /// A token as a tool would get it, for its unit tests and for [`TestClient::as_user`](crate::TestClient::as_user).
    #[must_use]
    pub fn for_test(secret: impl Into<String>, user_id: impl Into<String>) -> Self {
        Self::made_for_test(secret.into(), user_id.into(), Value::Null)
    }

    /// The same of a named provider, with what it tells of the user.
    #[must_use]
    pub fn for_test_of<P: Provider>(
        secret: impl Into<String>,
        user_id: impl Into<String>,
        profile: Value,
    ) -> AccessToken<P> {
        AccessToken::made_for_test(secret.into(), user_id.into(), profile)
    }
}

impl<P> AccessToken<P> {
    fn made_for_test(secret: String, user_id: String, profile: Value) -> Self {
        Self::given(&UpstreamTokens::new(secret.into()), "test", user_id, profile)
    }

    /// A token that was given to the program, and not to a login: it is in no store, and is never refreshed.
    fn given(tokens: &UpstreamTokens, client_id: &str, user_id: String, profile: Value) -> Self {
        let grant = Grant {
            client_id: client_id.to_owned(),
            client_name: None,
            subject: user_id,
            profile,
            scopes: Scopes::default(),
            upstream: GrantedTokens::new(tokens, 0),
            verified_at: 0,
            used: None,
            expires_at: 0,
            generation: 0,
            lease: None,
        };
        let principal = Principal::new(&*grant.subject, client_id, [""; 0]);
        Self { principal, grant: Arc::new(grant), provider: PhantomData }
    }
}

impl<P: Provider> AccessToken<P> {
    /// What the provider tells of the user.
    ///
    /// # Errors
    ///
    /// The provider's answer was of another form than its type says.
    pub fn profile(&self) -> Result<P::Profile, serde_json::Error> {
        P::Profile::deserialize(self.raw_profile())
    }
}

impl<P> Clone for AccessToken<P> {
    fn clone(&self) -> Self {
        Self { principal: self.principal.clone(), grant: Arc::clone(&self.grant), provider: PhantomData }
    }
}

impl<P> fmt::Debug for AccessToken<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken")
            .field("secret", &"[REDACTED]")
            .field("scopes", &self.scopes().collect::<Vec<_>>())
            .field("expires_at", &self.expires_at())
            .field("user_id", &self.user_id())
            .field("client_id", &self.client_id())
            .finish_non_exhaustive()
    }
}

impl FromContext for AccessToken {
    async fn from_context(context: &RequestContext) -> Result<Self, Rejection> {
        Self::resolve(context.principal()).await?.ok_or(Rejection::LoginRequired)
    }

    fn requires(requirements: &mut Requirements) {
        requirements.login();
    }
}

impl<P: Provider> FromContext for AccessToken<P> {
    async fn from_context(context: &RequestContext) -> Result<Self, Rejection> {
        Self::resolve(context.principal()).await?.ok_or(Rejection::LoginRequired)
    }

    fn requires(requirements: &mut Requirements) {
        requirements.provider::<P>();
    }
}

impl OptionalFromContext for AccessToken {
    async fn from_context(context: &RequestContext) -> Result<Option<Self>, Rejection> {
        Self::resolve(context.principal()).await
    }
}
