//! A store that several servers share, and that goes away or is slow on demand.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use dari::store::{Answer, Collection, Key, MemoryStore, Put, Store, StoreError};

#[derive(Clone, Debug)]
pub(crate) struct Shared {
    store: Arc<MemoryStore>,
    down: Arc<AtomicBool>,
    /// How many operations are left until it goes down by itself.
    left: Arc<AtomicU64>,
    /// Writes what it is told to, and says that it did not.
    lies: Arc<AtomicBool>,
    /// How long the answer to a `take` is under way once it was done, in milliseconds.
    slow: Arc<AtomicU64>,
}

impl Shared {
    pub(crate) fn new(store: MemoryStore) -> Self {
        let left = Arc::new(AtomicU64::new(u64::MAX));
        Self { store: Arc::new(store), down: Arc::default(), left, lies: Arc::default(), slow: Arc::default() }
    }

    pub(crate) fn go_down(&self, down: bool) {
        self.down.store(down, Ordering::SeqCst);
        self.left.store(u64::MAX, Ordering::SeqCst);
    }

    pub(crate) fn go_down_after(&self, operations: u64) {
        self.left.store(operations, Ordering::SeqCst);
    }

    pub(crate) fn lie(&self, lies: bool) {
        self.lies.store(lies, Ordering::SeqCst);
    }

    pub(crate) fn answer_slowly(&self, milliseconds: u64) {
        self.slow.store(milliseconds, Ordering::SeqCst);
    }

    fn away() -> StoreError {
        StoreError::Unavailable { store: "shared".to_owned(), reason: "down".to_owned(), mend: "wait", source: None }
    }

    fn unless_down<'a, T: Send + 'a>(&self, answer: Answer<'a, T>) -> Answer<'a, T> {
        let spent = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_err();
        if !spent && !self.down.load(Ordering::SeqCst) {
            return answer;
        }
        Box::pin(async { Err(Self::away()) })
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
        let take = self.store.take(key);
        if self.lies.load(Ordering::SeqCst) {
            return Box::pin(async { take.await.and(Err(Self::away())) });
        }
        let slow = Duration::from_millis(self.slow.load(Ordering::SeqCst));
        self.unless_down(Box::pin(async move {
            let taken = take.await;
            if !slow.is_zero() {
                tokio::time::sleep(slow).await;
            }
            taken
        }))
    }
    fn compare_and_swap<'a>(
        &'a self,
        key: &'a Key,
        expected: &'a [u8],
        new: Bytes,
        ttl: Option<Duration>,
    ) -> Answer<'a, bool> {
        let swap = self.store.compare_and_swap(key, expected, new, ttl);
        if self.lies.load(Ordering::SeqCst) {
            return Box::pin(async { swap.await.and(Err(Self::away())) });
        }
        self.unless_down(swap)
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
