//! The store: where grants, clients, codes and tokens are kept, sealed.
//!
//! Three layers, each knowing only the one below:
//!
//! - [`Sealed`] is what the rest of the crate uses: typed records, encrypted and bound to their keys;
//! - [`Store`] is the trait of a backend, which sees ciphertext only;
//! - [`DiskStore`] (the default: one file) and [`MemoryStore`] (tests, throw-away servers) implement it.
//!   A backend of your own has to pass [`contract::contract`].
//!
//! Without the feature `auth` there are only the trait and [`MemoryStore`], where a server keeps its tasks.
//!
//! Secrets come from a [`KeyRing`], and [`configured_secrets`] reads those of the environment; where none is configured,
//! [`KeyRing::load_or_create`] keeps one
//! in the platform's configuration folder, away from the data it protects.

#[cfg(feature = "auth")]
mod aead;
#[cfg(feature = "auth")]
mod configured;
pub mod contract;
#[cfg(feature = "auth")]
mod disk;
mod error;
#[cfg(feature = "auth")]
mod files;
mod key;
#[cfg(feature = "auth")]
mod keys;
mod memory;
#[cfg(feature = "auth")]
mod paths;
mod record;
mod records;
#[cfg(feature = "auth")]
mod sealed;
#[cfg(feature = "auth")]
mod token;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;

pub use error::StoreError;
pub use key::{Collection, Key, Put};
pub use memory::MemoryStore;
pub use record::Record;
pub(crate) use records::Records;
#[cfg(feature = "auth")]
pub use {
    configured::{SettingError, configured_secrets, secret_setting},
    disk::DiskStore,
    keys::{KeyError, KeyId, KeyRing, Secret},
    paths::{PathError, default_data_path, default_secret_path},
    sealed::Sealed,
};

/// The boxed future which the methods of [`Store`] return, so that the trait can be used as `dyn Store`.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The answer of a [`Store`].
pub type Answer<'a, T> = BoxFuture<'a, Result<T, StoreError>>;

/// A backend: a map from [`Key`] to bytes with expiry, an index by owner, and three atomic operations.
///
/// What every backend promises, and [`contract::contract`] checks:
///
/// - **Durable.** When the future of a write is ready with `Ok`, the write survives a crash
///   ([`MemoryStore`], which survives nothing, is the stated exception).
/// - **Atomic.** Of concurrent [`take`](Self::take)s one gets the record; of concurrent
///   [`compare_and_swap`](Self::compare_and_swap)s with the same expectation one wins; of concurrent
///   [`put_if_absent`](Self::put_if_absent)s one writes.
/// - **Expiry is exact.** An expired record is absent for every operation, long before it is swept;
///   and one that was found expired stays gone, even if the clock is set back.
/// - **Begun means done.** After the first poll, a write completes even if its future is dropped:
///   a client that hangs up does not leave half a login. (Before the first poll nothing happens, as
///   with every future.)
///
/// Values are opaque here; encryption lies above, in [`Sealed`].
pub trait Store: Send + Sync + fmt::Debug + 'static {
    /// The name of the store for messages: the path of its file, or the kind of backend.
    fn describe(&self) -> String;

    /// Whether other processes may write to it. True unless said otherwise: a login on a shared store looks every few
    /// seconds whether another replica has ended it, which on a store of its own would be for nothing.
    fn is_shared(&self) -> bool {
        true
    }

    /// The record, if there is one.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] or [`StoreError::Damaged`], as for every method.
    fn get<'a>(&'a self, key: &'a Key) -> Answer<'a, Option<Bytes>>;

    /// Writes the record, over whatever was there; expiry and owner are those of `put`.
    fn put<'a>(&'a self, key: &'a Key, value: Bytes, put: Put) -> Answer<'a, ()>;

    /// Writes the record unless there is one. True when it was written.
    fn put_if_absent<'a>(&'a self, key: &'a Key, value: Bytes, put: Put) -> Answer<'a, bool>;

    /// Reads and deletes in one step: what may be used once (a code, a `state`).
    fn take<'a>(&'a self, key: &'a Key) -> Answer<'a, Option<Bytes>>;

    /// Replaces the record if it is, byte for byte, the `expected` one. True when it was replaced;
    /// false when there was another, or none. The owner stays; `ttl` counts from now, `None` is without end.
    fn compare_and_swap<'a>(
        &'a self,
        key: &'a Key,
        expected: &'a [u8],
        new: Bytes,
        ttl: Option<Duration>,
    ) -> Answer<'a, bool>;

    /// Deletes the record. True when there was one.
    fn delete<'a>(&'a self, key: &'a Key) -> Answer<'a, bool>;

    /// The ids of all records of an owner in a collection, sorted.
    fn owned_by<'a>(&'a self, collection: Collection, owner: &'a str) -> Answer<'a, Vec<String>>;

    /// How many records a collection holds, at a cost that does not grow with it. Expired ones count
    /// until they are swept (a minute or so), hence an upper bound.
    fn count(&self, collection: Collection) -> Answer<'_, u64>;
}
