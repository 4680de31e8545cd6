//! The refresh of upstream tokens: one at a time per grant, in this process and among all that share the store.

use std::ops::ControlFlow::{Break, Continue};
use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use subtle::ConstantTimeEq as _;
use tokio::time::{Instant, sleep};

use super::flight::Run;
use super::grants::{GrantError, LiveGrant, UpstreamOutcome, UpstreamTrouble, store_reason};
use super::leases::Held;
use super::logins::{Logins, QUIET};
use super::records::{Grant, GrantedTokens};
use crate::auth::provider::UpstreamError;
use crate::auth::reason::Reason;

/// How often it is looked whether another is done.
pub(super) const LOOK: Duration = Duration::from_millis(50);
/// How often, and after which pause, tokens are written again that the store did not take: a provider that rotates
/// has made the old ones void.
const WRITES: u32 = 8;
const PAUSE: Duration = Duration::from_millis(250);
/// The pause grows to this, once nobody waits for the write any more.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Which access token will do.
#[derive(Clone)]
enum Wanted {
    /// One that is not about to end.
    Fresh,
    /// One that is not this one, which the provider has rejected.
    Other(SecretString),
}

impl Wanted {
    fn is_met(&self, upstream: &GrantedTokens, now: u64) -> bool {
        match self {
            Self::Fresh => !upstream.is_due(now),
            Self::Other(rejected) => !same(&upstream.access_token, rejected),
        }
    }
}

impl Logins {
    /// Sees to it that the upstream access token is not about to end. A call waits for that only shortly before the end;
    /// and where the provider is away, a token that is still valid will do. But not that of a login which has ended since
    /// the caller found it.
    pub(crate) async fn fresh(self: &Arc<Self>, live: &Arc<LiveGrant>) -> UpstreamOutcome {
        let outcome = self.freshened(live).await;
        if live.has_ended() { Err(UpstreamTrouble::Ended) } else { outcome }
    }

    async fn freshened(self: &Arc<Self>, live: &Arc<LiveGrant>) -> UpstreamOutcome {
        let now = self.clock.unix();
        let seen = live.seen();
        if !seen.upstream.is_due(now) {
            return Ok(());
        }
        let valid = !seen.upstream.is_expired(now);
        if live.was_away(now, QUIET) {
            return if valid { Ok(()) } else { Err(UpstreamTrouble::Unavailable) };
        }
        let run = self.begin(live, Wanted::Fresh);
        if !seen.upstream.is_pressing(now) {
            return Ok(());
        }
        match run.await.unwrap_or_else(|| self.away(live)) {
            Err(UpstreamTrouble::Unavailable) if valid => Ok(()),
            outcome => outcome,
        }
    }

    /// Sees to it that the upstream access token is another one than the one that the provider rejected.
    pub(crate) async fn replace(self: &Arc<Self>, live: &Arc<LiveGrant>, rejected: &SecretString) -> UpstreamOutcome {
        let wanted = Wanted::Other(rejected.clone());
        // The first flight may be one that was after something else.
        for _ in 0..2 {
            self.begin(live, wanted.clone()).await.unwrap_or_else(|| self.away(live))?;
            if wanted.is_met(&live.seen().upstream, 0) {
                return Ok(());
            }
        }
        Err(UpstreamTrouble::Unavailable)
    }

    /// Joins the refresh that is under way, or begins one, which then goes on whether it is waited for or not.
    fn begin(self: &Arc<Self>, live: &Arc<LiveGrant>, wanted: Wanted) -> Run<UpstreamOutcome> {
        live.refresh.join(|| {
            let (logins, live) = (self.clone(), live.clone());
            async move { logins.run(&live, &wanted).await }
        })
    }

