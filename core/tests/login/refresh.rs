use std::time::{Duration, SystemTime};

use dari::clock::Clock;
use serde_json::json;

use crate::fake::{Fake, Mode};
use crate::world::{REDIRECT, World, tokens};

fn invalid_grant() -> (u16, String) {
    (400, "invalid_grant".to_owned())
}

#[tokio::test]
async fn it_rotates_ref_01() {
    let world = World::new().await;
    let first = world.log_in().await;
    let second = tokens(&first.client_id, &world.refresh(&first.client_id, &first.refresh).await);
    assert_ne!(second.refresh, first.refresh);
    assert!(world.call(&second.access).await.is_ok());
    let third = tokens(&first.client_id, &world.refresh(&first.client_id, &second.refresh).await);
    assert!(world.call(&third.access).await.is_ok());
    assert_eq!(world.fake.set().refreshes, 0, "the upstream token had a long life before it");
}

#[tokio::test]
async fn an_old_token_ends_the_family_once_its_successor_was_used_ref_02() {
    let world = World::new().await;
    let first = world.log_in().await;
    let second = tokens(&first.client_id, &world.refresh(&first.client_id, &first.refresh).await);
    let third = tokens(&first.client_id, &world.refresh(&first.client_id, &second.refresh).await);
    assert_eq!(world.refresh(&first.client_id, &first.refresh).await.error(), invalid_grant());
    assert_eq!(world.refresh(&first.client_id, &third.refresh).await.error(), invalid_grant());
    for access in [&first.access, &second.access, &third.access] {
        assert!(world.call(access).await.is_err());
    }
}

#[tokio::test]
async fn a_lost_answer_is_given_again_until_its_successor_is_used_ref_04() {
    let world = World::new().await;
    let first = world.log_in().await;
    let lost = tokens(&first.client_id, &world.refresh(&first.client_id, &first.refresh).await);
    world.pass(3600);
    let again = tokens(&first.client_id, &world.refresh(&first.client_id, &first.refresh).await);
    assert_eq!(again.refresh, lost.refresh);
    let next = tokens(&first.client_id, &world.refresh(&first.client_id, &again.refresh).await);
    assert!(world.call(&next.access).await.is_ok());
}

#[tokio::test]
async fn two_at_once_both_work_and_ask_the_provider_once_ref_03() {
    let world = World::new().await;
    world.fake.set().rotates = true;
    let first = world.log_in().await;
    world.pass(3600);
    world.fake.set().token = Mode::Slow(Duration::from_millis(50));
    let refresh = || world.refresh(&first.client_id, &first.refresh);
    let (one, two) = tokio::join!(refresh(), refresh());
    let (one, two) = (tokens(&first.client_id, &one), tokens(&first.client_id, &two));
    assert_eq!(one.refresh, two.refresh);
    assert_eq!(world.fake.set().refreshes, 1);
    assert!(world.call(&one.access).await.is_ok() && world.call(&two.access).await.is_ok());
    assert_eq!(world.refresh(&first.client_id, &two.refresh).await.status, 200);
}

#[tokio::test]
async fn another_client_gets_nothing_and_harms_nobody_ref_05() {
    let world = World::new().await;
    let held = world.log_in().await;
    let thief = world.client(REDIRECT).await;
    assert_eq!(world.refresh(&thief, &held.refresh).await.error(), invalid_grant());
    assert_eq!(world.refresh(&held.client_id, &held.refresh).await.status, 200);
    assert_eq!(world.refresh(&held.client_id, "unknown").await.error(), invalid_grant());
    let other = [
        ("grant_type", "refresh_token"),
        ("client_id", &held.client_id),
        ("refresh_token", &held.refresh),
        ("resource", "https://other.example/mcp"),
    ];
    assert_eq!(world.token(&other).await.error(), (400, "invalid_target".to_owned()));
}

