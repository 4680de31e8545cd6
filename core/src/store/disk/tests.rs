mod crash;
mod faults;

use std::fs;
use std::time::SystemTime;

use tempfile::TempDir;

use super::*;
use crate::store::contract::contract;
use crate::store::{KeyRing, Sealed};

const GRANTS: Collection = Collection::new("grant");

fn folder() -> (TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data/store.redb");
    (folder, path)
}

fn refusal(path: &Path) -> StoreError {
    let error = DiskStore::open(path).unwrap_err();
    let text = error.to_string();
    assert!(text.contains(&*path.to_string_lossy()), "{text}");
    error
}

async fn fill(store: &DiskStore, records: usize) {
    for i in 0..records {
        let key = Key::new(GRANTS, i.to_string());
        let value = Bytes::from(vec![i as u8; 700]);
        store.put(&key, value, Put::default().with_owner("ann")).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keeps_the_contract() {
    let (folder, _) = folder();
    let (clock, hand) = Clock::manual(SystemTime::now());
    let count = std::sync::atomic::AtomicUsize::new(0);
    let make = async || {
        let n = count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let path = folder.path().join(format!("{n}.redb"));
        Arc::new(DiskStore::open_with_clock(path, clock.clone()).unwrap()) as Arc<dyn Store>
    };
    contract(make, &hand).await;
}

#[tokio::test]
async fn a_restart_keeps_everything() {
    let (_folder, path) = folder();
    let (clock, hand) = Clock::manual(SystemTime::now());
    let open = || DiskStore::open_with_clock(&path, clock.clone()).unwrap();
    let store = open();
    fill(&store, 20).await;
    let brief = Key::new(GRANTS, "brief");
    let minute = Put::default().with_ttl(Duration::from_secs(60));
    store.put(&brief, "x".into(), minute).await.unwrap();
    drop(store);

    let store = open();
    let key = Key::new(GRANTS, "7");
    assert_eq!(store.get(&key).await.unwrap().unwrap(), vec![7; 700]);
    assert_eq!(store.owned_by(GRANTS, "ann").await.unwrap().len(), 20);
    assert_eq!(store.count(GRANTS).await.unwrap(), 21);
    assert!(store.get(&brief).await.unwrap().is_some());
    drop(store);
    hand.advance(Duration::from_secs(60));
    assert!(open().get(&brief).await.unwrap().is_none());
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_the_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_folder, path) = folder();
    drop(DiskStore::open(&path).unwrap());
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(path.parent().unwrap()), mode(&path)), (0o700, 0o600));
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_second_open_is_told_who_is_in_the_way() {
    let (_folder, path) = folder();
    let first = DiskStore::open(&path).unwrap();
    let error = refusal(&path);
    assert!(error.is_unavailable(), "{error:?}");
    assert!(error.to_string().contains("stop the process"), "{error}");
    fill(&first, 1).await;
    drop(first);
    DiskStore::open(&path).unwrap();
}

#[tokio::test]
async fn a_damaged_file_is_refused_and_left_alone() {
    let (_folder, path) = folder();
    let store = DiskStore::open(&path).unwrap();
    fill(&store, 300).await;
    drop(store);
    let whole = fs::read(&path).unwrap();

    let mut overwritten = whole.clone();
    let middle = whole.len() / 2;
    overwritten[8192..middle].fill(0x5a);
    let spoiled = [
        ("empty", Vec::new()),
        ("text", b"hello\n".to_vec()),
        ("garbage", (0..whole.len()).map(|i| (i * 7919 % 256) as u8).collect()),
        ("header only", whole[..512].to_vec()),
        ("half", whole[..middle].to_vec()),
        ("last page missing", whole[..whole.len() - 4096].to_vec()),
        ("overwritten", overwritten),
    ];
    for (what, content) in spoiled {
        fs::write(&path, &content).unwrap();
        let error = refusal(&path);
        assert!(matches!(error, StoreError::Damaged { .. }), "{what}: {error:?}");
        assert_eq!(fs::metadata(&path).unwrap().len(), content.len() as u64, "{what}");
    }
    fs::write(&path, &whole).unwrap();
    let store = DiskStore::open(&path).unwrap();
    assert_eq!(store.count(GRANTS).await.unwrap(), 300);
}

