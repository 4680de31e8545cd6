//! A code whose use is disturbed: by a store that goes away, a client that hangs up, somebody who saw the code.

use std::time::SystemTime;

use dari::clock::Clock;
use dari::store::MemoryStore;
use futures_util::FutureExt as _;
use serde_json::json;

use crate::fake::Fake;
use crate::shared::Shared;
use crate::world::{REDIRECT, World, exchange_form, tokens};

async fn world() -> (World, Shared) {
    let (clock, hand) = Clock::manual(SystemTime::now());
    let store = Shared::new(MemoryStore::with_clock(clock));
    let world = World::on(Fake::start().await, hand, |proxy| proxy.store(store.clone()));
    (world, store)
}

#[tokio::test]
async fn a_store_that_goes_away_anywhere_leaves_a_code_that_works_srv_10() {
    let (world, store) = world().await;
    let client = world.client(REDIRECT).await;
    for operations in 0.. {
        let code = world.code(&client).await;
        store.go_down_after(operations);
        let reply = world.exchange(&client, &code).await;
        store.go_down(false);
        if reply.status == 200 {
            assert!(operations > 5, "the store was asked for client, code, grant, refresh token, grant and code");
            break;
        }
        assert_eq!(reply.error(), (503, "temporarily_unavailable".to_owned()));
        let held = tokens(&client, &world.exchange(&client, &code).await);
        assert!(world.call(&held.access).await.is_ok(), "after {operations}");
        assert_eq!(world.refresh(&client, &held.refresh).await.status, 200);
        // And it is used now, as ever.
        assert_eq!(world.exchange(&client, &code).await.error(), (400, "invalid_grant".to_owned()));
        assert!(world.call(&held.access).await.is_err());
    }
}

#[tokio::test]
async fn a_write_that_was_done_but_not_told_is_no_second_use() {
    let (world, store) = world().await;
    let client = world.client(REDIRECT).await;
    let code = world.code(&client).await;
    for _ in 0..2 {
        store.lie(true);
        assert_eq!(world.exchange(&client, &code).await.status, 503);
        store.lie(false);
    }
    let held = tokens(&client, &world.exchange(&client, &code).await);
    assert!(world.call(&held.access).await.is_ok());
    assert_eq!(world.exchange(&client, &code).await.error(), (400, "invalid_grant".to_owned()));
    assert!(world.call(&held.access).await.is_err());
}

#[tokio::test]
async fn a_client_that_hangs_up_may_come_again() {
    let (world, _) = world().await;
    let client = world.client(REDIRECT).await;
    let code = world.code(&client).await;
    assert!(world.exchange(&client, &code).now_or_never().is_none());
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
    let held = tokens(&client, &world.exchange(&client, &code).await);
    assert!(world.call(&held.access).await.is_ok());
    assert_eq!(world.exchange(&client, &code).await.error(), (400, "invalid_grant".to_owned()));
    assert!(world.call(&held.access).await.is_err());
}

#[tokio::test]
async fn who_only_saw_a_used_code_logs_nobody_out_code_02() {
    let (world, _) = world().await;
    let metadata = json!({ "redirect_uris": [REDIRECT, "https://app.example/cb"] });
    let client = world.register(metadata.clone()).await.json()["client_id"].as_str().unwrap().to_owned();
    let other = world.register(metadata).await.json()["client_id"].as_str().unwrap().to_owned();
    let code = world.code(&client).await;
    let held = tokens(&client, &world.exchange(&client, &code).await);
    let good = exchange_form(&client, &code);
    let wrong_verifier = "b".repeat(50);
    for (name, value) in
        [("code_verifier", wrong_verifier.as_str()), ("client_id", &other), ("redirect_uri", "https://app.example/cb")]
    {
        let pairs = good.map(|(known, old)| (known, if known == name { value } else { old }));
        assert_eq!(world.token(&pairs).await.error(), (400, "invalid_grant".to_owned()));
        assert!(world.call(&held.access).await.is_ok(), "{name}");
    }
    assert_eq!(world.token(&good).await.error(), (400, "invalid_grant".to_owned()));
    assert!(world.call(&held.access).await.is_err());
}
