use std::time::SystemTime;

use secrecy::ExposeSecret as _;

use super::*;
use crate::auth::provider::UpstreamTokens;
use crate::clock::Clock;
use crate::store::{KeyRing, MemoryStore, Secret};

async fn grants() -> (Arc<Grants>, GrantId) {
    let (clock, _) = Clock::manual(SystemTime::now());
    let keys = KeyRing::new([Secret::random().unwrap()]).unwrap();
    let store = Arc::new(MemoryStore::with_clock(clock.clone()));
    let now = clock.unix();
    let grants = Arc::new(Grants::new(Sealed::open(store, keys, clock).await.unwrap()));
    let id = GrantId::random().unwrap();
    let grant = Grant {
        client_id: "c".to_owned(),
        client_name: None,
        subject: "u".to_owned(),
        profile: serde_json::Value::Null,
        scopes: crate::auth::request::scope::Scopes::default(),
        upstream: tokens("old", now),
        verified_at: now,
        used: None,
        expires_at: now + 1000,
        generation: 0,
        lease: None,
    };
    grants.create(&id, &grant).await.unwrap();
    (grants, id)
}

fn tokens(access: &str, now: u64) -> GrantedTokens {
    GrantedTokens::new(&UpstreamTokens::new(access.to_owned().into()), now)
}

fn access(grant: &Grant) -> &str {
    grant.upstream.access_token.expose_secret()
}

#[tokio::test]
async fn unsaved_tokens_stay_at_hand_until_they_are_stored() {
    let (grants, id) = grants().await;
    let live = grants.load(&id).await.unwrap();
    assert!(grants.keep_unsaved(&live, tokens("new", live.seen().upstream.obtained_at)));
    drop(live);
    // As if ten thousand others had pushed it out.
    grants.cache.invalidate(&id).await;
    let live = grants.load(&id).await.unwrap();
    assert_eq!(access(&live.seen()), "new");
    assert_eq!(access(&grants.reload(&live).await.unwrap()), "old", "the store has not got them");
    assert_eq!(access(&live.seen()), "new", "a reader of the store does not lose them");
    grants.save(&live).await.unwrap();
    assert!(live.unsaved().is_none() && grants.lock_unsaved().is_empty());
    assert_eq!(access(&grants.reload(&live).await.unwrap()), "new");
}

#[tokio::test]
async fn newer_tokens_in_the_store_win() {
    let (grants, id) = grants().await;
    let live = grants.load(&id).await.unwrap();
    let now = live.seen().upstream.obtained_at;
    assert!(grants.keep_unsaved(&live, tokens("late", now)));
    let newer = tokens("newer", now + 1);
    let written = grants.update(&live, |grant| {
        grant.upstream = newer.clone();
        Continue::<(), ()>(())
    });
    assert!(written.await.is_ok());
    grants.save(&live).await.unwrap();
    assert_eq!(access(&live.seen()), "newer");
}

#[tokio::test]
async fn only_so_many_are_kept_and_an_ended_one_is_let_go() {
    let (grants, id) = grants().await;
    let live = grants.load(&id).await.unwrap();
    let upstream = || tokens("new", 0);
    assert!(grants.keep_unsaved(&live, upstream()));
    for _ in 1..UNSAVED {
        let other = LiveGrant::new(GrantId::random().unwrap(), (*live.seen()).clone(), Instant::now());
        assert!(grants.keep_unsaved(&Arc::new(other), upstream()));
    }
    let other = Arc::new(LiveGrant::new(GrantId::random().unwrap(), (*live.seen()).clone(), Instant::now()));
    assert!(!grants.keep_unsaved(&other, upstream()));
    assert!(grants.keep_unsaved(&live, upstream()), "who has a place keeps it");
    grants.end(&id, Reason::CodeUsed).await.unwrap();
    assert!(live.has_ended() && grants.keep_unsaved(&other, upstream()));
}

#[tokio::test]
async fn a_grant_is_at_hand_while_it_is_the_one_that_all_share() {
    let (grants, id) = grants().await;
    let (known, now) = (grants.load(&id).await.unwrap(), grants.store.clock().unix());
    assert!(grants.is_at_hand(&known, now));
    let ends = known.seen().expires_at;
    assert!(grants.is_at_hand(&known, ends - 1) && !grants.is_at_hand(&known, ends));

    grants.cache.invalidate(&id).await;
    let anew = grants.load(&id).await.unwrap();
    assert!(!grants.is_at_hand(&known, now) && grants.is_at_hand(&anew, now));

    let prolonged = grants.update(&anew, |grant| {
        grant.expires_at += 10;
        Continue::<(), ()>(())
    });
    assert!(prolonged.await.is_ok() && grants.is_at_hand(&anew, ends));

    assert!(grants.keep_unsaved(&known, tokens("new", now)));
    assert!(grants.is_at_hand(&known, now) && !grants.is_at_hand(&anew, now), "it has the tokens");
    grants.drop_unsaved(&known);
    assert!(grants.is_at_hand(&anew, now));

    grants.end(&id, Reason::CodeUsed).await.unwrap();
    assert!(!grants.is_at_hand(&anew, now) && matches!(grants.load(&id).await, Err(GrantError::Ended)));
}
