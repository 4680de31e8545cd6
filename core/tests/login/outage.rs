//! Calls while the provider is slow, away, or of another mind.

use std::time::Duration;

use dari::auth::{OAuthProxy, Refusal};
use dari::clock::Clock;
use dari::store::DiskStore;

use crate::fake::{Fake, Mode};
use crate::world::World;

/// Asks the provider at every call, and lets no old word serve.
fn strict(proxy: OAuthProxy) -> OAuthProxy {
    proxy.identity_check_interval(Duration::ZERO).identity_grace(Duration::ZERO)
}

#[tokio::test]
async fn ten_calls_at_once_refresh_once_ref_13() {
    let world = World::with(strict).await;
    world.fake.set().rotates = true;
    let held = world.log_in().await;
    world.pass(3590);
    world.fake.set().token = Mode::Slow(Duration::from_millis(50));
    let calls = futures_util::future::join_all((0..10).map(|_| world.call(&held.access))).await;
    assert!(calls.iter().all(Result::is_ok));
    assert_eq!(world.fake.set().refreshes, 1);
}

#[tokio::test]
async fn an_identity_is_asked_for_at_an_interval_and_once_for_all() {
    let world = World::new().await;
    let held = world.log_in().await;
    world.pass(899);
    world.call(&held.access).await.unwrap();
    assert_eq!(world.fake.set().profiles, 1, "at the login");
    world.pass(1);
    world.fake.set().profile = Mode::Slow(Duration::from_millis(50));
    let calls = futures_util::future::join_all((0..10).map(|_| world.call(&held.access))).await;
    assert!(calls.iter().all(Result::is_ok));
    assert_eq!(world.fake.set().profiles, 2);
}

#[tokio::test]
async fn while_the_provider_is_away_its_last_word_serves_for_an_hour_ref_11() {
    let world = World::with(|proxy| proxy.access_token_lifetime(Duration::from_secs(24 * 3600))).await;
    let held = world.log_in().await;
    world.fake.set().profile = Mode::Says(500, "");
    for seconds in [901, 900, 900] {
        world.pass(seconds);
        assert!(world.call(&held.access).await.is_ok());
    }
    world.fake.set().token = Mode::Says(503, "");
    world.pass(1800);
    assert!(matches!(world.call(&held.access).await, Err(Refusal::Unavailable { .. })), "after 15 min and an hour");
    let response = world.gate.respond(Refusal::Unavailable { retry_after: 5 });
    assert_eq!((response.status().as_u16(), response.headers()["retry-after"].to_str().unwrap()), (503, "5"));
    world.fake.set().profile = Mode::Well;
    world.fake.set().token = Mode::Well;
    world.pass(11);
    assert!(world.call(&held.access).await.is_ok());
}

#[tokio::test]
async fn while_it_hangs_only_the_first_call_waits() {
    let world = World::new().await;
    let held = world.log_in().await;
    world.pass(901);
    world.fake.set().profile = Mode::Slow(Duration::from_secs(5));
    world.call(&held.access).await.unwrap();
    let asked = world.fake.set().profiles;
    world.call(&held.access).await.unwrap();
    assert_eq!(world.fake.set().profiles, asked);
}

#[tokio::test]
async fn a_login_never_checked_here_is_503_while_the_provider_is_away_ref_11_fresh() {
    let folder = tempfile::tempdir().unwrap();
    let (_, hand) = Clock::manual(std::time::SystemTime::now());
    let fake = Fake::start().await;
    let start = || {
        let store = DiskStore::open_with_clock(folder.path().join("s.redb"), hand.clock()).unwrap();
        World::on(fake.clone(), hand.clone(), |proxy| strict(proxy.store(store)))
    };
    let held = start().log_in().await;
    let world = start();
    world.pass(10);
    for away in [Mode::Says(503, ""), Mode::Says(200, "<html>"), Mode::Cuts, Mode::Slow(Duration::from_secs(3))] {
        world.fake.set().profile = away;
        assert!(matches!(world.call(&held.access).await, Err(Refusal::Unavailable { .. })));
        world.pass(5);
    }
    world.fake.set().profile = Mode::Well;
    assert!(world.call(&held.access).await.is_ok());
}

#[tokio::test]
async fn a_rejected_token_is_replaced_before_it_is_a_verdict_ref_15() {
    let world = World::with(strict).await;
    let held = world.log_in().await;
    // The provider dropped the access token early, as a refresh elsewhere may do.
    world.fake.set().access_token = "another".to_owned();
    world.pass(1);
    assert!(world.call(&held.access).await.is_ok());
    assert_eq!(world.fake.set().refreshes, 1);
}

