//! `/revoke`, and what it does to grants, replicas and the provider.

use std::time::Duration;

use dari::auth::Refusal;
use futures_util::FutureExt as _;
use serde_json::json;

use crate::fake::Mode;
use crate::replicas::two;
use crate::world::{REDIRECT, Tokens, World, tokens};

fn invalid_grant() -> (u16, String) {
    (400, "invalid_grant".to_owned())
}

async fn is_over(world: &World, held: &Tokens) -> bool {
    let refused = world.refresh(&held.client_id, &held.refresh).await.error() == invalid_grant();
    assert_eq!(refused, world.call(&held.access).await.err() == Some(Refusal::InvalidToken), "half a grant has ended");
    refused
}

#[tokio::test]
async fn rev_01_a_refresh_token_ends_its_whole_grant() {
    let world = World::new().await;
    let first = world.log_in().await;
    let second = tokens(&first.client_id, &world.refresh(&first.client_id, &first.refresh).await);
    let reply = world.revoke(&second.client_id, &second.refresh).await;
    assert_eq!((reply.status.as_u16(), reply.body.as_str(), reply.header("cache-control")), (200, "", "no-store"));
    assert!(is_over(&world, &second).await && is_over(&world, &first).await);
}

#[tokio::test]
async fn rev_02_an_access_token_ends_its_whole_grant() {
    let world = World::new().await;
    let (held, other) = (world.log_in().await, world.log_in().await);
    assert_eq!(world.revoke(&held.client_id, &held.access).await.status, 200);
    assert!(is_over(&world, &held).await);
    assert!(!is_over(&world, &other).await, "another grant of the same user");
}

#[tokio::test]
async fn rev_03_a_token_that_stands_for_nothing_is_200() {
    let world = World::new().await;
    let held = world.log_in().await;
    for token in ["unknown", "a.b.c", &"x".repeat(10_000)] {
        assert_eq!(world.revoke(&held.client_id, token).await.status, 200);
    }
    world.pass(3600);
    assert_eq!(world.revoke(&held.client_id, &held.access).await.status, 200, "an access token that has expired");
    assert_eq!(world.refresh(&held.client_id, &held.refresh).await.status, 200);
    for _ in 0..2 {
        assert_eq!(world.revoke(&held.client_id, &held.refresh).await.status, 200);
    }
}

#[tokio::test]
async fn rev_04_a_token_of_another_client_stays_as_it_is() {
    let world = World::new().await;
    let held = world.log_in().await;
    let thief = world.client(REDIRECT).await;
    for token in [&held.access, &held.refresh] {
        assert_eq!(world.revoke(&thief, token).await.error(), invalid_grant());
    }
    assert!(!is_over(&world, &held).await);
    assert_eq!(world.revoke("nobody", &held.refresh).await.error(), (401, "invalid_client".to_owned()));
    for pairs in [[("client_id", &held.client_id)], [("token", &held.refresh)]] {
        let pairs = pairs.map(|(name, value)| (name, value.as_str()));
        assert_eq!(world.post("/revoke", "", &pairs).await.error(), (400, "invalid_request".to_owned()));
    }
    assert_eq!(world.method(http::Method::GET, "/revoke").await.status, 405);
    assert!(world.fake.set().revoked.is_empty());
}

#[tokio::test]
async fn rev_05_the_provider_is_asked_once_for_the_last_grant_with_its_own_token() {
    let world = World::new().await;
    world.fake.set().rotates = true;
    let (one, two) = (world.log_in().await, world.log_in().await);
    world.revoke(&one.client_id, &one.refresh).await;
    assert!(world.fake.set().revoked.is_empty(), "the user is still logged in with another client");
    world.pass(3600);
    let two = tokens(&two.client_id, &world.refresh(&two.client_id, &two.refresh).await);
    world.revoke(&two.client_id, &two.access).await;
    world.revoke(&two.client_id, &two.refresh).await;
    let newest = world.fake.set().refresh_token.clone();
    assert_eq!(world.fake.set().revoked, [newest]);
    assert_eq!(world.gate.counters().revocations, 1);
}

#[tokio::test]
async fn rev_05_of_two_at_once_one_asks_the_provider() {
    let world = World::new().await;
    let held = world.log_in().await;
    let revoke = || world.revoke(&held.client_id, &held.refresh);
    let (one, two) = tokio::join!(revoke(), revoke());
    assert_eq!((one.status.as_u16(), two.status.as_u16()), (200, 200));
    assert_eq!(world.fake.set().revoked.len(), 1);
}

