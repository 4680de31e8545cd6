//! The file: made, opened, checked, and reopened after an I/O error.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

use redb::backends::FileBackend;
use redb::{Builder, Database, DatabaseError, StorageBackend};

use super::held::Held;
use super::tables;
use crate::store::{StoreError, files};

/// The memory for pages of the file; a store of grants is small.
const CACHE_BYTES: usize = 16 * 1024 * 1024;
/// How long to wait for the lock of a predecessor that is just ending.
const LOCK_PATIENCE: Duration = Duration::from_millis(500);
/// The pause between two attempts to reopen a file that cannot be opened.
const REOPEN_PAUSE: Duration = Duration::from_secs(1);

/// How the bytes are reached; tests put a faulty disk underneath.
pub(super) type Opener = Box<dyn Fn(&Path) -> Result<Box<dyn StorageBackend>, DatabaseError> + Send + Sync>;

/// How much of the file is read while it is opened.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Check {
    /// Every page, against its checksum.
    Full,
    /// What redb needs to recover from a crash.
    Recovery,
}

/// A database that can be closed and opened again while others use it.
pub(super) struct File {
    path: PathBuf,
    opener: Opener,
    slot: RwLock<Slot>,
}

struct Slot {
    /// Goes up with every opening, so that of several threads that met the same fault one reopens.
    generation: u64,
    database: Result<Opened, (Instant, StoreError)>,
}

struct Opened {
    database: Database,
    held: Held,
}

impl File {
    /// Opens the store, or makes an empty one where there is no file.
    pub(super) fn open(path: &Path, opener: Opener) -> Result<Self, StoreError> {
        let fail = |error| translate(path, error);
        files::private_parent(path).map_err(|error| fail(error.into()))?;
        if !path.try_exists().map_err(|error| fail(error.into()))? {
            files::publish(path, create).map_err(fail)?;
        }
        let opened = guarded(path, || open_patiently(path, &opener))?;
        match guarded(path, || tables::format(&opened.database))? {
            Some(tables::FORMAT) => {}
            Some(_) => return Err(damaged(path, "written by another version of dari")),
            None => return Err(damaged(path, "a redb database, but not a store of dari")),
        }
        let slot = RwLock::new(Slot { generation: 0, database: Ok(opened) });
        let path = path.to_owned();
        Ok(Self { path, opener, slot })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads. Nothing in the file changes.
    pub(super) fn read<T>(&self, work: impl FnOnce(&Database) -> tables::Result<T>) -> Result<T, StoreError> {
        self.with(|opened| work(&opened.database))
    }

    /// Writes. The first time, the file is marked as in use.
    pub(super) fn write<T>(&self, work: impl FnOnce(&Database) -> tables::Result<T>) -> Result<T, StoreError> {
        self.with(|opened| {
            opened.held.release()?;
            work(&opened.database)
        })
    }

    /// After an I/O error redb wants to be closed and opened again: that is done here, so that the next
    /// call finds a working database as soon as the disk works.
    fn with<T>(&self, work: impl FnOnce(&Opened) -> tables::Result<T>) -> Result<T, StoreError> {
        self.reopen_if(|slot| slot.database.is_err())?;
        let (generation, outcome) = {
            let slot = self.slot.read().unwrap_or_else(PoisonError::into_inner);
            let outcome = match &slot.database {
                Ok(opened) => guarded(&self.path, || work(opened)),
                Err((_, error)) => Err(error.clone()),
            };
            (slot.generation, outcome)
        };
        if let Err(error) = &outcome {
            tracing::warn!(%error, "the store failed; opening it again");
            // The answer is the first error; the second, if any, is kept in the slot.
            let _ = self.reopen_if(|slot| slot.generation == generation && slot.database.is_ok());
        }
        outcome
    }

    fn reopen_if(&self, wanted: impl Fn(&Slot) -> bool) -> Result<(), StoreError> {
        if !wanted(&self.slot.read().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(());
        }
        let mut slot = self.slot.write().unwrap_or_else(PoisonError::into_inner);
        if !wanted(&slot) {
            return Ok(());
        }
        if let Err((when, error)) = &slot.database
            && when.elapsed() < REOPEN_PAUSE
        {
            return Err(error.clone());
        }
        // The old handle has to go first, it holds the lock of the file.
        let closed = StoreError::unavailable(self.path.to_string_lossy(), MEND_DISK, "closed");
        slot.database = Err((Instant::now(), closed));
        match guarded(&self.path, || Ok(open(&self.path, &self.opener, Check::Recovery)?)) {
            Ok(opened) => {
                slot.generation += 1;
                slot.database = Ok(opened);
                Ok(())
            }
            Err(error) => {
                slot.database = Err((Instant::now(), error.clone()));
                Err(error)
            }
        }
    }
}

/// The opener for real files.
pub(super) fn opener() -> Opener {
    Box::new(|path| {
        let file = std::fs::OpenOptions::new().read(true).write(true).open(path)?;
        Ok(Box::new(FileBackend::new(file)?))
    })
}

fn builder(check: Check) -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE_BYTES).set_check_integrity_on_open(check == Check::Full);
    builder
}

