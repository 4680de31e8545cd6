//! Grants: made, found, changed and ended.
//!
//! What a call needs of a grant lies in a bounded cache of this process, so that a warm call reads no store. Every
//! change goes through the store first, by compare-and-swap, and then into the cache; whoever ends a grant deletes it
//! there, leaves a mark here, and then empties its place in the cache, so that a reader who was under way with the old
//! record finds the mark. A failure is never cached. What another process did is looked for in `replicas`.

use std::collections::HashMap;
use std::ops::ControlFlow::{self, Break, Continue};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use moka::future::Cache;
use tokio::time::Instant;

use super::flight::Flight;
use super::grant_id::GrantId;
use super::records::{GRANTS, Grant, GrantedTokens};
use crate::auth::reason::Reason;
use crate::store::{Key, Put, Record, Sealed, StoreError};

/// How many grants a process keeps at hand; the others are a store read away.
const CACHED: u64 = 10_000;
/// How many grants may hold tokens that the store did not take.
const UNSAVED: usize = 1000;
/// How long the mark of an ended grant is kept: longer than any read of the store takes.
const MARKED: Duration = Duration::from_secs(120);

/// Why there is no grant to work with. The two must never be confused: one ends a login, the other does not.
#[derive(Clone, Debug)]
pub(crate) enum GrantError {
    /// It has ended, or never was.
    Ended,
    /// The store gave no answer.
    Store(Arc<StoreError>),
}

impl From<StoreError> for GrantError {
    fn from(error: StoreError) -> Self {
        Self::Store(Arc::new(error))
    }
}

/// The result of work on a grant's upstream tokens.
pub(crate) type UpstreamOutcome = Result<(), UpstreamTrouble>;

/// Why a grant's upstream tokens are not as they should be.
#[derive(Clone, Debug)]
pub(crate) enum UpstreamTrouble {
    /// The login is over.
    Ended,
    /// The provider, or our store, is away: the login lives.
    Unavailable,
}

impl From<GrantError> for UpstreamTrouble {
    fn from(error: GrantError) -> Self {
        match error {
            GrantError::Ended => Self::Ended,
            GrantError::Store(error) => {
                store_reason(&error).log_failure(&error);
                Self::Unavailable
            }
        }
    }
}

/// The reason code of a failure of the store.
pub(crate) fn store_reason(error: &StoreError) -> Reason {
    if error.is_unavailable() { Reason::StoreAway } else { Reason::StoreBroken }
}

/// A grant in this process.
pub(crate) struct LiveGrant {
    id: GrantId,
    seen: Mutex<Seen>,
    ended: AtomicBool,
    /// Whether it is what the cache has. Who holds it need not ask for it then.
    cached: AtomicBool,
    /// Whether it was seen in the cache while it had not ended.
    settled: AtomicBool,
    /// When it ends by itself, in seconds since 1970; what is in `seen`, for who does not wait for the lock.
    expires_at: AtomicU64,
    /// The provider's last word on the identity, in seconds since 1970; may be newer than the record's.
    verified_at: AtomicU64,
    /// When the provider was away last, in seconds since 1970; the end of time if it never was.
    away_at: AtomicU64,
    /// The refresh of the upstream tokens that is under way.
    pub(crate) refresh: Flight<UpstreamOutcome>,
    /// The check of the identity that is under way.
    pub(crate) check: Flight<UpstreamOutcome>,
    /// The look into a shared store that is under way.
    pub(super) look: Flight<Result<(), GrantError>>,
}

/// What a process knows of a grant.
struct Seen {
    /// With the unsaved tokens, where there are some.
    grant: Arc<Grant>,
    /// Tokens that the provider gave and the store did not take yet.
    unsaved: Option<GrantedTokens>,
    /// When the store was last looked into for it.
    looked_at: Instant,
}

