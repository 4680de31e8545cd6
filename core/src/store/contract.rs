//! What every [`Store`] has to do, as a test that any backend can run.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::task::JoinSet;

use super::{Collection, Key, Put, Store, StoreError};
use crate::clock::ManualClock;

const CODES: Collection = Collection::new("code");
const GRANTS: Collection = Collection::new("grant");
const MINUTE: Duration = Duration::from_secs(60);
/// How many callers race.
const CALLERS: usize = 16;

/// Runs the whole contract. Every call of `make` gives a new, empty store whose records expire by
/// `clock`. Wants a multi-threaded runtime, or the races are none.
///
/// # Panics
/// At the first promise of [`Store`] that is not kept.
///
/// ```
/// # use std::{sync::Arc, time::SystemTime};
/// use dari::clock::Clock;
/// use dari::store::{MemoryStore, Store, contract::contract};
///
/// # #[tokio::main] async fn main() {
/// let (clock, hand) = Clock::manual(SystemTime::now());
/// contract(async || Arc::new(MemoryStore::with_clock(clock.clone())) as Arc<dyn Store>, &hand).await;
/// # }
/// ```
pub async fn contract(make: impl AsyncFn() -> Arc<dyn Store>, clock: &ManualClock) {
    values(&*make().await).await;
    odd_names(&*make().await).await;
    absent(&*make().await).await;
    swapping(&*make().await).await;
    expiry(&*make().await, clock).await;
    clock_set_back(&*make().await, clock).await;
    owners(&*make().await, clock).await;
    one_taker(&make().await).await;
    one_first(&make().await).await;
    counting_by_swaps(&make().await).await;
    hanging_up(&*make().await).await;
}

fn ok<T>(answer: Result<T, StoreError>) -> T {
    match answer {
        Ok(value) => value,
        Err(error) => panic!("the store failed: {error}"),
    }
}

async fn write(store: &dyn Store, key: &Key, value: &'static str, put: Put) {
    ok(store.put(key, Bytes::from_static(value.as_bytes()), put).await);
}

async fn read(store: &dyn Store, key: &Key) -> Option<Bytes> {
    ok(store.get(key).await)
}

fn brief() -> Put {
    Put::default().with_ttl(MINUTE)
}

async fn values(store: &dyn Store) {
    let key = Key::new(CODES, "a");
    write(store, &key, "one", Put::default()).await;
    write(store, &key, "two", Put::default()).await;
    assert_eq!(read(store, &key).await.as_deref(), Some(&b"two"[..]));
    assert_eq!(read(store, &Key::new(GRANTS, "a")).await, None);
    for big in [0, 1, 5000, 3 * 1024 * 1024] {
        let value: Bytes = (0..big).map(|i| (i % 251) as u8).collect();
        ok(store.put(&key, value.clone(), Put::default()).await);
        assert!(read(store, &key).await == Some(value), "{big} bytes");
    }
    assert_eq!(ok(store.count(CODES).await), 1);
}

async fn odd_names(store: &dyn Store) {
    let long = "x".repeat(2000);
    let names =
        ["", " ", "a", "a/b", "a:b", "a*", "a\0b", "\0", "../a", "A", "한글", "é", "e\u{301}", "%00", "'--", &long];
    let other = Collection::new("cod");
    for (n, id) in names.iter().enumerate() {
        let value = Bytes::from(n.to_string());
        let put = || Put::default().with_owner(*id);
        ok(store.put(&Key::new(CODES, *id), value, put()).await);
        ok(store.put(&Key::new(other, format!("e{id}")), Bytes::new(), put()).await);
    }
    for (n, id) in names.iter().enumerate() {
        let key = Key::new(CODES, *id);
        assert_eq!(read(store, &key).await, Some(n.to_string().into()), "{id:?}");
        if !id.is_empty() {
            assert_eq!(ok(store.owned_by(CODES, id).await), [*id], "{id:?}");
        }
    }
    assert!(ok(store.owned_by(CODES, "").await).is_empty(), "the empty owner is none");
    assert_eq!(ok(store.count(CODES).await), names.len() as u64);
}

