//! `/revoke`, and what it does to grants, replicas and the provider.

use std::time::Duration;

use dari::auth::Refusal;
use futures_util::FutureExt as _;
use serde_json::json;

use crate::fake::Mode;
use crate::replicas::{two, two_with};
use crate::world::{REDIRECT, Reply, Tokens, World, tokens};

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
async fn rev_05_of_two_last_ones_at_once_one_asks_the_provider() {
    for replicas in [1, 2] {
        let (one, two, store) = two().await;
        let other = if replicas == 1 { &one } else { &two };
        let (first, second) = (one.log_in().await, one.log_in().await);
        store.answer_slowly(30);
        let (here, there) = tokio::join!(
            one.revoke(&first.client_id, &first.refresh),
            other.revoke(&second.client_id, &second.refresh)
        );
        assert_eq!((here.status.as_u16(), there.status.as_u16()), (200, 200));
        assert!(is_over(&one, &first).await && is_over(other, &second).await);
        assert_eq!(one.fake.set().revoked.len(), 1, "{replicas} replicas");
    }
}

/// What of two things happens within the other.
#[derive(Clone, Copy, Debug)]
enum Within {
    /// The login, while the provider revokes.
    TheRevocation,
    /// The revocation, between the provider's word on the login and our grant.
    TheLogin,
}

async fn until(mut is_so: impl FnMut() -> bool) {
    while !is_so() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Logs in at `here` while the user's only other login is revoked at `there`; how the new login's refresh is answered,
/// for which the provider has to be good.
async fn log_in_during_a_revocation(here: &World, there: &World, within: Within) -> Reply {
    let fake = &here.fake;
    fake.set().unlinks = true;
    let first = here.log_in().await;
    let page = here.authorize(&first.client_id, &[]).await;
    let sent = here.approve(&page).await;
    let lag = Duration::from_millis(300);
    match within {
        Within::TheRevocation => fake.set().revoke = Mode::Slow(lag),
        Within::TheLogin => fake.set().profile_lag = lag,
    }
    let revoked = fake.set().revoked.len();
    let identified = fake.set().profiles;
    let revocation = async {
        if matches!(within, Within::TheLogin) {
            until(|| fake.set().profiles > identified).await;
        }
        there.revoke(&first.client_id, &first.refresh).await
    };
    let login = async {
        if matches!(within, Within::TheRevocation) {
            until(|| fake.set().revoked.len() > revoked).await;
        }
        here.come_back(&sent["state"], &page.cookie()).await
    };
    let (revocation, arrival) = tokio::join!(revocation, login);
    assert_eq!((revocation.status.as_u16(), fake.set().revoked.len()), (200, revoked + 1));
    assert!(is_over(here, &first).await);
    let arrival = if arrival.header("location").starts_with(&fake.base) {
        // The provider asks for another consent, to which the browser goes by itself.
        let sent = arrival.redirect();
        fake.set().challenge = sent["code_challenge"].clone();
        here.come_back(&sent["state"], &page.cookie()).await
    } else {
        arrival
    };
    let held = tokens(&first.client_id, &here.exchange(&first.client_id, &arrival.redirect()["code"]).await);
    here.pass(3600);
    here.refresh(&held.client_id, &held.refresh).await
}

#[tokio::test]
async fn rev_05_a_login_during_a_revocation_has_a_consent_of_its_own() {
    for (within, at_another) in [
        (Within::TheRevocation, false),
        (Within::TheRevocation, true),
        (Within::TheLogin, false),
        (Within::TheLogin, true),
    ] {
        let (one, two, _) = two_with(|proxy| proxy.upstream_timeout(Duration::from_secs(5))).await;
        let there = if at_another { &two } else { &one };
        let refreshed = log_in_during_a_revocation(&one, there, within).await;
        assert_eq!(refreshed.status, 200, "{within:?}, at another replica: {at_another}");
    }
}

#[tokio::test]
async fn rev_05_a_login_that_a_revocation_finds_is_not_the_last() {
    let world = World::new().await;
    let first = world.log_in().await;
    let code = world.code(&first.client_id).await;
    assert_eq!(world.revoke(&first.client_id, &first.refresh).await.status, 200);
    assert!(world.fake.set().revoked.is_empty(), "a grant whose code is not used yet");
    let held = tokens(&first.client_id, &world.exchange(&first.client_id, &code).await);
    assert!(world.call(&held.access).await.is_ok());
    // A login after a revocation is one as any other.
    let again = world.log_in().await;
    assert!(world.call(&again.access).await.is_ok());
}

#[tokio::test]
async fn rev_05_tokens_that_the_provider_is_replacing_are_revoked_as_replaced() {
    for at_another in [false, true] {
        let (one, two, _) = two_with(|proxy| proxy.upstream_timeout(Duration::from_secs(5))).await;
        one.fake.set().rotates = true;
        let held = one.log_in().await;
        one.pass(3600);
        one.fake.set().token = Mode::Slow(Duration::from_millis(200));
        let revocation = async {
            until(|| one.fake.set().refreshes == 1).await;
            let world = if at_another { &two } else { &one };
            world.revoke(&held.client_id, &held.refresh).await
        };
        let (_, revoked) = tokio::join!(one.refresh(&held.client_id, &held.refresh), revocation);
        assert_eq!(revoked.status, 200);
        assert!(is_over(&one, &held).await);
        let newest = one.fake.set().refresh_token.clone();
        assert_eq!((one.fake.set().refreshes, newest.as_str()), (1, "upstream-refresh-2"));
        assert_eq!(one.fake.set().revoked, [newest], "at another replica: {at_another}");
    }
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
    for operations in 0..11 {
        let begun = std::time::Instant::now();
        store.go_down_after(operations);
        let reply = one.revoke(&held.client_id, &held.refresh).await;
        assert_eq!(reply.error(), (503, "temporarily_unavailable".to_owned()), "after {operations}");
        assert!(begun.elapsed() < Duration::from_secs(1), "it waited for the try before it");
        store.go_down(false);
        assert!(one.call(&held.access).await.is_ok(), "after {operations}");
    }
    // A deletion that was done, and not told. (The tries before it are forgotten: this store would lie about them first.)
    one.pass(200);
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