#[tokio::test]
async fn a_second_rejection_or_a_no_or_another_user_ends_it() {
    let cases: [fn(&Fake); 3] = [
        |fake| fake.set().profile = Mode::Says(401, ""),
        |fake| {
            fake.set().access_token = "another".to_owned();
            fake.set().refresh_token = "another".to_owned();
        },
        |fake| fake.set().subject = "somebody-else",
    ];
    for spoil in cases {
        let world = World::with(strict).await;
        let held = world.log_in().await;
        spoil(&world.fake);
        world.pass(1);
        assert_eq!(world.call(&held.access).await.unwrap_err(), Refusal::InvalidToken);
        world.fake.set().profile = Mode::Well;
        assert_eq!(world.call(&held.access).await.unwrap_err(), Refusal::InvalidToken);
        assert_eq!(world.refresh(&held.client_id, &held.refresh).await.error().1, "invalid_grant");
    }
}

#[tokio::test]
async fn a_rejection_while_the_token_endpoint_is_away_is_no_verdict() {
    let world = World::with(strict).await;
    let held = world.log_in().await;
    world.pass(1);
    world.fake.set().profile = Mode::Says(401, "");
    world.fake.set().token = Mode::Says(503, "");
    assert!(matches!(world.call(&held.access).await, Err(Refusal::Unavailable { .. })));
    world.pass(5);
    world.fake.set().profile = Mode::Well;
    world.fake.set().token = Mode::Well;
    assert!(world.call(&held.access).await.is_ok());
}

#[tokio::test]
async fn a_valid_token_serves_though_its_early_refresh_fails() {
    let world = World::with(|proxy| proxy.identity_check_interval(Duration::ZERO)).await;
    let held = world.log_in().await;
    world.pass(3580);
    world.fake.set().token = Mode::Says(503, "");
    assert!(world.call(&held.access).await.is_ok());
    assert_eq!(world.fake.set().refreshes, 1);
}

#[tokio::test]
async fn ref_13_a_call_waits_for_a_refresh_only_shortly_before_the_end() {
    let world = World::with(strict).await;
    let held = world.log_in().await;
    world.fake.set().token = Mode::Slow(Duration::from_millis(400));
    world.pass(3545);
    let begun = std::time::Instant::now();
    assert!(world.call(&held.access).await.is_ok());
    assert!(begun.elapsed() < Duration::from_millis(300), "waited for a refresh that is not pressing");
    world.pass(30);
    let begun = std::time::Instant::now();
    assert!(world.call(&held.access).await.is_ok());
    assert!(begun.elapsed() > Duration::from_millis(50), "did not wait for one that is");
    assert_eq!(world.fake.set().refreshes, 1, "it was the same");
}

#[tokio::test]
async fn there_is_grace_whatever_the_interval_is() {
    let hours = |hours: u64| Duration::from_secs(hours * 3600);
    let options = |proxy: OAuthProxy| {
        let proxy = proxy.access_token_lifetime(hours(24)).identity_check_interval(hours(2));
        proxy.identity_grace(hours(1))
    };
    let world = World::with(options).await;
    world.fake.set().expires_in = serde_json::json!(1_000_000);
    let held = world.log_in().await;
    world.fake.set().profile = Mode::Says(500, "");
    world.pass(3 * 3600);
    assert!(world.call(&held.access).await.is_ok());
    world.pass(1);
    assert!(matches!(world.call(&held.access).await, Err(Refusal::Unavailable { .. })));
}

#[tokio::test]
async fn what_a_clock_said_that_was_ahead_counts_for_nothing() {
    let world = World::with(|proxy| proxy.access_token_lifetime(Duration::from_secs(24 * 3600))).await;
    world.fake.set().expires_in = serde_json::json!(1_000_000);
    let held = world.log_in().await;
    let right = world.hand.clock().now();
    world.pass(10 * 3600);
    world.call(&held.access).await.unwrap();
    world.fake.set().profile = Mode::Says(500, "");
    world.pass(1000);
    world.call(&held.access).await.unwrap();
    assert_eq!(world.fake.set().profiles, 3);
    world.hand.set(right + Duration::from_secs(60));
    world.fake.set().profile = Mode::Well;
    for _ in 0..2 {
        world.call(&held.access).await.unwrap();
        assert_eq!(world.fake.set().profiles, 4, "asked again at once, and then at the interval");
    }
}

#[tokio::test]
async fn while_it_is_away_and_nothing_serves_the_answer_comes_at_once() {
    let world = World::with(strict).await;
    let held = world.log_in().await;
    world.pass(1);
    world.fake.set().profile = Mode::Slow(Duration::from_secs(5));
    assert!(matches!(world.call(&held.access).await, Err(Refusal::Unavailable { .. })));
    let asked = world.fake.set().profiles;
    let begun = std::time::Instant::now();
    assert!(matches!(world.call(&held.access).await, Err(Refusal::Unavailable { .. })));
    assert_eq!(world.fake.set().profiles, asked);
    assert!(begun.elapsed() < Duration::from_millis(250));
}
