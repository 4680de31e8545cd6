use std::sync::atomic::{AtomicUsize, Ordering};

use serde::Deserialize;

use super::*;
use crate::store::{MemoryStore, Secret};

const GRANTS: Collection = Collection::new("grant");

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Grant {
    token: String,
    uses: u32,
}

fn grant(uses: u32) -> Grant {
    let token = "tok-secret-1".to_owned();
    Grant { token, uses }
}

fn ring(secrets: &[u8]) -> KeyRing {
    let secret = |byte: &u8| Secret::from_bytes(vec![*byte; 32]).unwrap();
    KeyRing::new(secrets.iter().map(secret)).unwrap()
}

async fn open(store: &Arc<MemoryStore>, secrets: &[u8]) -> Result<Sealed, StoreError> {
    Sealed::open(store.clone(), ring(secrets), Clock::system()).await
}

fn key(id: &str) -> Key {
    Key::new(GRANTS, id)
}

#[tokio::test]
async fn round_trips_typed_records() {
    let sealed = open(&Arc::default(), &[1]).await.unwrap();
    let put = || Put::default().with_owner("ann");
    assert!(sealed.get::<Grant>(&key("a")).await.unwrap().is_none());
    sealed.put(&key("a"), &grant(1), put()).await.unwrap();
    assert!(!sealed.put_if_absent(&key("a"), &grant(2), put()).await.unwrap());
    assert!(sealed.put_if_absent(&key("b"), &grant(2), put()).await.unwrap());
    let record = sealed.get::<Grant>(&key("a")).await.unwrap().unwrap();
    assert_eq!((*record).clone(), grant(1));
    assert_eq!(record.uses, 1);
    assert_eq!(sealed.owned_by(GRANTS, "ann").await.unwrap(), ["a", "b"]);
    assert!(sealed.owned_by(GRANTS, "").await.unwrap().is_empty());
    assert_eq!(sealed.count(GRANTS).await.unwrap(), 2);
    assert_eq!(sealed.take::<Grant>(&key("a")).await.unwrap(), Some(grant(1)));
    assert!(sealed.delete(&key("b")).await.unwrap());
    assert!(!sealed.delete(&key("b")).await.unwrap());
}

#[tokio::test]
async fn a_swap_replaces_only_the_version_that_was_seen() {
    let sealed = open(&Arc::default(), &[1]).await.unwrap();
    sealed.put(&key("a"), &grant(1), Put::default()).await.unwrap();
    let seen = sealed.get::<Grant>(&key("a")).await.unwrap().unwrap();
    assert!(sealed.swap(&key("a"), &seen, &grant(2), None).await.unwrap());
    assert!(!sealed.swap(&key("a"), &seen, &grant(3), None).await.unwrap());
    assert_eq!(sealed.get::<Grant>(&key("a")).await.unwrap().unwrap().uses, 2);
    // The same value written anew is another version.
    let seen = sealed.get::<Grant>(&key("a")).await.unwrap().unwrap();
    sealed.put(&key("a"), &grant(2), Put::default()).await.unwrap();
    assert!(!sealed.swap(&key("a"), &seen, &grant(3), None).await.unwrap());
}

#[tokio::test]
async fn backends_see_neither_values_nor_owners() {
    let store = Arc::<MemoryStore>::default();
    let sealed = open(&store, &[1]).await.unwrap();
    let put = Put::default().with_owner("ann");
    sealed.put(&key("a"), &grant(1), put).await.unwrap();
    let raw = store.get(&key("a")).await.unwrap().unwrap();
    assert!(!raw.windows(5).any(|part| part == b"token" || part == b"tok-s"));
    assert!(store.owned_by(GRANTS, "ann").await.unwrap().is_empty());
}

