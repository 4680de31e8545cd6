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
use crate::auth::{Login, Principal, Provider, RETRY_AFTER, UpstreamTrouble};

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
pub struct AccessToken<P = Any>(Arc<Resolved>, PhantomData<fn() -> P>);

#[derive(Clone)]
struct Resolved {
    secret: SecretString,
    scopes: Vec<String>,
    expires_at: Option<SystemTime>,
    user_id: String,
    client_id: String,
    profile: Value,
}

impl<P> AccessToken<P> {
    /// The token itself, for a request to the provider's API.
    #[must_use]
    pub fn secret(&self) -> &SecretString {
        &self.0.secret
    }

    /// The scopes of this server that the caller was granted.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.0.scopes.iter().map(String::as_str)
    }

    /// When the token ends; `None` where the provider does not say.
    #[must_use]
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.0.expires_at
    }

    /// The user's id at the provider.
    #[must_use]
    pub fn user_id(&self) -> &str {
        &self.0.user_id
    }

    /// The MCP client that acts for the user.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.0.client_id
    }

    /// What the provider tells of the user, as it says it.
    #[must_use]
    pub fn raw_profile(&self) -> &Value {
        &self.0.profile
    }

    /// The same token, of a caller with these scopes, for unit tests.
    #[must_use]
    pub fn with_scopes(self, scopes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let scopes = scopes.into_iter().map(Into::into).collect();
        Self(Arc::new(Resolved { scopes, ..(*self.0).clone() }), PhantomData)
    }

    /// A caller who has this token.
    pub(crate) fn into_principal(self) -> Principal {
        let Resolved { user_id, client_id, scopes, .. } = &*self.0;
        Principal::with_login(&**user_id, &**client_id, scopes.iter().map(String::as_str), self.0.clone())
    }

    /// The token behind a principal; `None` if nobody logged in.
    async fn resolve(principal: Option<&Principal>) -> Result<Option<Self>, Rejection> {
        let Some(principal) = principal else { return Ok(None) };
        let Some(login) = principal.login::<Login>() else {
            let for_test = principal.login::<Resolved>();
            return Ok(for_test.map(|resolved| Self(resolved, PhantomData)));
        };
        login.logins.fresh(&login.live).await.map_err(|trouble| match trouble {
            UpstreamTrouble::Ended => Rejection::LoginRequired,
            UpstreamTrouble::Unavailable => Rejection::ProviderUnavailable { retry_after: RETRY_AFTER },
        })?;
        let grant = login.live.seen();
        let resolved = Resolved {
            secret: grant.upstream.access_token.clone(),
            scopes: principal.scopes().map(str::to_owned).collect(),
            expires_at: grant
                .upstream
                .expires_at
                .and_then(|end| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(end))),
            user_id: grant.subject.clone(),
            client_id: grant.client_id.clone(),
            profile: grant.profile.clone(),
        };
        Ok(Some(Self(Arc::new(resolved), PhantomData)))
    }
}

impl AccessToken {
    /// A token as a tool would get it, for its unit tests and for [`TestClient::as_user`](crate::TestClient::as_user).
    #[must_use]
    pub fn for_test(secret: impl Into<String>, user_id: impl Into<String>) -> Self {
        Self::resolved_for_test(secret.into(), user_id.into(), Value::Null)
    }

    /// The same of a named provider, with what it tells of the user.
    #[must_use]
    pub fn for_test_of<P: Provider>(
        secret: impl Into<String>,
        user_id: impl Into<String>,
        profile: Value,
    ) -> AccessToken<P> {
        AccessToken::resolved_for_test(secret.into(), user_id.into(), profile)
    }
}

impl<P> AccessToken<P> {
    fn resolved_for_test(secret: String, user_id: String, profile: Value) -> Self {
        let resolved = Resolved {
            secret: secret.into(),
            scopes: Vec::new(),
            expires_at: None,
            user_id,
            client_id: "test".to_owned(),
            profile,
        };
        Self(Arc::new(resolved), PhantomData)
    }
}

impl<P: Provider> AccessToken<P> {
    /// What the provider tells of the user.
    ///
    /// # Errors
    ///
    /// The provider's answer was of another form than its type says.
    pub fn profile(&self) -> Result<P::Profile, serde_json::Error> {
        P::Profile::deserialize(&self.0.profile)
    }
}

impl<P> Clone for AccessToken<P> {
    fn clone(&self) -> Self {
        Self(self.0.clone(), PhantomData)
    }
}

impl<P> fmt::Debug for AccessToken<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken")
            .field("secret", &"[REDACTED]")
            .field("scopes", &self.0.scopes)
            .field("expires_at", &self.0.expires_at)
            .field("user_id", &self.0.user_id)
            .field("client_id", &self.0.client_id)
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
