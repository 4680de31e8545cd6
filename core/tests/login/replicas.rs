//! Two servers on one store, and a store that goes away.

use std::time::{Duration, SystemTime};

use dari::auth::{OAuthProxy, Refusal};
use dari::clock::Clock;
use dari::store::MemoryStore;
use futures_util::FutureExt as _;

use crate::fake::{Fake, Mode};
use crate::shared::Shared;
use crate::world::{REDIRECT, World, tokens};

pub(crate) async fn two() -> (World, World, Shared) {
    two_with(|proxy| proxy).await
}

pub(crate) async fn two_with(options: impl Fn(OAuthProxy) -> OAuthProxy) -> (World, World, Shared) {
    let (clock, hand) = Clock::manual(SystemTime::now());
    let (store, fake) = (Shared::new(MemoryStore::with_clock(clock)), Fake::start().await);
    let start = || World::on(fake.clone(), hand.clone(), |proxy| options(proxy.store(store.clone())));
    (start(), start(), store.clone())
}

#[tokio::test]
async fn a_login_goes_on_at_another_replica_srv_11() {
    let (one, two, _) = two().await;
    let client = one.client(REDIRECT).await;
    let page = two.authorize(&client, &[]).await;
    let sent = one.approve(&page).await;
    let cookie = page.cookie();
    let (here, there) = tokio::join!(one.come_back(&sent["state"], &cookie), two.come_back(&sent["state"], &cookie));
    assert!((here.status == 303) ^ (there.status == 303), "state is single-use across replicas");
    let code = if here.status == 303 { here.redirect() } else { there.redirect() }["code"].clone();
    let held = tokens(&client, &two.exchange(&client, &code).await);
    assert!(one.call(&held.access).await.is_ok() && two.call(&held.access).await.is_ok());
}

#[tokio::test]
async fn code_01_02_a_second_use_at_another_replica_ends_what_the_first_gave() {
    let (one, two, _) = two().await;
    let client = one.client(REDIRECT).await;
    let code = one.code(&client).await;
    let held = tokens(&client, &one.exchange(&client, &code).await);
    let invalid_grant = (400, "invalid_grant".to_owned());
    assert_eq!(two.exchange(&client, &code).await.error(), invalid_grant);
    assert!(two.call(&held.access).await.is_err());
    assert_eq!(one.refresh(&client, &held.refresh).await.error(), invalid_grant);
    assert!(one.call(&held.access).await.is_err());
    let code = one.code(&client).await;
    let (here, there) = tokio::join!(one.exchange(&client, &code), two.exchange(&client, &code));
    assert!(here.status == 400 || there.status == 400, "both replicas took the code");
    for reply in [here, there] {
        if reply.status == 200 {
            assert!(two.refresh(&client, &tokens(&client, &reply).refresh).await.error() == invalid_grant);
        }
    }
}

#[tokio::test]
async fn code_01_a_client_that_hung_up_may_come_again_to_another_replica() {
    let (one, two, _) = two().await;
    let client = one.client(REDIRECT).await;
    let code = one.code(&client).await;
    assert!(one.exchange(&client, &code).now_or_never().is_none());
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
    let held = tokens(&client, &two.exchange(&client, &code).await);
    assert!(two.call(&held.access).await.is_ok());
    assert_eq!(one.exchange(&client, &code).await.error(), (400, "invalid_grant".to_owned()));
}

#[tokio::test]
async fn ref_02_04_a_chain_is_one_at_all_replicas() {
    let (one, two, _) = two().await;
    let first = one.log_in().await;
    let client = first.client_id.clone();
    let here = tokens(&client, &one.refresh(&client, &first.refresh).await);
    let there = tokens(&client, &two.refresh(&client, &first.refresh).await);
    assert_eq!(here.refresh, there.refresh, "a lost answer is given again by whom it may");
    let next = tokens(&client, &two.refresh(&client, &here.refresh).await);
    let invalid_grant = (400, "invalid_grant".to_owned());
    assert_eq!(one.refresh(&client, &first.refresh).await.error(), invalid_grant);
    assert_eq!(two.refresh(&client, &next.refresh).await.error(), invalid_grant);
}

#[tokio::test]
async fn ref_02_a_thief_that_hangs_up_does_not_keep_the_family_alive() {
    let (one, _, store) = two().await;
    let first = one.log_in().await;
    let second = tokens(&first.client_id, &one.refresh(&first.client_id, &first.refresh).await);
    let third = tokens(&first.client_id, &one.refresh(&first.client_id, &second.refresh).await);
    one.call(&third.access).await.unwrap();
    store.answer_slowly(100);
    let hasty = one.refresh(&first.client_id, &first.refresh);
    assert!(tokio::time::timeout(Duration::from_millis(30), hasty).await.is_err());
    tokio::time::sleep(Duration::from_millis(150)).await;
    assert_eq!(one.call(&third.access).await.err(), Some(Refusal::InvalidToken), "it is gone from the store");
}

