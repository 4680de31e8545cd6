//! A store that several servers share, and that goes away on demand.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use dari::store::{Answer, Collection, Key, MemoryStore, Put, Store, StoreError};

#[derive(Clone, Debug)]
pub(crate) struct Shared {
    store: Arc<MemoryStore>,
    down: Arc<AtomicBool>,
}

impl Shared {
    pub(crate) fn new(store: MemoryStore) -> Self {
        Self { store: Arc::new(store), down: Arc::default() }
    }

    pub(crate) fn go_down(&self, down: bool) {
        self.down.store(down, Ordering::SeqCst);
    }

    fn unless_down<'a, T: Send + 'a>(&self, answer: Answer<'a, T>) -> Answer<'a, T> {
        if !self.down.load(Ordering::SeqCst) {
            return answer;
        }
        let error = StoreError::Unavailable {
            store: "shared".to_owned(),
            reason: "down".to_owned(),
            mend: "wait",
            source: None,
        };
        Box::pin(async { Err(error) })
    }
}

impl Store for Shared {
    fn describe(&self) -> String {
        "shared".to_owned()
    }
    fn get<'a>(&'a self, key: &'a Key) -> Answer<'a, Option<Bytes>> {
        self.unless_down(self.store.get(key))
    }
    fn put<'a>(&'a self, key: &'a Key, value: Bytes, put: Put) -> Answer<'a, ()> {
        self.unless_down(self.store.put(key, value, put))
    }
    fn put_if_absent<'a>(&'a self, key: &'a Key, value: Bytes, put: Put) -> Answer<'a, bool> {
        self.unless_down(self.store.put_if_absent(key, value, put))
    }
    fn take<'a>(&'a self, key: &'a Key) -> Answer<'a, Option<Bytes>> {
        self.unless_down(self.store.take(key))
    }
    fn compare_and_swap<'a>(
        &'a self,
        key: &'a Key,
        expected: &'a [u8],
        new: Bytes,
        ttl: Option<Duration>,
    ) -> Answer<'a, bool> {
        self.unless_down(self.store.compare_and_swap(key, expected, new, ttl))
    }
    fn delete<'a>(&'a self, key: &'a Key) -> Answer<'a, bool> {
        self.unless_down(self.store.delete(key))
    }
    fn owned_by<'a>(&'a self, collection: Collection, owner: &'a str) -> Answer<'a, Vec<String>> {
        self.unless_down(self.store.owned_by(collection, owner))
    }
    fn count(&self, collection: Collection) -> Answer<'_, u64> {
        self.unless_down(self.store.count(collection))
    }
}