impl LiveGrant {
    fn new(id: GrantId, grant: Grant, looked_at: Instant) -> Self {
        Self {
            id,
            verified_at: grant.verified_at.into(),
            expires_at: grant.expires_at.into(),
            seen: Mutex::new(Seen { grant: Arc::new(grant), unsaved: None, looked_at }),
            ended: false.into(),
            cached: true.into(),
            settled: false.into(),
            away_at: u64::MAX.into(),
            refresh: Flight::default(),
            check: Flight::default(),
            look: Flight::default(),
        }
    }

    pub(crate) const fn id(&self) -> &GrantId {
        &self.id
    }

    /// The newest version that this process knows.
    pub(crate) fn seen(&self) -> Arc<Grant> {
        self.lock().grant.clone()
    }

    /// The tokens that are still to be stored.
    pub(crate) fn unsaved(&self) -> Option<GrantedTokens> {
        self.lock().unsaved.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long ago the store was last looked into for it.
    pub(super) fn looked(&self) -> Duration {
        self.lock().looked_at.elapsed()
    }

    /// Notes that the store was looked into now, whether it answered or not.
    pub(super) fn set_looked(&self) {
        self.lock().looked_at = Instant::now();
    }

    /// Whether it was ended in this process.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    pub(crate) fn verified_at(&self) -> u64 {
        self.verified_at.load(Ordering::Acquire)
    }

    pub(crate) fn set_verified_at(&self, now: u64) {
        self.verified_at.store(now, Ordering::Release);
    }

    /// Whether the provider was away in these last seconds. A time in the future, from before the clock was set back,
    /// says nothing.
    pub(crate) fn was_away(&self, now: u64, seconds: u64) -> bool {
        now.checked_sub(self.away_at.load(Ordering::Acquire)).is_some_and(|since| since < seconds)
    }

    pub(crate) fn set_away_at(&self, now: u64) {
        self.away_at.store(now, Ordering::Release);
    }

    /// Takes over a version, unless a newer one is known.
    fn adopt(&self, grant: &Grant) {
        self.verified_at.fetch_max(grant.verified_at, Ordering::AcqRel);
        let mut seen = self.lock();
        if grant.generation >= seen.grant.generation {
            let mut grant = grant.clone();
            if let Some(unsaved) = &seen.unsaved {
                grant.upstream = unsaved.clone();
            }
            self.expires_at.store(grant.expires_at, Ordering::Release);
            seen.grant = Arc::new(grant);
        }
    }

    fn set_unsaved(&self, upstream: GrantedTokens) {
        let mut seen = self.lock();
        seen.grant = Arc::new(Grant { upstream: upstream.clone(), ..(*seen.grant).clone() });
        seen.unsaved = Some(upstream);
    }
}

/// All grants of this server.
pub(crate) struct Grants {
    store: Sealed,
    cache: Cache<GrantId, Arc<LiveGrant>>,
    ended: Cache<GrantId, ()>,
    /// Those with tokens that are nowhere else: they must not fall out of the cache.
    unsaved: Mutex<HashMap<GrantId, Arc<LiveGrant>>>,
    /// Whether there ever were some: nearly always not, and then a call need not wait for the lock.
    has_unsaved: AtomicBool,
    /// Whether other processes may change what is in the store.
    pub(super) is_shared: bool,
}

impl Grants {
    pub(crate) fn new(store: Sealed) -> Self {
        let ended = Cache::builder().max_capacity(CACHED * 10).time_to_live(MARKED).build();
        let cache = Cache::builder()
            .max_capacity(CACHED)
            .eviction_listener(|_, live: Arc<LiveGrant>, _| live.cached.store(false, Ordering::Release))
            .build();
        let is_shared = store.is_shared();
        Self { store, cache, ended, unsaved: Mutex::default(), has_unsaved: false.into(), is_shared }
    }

    /// Stores a new grant.
    pub(crate) async fn create(&self, id: &GrantId, grant: &Grant) -> Result<(), StoreError> {
        let put = Put::default().with_ttl(self.rest_of(grant)).with_owner(&*grant.subject);
        self.store.put(&key(id), grant, put).await
    }