#[tokio::test]
async fn two_replicas_refresh_once_srv_11_ref_03() {
    let (one, two, _) = two().await;
    one.fake.set().rotates = true;
    let held = one.log_in().await;
    one.call(&held.access).await.unwrap();
    two.call(&held.access).await.unwrap();
    one.pass(3600);
    one.fake.set().token = Mode::Slow(Duration::from_millis(100));
    let (here, there) =
        tokio::join!(one.refresh(&held.client_id, &held.refresh), two.refresh(&held.client_id, &held.refresh));
    let (here, there) = (tokens(&held.client_id, &here), tokens(&held.client_id, &there));
    assert_eq!(here.refresh, there.refresh);
    assert_eq!(one.fake.set().refreshes, 1);
    assert!(two.call(&here.access).await.is_ok() && one.call(&there.access).await.is_ok());
}

#[tokio::test]
async fn while_the_store_is_away_nothing_is_lost_srv_10() {
    let (one, cold, store) = two().await;
    let held = one.log_in().await;
    one.call(&held.access).await.unwrap();
    let page = one.authorize(&held.client_id, &[]).await;
    store.go_down(true);
    assert!(one.call(&held.access).await.is_ok(), "a warm call needs no store");
    assert!(matches!(cold.call(&held.access).await, Err(Refusal::Unavailable { .. })));
    let reply = one.refresh(&held.client_id, &held.refresh).await;
    assert_eq!(reply.error(), (503, "temporarily_unavailable".to_owned()));
    assert!(reply.headers.contains_key("retry-after"));
    assert_eq!(one.authorize(&held.client_id, &[]).await.status, 503);
    assert_eq!(one.decide(&page, &page.cookie(), "approve").await.status, 503);
    let metadata = serde_json::json!({ "redirect_uris": [REDIRECT] });
    assert_eq!(one.register(metadata).await.status, 503);
    store.go_down(false);
    assert!(cold.call(&held.access).await.is_ok());
    assert_eq!(one.refresh(&held.client_id, &held.refresh).await.status, 200);
    assert_eq!(one.decide(&page, &page.cookie(), "approve").await.status, 303);
}

#[tokio::test]
async fn rotated_tokens_outlive_a_short_outage_of_the_store_ref_12() {
    let (one, _, store) = two().await;
    one.fake.set().rotates = true;
    let held = one.log_in().await;
    one.pass(3600);
    one.fake.set().token = Mode::Slow(Duration::from_millis(150));
    let outage = async {
        tokio::time::sleep(Duration::from_millis(75)).await;
        store.go_down(true);
        tokio::time::sleep(Duration::from_millis(400)).await;
        store.go_down(false);
    };
    let (reply, ()) = tokio::join!(one.refresh(&held.client_id, &held.refresh), outage);
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(one.fake.set().refreshes, 1);
}

#[tokio::test]
async fn rotated_tokens_outlive_a_long_outage_of_the_store_ref_12() {
    let (one, two, store) = two().await;
    one.fake.set().rotates = true;
    let held = one.log_in().await;
    one.call(&held.access).await.unwrap();
    one.pass(3590);
    one.fake.set().profile = Mode::Slow(Duration::from_millis(1));
    one.fake.set().token = Mode::Slow(Duration::from_millis(150));
    let outage = async {
        tokio::time::sleep(Duration::from_millis(75)).await;
        store.go_down(true);
    };
    let (call, ()) = tokio::join!(one.call(&held.access), outage);
    assert!(call.is_ok(), "the new tokens serve though they are not stored");
    one.fake.set().token = Mode::Well;
    // They are due again, but first they would have to be stored.
    one.pass(1000);
    one.fake.set().profile = Mode::Says(401, "");
    let known = one.fake.set().refreshes;
    assert!(one.refresh(&held.client_id, &held.refresh).await.status == 503);
    assert_eq!((known, one.fake.set().refreshes), (1, 1));
    one.fake.set().profile = Mode::Well;
    store.go_down(false);
    tokio::time::sleep(Duration::from_secs(3)).await;
    let held = tokens(&held.client_id, &two.refresh(&held.client_id, &held.refresh).await);
    assert!(two.call(&held.access).await.is_ok());
    assert_eq!(one.fake.set().refreshes, 1, "the other replica found the new tokens in the store");
    one.pass(3600);
    let held = tokens(&held.client_id, &two.refresh(&held.client_id, &held.refresh).await);
    assert!(one.call(&held.access).await.is_ok());
}

#[tokio::test]
async fn a_login_that_another_replica_prolonged_has_not_ended() {
    let (one, two, _) = two().await;
    let mut held = one.log_in().await;
    two.call(&held.access).await.unwrap();
    for _ in 0..2 {
        one.pass(20 * 24 * 3600);
        held = tokens(&held.client_id, &one.refresh(&held.client_id, &held.refresh).await);
    }
    assert!(two.call(&held.access).await.is_ok());
}

#[tokio::test]
async fn a_form_that_met_an_outage_can_be_sent_again_cons_06() {
    let (one, _, store) = two().await;
    let client = one.client(REDIRECT).await;
    for operations in 0..2 {
        let page = one.authorize(&client, &[]).await;
        store.go_down_after(operations);
        let reply = one.decide(&page, &page.cookie(), "approve").await;
        assert_eq!((reply.status.as_u16(), reply.header("retry-after")), (503, "5"));
        store.go_down(false);
        assert_eq!(one.decide(&page, &page.cookie(), "approve").await.status, 303, "{operations}");
        assert!(one.decide(&page, &page.cookie(), "approve").await.is_local_error());
    }
}