#[test]
fn a_database_of_another_program_is_refused() {
    let (_folder, path) = folder();
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    drop(Database::create(&path).unwrap());
    assert!(matches!(refusal(&path), StoreError::Damaged { .. }));
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert!(refusal(&path).is_unavailable());
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_written_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_folder, path) = folder();
    drop(DiskStore::open(&path).unwrap());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    // The superuser may write everywhere: nothing to see then.
    if fs::OpenOptions::new().write(true).open(&path).is_err() {
        let error = refusal(&path);
        assert!(error.to_string().contains("let the user"), "{error}");
    }
}

#[tokio::test]
async fn expired_records_are_swept_without_being_asked_for() {
    let (_folder, path) = folder();
    let (clock, hand) = Clock::manual(SystemTime::now());
    let often = Duration::from_millis(20);
    let store = DiskStore::assemble(&path, clock, file::opener(), often).unwrap();
    let put = |ttl| Put::default().with_ttl(Duration::from_secs(ttl)).with_owner("ann");
    for i in 0..5 {
        let key = Key::new(GRANTS, i.to_string());
        store.put(&key, "x".into(), put(10 + i)).await.unwrap();
    }
    hand.advance(Duration::from_secs(12));
    let patience = std::time::Instant::now() + Duration::from_secs(10);
    while store.count(GRANTS).await.unwrap() != 2 {
        assert!(std::time::Instant::now() < patience, "never swept");
        tokio::time::sleep(often).await;
    }
    assert_eq!(store.owned_by(GRANTS, "ann").await.unwrap(), ["3", "4"]);
}

#[tokio::test]
async fn nothing_lies_in_clear_in_the_file() {
    let (_folder, path) = folder();
    let store = Arc::new(DiskStore::open(&path).unwrap());
    let keys = KeyRing::ephemeral().unwrap();
    let sealed = Sealed::open(store.clone(), keys, Clock::system()).await.unwrap();
    let (code, token, user) = ("code-4QmX9", "upstream-token-77aa", "naver-user-31415926");
    let key = Key::hashed(Collection::new("code"), code);
    let put = || Put::default().with_owner(user);
    sealed.put(&key, &token.to_owned(), put()).await.unwrap();
    let read = sealed.get::<String>(&key).await.unwrap().unwrap();
    sealed.swap(&key, &read, &format!("{token}!"), None).await.unwrap();
    let owned = sealed.owned_by(Collection::new("code"), user).await.unwrap();
    assert_eq!(owned, [key.id()]);
    drop((sealed, store));

    let file = fs::read(&path).unwrap();
    let holds = |text: &str| file.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(holds(key.id()), "the hashed key is what the file is searched by");
    for secret in [code, token, user] {
        assert!(!holds(secret), "{secret} lies in clear");
    }
}

#[tokio::test]
async fn the_wrong_key_is_refused_and_changes_nothing() {
    let (_folder, path) = folder();
    let keys = KeyRing::ephemeral().unwrap();
    let open = async |keys: &KeyRing| {
        let store = Arc::new(DiskStore::open(&path).unwrap());
        Sealed::open(store, keys.clone(), Clock::system()).await
    };
    let key = Key::new(GRANTS, "a");
    let sealed = open(&keys).await.unwrap();
    sealed.put(&key, &1, Put::default()).await.unwrap();
    drop(sealed);

    let before = fs::read(&path).unwrap();
    let error = open(&KeyRing::ephemeral().unwrap()).await.unwrap_err();
    assert!(matches!(error, StoreError::WrongKey { .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains("wrong key") && text.contains(&*path.to_string_lossy()), "{text}");
    assert!(fs::read(&path).unwrap() == before, "the file was touched");

    let sealed = open(&keys).await.unwrap();
    assert_eq!(*sealed.get::<u8>(&key).await.unwrap().unwrap(), 1);
}