    async fn run(self: &Arc<Self>, live: &Arc<LiveGrant>, wanted: &Wanted) -> UpstreamOutcome {
        let patience = Instant::now() + self.upstream_timeout + self.lease_time();
        // A refresh after one that was not written down would leave a gap that no crash forgives.
        if live.unsaved().is_some() {
            if wanted.is_met(&live.seen().upstream, self.clock.unix()) {
                return Ok(());
            }
            self.grants.save(live).await?;
        }
        loop {
            let grant = self.grants.reload(live).await?;
            let now = self.clock.unix();
            if wanted.is_met(&grant.upstream, now) {
                return Ok(());
            }
            let Some(refresh_token) = &grant.upstream.refresh_token else {
                // Nothing to refresh with: the token serves to its end, unless the provider already rejects it.
                if matches!(wanted, Wanted::Fresh) && !grant.upstream.is_expired(now) {
                    return Ok(());
                }
                return self.over(live, Reason::ProviderRejected).await;
            };
            let Some(lease) = self.lease(live, &grant).await? else {
                if Instant::now() > patience {
                    return Err(UpstreamTrouble::Unavailable);
                }
                sleep(LOOK).await;
                continue;
            };
            match self.upstream.refresh(refresh_token).await {
                Ok(tokens) => {
                    let upstream = grant.upstream.refreshed(&tokens, self.clock.unix());
                    return self.keep(live, upstream, &lease).await;
                }
                Err(UpstreamError::Rejected(_)) => {
                    // A lease that ran out may have let another process be faster.
                    let newest = self.grants.reload(live).await?;
                    if newest.upstream.refresh_token.as_ref().is_some_and(|newest| same(newest, refresh_token)) {
                        return self.over(live, Reason::ProviderRejected).await;
                    }
                }
                Err(error) => {
                    let reason = match error {
                        UpstreamError::ClientRefused(_) => Reason::ProviderRefusesClient,
                        _ => Reason::ProviderAway,
                    };
                    reason.log_failure(&error);
                    let away = self.away(live);
                    self.release(live, &lease).await?;
                    return away;
                }
            }
        }
    }

    /// Takes the lease, unless somebody else has it or the tokens are new.
    pub(super) async fn lease(&self, live: &LiveGrant, grant: &Grant) -> Result<Option<Held<'_>>, GrantError> {
        let lease = self.leases.give(self.lease_time());
        let taken = self.grants.update(live, |newest| {
            let held = newest.lease.as_ref().is_some_and(|held| self.leases.is_held(held, self.lease_time()));
            if held || !same(&newest.upstream.access_token, &grant.upstream.access_token) {
                return Break(());
            }
            newest.lease = Some(lease.lease().clone());
            Continue(())
        });
        Ok(taken.await?.is_continue().then_some(lease))
    }

    /// A lease lasts longer than a request to the provider and the write after it.
    pub(super) fn lease_time(&self) -> Duration {
        self.upstream_timeout + PAUSE * WRITES * 2
    }

    async fn release(&self, live: &LiveGrant, lease: &Held<'_>) -> Result<(), GrantError> {
        let released = self.grants.update(live, |newest| {
            if !lease.is(newest.lease.as_ref()) {
                return Break(());
            }
            newest.lease = None;
            Continue(())
        });
        released.await.map(drop)
    }

    /// Stores new tokens, durably, before anybody gets them; only a store that is away for longer is not waited for.
    async fn keep(
        self: &Arc<Self>,
        live: &Arc<LiveGrant>,
        upstream: GrantedTokens,
        lease: &Held<'_>,
    ) -> UpstreamOutcome {
        let mut writes = 0;
        loop {
            let kept = self.grants.update(live, |newest| {
                newest.upstream = upstream.clone();
                if lease.is(newest.lease.as_ref()) {
                    newest.lease = None;
                }
                Continue::<(), ()>(())
            });
            match kept.await {
                Ok(_) => return Ok(()),
                Err(GrantError::Store(error)) if error.is_unavailable() => {
                    if writes < WRITES {
                        writes += 1;
                        sleep(PAUSE).await;
                    } else if self.grants.keep_unsaved(live, upstream) {
                        store_reason(&error).log_failure(&error);
                        self.save_later(live.clone());
                        return Ok(());
                    } else {
                        return Err(GrantError::Store(error).into());
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Tries to store what is unsaved for as long as this server runs.
    fn save_later(self: &Arc<Self>, live: Arc<LiveGrant>) {
        let logins = Arc::downgrade(self);
        tokio::spawn(async move {
            let mut pause = PAUSE;
            loop {
                sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
                let Some(logins) = logins.upgrade() else { return };
                match logins.grants.save(&live).await {
                    Ok(()) | Err(GrantError::Ended) => return,
                    Err(GrantError::Store(error)) if error.is_unavailable() => {}
                    Err(GrantError::Store(error)) => {
                        store_reason(&error).log_failure(&error);
                        logins.grants.drop_unsaved(&live);
                        return;
                    }
                }
            }
        });
    }

    /// Ends the grant for good.
    pub(super) async fn over(&self, live: &LiveGrant, reason: Reason) -> UpstreamOutcome {
        self.grants.end(live.id(), reason).await.map_err(GrantError::from)?;
        // With a no of the provider the consent may be gone, and what was missing from it.
        if matches!(reason, Reason::ProviderRejected | Reason::IdentityRejected) {
            self.permissions.forget_or_log(&live.seen().subject).await;
        }
        Err(UpstreamTrouble::Ended)
    }
}

fn same(one: &SecretString, other: &SecretString) -> bool {
    one.expose_secret().as_bytes().ct_eq(other.expose_secret().as_bytes()).into()
}
