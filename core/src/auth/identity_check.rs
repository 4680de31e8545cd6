//! The check, at an interval, that the upstream tokens still are their user's.

use std::ops::ControlFlow::Continue;
use std::sync::Arc;

use super::grants::{GrantError, LiveGrant, UpstreamOutcome, UpstreamTrouble};
use super::logins::{Logins, QUIET};
use super::provider::{IdentifyError, Identity};
use super::reason::Reason;
use super::records::Grant;

/// A check is written down when the record's is this old, in seconds: with a check at every call, not every call
/// should write.
const WRITE_AFTER: u64 = 60;

impl Logins {
    /// Whether the login holds: by the provider's last word, or by a new one where that is too old.
    ///
    /// `Rejected` is no verdict on the grant by itself: the token may just have been replaced. Only a second rejection,
    /// of another token, is.
    pub(crate) async fn checked(self: &Arc<Self>, live: &Arc<LiveGrant>) -> UpstreamOutcome {
        let now = self.clock.unix();
        let age = now.saturating_sub(live.verified_at());
        if age < self.identity_interval {
            return Ok(());
        }
        let serves = age <= self.identity_grace;
        if serves && live.is_quiet(now) {
            return Ok(());
        }
        let flight = live.check.join(|| {
            let (logins, live) = (self.clone(), live.clone());
            async move { logins.check(&live).await }
        });
        match flight.await.unwrap_or(Err(UpstreamTrouble::Unavailable)) {
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

    fn away(&self, live: &LiveGrant) -> UpstreamOutcome {
        live.keep_quiet_until(self.clock.unix().saturating_add(QUIET));
        Err(UpstreamTrouble::Unavailable)
    }

    async fn accept(&self, live: &LiveGrant, identity: Identity) -> UpstreamOutcome {
        let (seen, now) = (live.seen(), self.clock.unix());
        if identity.subject != seen.subject {
            return self.over(live, Reason::IdentityChanged).await;
        }
        live.set_verified_at(now);
        if now.saturating_sub(seen.verified_at) < WRITE_AFTER && identity.profile == seen.profile {
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
