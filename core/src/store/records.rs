//! Typed records wherever a server keeps them: sealed in the store of its login, or in its memory.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

#[cfg(feature = "auth")]
use super::Sealed;
use super::{Collection, Key, MemoryStore, Put, Record, Store as _, StoreError};
use crate::clock::Clock;

/// Where the records are. Clones share them.
#[derive(Clone, Debug)]
pub(crate) enum Records {
    /// In this process, which nobody else reads: they are not sealed, and end with it.
    Memory(Arc<MemoryStore>, Clock),
    /// In the store of the login, which other processes may share and later ones may find.
    #[cfg(feature = "auth")]
    Store(Sealed),
}

impl Records {
    /// Records in memory.
    pub(crate) fn in_memory() -> Self {
        Self::in_memory_by(Clock::system())
    }

    /// Records in memory, which expire by this clock.
    pub(crate) fn in_memory_by(clock: Clock) -> Self {
        Self::Memory(Arc::new(MemoryStore::with_clock(clock.clone())), clock)
    }

    /// The clock by which they expire.
    pub(crate) fn clock(&self) -> &Clock {
        match self {
            Self::Memory(_, clock) => clock,
            #[cfg(feature = "auth")]
            Self::Store(store) => store.clock(),
        }
    }

    /// Whether another process may read them, now or later.
    pub(crate) const fn outlive_the_process(&self) -> bool {
        match self {
            Self::Memory(..) => false,
            #[cfg(feature = "auth")]
            Self::Store(_) => true,
        }
    }

    /// The record, if there is one.
    pub(crate) async fn get<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<Record<T>>, StoreError> {
        match self {
            Self::Memory(store, _) => store.get(key).await?.map(|stored| read(key, stored)).transpose(),
            #[cfg(feature = "auth")]
            Self::Store(store) => store.get(key).await,
        }
    }

    /// Writes the record, over whatever was there.
    pub(crate) async fn put<T: Serialize>(&self, key: &Key, value: &T, put: Put) -> Result<(), StoreError> {
        match self {
            Self::Memory(store, _) => store.put(key, written(key, value)?, put).await,
            #[cfg(feature = "auth")]
            Self::Store(store) => store.put(key, value, put).await,
        }
    }

    /// Reads and deletes in one step.
    pub(crate) async fn take<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>, StoreError> {
        match self {
            Self::Memory(store, _) => {
                let stored = store.take(key).await?;
                Ok(stored.map(|stored| read(key, stored)).transpose()?.map(Record::into_inner))
            }
            #[cfg(feature = "auth")]
            Self::Store(store) => store.take(key).await,
        }
    }

    /// Replaces the record if it still is the one that was `seen`; false when somebody was faster, or it is gone.
    pub(crate) async fn swap<T: Serialize>(
        &self,
        key: &Key,
        seen: &Record<T>,
        new: &T,
        ttl: Option<Duration>,
    ) -> Result<bool, StoreError> {
        match self {
            Self::Memory(store, _) => store.compare_and_swap(key, seen.stored(), written(key, new)?, ttl).await,
            #[cfg(feature = "auth")]
            Self::Store(store) => store.swap(key, seen, new, ttl).await,
        }
    }

    /// Deletes the record, if there is one.
    pub(crate) async fn delete(&self, key: &Key) -> Result<bool, StoreError> {
        match self {
            Self::Memory(store, _) => store.delete(key).await,
            #[cfg(feature = "auth")]
            Self::Store(store) => store.delete(key).await,
        }
    }

    /// The ids of all records of an owner in a collection.
    pub(crate) async fn owned_by(&self, collection: Collection, owner: &str) -> Result<Vec<String>, StoreError> {
        match self {
            Self::Memory(store, _) => store.owned_by(collection, owner).await,
            #[cfg(feature = "auth")]
            Self::Store(store) => store.owned_by(collection, owner).await,
        }
    }

    /// How many records a collection holds, at most.
    pub(crate) async fn count(&self, collection: Collection) -> Result<u64, StoreError> {
        match self {
            Self::Memory(store, _) => store.count(collection).await,
            #[cfg(feature = "auth")]
            Self::Store(store) => store.count(collection).await,
        }
    }
}

fn written<T: Serialize>(key: &Key, value: &T) -> Result<Bytes, StoreError> {
    let unstorable = StoreError::Unstorable { collection: key.collection().name(), reason: "it has no JSON form" };
    serde_json::to_vec(value).map(Bytes::from).map_err(|_| unstorable)
}

fn read<T: DeserializeOwned>(key: &Key, stored: Bytes) -> Result<Record<T>, StoreError> {
    match serde_json::from_slice(&stored) {
        Ok(value) => Ok(Record::new(value, stored)),
        Err(_) => Err(StoreError::Damaged {
            store: "memory".to_owned(),
            reason: format!("a record of the collection `{}` is not what this program writes", key.collection()),
        }),
    }
}
