//! A disk that fills up, and one that cannot even be opened for a while.

use std::io::{Error, ErrorKind, Result as IoResult};
use std::ops::Bound;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use redb::backends::FileBackend;
use redb::{BackendError, StorageBackend};

use super::*;

/// A file which writes nothing while `full`.
#[derive(Debug)]
struct Disk {
    file: FileBackend,
    full: Arc<AtomicBool>,
}

impl Disk {
    fn space(&self) -> IoResult<()> {
        match self.full.load(SeqCst) {
            true => Err(ErrorKind::StorageFull.into()),
            false => Ok(()),
        }
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> IoResult<u64> {
        self.file.len()
    }
    fn read(&self, offset: u64, out: &mut [u8]) -> IoResult<()> {
        self.file.read(offset, out)
    }
    fn set_len(&self, len: u64) -> IoResult<()> {
        self.space()?;
        self.file.set_len(len)
    }
    fn sync_data(&self) -> IoResult<()> {
        self.space()?;
        self.file.sync_data()
    }
    fn write(&self, offset: u64, data: &[u8]) -> IoResult<()> {
        self.space()?;
        self.file.write(offset, data)
    }
    fn close(&self) -> IoResult<()> {
        self.file.close()
    }
    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_range(start, end)
    }
    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.unlock_range(start, end)
    }
    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.query_lock_range(start, end)
    }
}

/// An opener on such disks; `openable` says whether an open works at all.
fn faulty(full: &Arc<AtomicBool>, openable: &Arc<AtomicBool>) -> Opener {
    let (full, openable) = (full.clone(), openable.clone());
    Box::new(move |path| {
        if !openable.load(SeqCst) {
            return Err(Error::from(ErrorKind::PermissionDenied).into());
        }
        let file = fs::OpenOptions::new().read(true).write(true).open(path)?;
        let file = FileBackend::new(file)?;
        let full = full.clone();
        Ok(Box::new(Disk { file, full }))
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_unavailable_until_there_is_space() {
    let (_folder, path) = folder();
    let (full, openable) = (Arc::new(false.into()), Arc::new(true.into()));
    let opener = faulty(&full, &openable);
    let store = DiskStore::assemble(&path, Clock::system(), opener, SWEEP_EVERY).unwrap();
    fill(&store, 10).await;

    full.store(true, SeqCst);
    let key = Key::new(GRANTS, "new");
    for _ in 0..3 {
        let error = store.put(&key, "x".into(), Put::default()).await.unwrap_err();
        assert!(error.is_unavailable(), "{error:?}");
        assert!(error.to_string().contains("free some space"), "{error}");
        assert!(error.to_string().contains(&*path.to_string_lossy()), "{error}");
        let old = store.get(&Key::new(GRANTS, "3")).await.unwrap();
        assert_eq!(old.unwrap(), vec![3; 700], "reading goes on");
        assert_eq!(store.get(&key).await.unwrap(), None);
    }
    full.store(false, SeqCst);
    recovers(&store, &key).await;
    drop(store);
    let store = DiskStore::open(&path).unwrap();
    assert_eq!(store.count(GRANTS).await.unwrap(), 11);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_goes_away_comes_back() {
    let (_folder, path) = folder();
    let (full, openable) = (Arc::new(false.into()), Arc::new(true.into()));
    let opener = faulty(&full, &openable);
    let store = DiskStore::assemble(&path, Clock::system(), opener, SWEEP_EVERY).unwrap();
    fill(&store, 10).await;

    full.store(true, SeqCst);
    openable.store(false, SeqCst);
    let key = Key::new(GRANTS, "new");
    for _ in 0..3 {
        let put = store.put(&key, "x".into(), Put::default()).await;
        assert!(put.unwrap_err().is_unavailable());
        assert!(store.get(&key).await.unwrap_err().is_unavailable());
    }
    full.store(false, SeqCst);
    openable.store(true, SeqCst);
    recovers(&store, &key).await;
}

/// Within seconds and without a restart, with everything that was acknowledged before.
async fn recovers(store: &DiskStore, new: &Key) {
    let patience = std::time::Instant::now() + Duration::from_secs(10);
    while let Err(error) = store.put(new, "x".into(), Put::default()).await {
        assert!(std::time::Instant::now() < patience, "never recovered: {error}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    for i in 0..10_u8 {
        let key = Key::new(GRANTS, i.to_string());
        assert_eq!(store.get(&key).await.unwrap().unwrap(), vec![i; 700]);
    }
    assert_eq!(store.owned_by(GRANTS, "ann").await.unwrap().len(), 10);
}