#[tokio::test]
async fn a_family_ends_after_thirty_idle_days() {
    let world = World::new().await;
    let held = world.log_in().await;
    world.pass(29 * 24 * 3600);
    let held = tokens(&held.client_id, &world.refresh(&held.client_id, &held.refresh).await);
    world.pass(29 * 24 * 3600);
    let held = tokens(&held.client_id, &world.refresh(&held.client_id, &held.refresh).await);
    world.pass(30 * 24 * 3600);
    assert_eq!(world.refresh(&held.client_id, &held.refresh).await.error(), invalid_grant());
}

/// As long as a login may be unused, so long its client is known.
#[tokio::test]
async fn a_client_is_known_as_long_as_its_login_lives() {
    const LONGEST: u64 = 89 * 24 * 3600;
    let world = World::with(|proxy| proxy.refresh_token_idle_lifetime(Duration::from_secs(LONGEST))).await;
    let mut held = world.log_in().await;
    for _ in 0..2 {
        world.pass(LONGEST - 1);
        held = tokens(&held.client_id, &world.refresh(&held.client_id, &held.refresh).await);
    }
    world.pass(LONGEST);
    assert_eq!(
        world.refresh(&held.client_id, &held.refresh).await.error(),
        invalid_grant(),
        "the login, not the client"
    );
}

