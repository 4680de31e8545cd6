//! What stands before the MCP endpoint.

use std::any::TypeId;
use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, header};

use super::challenge;
use super::routes;
use super::server::AuthorizationServer;
use super::verified::Verified;
use crate::auth::Principal;
use crate::auth::counters::Counters;
use crate::auth::login::grants::{GrantError, LiveGrant, UpstreamTrouble, store_reason};
use crate::auth::login::logins::{Logins, RETRY_AFTER};
use crate::auth::login::sessions::Sessions;
use crate::auth::reason::Reason;
use crate::auth::request::scope::Scopes;
use crate::auth::tokens::access_token::{Claims, TokenError};
use crate::sent::Sent;
use crate::store::Sealed;

/// A login that is ready to serve: it knows who calls, and has the routes by which users log in.
///
/// Made by [`OAuthProxy::build`](crate::auth::OAuthProxy::build). Clones share everything.
#[derive(Clone)]
pub struct Gate(Arc<AuthorizationServer>);

/// Why a request may not pass, and what its answer has to be ([`Gate::respond`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// No token was sent: 401, without an `error` (RFC 6750 §3.1).
    NoToken,
    /// The token is not ours, has expired, or its login has ended: 401 `invalid_token`.
    InvalidToken,
    /// The token lacks a scope that every call needs: 403 `insufficient_scope`.
    InsufficientScope,
    /// Whether the login holds cannot be said now: 503, and the client keeps its token.
    Unavailable {
        /// When to try again, in seconds.
        retry_after: u32,
    },
}

/// What is behind a [`Principal`] of this gate.
pub(crate) struct Login {
    pub(crate) logins: Arc<Logins>,
    pub(crate) live: Arc<LiveGrant>,
}

impl Login {
    /// The users' logins.
    pub(crate) fn sessions(&self) -> Sessions {
        Sessions::new(self.logins.clone())
    }

    /// Notes that the provider did not let this user have what a call needs, so that it asks again at the next login.
    pub(crate) async fn lacks(&self, scopes: &[Box<str>]) {
        // The provider's refusal; the client's is another.
        Reason::PermissionMissing.log_for(self.live.id());
        // It was another consent that they are missing from.
        if self.live.has_ended() {
            return;
        }
        let Ok(scopes) = Scopes::from_tokens(scopes) else {
            Reason::Internal.log_failure(&"a tool needs a scope that is none (RFC 6749 section 3.3)");
            return;
        };
        if let Err(error) = self.logins.permissions.lacks(&self.live.seen().subject, &scopes).await {
            // The challenge goes out nevertheless; what is lost is that the user is asked again at the provider.
            store_reason(&error).log_failure(&error);
        }
    }
}

impl Gate {
    pub(crate) const fn new(server: Arc<AuthorizationServer>) -> Self {
        Self(server)
    }

    /// What is behind it.
    pub(crate) fn server(&self) -> &AuthorizationServer {
        &self.0
    }

    /// Who calls. While the login is known to this process and its identity was checked lately, this asks neither the
    /// store nor the provider.
    ///
    /// # Errors
    ///
    /// A [`Refusal`]: never a 401 for an outage.
    pub async fn authenticate(&self, headers: &HeaderMap) -> Result<Principal, Refusal> {
        self.let_in(Sent::of(headers, &header::AUTHORIZATION)).await
    }

    /// The same by what was sent of `Authorization`.
    pub(crate) async fn let_in(&self, authorization: Sent<'_>) -> Result<Principal, Refusal> {
        let token = bearer(authorization)?;
        let (logins, verified) = (&self.0.logins, self.0.verified.get(token));
        if let Some(Verified { claims, live, principal, .. }) = verified.as_deref() {
            // The clock is looked at once: that is not nothing beside all else that a warm call does here.
            let now = logins.clock.unix();
            claims.check_times(now).map_err(refused)?;
            if logins.holds(live, now) {
                return Ok(principal.clone());
            }
        }
        // In a box: a warm call would keep the room for it.
        Box::pin(self.ask(token, verified)).await
    }

