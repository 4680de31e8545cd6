//! §9: refreshing, at our token endpoint and at the provider's.

use std::time::{Duration, Instant, SystemTime};

use dari::auth::{Defaults, OAuthProxy};
use dari::clock::Clock;
use dari::store::MemoryStore;
use futures_util::future::join_all;
use serde_json::json;

use crate::fake::{Fake, Mode};
use crate::shared::Shared;
use crate::world::{REDIRECT, Tokens, World, call, eventually, form, raw_post, tokens};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Asks the provider at every call, and lets no old word serve.
fn strict(proxy: OAuthProxy) -> OAuthProxy {
    proxy.identity_check_interval(Duration::ZERO).identity_grace(Duration::ZERO)
}

/// The ways in which a provider says no for good.
fn noes() -> [Mode; 3] {
    [
        Mode::Says(400, r#"{"error":"invalid_grant","error_description":"revoked"}"#),
        Mode::Says(200, r#"{"error":"invalid_grant"}"#),
        Mode::Says(200, r#"{"error":"invalid_request","error_description":"no valid data in session"}"#),
    ]
}

/// The ways in which it is away for a moment.
fn outages() -> [Mode; 8] {
    [
        Mode::Says(503, ""),
        Mode::Says(500, r#"{"error":"invalid_grant"}"#),
        Mode::Says(429, r#"{"error":"invalid_grant"}"#),
        Mode::Says(200, "<html>maintenance</html>"),
        Mode::Says(200, "{}"),
        Mode::Says(200, ""),
        Mode::Cuts,
        Mode::Slow(Duration::from_secs(5)),
    ]
}

#[tokio::test]
async fn ref_01_it_rotates() {
    let world = World::new().await;
    let first = world.log_in().await;
    let second = world.refreshed(&first).await;
    assert_ne!(second.refresh, first.refresh);
    assert_ne!(second.access, first.access);
    world.is_good(&second.access).await;
    let third = world.refreshed(&second).await;
    assert_ne!(third.refresh, second.refresh);
    world.is_good(&third.access).await;
}

#[tokio::test]
async fn ref_02_an_old_token_ends_the_family_once_its_successor_was_used() {
    let world = World::new().await;
    let first = world.log_in().await;
    let second = world.refreshed(&first).await;
    let third = world.refreshed(&second).await;
    world.is_good(&third.access).await;
    world.refresh(&first.client_id, &first.refresh).await.is_invalid_grant();
    for held in [&third, &second, &first] {
        world.is_over(held).await;
    }
    let other = world.log_in().await;
    world.is_good(&other.access).await;
}

#[tokio::test]
async fn ref_03_two_at_once_are_one_at_the_provider_and_both_work() {
    for rotates in [false, true] {
        // Whichever answer the client keeps.
        for keeps_second in [false, true] {
            let world = World::new().await;
            world.fake.set().rotates = rotates;
            let first = world.log_in().await;
            world.pass(3600);
            world.fake.set().token = Mode::Slow(Duration::from_millis(50));
            let refresh = || world.refresh(&first.client_id, &first.refresh);
            let (one, two) = tokio::join!(refresh(), refresh());
            let (one, two) = (tokens(&first.client_id, &one), tokens(&first.client_id, &two));
            assert_eq!(world.fake.set().refreshes, 1, "rotates: {rotates}");
            world.fake.set().token = Mode::Well;
            let (kept, dropped) = if keeps_second { (two, one) } else { (one, two) };
            world.is_good(&kept.access).await;
            let next = world.refreshed(&kept).await;
            world.is_good(&next.access).await;
            world.is_good(&dropped.access).await;
            world.pass(3600);
            world.is_good(&world.refreshed(&next).await.access).await;
        }
    }
}

#[tokio::test]
async fn ref_04_a_lost_answer_is_given_again_until_its_successor_is_used() {
    let world = World::new().await;
    let first = world.log_in().await;
    let lost = world.refreshed(&first).await;
    for pause in [0, 60, 24 * 3600] {
        world.pass(pause);
        let again = world.refreshed(&first).await;
        assert_eq!(again.refresh, lost.refresh, "after {pause} s");
        world.is_good(&again.access).await;
    }
    let next = world.refreshed(&lost).await;
    world.is_good(&next.access).await;
    world.refresh(&first.client_id, &first.refresh).await.is_invalid_grant();
}

#[tokio::test]
async fn ref_05_another_client_gets_nothing_and_harms_nobody() {
    let world = World::new().await;
    let held = world.log_in().await;
    let thief = world.client(REDIRECT).await;
    world.refresh(&thief, &held.refresh).await.is_invalid_grant();
    let next = world.refreshed(&held).await;
    // Not even with one that was used.
    world.refreshed(&next).await;
    world.refresh(&thief, &held.refresh).await.is_invalid_grant();
    let twin = world.log_in().await;
    world.refresh(&twin.client_id, &next.refresh).await.is_invalid_grant();
    world.is_good(&next.access).await;
    assert_eq!(world.refresh("nobody", &next.refresh).await.error(), (401, "invalid_client".to_owned()));
}

/// A login that the provider ends, noticed at a refresh and at a call.
async fn ends(no: Mode) {
    let world = World::with(|proxy, _| strict(proxy.access_token_lifetime(DAY))).await;
    let (held, other) = (world.log_in().await, world.log_in().await);
    world.pass(3600);
    world.fake.set().token = no;
    world.refresh(&held.client_id, &held.refresh).await.is_invalid_grant();
    world.is_dead(&held.access).await;
    // At a call: it ends the login, and says so.
    world.is_dead(&other.access).await;
    world.refresh(&other.client_id, &other.refresh).await.is_invalid_grant();
    // No loop, and no asking again.
    let asked = world.fake.set().refreshes;
    world.fake.set().token = Mode::Well;
    world.is_over(&held).await;
    world.is_over(&other).await;
    assert_eq!(world.fake.set().refreshes, asked);
    world.is_good(&world.log_in().await.access).await;
}

#[tokio::test]
async fn ref_07_a_no_of_the_provider_ends_the_login() {
    let [no, ..] = noes();
    ends(no).await;
}

#[tokio::test]
async fn ref_08_so_does_an_error_under_status_200() {
    let [_, under_200, in_naver_s_words] = noes();
    ends(under_200).await;
    ends(in_naver_s_words).await;
}

#[tokio::test]
async fn ref_09_an_outage_loses_nothing() {
    for rotates in [false, true] {
        let world = World::new().await;
        world.fake.set().rotates = rotates;
        let held = world.log_in().await;
        world.pass(3600);
        for away in outages() {
            world.fake.set().token = away;
            let reply = world.refresh(&held.client_id, &held.refresh).await;
            reply.is_unavailable();
            assert_eq!(reply.error().1, "temporarily_unavailable");
            world.pass(5);
        }
        // What the operator mistyped is none of the user's doing either.
        world.fake.set().token = Mode::Says(401, r#"{"error":"invalid_client"}"#);
        world.refresh(&held.client_id, &held.refresh).await.is_unavailable();
        world.pass(5);
        world.fake.set().token = Mode::Well;
        world.is_good(&world.refreshed(&held).await.access).await;
    }
}

#[tokio::test]
async fn ref_10_a_slow_provider_is_waited_for_in_bounded_time_and_by_nobody_else() {
    let world = World::with(|proxy, _| proxy.access_token_lifetime(DAY).identity_check_interval(DAY)).await;
    let (other, held) = (world.log_in().await, world.log_in().await);
    world.is_good(&other.access).await;
    world.pass(3600);
    world.fake.set().token = Mode::Slow(Duration::from_secs(60));
    let begun = Instant::now();
    let others = async {
        for _ in 0..5 {
            assert_eq!(world.call(&other.access, "add", json!({ "a": 1, "b": 2 })).await.text(), "3");
            assert_eq!(world.get("/.well-known/oauth-authorization-server", "").await.status, 200);
            world.client(REDIRECT).await;
        }
        begun.elapsed()
    };
    let (reply, others) = tokio::join!(world.refresh(&held.client_id, &held.refresh), others);
    reply.is_unavailable();
    // The limit of these worlds is half a second for each of two requests; others do not even wait for one.
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert!(others < Duration::from_millis(2500), "others waited for it: {others:?}");
    // Whoever sets the limit cannot set one past which clients give up.
    let defaults = || Defaults { public_url: Some(world.base.clone()), mcp_path: "/mcp", server_name: "Test" };
    let build = |limit: u64| {
        OAuthProxy::new(world.fake.provider())
            .secret(crate::world::SECRET.to_owned().into())
            .store(MemoryStore::new())
            .upstream_timeout(Duration::from_secs(limit))
            .build(defaults())
    };
    assert!(build(30).is_ok());
    assert!(build(36).unwrap_err()[0].to_string().contains("upstream_timeout"));
}

#[tokio::test]
async fn ref_11_while_identity_cannot_be_checked_nobody_is_logged_out() {
    // Within its grace the last word serves.
    let world = World::with(|proxy, _| proxy.access_token_lifetime(DAY)).await;
    let held = world.log_in().await;
    world.is_good(&held.access).await;
    for away in [Mode::Says(503, ""), Mode::Says(200, "<html>"), Mode::Says(200, "{}"), Mode::Cuts, Mode::Slow(DAY)] {
        world.fake.set().profile = away;
        world.pass(300);
        world.is_good(&held.access).await;
    }
    // Past it nothing does, and that is an outage.
    world.fake.set().token = Mode::Says(503, "");
    world.pass(2 * 3600);
    world.whoami(&held.access).await.is_unavailable();
    world.pass(11);
    world.fake.set().token = Mode::Well;
    world.fake.set().profile = Mode::Well;
    world.is_good(&held.access).await;

    // A login that this process never checked.
    let (_, hand) = Clock::manual(SystemTime::now());
    let store = Shared::new(MemoryStore::with_clock(hand.clock()));
    let fake = Fake::start().await;
    let start = |at| World::at(at, fake.clone(), hand.clone(), |proxy, _| strict(proxy.store(store.clone())));
    let world = start("127.0.0.1:0".parse().unwrap()).await;
    let held = world.log_in().await;
    let at = world.stop().await;
    let world = start(at).await;
    world.pass(10);
    for away in [Mode::Says(503, ""), Mode::Says(200, "<html>"), Mode::Cuts, Mode::Slow(Duration::from_secs(3))] {
        world.fake.set().profile = away;
        world.whoami(&held.access).await.is_unavailable();
        world.pass(5);
    }
    world.fake.set().profile = Mode::Well;
    world.is_good(&held.access).await;
}

#[tokio::test]
async fn ref_12_a_rotated_token_is_stored_before_our_answer() {
    let (_, hand) = Clock::manual(SystemTime::now());
    let store = Shared::new(MemoryStore::with_clock(hand.clock()));
    let fake = Fake::start().await;
    fake.set().rotates = true;
    let start = |at| World::at(at, fake.clone(), hand.clone(), |proxy, _| proxy.store(store.clone()));
    let mut world = start("127.0.0.1:0".parse().unwrap()).await;
    let mut held = world.log_in().await;
    for n in 1..=3 {
        world.pass(3600);
        held = world.refreshed(&held).await;
        // Whatever this process still knows is gone; the store has to have it.
        let at = world.stop().await;
        world = start(at).await;
        world.is_good(&held.access).await;
        assert_eq!(fake.set().refreshes, n, "the newest one was used");
        let newest = fake.set().refresh_token.clone();
        assert_eq!(newest, format!("upstream-refresh-{}", n + 1), "and it rotated");
    }
    // While it cannot be stored nothing is answered, and nothing is lost.
    world.pass(3600);
    fake.set().token = Mode::Slow(Duration::from_millis(100));
    let asked = fake.set().refreshes;
    let down = async {
        eventually("the provider is asked", || fake.set().refreshes > asked).await;
        store.go_down(true);
    };
    let (reply, ()) = tokio::join!(world.refresh(&held.client_id, &held.refresh), down);
    reply.is_unavailable();
    store.go_down(false);
    fake.set().token = Mode::Well;
    let patience = Instant::now() + Duration::from_secs(10);
    let next = loop {
        let reply = world.refresh(&held.client_id, &held.refresh).await;
        if reply.status == 200 {
            break tokens(&held.client_id, &reply);
        }
        reply.is_unavailable();
        assert!(Instant::now() < patience, "it never comes back");
        tokio::time::sleep(Duration::from_millis(100)).await;
        world.pass(5);
    };
    world.is_good(&next.access).await;
}

#[tokio::test]
async fn ref_13_ten_calls_at_once_refresh_once() {
    for rotates in [false, true] {
        let world = World::with(|proxy, _| strict(proxy.access_token_lifetime(DAY))).await;
        world.fake.set().rotates = rotates;
        let held = world.log_in().await;
        world.pass(3600);
        world.fake.set().token = Mode::Slow(Duration::from_millis(50));
        let calls = join_all((0..10).map(|_| world.whoami(&held.access))).await;
        for reply in &calls {
            assert_eq!(reply.status, 200, "{}", reply.body);
        }
        assert_eq!(world.fake.set().refreshes, 1);
    }
}

/// A login whose provider will rotate and take a while, and a request that makes it do so.
async fn hung_up_on(request: impl Fn(&World, &Tokens) -> String) {
    let world = World::with(|proxy, _| proxy.access_token_lifetime(DAY)).await;
    world.fake.set().rotates = true;
    let held = world.log_in().await;
    world.pass(3600);
    let known = world.fake.set().refresh_token.clone();
    world.fake.set().token = Mode::Slow(Duration::from_millis(200));
    let asked = eventually("the provider is asked", || world.fake.set().refreshes == 1);
    world.hang_up(request(&world, &held), asked).await;
    eventually("the provider answers", || world.fake.set().refresh_token != known).await;
    world.fake.set().token = Mode::Well;
    world.is_good(&held.access).await;
    let next = world.refreshed(&held).await;
    assert_eq!(world.fake.set().refreshes, 1, "the rotated token was kept");
    world.pass(3600);
    world.is_good(&world.refreshed(&next).await.access).await;
}

#[tokio::test]
async fn ref_14_a_client_that_hangs_up_stops_no_refresh() {
    hung_up_on(|world, held| {
        let pairs = [("grant_type", "refresh_token"), ("client_id", &held.client_id), ("refresh_token", &held.refresh)];
        raw_post(world, "/token", &[("content-type", "application/x-www-form-urlencoded")], &form(&pairs))
    })
    .await;
    hung_up_on(|world, held| {
        let authorization = format!("Bearer {}", held.access);
        let headers = [
            ("content-type", "application/json"),
            ("authorization", authorization.as_str()),
            ("mcp-protocol-version", "2026-07-28"),
            ("mcp-method", "tools/call"),
            ("mcp-name", "whoami"),
        ];
        raw_post(world, "/mcp", &headers, &call("whoami", json!({})))
    })
    .await;
}

#[tokio::test]
async fn ref_15_a_rejected_token_is_replaced_before_it_is_a_verdict() {
    let world = World::with(|proxy, _| strict(proxy)).await;
    let held = world.log_in().await;
    // A refresh elsewhere ended the access token early.
    world.fake.set().access_token = "another".to_owned();
    world.pass(1);
    let calls = join_all((0..5).map(|_| world.whoami(&held.access))).await;
    for reply in &calls {
        assert_eq!(reply.status, 200, "{}", reply.body);
    }
    assert_eq!(world.fake.set().refreshes, 1);
    // And it is no verdict while the token endpoint is away.
    world.fake.set().access_token = "another".to_owned();
    world.fake.set().token = Mode::Says(503, "");
    world.pass(1);
    world.whoami(&held.access).await.is_unavailable();
    world.pass(5);
    world.fake.set().token = Mode::Well;
    world.is_good(&held.access).await;
    // Only a fresh token that is rejected is one.
    world.fake.set().profile = Mode::Says(401, "");
    world.pass(1);
    world.is_dead(&held.access).await;
}