#[tokio::test]
async fn rev_05_a_failure_at_the_provider_is_none_of_the_clients_business() {
    for failure in [Mode::Says(503, ""), Mode::Says(401, "{}"), Mode::Cuts, Mode::Slow(Duration::from_secs(5))] {
        let world = World::new().await;
        let held = world.log_in().await;
        world.fake.set().revoke = failure;
        assert_eq!(world.revoke(&held.client_id, &held.refresh).await.status, 200);
        assert!(is_over(&world, &held).await);
        assert_eq!(world.fake.set().revoked.len(), 1);
    }
}

#[tokio::test]
async fn rev_05_what_was_used_twice_never_takes_the_consent_back() {
    let world = World::new().await;
    let client = world.client(REDIRECT).await;
    let code = world.code(&client).await;
    world.exchange(&client, &code).await;
    assert_eq!(world.exchange(&client, &code).await.error(), invalid_grant());
    let spoil = async |by_revoking: bool| {
        let first = world.log_in().await;
        let second = tokens(&first.client_id, &world.refresh(&first.client_id, &first.refresh).await);
        world.refresh(&first.client_id, &second.refresh).await;
        if by_revoking {
            assert_eq!(world.revoke(&first.client_id, &first.refresh).await.status, 200);
        }
        assert_eq!(world.refresh(&first.client_id, &first.refresh).await.error(), invalid_grant());
        assert!(world.call(&second.access).await.is_err());
    };
    spoil(false).await;
    spoil(true).await;
    assert!(world.fake.set().revoked.is_empty());
}

#[tokio::test]
async fn rev_05_a_client_that_hangs_up_stops_nothing() {
    let world = World::new().await;
    let held = world.log_in().await;
    world.fake.set().revoke = Mode::Slow(Duration::from_millis(50));
    let hasty = world.revoke(&held.client_id, &held.refresh);
    assert!(tokio::time::timeout(Duration::from_millis(30), hasty).await.is_err());
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(is_over(&world, &held).await);
    assert_eq!(world.fake.set().revoked.len(), 1);
    // Not even a request that was never waited for.
    let held = world.log_in().await;
    assert!(world.revoke(&held.client_id, &held.refresh).now_or_never().is_none());
}

#[tokio::test]
async fn rev_01_other_replicas_follow_within_five_seconds() {
    let (one, two, store) = two().await;
    let held = one.log_in().await;
    assert!(two.call(&held.access).await.is_ok());
    one.revoke(&held.client_id, &held.refresh).await;
    assert!(one.call(&held.access).await.is_err(), "at once where it was revoked");
    // While the store is away the last that was known serves.
    store.go_down(true);
    later(4).await;
    assert!(two.call(&held.access).await.is_ok());
    store.go_down(false);
    later(4).await;
    assert!(two.call(&held.access).await.is_err());
}

#[tokio::test]
async fn rev_01_a_grant_in_steady_use_is_looked_up_without_a_wait() {
    let (one, two, _) = two().await;
    let held = one.log_in().await;
    two.call(&held.access).await.unwrap();
    one.revoke(&held.client_id, &held.refresh).await;
    later(2).await;
    assert!(two.call(&held.access).await.is_ok(), "this call starts the look, and does not wait for it");
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(two.call(&held.access).await.is_err());
}

/// Lets monotonic time pass, which is another than that of the world's clock.
async fn later(seconds: u64) {
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(seconds)).await;
    tokio::time::resume();
}

#[tokio::test]
async fn a_store_that_is_away_is_503_and_the_next_try_ends_it_srv_10() {
    let (one, _, store) = two().await;
    let held = one.log_in().await;
    one.call(&held.access).await.unwrap();
    for operations in 0..4 {
        store.go_down_after(operations);
        let reply = one.revoke(&held.client_id, &held.refresh).await;
        assert_eq!(reply.error(), (503, "temporarily_unavailable".to_owned()), "after {operations}");
        store.go_down(false);
        assert!(one.call(&held.access).await.is_ok(), "after {operations}");
    }
    // A deletion that was done, and not told.
    store.lie(true);
    assert_eq!(one.revoke(&held.client_id, &held.refresh).await.status, 503);
    store.lie(false);
    assert!(one.call(&held.access).await.is_err(), "the cache does not know better than the store");
    assert_eq!(one.revoke(&held.client_id, &held.refresh).await.status, 200);
}

#[tokio::test]
async fn browsers_may_revoke_and_metadata_says_where() {
    let world = World::new().await;
    let metadata = world.get("/.well-known/oauth-authorization-server", "").await.json();
    assert_eq!(metadata["revocation_endpoint"], json!("http://127.0.0.1:8000/revoke"));
    assert_eq!(metadata["revocation_endpoint_auth_methods_supported"], json!(["none", "private_key_jwt"]));
    assert_eq!(world.revoke("nobody", "x").await.header("access-control-allow-origin"), "*");
}