    /// Who calls, where somebody has to be asked whether the login holds.
    async fn ask(&self, token: &[u8], verified: Option<Arc<Verified>>) -> Result<Principal, Refusal> {
        if let Some(verified) = verified {
            let live = self.live(&verified.claims).await?;
            if Arc::ptr_eq(&live, &verified.live) {
                return Ok(verified.principal.clone());
            }
        }
        let claims = text(token).ok_or(TokenError::Invalid).and_then(|token| self.0.access_tokens.verify(token));
        let claims = claims.map_err(refused)?;
        let live = self.live(&claims).await?;
        let login = Arc::new(Login { logins: self.0.logins.clone(), live: live.clone() });
        let principal = Principal::with_login(&*claims.sub, &*claims.client_id, claims.scope.iter(), login);
        self.0.verified.remember(token, claims, live, principal.clone());
        Ok(principal)
    }

    /// The login that these claims are of, if it holds and has the scopes that every call needs.
    async fn live(&self, claims: &Claims) -> Result<Arc<LiveGrant>, Refusal> {
        let server = &self.0;
        let live = server.logins.find(&claims.gid).await.map_err(|error| match error {
            GrantError::Ended => {
                Reason::GrantEnded.log_for(&claims.gid);
                Refusal::InvalidToken
            }
            GrantError::Store(error) => {
                let reason = store_reason(&error);
                reason.log_failure(&error);
                reason.log_for(&claims.gid);
                Refusal::Unavailable { retry_after: RETRY_AFTER }
            }
        })?;
        server.logins.checked(&live).await.map_err(|trouble| match trouble {
            UpstreamTrouble::Ended => {
                Reason::GrantEnded.log_for(&claims.gid);
                Refusal::InvalidToken
            }
            UpstreamTrouble::Unavailable => {
                Reason::ProviderAway.log_for(&claims.gid);
                Refusal::Unavailable { retry_after: RETRY_AFTER }
            }
        })?;
        if !server.required_scopes.is_subset(&claims.scope) {
            Reason::ScopeMissing.log_for(&claims.gid);
            return Err(Refusal::InsufficientScope);
        }
        Ok(live)
    }

    /// Whether the login of a token that passed before still holds, here and at other replicas. What cannot be told now
    /// counts as held, and the provider is not asked: it will be with the next request.
    pub(crate) async fn still_holds(&self, authorization: &HeaderValue) -> bool {
        let Some(token) = of_bearer(authorization) else { return false };
        let Some(claims) = text(token).and_then(|token| self.0.access_tokens.verify(token).ok()) else { return false };
        !matches!(self.0.logins.find(&claims.gid).await, Err(GrantError::Ended))
    }

    /// The answer to a refused request.
    #[must_use]
    pub fn respond(&self, refusal: Refusal) -> Response {
        let required = self.0.required_scopes.iter();
        match refusal {
            Refusal::NoToken => challenge::no_token(&self.0.urls, required),
            Refusal::InvalidToken => challenge::invalid_token(&self.0.urls, required),
            Refusal::InsufficientScope => challenge::insufficient_scope(&self.0.urls, required),
            Refusal::Unavailable { retry_after } => challenge::unavailable(retry_after),
        }
    }

    /// The answer to a call whose login turned out to be over: 401, so that the client logs in again.
    #[must_use]
    pub fn login_required(&self) -> Response {
        self.respond(Refusal::InvalidToken)
    }

    /// The answer to a call that needs the provider while it is away: 503, to be tried again after so many seconds.
    #[must_use]
    pub fn provider_unavailable(&self, retry_after: u32) -> Response {
        self.respond(Refusal::Unavailable { retry_after })
    }