async fn absent(store: &dyn Store) {
    let key = Key::new(CODES, "a");
    assert_eq!(read(store, &key).await, None);
    assert_eq!(ok(store.take(&key).await), None);
    assert!(!ok(store.delete(&key).await));
    assert!(!ok(store.compare_and_swap(&key, b"", Bytes::new(), None).await));
    assert!(ok(store.owned_by(CODES, "nobody").await).is_empty());
    assert_eq!(ok(store.count(CODES).await), 0);

    assert!(ok(store.put_if_absent(&key, "one".into(), Put::default()).await));
    assert!(!ok(store.put_if_absent(&key, "two".into(), Put::default()).await));
    assert_eq!(ok(store.take(&key).await), Some("one".into()));
    assert_eq!(ok(store.take(&key).await), None);
    write(store, &key, "three", Put::default()).await;
    assert!(ok(store.delete(&key).await));
    assert!(!ok(store.delete(&key).await));
    assert_eq!(ok(store.count(CODES).await), 0);
}

async fn swapping(store: &dyn Store) {
    let key = Key::new(GRANTS, "a");
    write(store, &key, "one", Put::default().with_owner("user")).await;
    assert!(!ok(store.compare_and_swap(&key, b"on", "x".into(), None).await));
    assert_eq!(read(store, &key).await, Some("one".into()));
    assert!(ok(store.compare_and_swap(&key, b"one", "two".into(), None).await));
    assert!(!ok(store.compare_and_swap(&key, b"one", "x".into(), None).await));
    assert_eq!(read(store, &key).await, Some("two".into()));
    assert_eq!(ok(store.owned_by(GRANTS, "user").await), ["a"], "the owner stays");
}

async fn expiry(store: &dyn Store, clock: &ManualClock) {
    let name = |id: &str| Key::new(CODES, id);
    for id in ["get", "take", "delete", "swap", "absent"] {
        write(store, &name(id), "old", brief()).await;
    }
    for id in ["kept", "forever", "renewed"] {
        write(store, &name(id), "old", brief()).await;
    }
    clock.advance(MINUTE - Duration::from_millis(1));
    assert_eq!(read(store, &name("get")).await, Some("old".into()));
    let long = Some(10 * MINUTE);
    assert!(ok(store.compare_and_swap(&name("kept"), b"old", "new".into(), long).await));
    assert!(ok(store.compare_and_swap(&name("forever"), b"old", "new".into(), None).await));
    write(store, &name("renewed"), "new", brief()).await;

    clock.advance(Duration::from_millis(1));
    assert_eq!(read(store, &name("get")).await, None);
    assert_eq!(ok(store.take(&name("take")).await), None);
    assert!(!ok(store.delete(&name("delete")).await));
    assert!(!ok(store.compare_and_swap(&name("swap"), b"old", "x".into(), None).await));
    assert!(ok(store.put_if_absent(&name("absent"), "new".into(), brief()).await));
    for id in ["absent", "kept", "forever", "renewed"] {
        assert_eq!(read(store, &name(id)).await, Some("new".into()), "{id}");
    }
    clock.advance(10 * MINUTE);
    assert_eq!(read(store, &name("absent")).await, None);
    assert_eq!(read(store, &name("kept")).await, None);
    assert_eq!(read(store, &name("forever")).await, Some("new".into()));
    let at_once = Put::default().with_ttl(Duration::ZERO);
    write(store, &name("forever"), "gone", at_once).await;
    assert_eq!(read(store, &name("forever")).await, None);
    let endless = Put::default().with_ttl(Duration::MAX);
    write(store, &name("endless"), "here", endless).await;
    assert_eq!(read(store, &name("endless")).await, Some("here".into()));
}

/// What was seen expired does not come back when the clock jumps.
async fn clock_set_back(store: &dyn Store, clock: &ManualClock) {
    let start = clock.clock().now();
    let name = |id: &str| Key::new(CODES, id);
    for id in ["get", "take", "delete", "swap"] {
        write(store, &name(id), "old", brief()).await;
    }
    clock.advance(2 * MINUTE);
    assert_eq!(read(store, &name("get")).await, None);
    assert_eq!(ok(store.take(&name("take")).await), None);
    assert!(!ok(store.delete(&name("delete")).await));
    assert!(!ok(store.compare_and_swap(&name("swap"), b"old", "x".into(), None).await));
    clock.set(start);
    for id in ["get", "take", "delete", "swap"] {
        assert_eq!(read(store, &name(id)).await, None, "{id}");
    }
    clock.set(std::time::SystemTime::UNIX_EPOCH - MINUTE);
    write(store, &name("early"), "x", brief()).await;
    assert_eq!(read(store, &name("early")).await, Some("x".into()));
    clock.set(start);
}