    /// Whether this is what [`load`](Self::load) would give now, without a look at anything else.
    pub(super) fn is_at_hand(&self, live: &LiveGrant, now: u64) -> bool {
        let is_shared_by_all = match self.unsaved(live.id()) {
            Some(unsaved) => std::ptr::eq(&*unsaved, live),
            None => live.cached.load(Ordering::Acquire),
        };
        is_shared_by_all
            && live.settled.load(Ordering::Acquire)
            && !live.has_ended()
            && live.expires_at.load(Ordering::Acquire) > now
    }

    /// The one with tokens that are nowhere else.
    fn unsaved(&self, id: &GrantId) -> Option<Arc<LiveGrant>> {
        if self.has_unsaved.load(Ordering::Acquire) { self.lock_unsaved().get(id).cloned() } else { None }
    }

    /// The grant: from the cache, else from the store, which concurrent callers read once.
    pub(crate) async fn load(&self, id: &GrantId) -> Result<Arc<LiveGrant>, GrantError> {
        let live = match self.unsaved(id) {
            Some(live) => live,
            None => self.cached(id).await?,
        };
        // Whoever ends a grant that is settled finds it in the cache, and needs no mark.
        let has_ended = live.has_ended() || (!live.settled.load(Ordering::Acquire) && self.ended.contains_key(id));
        if has_ended {
            self.forget(id).await;
            return Err(GrantError::Ended);
        }
        live.settled.store(true, Ordering::Release);
        // Another process may have prolonged it since it was read here.
        let now = self.store.clock().unix();
        let has_expired = live.expires_at.load(Ordering::Acquire) <= now;
        if has_expired && self.reload(&live).await?.expires_at <= now {
            self.cache.invalidate(id).await;
            return Err(GrantError::Ended);
        }
        Ok(live)
    }

    async fn cached(&self, id: &GrantId) -> Result<Arc<LiveGrant>, GrantError> {
        if let Some(live) = self.cache.get(id).await {
            return Ok(live);
        }
        let read = self.cache.try_get_with_by_ref(id, async {
            let looked_at = Instant::now();
            let record = self.store.get::<Grant>(&key(id)).await?;
            let grant = record.ok_or(GrantError::Ended)?.into_inner();
            Ok(Arc::new(LiveGrant::new(id.clone(), grant, looked_at)))
        });
        read.await.map_err(|error: Arc<GrantError>| (*error).clone())
    }

    /// Keeps tokens at hand that the store does not take now. False: there are too many already.
    pub(crate) fn keep_unsaved(&self, live: &Arc<LiveGrant>, upstream: GrantedTokens) -> bool {
        let mut unsaved = self.lock_unsaved();
        if unsaved.len() >= UNSAVED && !unsaved.contains_key(live.id()) {
            return false;
        }
        unsaved.insert(live.id().clone(), live.clone());
        self.has_unsaved.store(true, Ordering::Release);
        live.set_unsaved(upstream);
        true
    }

    /// Stores the tokens that were not taken before, unless newer ones are there.
    pub(crate) async fn save(&self, live: &LiveGrant) -> Result<(), GrantError> {
        let Some(unsaved) = live.unsaved() else { return Ok(()) };
        let saved = self.update(live, |newest| {
            if newest.upstream.obtained_at > unsaved.obtained_at {
                return Break(());
            }
            // The lease runs out by itself; by now it may be another's.
            newest.upstream = unsaved.clone();
            Continue(())
        });
        let was_late = saved.await?.is_break();
        self.drop_unsaved(live);
        if was_late {
            self.reload(live).await?;
        }
        Ok(())
    }

    /// Gives up on tokens that cannot be stored, or need not be any more.
    pub(crate) fn drop_unsaved(&self, live: &LiveGrant) {
        live.lock().unsaved = None;
        self.lock_unsaved().remove(live.id());
    }

    fn lock_unsaved(&self) -> MutexGuard<'_, HashMap<GrantId, Arc<LiveGrant>>> {
        self.unsaved.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The grant as the store has it now, over whatever the cache knows.
    pub(crate) async fn reload(&self, live: &LiveGrant) -> Result<Arc<Grant>, GrantError> {
        let looked_at = Instant::now();
        match self.store.get::<Grant>(&key(live.id())).await? {
            Some(record) => {
                live.adopt(&record);
                live.lock().looked_at = looked_at;
                Ok(Arc::new(record.into_inner()))
            }
            None => {
                self.forget(live.id()).await;
                Err(GrantError::Ended)
            }
        }
    }

