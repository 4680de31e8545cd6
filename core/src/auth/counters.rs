//! How often the login went out of the process.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;

use crate::store::{Answer, Collection, Key, Put, Store};

/// What a login has asked of its store and its provider since it was built. A warm call adds to none of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Reads of the store.
    pub store_reads: u64,
    /// Writes to the store, whatever came of them.
    pub store_writes: u64,
    /// Codes exchanged at the provider.
    pub exchanges: u64,
    /// Tokens refreshed at the provider.
    pub refreshes: u64,
    /// Questions to the provider whose tokens these are.
    pub identifications: u64,
    /// Revocations at the provider.
    pub revocations: u64,
}

/// The counters, where they count.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    store_reads: AtomicU64,
    store_writes: AtomicU64,
    pub(crate) exchanges: AtomicU64,
    pub(crate) refreshes: AtomicU64,
    pub(crate) identifications: AtomicU64,
    pub(crate) revocations: AtomicU64,
}

/// Counts one.
pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Counts {
    pub(crate) fn read(&self) -> Counters {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counters {
            store_reads: read(&self.store_reads),
            store_writes: read(&self.store_writes),
            exchanges: read(&self.exchanges),
            refreshes: read(&self.refreshes),
            identifications: read(&self.identifications),
            revocations: read(&self.revocations),
        }
    }
}

/// A store whose calls are counted.
#[derive(Debug)]
pub(crate) struct Counted {
    store: Arc<dyn Store>,
    counts: Arc<Counts>,
}

impl Counted {
    pub(crate) const fn new(store: Arc<dyn Store>, counts: Arc<Counts>) -> Self {
        Self { store, counts }
    }
}

impl Store for Counted {
    fn describe(&self) -> String {
        self.store.describe()
    }

    fn is_shared(&self) -> bool {
        self.store.is_shared()
    }

    fn get<'a>(&'a self, key: &'a Key) -> Answer<'a, Option<Bytes>> {
        count(&self.counts.store_reads);
        self.store.get(key)
    }

    fn put<'a>(&'a self, key: &'a Key, value: Bytes, put: Put) -> Answer<'a, ()> {
        count(&self.counts.store_writes);
        self.store.put(key, value, put)
    }

    fn put_if_absent<'a>(&'a self, key: &'a Key, value: Bytes, put: Put) -> Answer<'a, bool> {
        count(&self.counts.store_writes);
        self.store.put_if_absent(key, value, put)
    }

    fn take<'a>(&'a self, key: &'a Key) -> Answer<'a, Option<Bytes>> {
        count(&self.counts.store_writes);
        self.store.take(key)
    }

    fn compare_and_swap<'a>(
        &'a self,
        key: &'a Key,
        expected: &'a [u8],
        new: Bytes,
        ttl: Option<Duration>,
    ) -> Answer<'a, bool> {
        count(&self.counts.store_writes);
        self.store.compare_and_swap(key, expected, new, ttl)
    }

    fn delete<'a>(&'a self, key: &'a Key) -> Answer<'a, bool> {
        count(&self.counts.store_writes);
        self.store.delete(key)
    }

    fn owned_by<'a>(&'a self, collection: Collection, owner: &'a str) -> Answer<'a, Vec<String>> {
        count(&self.counts.store_reads);
        self.store.owned_by(collection, owner)
    }

    fn count(&self, collection: Collection) -> Answer<'_, u64> {
        count(&self.counts.store_reads);
        self.store.count(collection)
    }
}
