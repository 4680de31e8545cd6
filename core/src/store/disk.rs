//! The default store: one file, safe against crashes.
//!
//! The file is a [redb](https://docs.rs/redb) database. Its tables, all written in one transaction:
//!
//! | Table | Key | Value |
//! |---|---|---|
//! | `records` | collection, id | expiry (ms since 1970, the highest number for none), owner (empty for none), bytes |
//! | `owners` | collection, owner, id | – |
//! | `expiry` | expiry, collection, id | – |
//! | `counts` | collection | the number of its records |
//! | `meta` | `format` | the version of this layout |
//!
//! Reads look at the last commit, on tokio's blocking threads. Writes go to one thread, which puts those
//! that came in meanwhile into one transaction and answers after its fsync.

mod file;
mod held;
mod tables;
mod writer;

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use redb::Database;

use self::file::{File, Opener};
use self::tables::{Row, Tables};
use self::writer::Writer;
use super::key::expiry;
use super::{Answer, Collection, Key, Put, Store, StoreError};
use crate::clock::Clock;

const SWEEP_EVERY: Duration = Duration::from_secs(60);

/// A [`Store`] in one file, for one process.
///
/// Every write that was answered with `Ok` has been fsynced. A write completes even if its future is
/// dropped after the first poll. When the disk is full or fails, calls answer
/// [`StoreError::Unavailable`], what was stored before stays, and the file is opened anew as soon as that
/// is possible, without a restart.
///
/// Dropping the store waits for the writes it was given, a few milliseconds, and frees the file.
///
/// ```no_run
/// # async fn example() -> Result<(), dari::store::StoreError> {
/// use dari::store::{Collection, DiskStore, Key, Put, Store as _};
///
/// let store = DiskStore::open("store.redb")?;
/// let key = Key::new(Collection::new("greeting"), "first");
/// store.put(&key, "hello".into(), Put::default()).await?;
/// # Ok(())
/// # }
/// ```
pub struct DiskStore {
    // Before the file, so that the thread has ended when the file is closed.
    writer: Writer,
    file: Arc<File>,
    clock: Clock,
}

impl DiskStore {
    /// Opens the store in this file, or makes one where there is no file: folders with mode 0700, the
    /// file with mode 0600. The whole file is read and checked; this blocks.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if the file is cut off, overwritten, empty or something else;
    /// [`StoreError::Unavailable`] if it cannot be read and written, or another process has it open.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::open_with_clock(path, Clock::system())
    }

    /// As [`open`](Self::open), with the clock by which records expire.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_with_clock(path: impl AsRef<Path>, clock: Clock) -> Result<Self, StoreError> {
        Self::assemble(path.as_ref(), clock, file::opener(), SWEEP_EVERY)
    }

    fn assemble(path: &Path, clock: Clock, opener: Opener, sweep_every: Duration) -> Result<Self, StoreError> {
        let file = Arc::new(File::open(path, opener)?);
        let writer = Writer::start(file.clone(), clock.clone(), sweep_every)?;
        Ok(Self { writer, file, clock })
    }

    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Database) -> tables::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let file = self.file.clone();
        let done = tokio::task::spawn_blocking(move || file.read(work)).await;
        done.unwrap_or_else(|error| Err(StoreError::unavailable(self.describe(), "start the server again", error)))
    }
}

impl fmt::Debug for DiskStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DiskStore").field(&self.file.path()).finish()
    }
}

impl Row {
    fn on(put: &Put, value: Bytes, now: u64) -> Self {
        Self { expires: expiry(now, put.ttl()), owner: put.owner().unwrap_or_default().to_owned(), value }
    }
}

impl Store for DiskStore {
    /// One process at a time has the file.
    fn is_shared(&self) -> bool {
        false
    }

    fn describe(&self) -> String {
        self.file.path().to_string_lossy().into_owned()
    }

    fn get<'a>(&'a self, key: &'a Key) -> Answer<'a, Option<Bytes>> {
        Box::pin(async move {
            let wanted = key.clone();
            let row = self.read(move |db| tables::get(db, &wanted)).await?;
            let Some(row) = row else { return Ok(None) };
            if row.expires > self.clock.unix_millis() {
                return Ok(Some(row.value));
            }
            let ended = key.clone();
            let removal = move |tables: &mut Tables<'_>, _| tables.remove_ended(&ended, row.expires);
            // It is absent either way; on a full disk it is removed by a later sweep.
            let _ = self.writer.submit(removal).await;
            Ok(None)
        })
    }

    fn put<'a>(&'a self, key: &'a Key, value: Bytes, put: Put) -> Answer<'a, ()> {
        let key = key.clone();
        Box::pin(self.writer.submit(move |tables, now| tables.insert(&key, &Row::on(&put, value, now))))
    }

    fn put_if_absent<'a>(&'a self, key: &'a Key, value: Bytes, put: Put) -> Answer<'a, bool> {
        let key = key.clone();
        Box::pin(self.writer.submit(move |tables, now| {
            if tables.live(&key, now)?.is_some() {
                return Ok(false);
            }
            tables.insert(&key, &Row::on(&put, value, now))?;
            Ok(true)
        }))
    }

    fn take<'a>(&'a self, key: &'a Key) -> Answer<'a, Option<Bytes>> {
        let key = key.clone();
        Box::pin(self.writer.submit(move |tables, now| {
            let row = tables.live(&key, now)?;
            tables.remove(&key)?;
            Ok(row.map(|row| row.value))
        }))
    }

    fn compare_and_swap<'a>(
        &'a self,
        key: &'a Key,
        expected: &'a [u8],
        new: Bytes,
        ttl: Option<Duration>,
    ) -> Answer<'a, bool> {
        let key = key.clone();
        let expected = Bytes::copy_from_slice(expected);
        Box::pin(self.writer.submit(move |tables, now| {
            let Some(row) = tables.live(&key, now)? else {
                return Ok(false);
            };
            if row.value != expected {
                return Ok(false);
            }
            let next = Row { expires: expiry(now, ttl), owner: row.owner, value: new };
            tables.insert(&key, &next)?;
            Ok(true)
        }))
    }

    fn delete<'a>(&'a self, key: &'a Key) -> Answer<'a, bool> {
        let key = key.clone();
        Box::pin(self.writer.submit(move |tables, now| {
            let live = tables.live(&key, now)?.is_some();
            tables.remove(&key)?;
            Ok(live)
        }))
    }

    fn owned_by<'a>(&'a self, collection: Collection, owner: &'a str) -> Answer<'a, Vec<String>> {
        let (owner, now) = (owner.to_owned(), self.clock.unix_millis());
        Box::pin(self.read(move |db| tables::owned_by(db, collection, &owner, now)))
    }

    fn count(&self, collection: Collection) -> Answer<'_, u64> {
        Box::pin(self.read(move |db| tables::count(db, collection)))
    }
}

#[cfg(test)]
mod tests;