    /// Changes the grant, however many do so at once: `change` sees the newest version, perhaps several times, and
    /// either continues with it changed or breaks off with nothing written.
    pub(crate) async fn update<C, B>(
        &self,
        live: &LiveGrant,
        mut change: impl FnMut(&mut Grant) -> ControlFlow<B, C>,
    ) -> Result<ControlFlow<B, C>, GrantError> {
        loop {
            let Some(record) = self.store.get::<Grant>(&key(live.id())).await? else {
                self.forget(live.id()).await;
                return Err(GrantError::Ended);
            };
            let mut next = (*record).clone();
            let result = change(&mut next);
            if result.is_break() {
                live.adopt(&record);
                return Ok(result);
            }
            next.generation += 1;
            let ttl = self.rest_of(&next);
            if self.store.swap(&key(live.id()), &record, &next, Some(ttl)).await? {
                live.adopt(&next);
                return Ok(result);
            }
        }
    }

    /// Ends the grant, and with it its access tokens and refresh tokens. Of several who do so at once, one is given what
    /// it was, with the newest tokens.
    ///
    /// A task of its own: a client that hangs up, who may be the thief of a token, does not leave in the cache what is
    /// gone from the store.
    pub(crate) async fn end(self: &Arc<Self>, id: &GrantId, reason: Reason) -> Result<Option<Grant>, StoreError> {
        let (grants, id) = (self.clone(), id.clone());
        let ended = tokio::spawn(async move { grants.take(&id, reason).await }).await;
        ended.unwrap_or_else(|error| {
            Err(StoreError::unavailable(self.store.describe(), "end the login again after the restart", error))
        })
    }

    async fn take(&self, id: &GrantId, reason: Reason) -> Result<Option<Grant>, StoreError> {
        let taken = self.store.take::<Grant>(&key(id)).await;
        if taken.as_ref().is_err_and(StoreError::is_unavailable) {
            // It may have been done nevertheless: the next to ask has to look.
            self.cache.invalidate(id).await;
            return taken;
        }
        let unsaved = self.forget(id).await;
        let grant = taken?.map(|grant| match unsaved {
            Some(upstream) => Grant { upstream, ..grant },
            None => grant,
        });
        if grant.is_some() {
            self.expire_refresh_tokens(id).await;
            reason.log_end(id);
        }
        Ok(grant)
    }

    /// Marks the grant as ended before it leaves the cache; gives the tokens that only this process had.
    async fn forget(&self, id: &GrantId) -> Option<GrantedTokens> {
        self.ended.insert(id.clone(), ()).await;
        let unsaved = self.lock_unsaved().remove(id);
        let tokens = unsaved.as_ref().and_then(|live| live.unsaved());
        for live in [unsaved, self.cache.get(id).await].into_iter().flatten() {
            live.ended.store(true, Ordering::Release);
        }
        self.cache.invalidate(id).await;
        tokens
    }

    /// The grants of a user that have not ended.
    pub(crate) async fn of_user(&self, subject: &str) -> Result<Vec<GrantId>, StoreError> {
        let ids = self.store.owned_by(GRANTS, subject).await?;
        Ok(ids.into_iter().map(GrantId::from).collect())
    }

    /// The grant as the store has it.
    pub(crate) async fn read(&self, id: &GrantId) -> Result<Option<Grant>, StoreError> {
        Ok(self.store.get::<Grant>(&key(id)).await?.map(Record::into_inner))
    }

    pub(super) const fn store(&self) -> &Sealed {
        &self.store
    }

    fn rest_of(&self, grant: &Grant) -> Duration {
        Duration::from_secs(grant.expires_at.saturating_sub(self.store.clock().unix()))
    }
}

fn key(id: &GrantId) -> Key {
    Key::new(GRANTS, id.as_str())
}

#[cfg(test)]
mod tests;
