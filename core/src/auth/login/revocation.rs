//! The end of a grant because its user, or somebody for the user, said so (RFC 7009).
//!
//! Unlike any other end, this one may go on to the provider: when it was the user's last grant. A code or a refresh
//! token that was used twice never does, or whoever stole one could take the consent of the user back.
//!
//! What would come in between is kept out, at all replicas. Revocations of one user take turns, or of two at once both
//! could be the last, or none. The last grant's tokens are refreshed by nobody while it ends, or the provider would be
//! told to revoke tokens that it has just replaced. And a login stores its grant before it looks for a revocation, while
//! a revocation looks for grants once it is there to be found: so one of them sees the other.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};

use super::grant_id::GrantId;
use super::leases::Held;
use super::logins::Logins;
use super::records::{Grant, REVOCATION_TTL, REVOCATIONS, Revocation};
use super::upstream_refresh::LOOK;
use crate::auth::provider::IdentifyError;
use crate::auth::reason::Reason;
use crate::store::{Key, Put, StoreError};

/// Why it is not known whether a grant was ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RevokeError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the revocation was stopped half-way, as at the end of the process")]
    Stopped,
}

impl Logins {
    /// Ends a grant, and the consent at the provider if it was the user's last. True if there was one.
    ///
    /// A task of its own: a client that hangs up stops nothing half-way. What the provider says changes nothing.
    pub(crate) async fn revoke(self: &Arc<Self>, id: &GrantId) -> Result<bool, RevokeError> {
        let (sender, receiver) = oneshot::channel();
        let (logins, id) = (self.clone(), id.clone());
        tokio::spawn(async move {
            // Nobody may be waiting any more.
            let _ = sender.send(logins.end_and_revoke(&id).await);
        });
        Ok(receiver.await.map_err(|_| RevokeError::Stopped)??)
    }

    async fn end_and_revoke(&self, id: &GrantId) -> Result<bool, StoreError> {
        let grant = match self.grants.read(id).await {
            Ok(Some(grant)) => grant,
            Err(error) if error.is_unavailable() => return Err(error),
            // Another replica may have ended it, of which the cache knows nothing; or it cannot be read, but has to go.
            Ok(None) | Err(_) => return Ok(self.grants.end(id, Reason::Revoked).await?.is_some()),
        };
        let turn = self.take_turn(&grant.subject).await?;
        let ended = self.end_in_turn(id, &grant.subject).await;
        if let Err(error) = self.end_turn(&grant.subject, &turn).await {
            // Here it ends nevertheless, with `turn`; at other replicas when its time is over.
            tracing::warn!(target: "dari::auth", grant = %id, %error, "the end of a revocation is not stored");
        }
        ended
    }

    async fn end_in_turn(&self, id: &GrantId, subject: &str) -> Result<bool, StoreError> {
        let _kept = match *self.grants.of_user(subject).await? {
            [ref last] if last == id => self.keep_tokens(id).await,
            _ => None,
        };
        let Some(grant) = self.grants.end(id, Reason::Revoked).await? else { return Ok(false) };
        // From here on the grant has ended, whatever fails.
        match self.grants.of_user(subject).await {
            Ok(others) if others.is_empty() => self.revoke_upstream(id, &grant).await,
            Ok(_) => {}
            Err(error) => Reason::ProviderNotRevoked.log_failure(&error),
        }
        Ok(true)
    }

    async fn revoke_upstream(&self, id: &GrantId, grant: &Grant) {
        match self.upstream.revoke(&grant.upstream.tokens(self.clock.unix())).await {
            Ok(()) => {
                tracing::info!(target: "dari::auth", grant = %id, "revoked at the provider");
                self.permissions.forget_or_log(&grant.subject).await;
            }
            Err(error) => Reason::ProviderNotRevoked.log_failure(&error),
        }
    }

    /// Waits for whoever refreshes the tokens, and keeps others from it. Without success the grant ends nevertheless.
    async fn keep_tokens(&self, id: &GrantId) -> Option<Held<'_>> {
        let live = self.grants.load(id).await.ok()?;
        let patience = Instant::now() + self.lease_time();
        while Instant::now() < patience {
            let grant = self.grants.reload(&live).await.ok()?;
            if let Some(lease) = self.lease(&live, &grant).await.ok()? {
                return Some(lease);
            }
            sleep(LOOK).await;
        }
        None
    }

    /// Waits until nobody else revokes a grant of this user.
    async fn take_turn(&self, subject: &str) -> Result<Held<'_>, StoreError> {
        let (key, time) = (key(subject), self.turn_time());
        let patience = Instant::now() + time;
        loop {
            let turn = self.leases.give(time);
            let mine = Revocation { lease: Some(turn.lease().clone()) };
            let taken = match self.store.get::<Revocation>(&key).await? {
                None => self.store.put_if_absent(&key, &mine, Put::default().with_ttl(REVOCATION_TTL)).await?,
                Some(seen) if self.is_under_way(&seen) && Instant::now() < patience => false,
                Some(seen) => self.store.swap(&key, &seen, &mine, Some(REVOCATION_TTL)).await?,
            };
            if taken {
                return Ok(turn);
            }
            sleep(LOOK).await;
        }
    }

    async fn end_turn(&self, subject: &str, turn: &Held<'_>) -> Result<(), StoreError> {
        let key = key(subject);
        match self.store.get::<Revocation>(&key).await? {
            Some(seen) if turn.is(seen.lease.as_ref()) => {
                let done = Revocation { lease: None };
                self.store.swap(&key, &seen, &done, Some(REVOCATION_TTL)).await.map(drop)
            }
            // It took too long, and is another's by now.
            _ => Ok(()),
        }
    }

    fn is_under_way(&self, revocation: &Revocation) -> bool {
        revocation.lease.as_ref().is_some_and(|lease| self.leases.is_held(lease, self.turn_time()))
    }

    /// A turn lasts longer than the wait for the tokens and a request to the provider.
    fn turn_time(&self) -> Duration {
        self.lease_time() * 2
    }

    /// Why the consent that a user has just logged in with is none, where another login of the user was revoked
    /// meanwhile. To be asked once the grant is stored.
    ///
    /// The provider knows: a revocation there may take this consent along, or may have come before it.
    pub(crate) async fn lost_meanwhile(&self, grant: &Grant) -> Result<Option<IdentifyError>, StoreError> {
        let key = key(&grant.subject);
        let Some(mut revocation) = self.store.get::<Revocation>(&key).await? else { return Ok(None) };
        let patience = Instant::now() + self.turn_time();
        while self.is_under_way(&revocation) && Instant::now() < patience {
            sleep(LOOK).await;
            let Some(newer) = self.store.get::<Revocation>(&key).await? else { break };
            revocation = newer;
        }
        Ok(self.upstream.identify(&grant.upstream.tokens(self.clock.unix())).await.err())
    }
}

fn key(subject: &str) -> Key {
    Key::hashed(REVOCATIONS, subject)
}