#[tokio::test]
async fn a_providers_no_ends_the_login_ref_07_08() {
    let noes = [
        Mode::Says(400, r#"{"error":"invalid_grant"}"#),
        Mode::Says(200, r#"{"error":"invalid_grant"}"#),
        Mode::Says(200, r#"{"error":"invalid_request","error_description":"no valid data in session"}"#),
    ];
    for no in noes {
        let world = World::new().await;
        let held = world.log_in().await;
        world.pass(3600);
        world.fake.set().token = no;
        assert_eq!(world.refresh(&held.client_id, &held.refresh).await.error(), invalid_grant());
        world.fake.set().token = Mode::Well;
        assert_eq!(world.refresh(&held.client_id, &held.refresh).await.error(), invalid_grant());
    }
}

#[tokio::test]
async fn an_outage_is_503_and_the_token_works_afterwards_ref_09_10() {
    let world = World::new().await;
    let held = world.log_in().await;
    world.pass(3600);
    for away in [
        Mode::Says(503, ""),
        Mode::Says(429, r#"{"error":"invalid_grant"}"#),
        Mode::Says(200, "<html>"),
        Mode::Says(200, "{}"),
        Mode::Says(401, r#"{"error":"invalid_client"}"#),
        Mode::Cuts,
        Mode::Slow(Duration::from_secs(5)),
    ] {
        world.fake.set().token = away;
        let reply = world.refresh(&held.client_id, &held.refresh).await;
        assert_eq!(reply.error(), (503, "temporarily_unavailable".to_owned()));
        assert!(reply.headers.contains_key("retry-after"));
        world.pass(5);
    }
    world.fake.set().token = Mode::Well;
    assert_eq!(world.refresh(&held.client_id, &held.refresh).await.status, 200);
}

#[tokio::test]
async fn ref_10_a_slow_provider_is_waited_for_in_bounded_time_and_by_nobody_else() {
    const DAY: Duration = Duration::from_secs(24 * 3600);
    let world = World::with(|proxy| proxy.access_token_lifetime(DAY).identity_check_interval(DAY)).await;
    let other = world.log_in().await;
    let held = world.log_in().await;
    world.pass(3600);
    world.fake.set().token = Mode::Slow(Duration::from_secs(60));
    let begun = std::time::Instant::now();
    let others = async {
        for _ in 0..5 {
            assert!(world.call(&other.access).await.is_ok());
            assert_eq!(world.get("/.well-known/oauth-authorization-server", "").await.status, 200);
            assert_eq!(world.client(REDIRECT).await.len(), 22);
        }
        begun.elapsed()
    };
    let (reply, others) = tokio::join!(world.refresh(&held.client_id, &held.refresh), others);
    assert_eq!(reply.error(), (503, "temporarily_unavailable".to_owned()));
    assert!(begun.elapsed() < Duration::from_secs(2), "the time limit of this world is half a second");
    assert!(others < Duration::from_millis(500), "others waited for it: {others:?}");
    world.pass(5);
    world.fake.set().token = Mode::Well;
    assert_eq!(world.refresh(&held.client_id, &held.refresh).await.status, 200);
}

#[tokio::test]
async fn the_providers_rotation_is_kept_ref_12() {
    let world = World::new().await;
    world.fake.set().rotates = true;
    let mut held = world.log_in().await;
    for _ in 0..3 {
        world.pass(3600);
        held = tokens(&held.client_id, &world.refresh(&held.client_id, &held.refresh).await);
        assert!(world.call(&held.access).await.is_ok());
    }
    assert_eq!(world.fake.set().refreshes, 3);
}

#[tokio::test]
async fn a_client_that_hangs_up_does_not_stop_the_refresh_ref_14() {
    let world = World::new().await;
    world.fake.set().rotates = true;
    let held = world.log_in().await;
    world.pass(3600);
    world.fake.set().token = Mode::Slow(Duration::from_millis(150));
    let hasty = world.refresh(&held.client_id, &held.refresh);
    assert!(tokio::time::timeout(Duration::from_millis(30), hasty).await.is_err());
    tokio::time::sleep(Duration::from_millis(400)).await;
    world.fake.set().token = Mode::Well;
    let held = tokens(&held.client_id, &world.refresh(&held.client_id, &held.refresh).await);
    assert_eq!(world.fake.set().refreshes, 1, "the rotated token was stored");
    world.pass(3600);
    assert_eq!(world.refresh(&held.client_id, &held.refresh).await.status, 200);
}

#[test]
fn what_a_killed_process_was_refreshing_is_refreshed_anew_at_once_srv_12() {
    let runtime = || tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (_, hand) = Clock::manual(SystemTime::now());
    let folder = tempfile::tempdir().unwrap();
    let outside = runtime();
    let fake = outside.block_on(Fake::start());
    // A lease lasts longer than that.
    let limit = Duration::from_secs(10);
    let start = || World::on(fake.clone(), hand.clone(), |proxy| proxy.data_dir(folder.path()).upstream_timeout(limit));

    let process = runtime();
    let held = process.block_on(async {
        let world = start();
        let held = world.log_in().await;
        world.pass(3600);
        fake.set().token = Mode::Slow(limit);
        let begun = async {
            while fake.set().refreshes == 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::select! {
            reply = world.refresh(&held.client_id, &held.refresh) => panic!("{reply:?}"),
            () = begun => {}
        }
        held
    });
    drop(process);

    fake.set().token = Mode::Well;
    outside.block_on(async {
        let world = start();
        let refresh = world.refresh(&held.client_id, &held.refresh);
        let reply = tokio::time::timeout(Duration::from_secs(5), refresh).await.expect("nobody has the lease any more");
        assert_eq!(reply.status, 200, "{}", reply.body);
    });
}

#[tokio::test]
async fn scopes_can_only_be_narrowed() {
    let world = World::new().await;
    let client = world.client(REDIRECT).await;
    let page = world.authorize(&client, &[("scope", "calendar profile")]).await;
    let sent = world.approve(&page).await;
    let code = world.come_back(&sent["state"], &page.cookie()).await.redirect()["code"].clone();
    let held = tokens(&client, &world.exchange(&client, &code).await);
    let ask = |scope: &'static str| {
        let (client, refresh) = (client.clone(), held.refresh.clone());
        let world = &world;
        async move {
            let pairs = [
                ("grant_type", "refresh_token"),
                ("client_id", &client),
                ("refresh_token", &refresh),
                ("scope", scope),
            ];
            world.token(&pairs).await
        }
    };
    assert_eq!(ask("calendar admin").await.json()["scope"], json!("calendar"));
    assert_eq!(ask("admin").await.error(), (400, "invalid_scope".to_owned()));
    for all in ["", "profile calendar"] {
        assert!(ask(all).await.json().get("scope").is_none(), "as it was, or as it was asked for");
    }
}