    /// The answer to a call whose token lacks scopes: 403 `insufficient_scope`. `scopes` are *all* that the call needs,
    /// so that the client asks for them at once; those that every call needs are added here.
    #[must_use]
    pub fn insufficient_scope(&self, scopes: &[impl AsRef<str>]) -> Response {
        for unknown in scopes.iter().map(AsRef::as_ref).filter(|scope| !self.0.supported_scopes.contains(scope)) {
            tracing::error!(
                target: "dari::auth",
                scope = unknown,
                "a call needs a scope that no client can be granted: add it to `scopes_supported`"
            );
        }
        let required = self.0.required_scopes.iter();
        let more = scopes.iter().map(AsRef::as_ref).filter(|scope| !self.0.required_scopes.contains(scope));
        challenge::insufficient_scope(&self.0.urls, required.chain(more))
    }

    /// The scopes that every call needs.
    pub(crate) fn required_scopes(&self) -> Vec<&str> {
        self.0.required_scopes.iter().collect()
    }

    /// The URL of the metadata to which challenges point.
    pub(crate) fn resource_metadata(&self) -> &str {
        self.0.urls.resource_metadata()
    }

    /// The endpoints of the login, relative to the public URL: `/register`, `/authorize`, `/consent`, `/token`,
    /// `/revoke`, the callback, and those of the provider below `/auth/provider`.
    pub fn app_routes(&self) -> Router {
        routes::app_routes(&self.0)
    }

    /// The metadata documents, at absolute paths: merge them into the router of the whole origin.
    pub fn well_known_routes(&self) -> Router {
        routes::well_known_routes(&self.0)
    }

    /// Whether the store answers: without it nobody's login can be looked up.
    pub async fn is_ready(&self) -> bool {
        self.0.store.count(crate::auth::login::records::CLIENTS).await.is_ok()
    }

    /// The public base URL, without a slash at its end.
    #[must_use]
    pub fn public_url(&self) -> &str {
        self.0.urls.base()
    }

    /// The type of the provider, to which [`Requirements::provider`](crate::Requirements::provider) must agree.
    #[must_use]
    pub fn provider_type(&self) -> (TypeId, &'static str) {
        self.0.provider_type
    }

    /// The keys of legacy session ids, the newest first: they live as long as the secrets that logins are keyed by.
    pub(crate) fn session_keys(&self) -> Vec<[u8; 32]> {
        let keys = self.0.store.keys();
        keys.ids().filter_map(|id| keys.derive_for(id, "dari/session")).map(|key| *key).collect()
    }

    /// The store of the login, for what else has to outlive a request.
    pub(crate) fn store(&self) -> &Sealed {
        &self.0.store
    }

    /// The users' logins: to list them, and to end them.
    #[must_use]
    pub fn sessions(&self) -> Sessions {
        self.0.sessions()
    }

    /// How often the login has asked its store and its provider.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.0.counts.read()
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate")
            .field("public_url", &self.public_url())
            .field("provider", &self.0.provider_type.1)
            .finish_non_exhaustive()
    }
}

fn refused(error: TokenError) -> Refusal {
    match error {
        TokenError::Invalid => Reason::TokenInvalid,
        TokenError::Expired => Reason::TokenExpired,
    }
    .log();
    Refusal::InvalidToken
}

/// The token of the one `Authorization` header (RFC 6750 §2.1); nowhere else is one looked for.
fn bearer(authorization: Sent<'_>) -> Result<&[u8], Refusal> {
    if authorization.is_repeated() {
        Reason::TokenInvalid.log();
        return Err(Refusal::InvalidToken);
    }
    let Some(token) = authorization.first().and_then(of_bearer) else {
        Reason::TokenMissing.log();
        return Err(Refusal::NoToken);
    };
    Ok(token)
}

/// What stands behind `Bearer `, however that is written (RFC 9110 §11.1).
fn of_bearer(credentials: &HeaderValue) -> Option<&[u8]> {
    let (scheme, token) = credentials.as_bytes().split_at_checked("bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii())
}

fn text(token: &[u8]) -> Option<&str> {
    std::str::from_utf8(token).ok()
}