async fn owners(store: &dyn Store, clock: &ManualClock) {
    let put = |id: &'static str, put: Put| async move {
        write(store, &Key::new(GRANTS, id), "x", put).await;
    };
    let owner = |name: &str| Put::default().with_owner(name);
    put("c", owner("ann")).await;
    put("a", owner("ann")).await;
    put("brief", brief().with_owner("ann")).await;
    put("b", owner("bob")).await;
    put("d", owner("an")).await;
    put("nobody", Put::default()).await;
    write(store, &Key::new(CODES, "e"), "x", owner("ann")).await;
    assert_eq!(ok(store.owned_by(GRANTS, "ann").await), ["a", "brief", "c"]);

    clock.advance(MINUTE);
    assert_eq!(ok(store.owned_by(GRANTS, "ann").await), ["a", "c"]);
    put("a", owner("bob")).await;
    put("b", Put::default()).await;
    assert_eq!(ok(store.owned_by(GRANTS, "ann").await), ["c"]);
    assert_eq!(ok(store.owned_by(GRANTS, "bob").await), ["a"]);
    ok(store.take(&Key::new(GRANTS, "c")).await);
    ok(store.delete(&Key::new(GRANTS, "a")).await);
    assert!(ok(store.owned_by(GRANTS, "ann").await).is_empty());
    assert!(ok(store.owned_by(GRANTS, "bob").await).is_empty());
    assert_eq!(ok(store.owned_by(CODES, "ann").await), ["e"]);
}

/// Runs something for many callers at once, and counts those who succeed.
async fn race<F>(store: &Arc<dyn Store>, call: impl Fn(Arc<dyn Store>, usize) -> F) -> usize
where
    F: Future<Output = bool> + Send + 'static,
{
    let mut callers = JoinSet::new();
    for n in 0..CALLERS {
        callers.spawn(call(store.clone(), n));
    }
    callers.join_all().await.into_iter().filter(|won| *won).count()
}

async fn one_taker(store: &Arc<dyn Store>) {
    for round in 0..10 {
        let key = Key::new(CODES, round.to_string());
        write(&**store, &key, "x", brief()).await;
        let winners = race(store, |store, n| {
            let key = key.clone();
            async move {
                match n % 4 {
                    0 => ok(store.delete(&key).await),
                    _ => ok(store.take(&key).await).is_some(),
                }
            }
        });
        assert_eq!(winners.await, 1, "takers of one record");
    }
}

async fn one_first(store: &Arc<dyn Store>) {
    for round in 0..10 {
        let key = Key::new(CODES, round.to_string());
        let winners = race(store, |store, n| {
            let key = key.clone();
            async move { ok(store.put_if_absent(&key, n.to_string().into(), brief()).await) }
        });
        assert_eq!(winners.await, 1, "first writers of one record");
    }
}

async fn counting_by_swaps(store: &Arc<dyn Store>) {
    let key = Key::new(GRANTS, "counter");
    write(&**store, &key, "0", Put::default()).await;
    let counted = race(store, |store, _| {
        let key = key.clone();
        async move {
            loop {
                let old = ok(store.get(&key).await).unwrap_or_default();
                let number: u64 = String::from_utf8_lossy(&old).parse().unwrap_or_default();
                let new = (number + 1).to_string().into();
                if ok(store.compare_and_swap(&key, &old, new, None).await) {
                    return true;
                }
            }
        }
    });
    assert_eq!(counted.await, CALLERS);
    assert_eq!(read(&**store, &key).await, Some(CALLERS.to_string().into()));
}

/// A write whose caller goes away after the first poll is done all the same.
async fn hanging_up(store: &dyn Store) {
    let key = Key::new(GRANTS, "a");
    let mut put = store.put(&key, "x".into(), Put::default());
    let begun = poll_fn(|context| Poll::Ready(put.as_mut().poll(context).is_ready())).await;
    drop(put);
    let patience = Instant::now() + Duration::from_secs(10);
    while read(store, &key).await.is_none() {
        assert!(Instant::now() < patience, "a begun write was never done (ready at once: {begun})");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
