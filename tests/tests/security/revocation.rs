//! §10: revocation.

use std::time::Duration;

use crate::fake::Mode;
use crate::world::{REDIRECT, Reply, World, tokens};

async fn revoke(world: &World, client_id: &str, token: &str) -> Reply {
    world.post("/revoke", "", &[("client_id", client_id), ("token", token)]).await
}

/// That it was done: RFC 7009 has nothing but the status.
fn is_done(reply: &Reply) {
    assert_eq!((reply.status.as_u16(), reply.body.as_str(), reply.header("cache-control")), (200, "", "no-store"));
}

#[tokio::test]
async fn rev_01_a_refresh_token_takes_its_grant_along() {
    let world = World::new().await;
    let first = world.log_in().await;
    let second = world.refreshed(&first).await;
    for held in [&first, &second, &first, &second] {
        world.is_good(&held.access).await;
    }
    is_done(&revoke(&world, &second.client_id, &second.refresh).await);
    world.is_over(&second).await;
    world.is_over(&first).await;
}

#[tokio::test]
async fn rev_02_an_access_token_takes_its_grant_along() {
    let world = World::new().await;
    let (held, other) = (world.log_in().await, world.log_in().await);
    for _ in 0..2 {
        world.is_good(&held.access).await;
    }
    is_done(&revoke(&world, &held.client_id, &held.access).await);
    world.is_over(&held).await;
    world.is_good(&other.access).await;
}

#[tokio::test]
async fn rev_03_an_unknown_token_is_200() {
    let world = World::new().await;
    let held = world.log_in().await;
    for token in ["unknown", "a.b.c", "한글", &"x".repeat(10_000)] {
        is_done(&revoke(&world, &held.client_id, token).await);
    }
    world.is_good(&held.access).await;
    for _ in 0..2 {
        is_done(&revoke(&world, &held.client_id, &held.refresh).await);
    }
}

#[tokio::test]
async fn rev_04_a_token_of_another_client_stays_as_it_is() {
    let world = World::new().await;
    let held = world.log_in().await;
    let thief = world.client(REDIRECT).await;
    for token in [&held.access, &held.refresh] {
        revoke(&world, &thief, token).await.is_invalid_grant();
        assert_eq!(revoke(&world, "nobody", token).await.error(), (401, "invalid_client".to_owned()));
    }
    world.is_good(&held.access).await;
    world.refreshed(&held).await;
    assert!(world.fake.set().revoked.is_empty());
}

#[tokio::test]
async fn rev_05_the_provider_is_asked_once_for_the_users_last_grant() {
    let world = World::new().await;
    let (one, two) = (world.log_in().await, world.log_in().await);
    is_done(&revoke(&world, &one.client_id, &one.refresh).await);
    assert!(world.fake.set().revoked.is_empty(), "the user has another grant");
    for token in [&two.access, &two.refresh] {
        is_done(&revoke(&world, &two.client_id, token).await);
    }
    let upstream = world.fake.set().refresh_token.clone();
    assert_eq!(world.fake.set().revoked, [upstream], "once, and with the provider's token");
}

#[tokio::test]
async fn rev_05_a_failure_there_is_none_here() {
    let world = World::new().await;
    for failure in [Mode::Says(503, ""), Mode::Says(401, "{}"), Mode::Cuts, Mode::Slow(Duration::from_secs(5))] {
        let held = world.log_in().await;
        let asked = world.fake.set().revoked.len();
        world.fake.set().revoke = failure;
        is_done(&revoke(&world, &held.client_id, &held.refresh).await);
        world.is_over(&held).await;
        assert_eq!(world.fake.set().revoked.len(), asked + 1);
    }
}

#[tokio::test]
async fn rev_05_what_was_used_twice_never_takes_the_consent_back() {
    let world = World::new().await;
    let client = world.client(REDIRECT).await;
    let code = world.code(&client).await;
    let held = tokens(&client, &world.exchange(&client, &code).await);
    world.exchange(&client, &code).await.is_invalid_grant();
    world.is_over(&held).await;
    let first = world.log_in().await;
    let third = world.refreshed(&world.refreshed(&first).await).await;
    // The old token ends the family here as well, and goes no further.
    is_done(&revoke(&world, &first.client_id, &first.refresh).await);
    world.is_over(&third).await;
    assert!(world.fake.set().revoked.is_empty());
}