#[tokio::test]
async fn a_record_moved_or_altered_does_not_open() {
    let store = Arc::<MemoryStore>::default();
    let sealed = open(&store, &[1]).await.unwrap();
    sealed.put(&key("a"), &grant(1), Put::default()).await.unwrap();
    let raw = store.get(&key("a")).await.unwrap().unwrap();
    let mut altered = raw.to_vec();
    *altered.last_mut().unwrap() ^= 1;
    let elsewhere = Key::new(Collection::new("code"), "a");
    let places = [(key("b"), raw.clone()), (elsewhere, raw), (key("a"), altered.into())];
    for (key, raw) in places {
        store.put(&key, raw, Put::default()).await.unwrap();
        let error = sealed.get::<Grant>(&key).await.unwrap_err();
        assert!(matches!(error, StoreError::Damaged { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn errors_and_debug_do_not_quote_the_value() {
    let sealed = open(&Arc::default(), &[1]).await.unwrap();
    sealed.put(&key("a"), &grant(1), Put::default()).await.unwrap();
    sealed.put(&key("s"), &"tok-secret-1", Put::default()).await.unwrap();
    let record = sealed.get::<Grant>(&key("a")).await.unwrap().unwrap();
    let error = sealed.get::<u64>(&key("s")).await.unwrap_err();
    let unstorable = std::collections::HashMap::from([(vec![1], "tok-secret-1")]);
    let other = sealed.put(&key("x"), &unstorable, Put::default()).await.unwrap_err();
    assert!(matches!(other, StoreError::Unstorable { .. }), "{other:?}");
    let printed = format!("{record:?} {error} {error:?} {other} {other:?} {sealed:?}");
    assert!(!printed.contains("tok-secret"), "{printed}");
}

#[tokio::test]
async fn the_secret_can_be_changed() {
    let store = Arc::<MemoryStore>::default();
    let put = || Put::default().with_owner("ann");
    let old = open(&store, &[1]).await.unwrap();
    old.put(&key("a"), &grant(1), put()).await.unwrap();
    old.put(&key("b"), &grant(1), put()).await.unwrap();

    let both = open(&store, &[2, 1]).await.unwrap();
    let seen = both.get::<Grant>(&key("a")).await.unwrap().unwrap();
    assert!(both.swap(&key("a"), &seen, &grant(2), None).await.unwrap());
    both.put(&key("c"), &grant(3), put()).await.unwrap();
    let mut owned = both.owned_by(GRANTS, "ann").await.unwrap();
    owned.sort();
    assert_eq!(owned, ["a", "b", "c"]);

    let new = open(&store, &[2]).await.unwrap();
    assert_eq!(new.get::<Grant>(&key("a")).await.unwrap().unwrap().uses, 2);
    let error = new.get::<Grant>(&key("b")).await.unwrap_err();
    assert!(matches!(error, StoreError::WrongKey { .. }), "{error:?}");
    let error = open(&store, &[1]).await.unwrap_err();
    assert!(matches!(error, StoreError::WrongKey { .. }), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_concurrent_takers_one_wins() {
    let sealed = open(&Arc::default(), &[1]).await.unwrap();
    sealed.put(&key("a"), &grant(1), Put::default()).await.unwrap();
    let winners = Arc::new(AtomicUsize::new(0));
    let mut takers = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (sealed, winners) = (sealed.clone(), winners.clone());
        takers.spawn(async move {
            if sealed.take::<Grant>(&key("a")).await.unwrap().is_some() {
                winners.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    takers.join_all().await;
    assert_eq!(winners.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn tokens_expire_by_the_clock_of_the_store() {
    let (clock, hand) = Clock::manual(std::time::SystemTime::now());
    let store = Arc::new(MemoryStore::with_clock(clock.clone()));
    let sealed = Sealed::open(store, ring(&[1]), clock).await.unwrap();
    let minute = Duration::from_secs(60);
    let token = sealed.seal_token("a", b"", b"x", Some(minute)).unwrap();
    let endless = sealed.seal_token("a", b"", b"y", Some(Duration::MAX)).unwrap();
    assert!(sealed.open_token("a", b"", &token).is_some());
    hand.advance(minute);
    assert!(sealed.open_token("a", b"", &token).is_none());
    assert!(sealed.open_token("a", b"", &endless).is_some());
}