fn create(draft: &Path) -> tables::Result<()> {
    let database = builder(Check::Recovery).create(draft)?;
    tables::create(&database)?;
    Ok(database.close()?)
}

fn open(path: &Path, opener: &Opener, check: Check) -> Result<Opened, DatabaseError> {
    let held = Held::new(opener(path)?)?;
    if held.len()? == 0 {
        // redb would make a new database of it.
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the file is empty").into());
    }
    let database = builder(check).create_with_backend(held.clone())?;
    Ok(Opened { database, held })
}

fn open_patiently(path: &Path, opener: &Opener) -> tables::Result<Opened> {
    let begun = Instant::now();
    loop {
        match open(path, opener, Check::Full) {
            Err(DatabaseError::DatabaseAlreadyOpen) if begun.elapsed() < LOCK_PATIENCE => {
                std::thread::sleep(Duration::from_millis(20));
            }
            outcome => return Ok(outcome?),
        }
    }
}

/// redb may panic on a file that was altered behind its back; here that is an error like the others.
fn guarded<T>(path: &Path, work: impl FnOnce() -> tables::Result<T>) -> Result<T, StoreError> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(outcome) => outcome.map_err(|error| translate(path, error)),
        Err(_) => Err(damaged(path, "its pages contradict each other")),
    }
}

fn damaged(path: &Path, reason: impl Into<String>) -> StoreError {
    StoreError::Damaged { store: path.to_string_lossy().into_owned(), reason: reason.into() }
}

const MEND_DISK: &str = "see to the disk, the store goes on by itself when it works again";
const MEND_SPACE: &str = "free some space on its disk, the store goes on by itself";
const MEND_RIGHTS: &str = "let the user of this process read and write the file and its folder";
const MEND_LOCK: &str = "stop the process that has it open, or give this one a file of its own";

fn translate(path: &Path, error: redb::Error) -> StoreError {
    use io::ErrorKind as Kind;
    let mend = match &error {
        redb::Error::Io(error) => match error.kind() {
            Kind::InvalidData | Kind::UnexpectedEof => return damaged(path, error.to_string()),
            Kind::StorageFull | Kind::QuotaExceeded | Kind::FileTooLarge => MEND_SPACE,
            Kind::PermissionDenied | Kind::ReadOnlyFilesystem => MEND_RIGHTS,
            _ => MEND_DISK,
        },
        redb::Error::DatabaseAlreadyOpen | redb::Error::LockProtocolMismatch => MEND_LOCK,
        redb::Error::Corrupted(_)
        | redb::Error::UpgradeRequired(_)
        | redb::Error::TableTypeMismatch { .. }
        | redb::Error::TableDoesNotExist(_)
        | redb::Error::TypeDefinitionChanged { .. } => return damaged(path, error.to_string()),
        _ => MEND_DISK,
    };
    StoreError::unavailable(path.to_string_lossy(), mend, error)
}
