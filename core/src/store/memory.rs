//! The store that dies with the process.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;

use super::key::expiry;
use super::{Answer, Collection, Key, Put, Store};
use crate::clock::Clock;

/// How many expired records one write sweeps: more than it adds, so they never pile up.
const SWEEP: usize = 16;

/// A [`Store`] in memory, for tests and for servers whose sessions may end with the process.
#[derive(Debug, Default)]
pub struct MemoryStore {
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    records: BTreeMap<Key, Entry>,
    by_expiry: BTreeSet<(u64, Key)>,
    counts: BTreeMap<Collection, u64>,
}

#[derive(Debug)]
struct Entry {
    expires: u64,
    owner: Option<String>,
    value: Bytes,
}

impl MemoryStore {
    /// An empty store on the system's clock.
    pub fn new() -> Self {
        Self::with_clock(Clock::system())
    }

    /// An empty store whose records expire by this clock.
    pub fn with_clock(clock: Clock) -> Self {
        let state = Mutex::default();
        Self { clock, state }
    }

    /// The state and the present time. No operation panics half-way, so poison means nothing here.
    fn lock(&self) -> (MutexGuard<'_, State>, u64) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        (state, self.clock.unix_millis())
    }
}

impl State {
    /// The live record. An expired one is removed, so that it stays gone if the clock is set back.
    fn live(&mut self, key: &Key, now: u64) -> Option<&Entry> {
        if self.records.get(key)?.expires <= now {
            self.remove(key);
        }
        self.records.get(key)
    }

    fn insert(&mut self, key: Key, entry: Entry, now: u64) {
        self.remove(&key);
        *self.counts.entry(key.collection()).or_default() += 1;
        self.by_expiry.insert((entry.expires, key.clone()));
        self.records.insert(key, entry);
        for _ in 0..SWEEP {
            match self.by_expiry.first() {
                Some((expires, key)) if *expires <= now => {
                    let key = key.clone();
                    self.remove(&key);
                }
                _ => break,
            }
        }
    }

    fn remove(&mut self, key: &Key) -> Option<Entry> {
        let entry = self.records.remove(key)?;
        self.by_expiry.remove(&(entry.expires, key.clone()));
        if let Some(count) = self.counts.get_mut(&key.collection()) {
            *count = count.saturating_sub(1);
        }
        Some(entry)
    }
}

impl Entry {
    fn new(value: Bytes, put: &Put, now: u64) -> Self {
        let expires = expiry(now, put.ttl());
        let owner = put.owner().map(str::to_owned);
        Self { expires, owner, value }
    }
}

impl Store for MemoryStore {
    fn is_shared(&self) -> bool {
        false
    }

    fn describe(&self) -> String {
        "in memory".to_owned()
    }

    fn get<'a>(&'a self, key: &'a Key) -> Answer<'a, Option<Bytes>> {
        Box::pin(async move {
            let (mut state, now) = self.lock();
            Ok(state.live(key, now).map(|entry| entry.value.clone()))
        })
    }

    fn put<'a>(&'a self, key: &'a Key, value: Bytes, put: Put) -> Answer<'a, ()> {
        Box::pin(async move {
            let (mut state, now) = self.lock();
            state.insert(key.clone(), Entry::new(value, &put, now), now);
            Ok(())
        })
    }

    fn put_if_absent<'a>(&'a self, key: &'a Key, value: Bytes, put: Put) -> Answer<'a, bool> {
        Box::pin(async move {
            let (mut state, now) = self.lock();
            let absent = state.live(key, now).is_none();
            if absent {
                state.insert(key.clone(), Entry::new(value, &put, now), now);
            }
            Ok(absent)
        })
    }

    fn take<'a>(&'a self, key: &'a Key) -> Answer<'a, Option<Bytes>> {
        Box::pin(async move {
            let (mut state, now) = self.lock();
            let live = state.live(key, now).is_some();
            let entry = state.remove(key).filter(|_| live);
            Ok(entry.map(|entry| entry.value))
        })
    }

    fn compare_and_swap<'a>(
        &'a self,
        key: &'a Key,
        expected: &'a [u8],
        new: Bytes,
        ttl: Option<Duration>,
    ) -> Answer<'a, bool> {
        Box::pin(async move {
            let (mut state, now) = self.lock();
            let Some(entry) = state.live(key, now) else {
                return Ok(false);
            };
            if entry.value != expected {
                return Ok(false);
            }
            let next = Entry { expires: expiry(now, ttl), owner: entry.owner.clone(), value: new };
            state.insert(key.clone(), next, now);
            Ok(true)
        })
    }

    fn delete<'a>(&'a self, key: &'a Key) -> Answer<'a, bool> {
        Box::pin(async move {
            let (mut state, now) = self.lock();
            let live = state.live(key, now).is_some();
            state.remove(key);
            Ok(live)
        })
    }

    fn owned_by<'a>(&'a self, collection: Collection, owner: &'a str) -> Answer<'a, Vec<String>> {
        Box::pin(async move {
            let (state, now) = self.lock();
            let ids = state
                .records
                .range(Key::new(collection, "")..)
                .take_while(|(key, _)| key.collection() == collection)
                .filter(|(_, entry)| entry.expires > now && entry.owner.as_deref() == Some(owner))
                .map(|(key, _)| key.id().to_owned())
                .collect();
            Ok(ids)
        })
    }

    fn count(&self, collection: Collection) -> Answer<'_, u64> {
        Box::pin(async move {
            let (state, _) = self.lock();
            Ok(state.counts.get(&collection).copied().unwrap_or_default())
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::SystemTime;

    use super::*;
    use crate::store::contract::contract;

    #[tokio::test(flavor = "multi_thread")]
    async fn keeps_the_contract() {
        let (clock, hand) = Clock::manual(SystemTime::now());
        let make = async || Arc::new(MemoryStore::with_clock(clock.clone())) as Arc<dyn Store>;
        contract(make, &hand).await;
    }

    #[tokio::test]
    async fn writes_sweep_what_expired() {
        const CODES: Collection = Collection::new("code");
        let (clock, hand) = Clock::manual(SystemTime::now());
        let store = MemoryStore::with_clock(clock);
        let brief = || Put::default().with_ttl(Duration::from_secs(1));
        for i in 0..10 {
            let key = Key::new(CODES, i.to_string());
            store.put(&key, Bytes::new(), brief()).await.unwrap();
        }
        hand.advance(Duration::from_secs(2));
        let key = Key::new(CODES, "new");
        store.put(&key, Bytes::new(), brief()).await.unwrap();
        assert_eq!(store.count(CODES).await.unwrap(), 1);
    }
}
