//! How much strangers may ask of this server before somebody has logged in, and clients after that.
//!
//! What these do not bound is bounded by something else: codes by the logins that are under way, grants by
//! [`room`](crate::auth::login::room), fetches by [`documents`](crate::auth::clients::documents), assertions by
//! [`assertion`](crate::auth::clients::assertion).

use std::time::Duration;

use super::oauth_error::OAuthError;
use super::server::AuthorizationServer;
use crate::auth::bounds::rate::{Rate, RateLimit, TooOften};
use crate::auth::bounds::source::Source;
use crate::auth::clients::registered::Kept;
use crate::auth::login::grant_id::GrantId;
use crate::auth::login::records::{CONSENTS, TRANSACTIONS, UNUSED_CLIENT_TTL};
use crate::auth::reason::Reason;
use crate::auth::request::client::Client;

/// One source registers so many clients: a hosted one registers for each of its users, from a few addresses.
const REGISTRATIONS: Rate = Rate { burst: 100, every: Duration::from_secs(5) };
/// One source answers so many consent pages.
const LOGINS: Rate = Rate { burst: 300, every: Duration::from_secs(1) };
/// So many logins are under way at once, in all: a record and a mark each, for ten minutes.
const MAX_LOGINS: u64 = 10_000;
/// So many refreshes of one grant at once, and then twelve in the life of an access token: each leaves a record, so that
/// a refresh token that is used a second time is known as long as the grant lives.
const REFRESHES: u32 = 60;
const REFRESHES_PER_TOKEN: u32 = 12;

/// One source calls the provider's own routes so often. The provider comes from a few addresses for all of its users, and
/// what it tells is checked anew before long if it is lost here.
const PROVIDER_CALLS: Rate = Rate { burst: 300, every: Duration::from_millis(100) };

/// The limits by source and by grant.
pub(crate) struct Limits {
    registrations: RateLimit<Source>,
    logins: RateLimit<Source>,
    refreshes: RateLimit<GrantId>,
    provider_calls: RateLimit<Source>,
}

impl Limits {
    pub(crate) fn new(access_token_lifetime: Duration) -> Self {
        let refreshes = Rate { burst: REFRESHES, every: access_token_lifetime / REFRESHES_PER_TOKEN };
        Self {
            registrations: RateLimit::new(REGISTRATIONS),
            logins: RateLimit::new(LOGINS),
            refreshes: RateLimit::new(refreshes),
            provider_calls: RateLimit::new(PROVIDER_CALLS),
        }
    }
}

impl AuthorizationServer {
    /// Keeps a client that registers itself, if there is room for one more of this source.
    pub(super) async fn keep_new_client(&self, client: &Client, source: Option<Source>) -> Result<(), OAuthError> {
        if let Some(source) = source {
            self.limits.registrations.spend(source).map_err(|wait| OAuthError::too_many(Reason::RateLimited, wait))?;
        }
        match self.clients.registered.keep_new(client).await? {
            Kept::Yes => Ok(()),
            // Nobody knows when one of them is used; at the latest then there is room.
            Kept::Full => Err(OAuthError::too_many(Reason::RegistrationsFull, TooOften(UNUSED_CLIENT_TTL / 10))),
        }
    }

    /// Whether one more user may go to the provider, or say no.
    pub(super) async fn admit_login(&self, source: Option<Source>) -> Result<(), OAuthError> {
        if let Some(source) = source {
            self.limits.logins.spend(source).map_err(|wait| OAuthError::too_many(Reason::RateLimited, wait))?;
        }
        for collection in [TRANSACTIONS, CONSENTS] {
            if self.store.count(collection).await? >= MAX_LOGINS {
                return Err(OAuthError::too_many(Reason::LoginsFull, TooOften(Duration::from_secs(60))));
            }
        }
        Ok(())
    }

    /// Whether one more request may come to a route of the provider's own.
    pub(super) fn admit_provider_call(&self, source: Option<Source>) -> Result<(), OAuthError> {
        let Some(source) = source else { return Ok(()) };
        self.limits.provider_calls.spend(source).map_err(|wait| OAuthError::too_many(Reason::RateLimited, wait))
    }

    /// Whether this grant may be refreshed once more.
    pub(super) fn admit_refresh(&self, grant: &GrantId) -> Result<(), OAuthError> {
        let spent = self.limits.refreshes.spend(grant.clone());
        spent.map_err(|wait| OAuthError::too_many(Reason::RateLimited, wait))
    }
}
