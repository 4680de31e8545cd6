//! The check, at an interval, that the upstream tokens still are their user's.

use std::ops::ControlFlow::Continue;
use std::sync::Arc;

use super::grants::{GrantError, LiveGrant, UpstreamOutcome, UpstreamTrouble};
use super::logins::{Logins, QUIET};
use super::records::Grant;
use crate::auth::provider::{IdentifyError, Identity};
use crate::auth::reason::Reason;

/// A check is written down when the record's is this old, in seconds: with a check at every call, not every call
/// should write.
const WRITE_AFTER: u64 = 60;

impl Logins {
    /// Whether the login is known to hold, with nobody to be asked.
    pub(crate) fn holds(&self, live: &LiveGrant, now: u64) -> bool {
        self.is_found(live, now) && self.age(live, now).is_some_and(|age| age < self.identity_interval)
    }

    /// How old the provider's last word is, in seconds. A word from the future was said when the clock was wrong, nobody
    /// knows when.
    fn age(&self, live: &LiveGrant, now: u64) -> Option<u64> {
        now.checked_sub(live.verified_at())
    }

    /// Whether the login holds: by the provider's last word, or by a new one where that is too old.
    ///
    /// `Rejected` is no verdict on the grant by itself: the token may just have been replaced. Only a second rejection,
    /// of another token, is.
    pub(crate) async fn checked(self: &Arc<Self>, live: &Arc<LiveGrant>) -> UpstreamOutcome {
        let now = self.clock.unix();
        let age = self.age(live, now);
        if age.is_some_and(|age| age < self.identity_interval) {
            return Ok(());
        }
        // The grace counts from when the check fell due, so that there is one whatever the interval is.
        let serves = age.is_some_and(|age| age - self.identity_interval <= self.identity_grace);
        if live.was_away(now, QUIET) {
            return if serves { Ok(()) } else { Err(UpstreamTrouble::Unavailable) };
        }
        let flight = live.check.join(|| {
            let (logins, live) = (self.clone(), live.clone());
            async move { logins.check(&live).await }
        });
        match flight.await.unwrap_or_else(|| self.away(live)) {
            Err(UpstreamTrouble::Unavailable) if serves => Ok(()),
            outcome => outcome,
        }
    }

    async fn check(self: &Arc<Self>, live: &Arc<LiveGrant>) -> UpstreamOutcome {
        self.fresh(live).await?;
        let asked = live.seen();
        match self.ask(&asked).await {
            Ok(identity) => self.accept(live, identity).await,
            Err(IdentifyError::Unavailable(_)) => self.away(live),
            Err(IdentifyError::Rejected(_)) => {
                self.replace(live, &asked.upstream.access_token).await?;
                match self.ask(&live.seen()).await {
                    Ok(identity) => self.accept(live, identity).await,
                    Err(IdentifyError::Unavailable(_)) => self.away(live),
                    Err(IdentifyError::Rejected(_)) => self.over(live, Reason::IdentityRejected).await,
                }
            }
        }
    }

    async fn ask(&self, grant: &Grant) -> Result<Identity, IdentifyError> {
        let answer = self.upstream.identify(&grant.upstream.tokens(self.clock.unix())).await;
        if let Err(error) = &answer {
            tracing::info!(target: "dari::auth", %error, "identity check");
        }
        answer
    }

    pub(super) fn away(&self, live: &LiveGrant) -> UpstreamOutcome {
        live.set_away_at(self.clock.unix());
        Err(UpstreamTrouble::Unavailable)
    }

    async fn accept(&self, live: &LiveGrant, identity: Identity) -> UpstreamOutcome {
        let (seen, now) = (live.seen(), self.clock.unix());
        if identity.subject != seen.subject {
            return self.over(live, Reason::IdentityChanged).await;
        }
        live.set_verified_at(now);
        let is_recent = now.checked_sub(seen.verified_at).is_some_and(|age| age < WRITE_AFTER);
        if is_recent && identity.profile == seen.profile {
            return Ok(());
        }
        let written = self.grants.update(live, |grant| {
            grant.verified_at = now;
            grant.profile = identity.profile.clone();
            Continue::<(), ()>(())
        });
        match written.await {
            // The word counts also while the store cannot take it down.
            Ok(_) | Err(GrantError::Store(_)) => Ok(()),
            Err(GrantError::Ended) => Err(UpstreamTrouble::Ended),
        }
    }
}
