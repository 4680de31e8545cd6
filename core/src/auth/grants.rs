//! Grants: made, found, changed and ended.
//!
//! What a call needs of a grant lies in a bounded cache of this process, so that a warm call reads no store. Every
//! change goes through the store first, by compare-and-swap, and then into the cache; whoever ends a grant deletes it
//! there, leaves a mark here, and then empties its place in the cache, so that a reader who was under way with the old
//! record finds the mark. A failure is never cached. (A store that several processes share will need a look at the
//! generation now and then: [`Grants::load`] is the place.)

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use moka::future::Cache;

use super::flight::Flight;
use super::grant_id::GrantId;
use super::reason::Reason;
use super::records::{GRANTS, Grant};
use crate::store::{Key, Put, Sealed, StoreError};

/// How many grants a process keeps at hand; the others are a store read away.
const CACHED: u64 = 10_000;
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
    seen: Mutex<Arc<Grant>>,
    ended: AtomicBool,
    /// The provider's last word on the identity, in seconds since 1970; may be newer than the record's.
    verified_at: AtomicU64,
    /// Until when the provider is not asked again after it was away, in seconds since 1970.
    quiet_until: AtomicU64,
    /// The refresh of the upstream tokens that is under way.
    pub(crate) refresh: Flight<UpstreamOutcome>,
    /// The check of the identity that is under way.
    pub(crate) check: Flight<UpstreamOutcome>,
}

impl LiveGrant {
    fn new(id: GrantId, grant: Grant) -> Self {
        Self {
            id,
            verified_at: grant.verified_at.into(),
            seen: Mutex::new(Arc::new(grant)),
            ended: false.into(),
            quiet_until: 0.into(),
            refresh: Flight::default(),
            check: Flight::default(),
        }
    }

    pub(crate) const fn id(&self) -> &GrantId {
        &self.id
    }

    /// The newest version that this process knows.
    pub(crate) fn seen(&self) -> Arc<Grant> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether it was ended in this process.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    pub(crate) fn verified_at(&self) -> u64 {
        self.verified_at.load(Ordering::Acquire)
    }

    pub(crate) fn set_verified_at(&self, now: u64) {
        self.verified_at.fetch_max(now, Ordering::AcqRel);
    }

    /// Whether the provider was away a moment ago.
    pub(crate) fn is_quiet(&self, now: u64) -> bool {
        now < self.quiet_until.load(Ordering::Acquire)
    }

    pub(crate) fn keep_quiet_until(&self, then: u64) {
        self.quiet_until.store(then, Ordering::Release);
    }

    /// Takes over a version, unless a newer one is known.
    fn adopt(&self, grant: &Grant) {
        self.set_verified_at(grant.verified_at);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if grant.generation > seen.generation {
            *seen = Arc::new(grant.clone());
        }
    }
}

/// All grants of this server.
pub(crate) struct Grants {
    store: Sealed,
    cache: Cache<GrantId, Arc<LiveGrant>>,
    ended: Cache<GrantId, ()>,
}

impl Grants {
    pub(crate) fn new(store: Sealed) -> Self {
        let ended = Cache::builder().max_capacity(CACHED * 10).time_to_live(MARKED).build();
        Self { store, cache: Cache::new(CACHED), ended }
    }

    /// Stores a new grant.
    pub(crate) async fn create(&self, id: &GrantId, grant: &Grant) -> Result<(), StoreError> {
        let put = Put::default().with_ttl(self.rest_of(grant)).with_owner(&*grant.subject);
        self.store.put(&key(id), grant, put).await
    }

    /// The grant: from the cache, else from the store, which concurrent callers read once.
    pub(crate) async fn load(&self, id: &GrantId) -> Result<Arc<LiveGrant>, GrantError> {
        let read = self.cache.try_get_with_by_ref(id, async {
            let record = self.store.get::<Grant>(&key(id)).await?;
            let grant = record.ok_or(GrantError::Ended)?.into_inner();
            Ok(Arc::new(LiveGrant::new(id.clone(), grant)))
        });
        let live = read.await.map_err(|error: Arc<GrantError>| (*error).clone())?;
        if self.ended.contains_key(id) || live.has_ended() {
            self.forget(id).await;
            return Err(GrantError::Ended);
        }
        if live.seen().expires_at <= self.store.clock().unix() {
            self.cache.invalidate(id).await;
            return Err(GrantError::Ended);
        }
        Ok(live)
    }

    /// The grant as the store has it now, over whatever the cache knows.
    pub(crate) async fn reload(&self, live: &LiveGrant) -> Result<Arc<Grant>, GrantError> {
        match self.store.get::<Grant>(&key(live.id())).await? {
            Some(record) => {
                live.adopt(&record);
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

    /// Ends the grant, and with it its access tokens and refresh tokens.
    pub(crate) async fn end(&self, id: &GrantId, reason: Reason) -> Result<(), StoreError> {
        self.store.delete(&key(id)).await?;
        self.forget(id).await;
        tracing::info!(target: "dari::auth", reason = reason.as_str(), grant = %id, "grant ended");
        Ok(())
    }

    /// Marks the grant as ended before it leaves the cache.
    async fn forget(&self, id: &GrantId) {
        self.ended.insert(id.clone(), ()).await;
        if let Some(live) = self.cache.get(id).await {
            live.ended.store(true, Ordering::Release);
        }
        self.cache.invalidate(id).await;
    }

    fn rest_of(&self, grant: &Grant) -> Duration {
        Duration::from_secs(grant.expires_at.saturating_sub(self.store.clock().unix()))
    }
}

fn key(id: &GrantId) -> Key {
    Key::new(GRANTS, id.as_str())
}
