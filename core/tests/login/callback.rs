use std::time::Duration;

use http::Request;
use serde_json::json;

use crate::fake::Mode;
use crate::world::{BASE, REDIRECT, World, authorize_path, form};

#[tokio::test]
async fn a_login_from_end_to_end_flow_01_02() {
    let world = World::new().await;
    let tokens = world.log_in().await;
    let caller = world.call(&tokens.access).await.unwrap();
    assert_eq!((caller.subject(), caller.client_id()), ("naver-user-1", tokens.client_id.as_str()));
    let sent = world.fake.set().form.clone();
    assert!(sent.contains_key("state"), "the provider's extra parameter");
    assert_eq!(sent["redirect_uri"], format!("{BASE}/auth/callback"));
}

#[tokio::test]
async fn the_provider_is_sent_nothing_of_the_client_iss_08() {
    let world = World::new().await;
    let client = world.client(REDIRECT).await;
    let page = world.authorize(&client, &[("state", "client-secret-state"), ("scope", "calendar")]).await;
    let reply = world.decide(&page, &page.cookie(), "approve").await;
    let location = reply.header("location").to_owned();
    assert!(location.starts_with(&format!("{}/authorize?", world.fake.base)));
    for own in ["client-secret-state", client.as_str(), "calendar", "3334", crate::world::challenge().as_str()] {
        assert!(!location.contains(own), "{own}");
    }
    let sent = reply.redirect();
    assert!(sent["state"].len() >= 22);
    assert_eq!(sent["code_challenge_method"], "S256");
    assert_eq!((sent["scope"].as_str(), sent["extra"].as_str()), ("openid", "1"));
    assert_eq!(sent["redirect_uri"], format!("{BASE}/auth/callback"));
}

#[tokio::test]
async fn state_and_iss_come_back_exactly_iss_01_02() {
    let world = World::new().await;
    let odd = "a&b=c+d e%20\"'다리#?/";
    let client = world.client(REDIRECT).await;
    let page = world.authorize(&client, &[("state", odd)]).await;
    let sent = world.approve(&page).await;
    let reply = world.come_back(&sent["state"], &page.cookie()).await;
    let answer = reply.redirect();
    assert_eq!((answer["state"].as_str(), answer["iss"].as_str()), (odd, BASE));
    assert_eq!(world.authorize(&client, &[("state", odd), ("scope", "\"")]).await.redirect()["state"], odd);
}

#[tokio::test]
async fn state_is_ours_once_and_for_its_browser_iss_04_05_06() {
    let world = World::new().await;
    let client = world.client(REDIRECT).await;
    for state in ["garbage", ""] {
        assert!(world.come_back(state, "dari=AAAAAAAAAAAAAAAAAAAAAA").await.is_local_error());
    }
    let page = world.authorize(&client, &[]).await;
    let sent = world.approve(&page).await;
    assert_eq!(world.come_back(&sent["state"], "").await.status, 403);
    let page = world.authorize(&client, &[]).await;
    let sent = world.approve(&page).await;
    assert_eq!(world.come_back(&sent["state"], "dari=AAAAAAAAAAAAAAAAAAAAAA").await.status, 403);
    let page = world.authorize(&client, &[]).await;
    let sent = world.approve(&page).await;
    assert!(world.come_back(&sent["state"], &page.cookie()).await.redirect().contains_key("code"));
    assert!(world.come_back(&sent["state"], &page.cookie()).await.is_local_error());
    let page = world.authorize(&client, &[]).await;
    let sent = world.approve(&page).await;
    world.pass(601);
    assert!(world.come_back(&sent["state"], &page.cookie()).await.is_local_error());
    assert_eq!(world.fake.set().exchanges, 1);
}

#[tokio::test]
async fn the_providers_error_goes_to_the_client_without_its_text_iss_03_09() {
    let world = World::new().await;
    let client = world.client(REDIRECT).await;
    for (theirs, ours) in [
        ("access_denied", "access_denied"),
        ("temporarily_unavailable", "temporarily_unavailable"),
        ("<b>", "server_error"),
    ] {
        let page = world.authorize(&client, &[]).await;
        let state = world.approve(&page).await["state"].clone();
        let query = form(&[("error", theirs), ("error_description", "<script>boo</script>"), ("state", &state)]);
        let path = format!("/auth/callback?{query}");
        let reply = world.get(&path, &page.cookie()).await;
        let answer = reply.redirect();
        assert_eq!((answer["error"].as_str(), answer["iss"].as_str()), (ours, BASE));
        assert!(!reply.header("location").contains("boo") && !reply.body.contains("boo"));
        assert!(world.get(&path, &page.cookie()).await.is_local_error(), "the transaction is spent");
    }
}

#[tokio::test]
async fn a_failed_exchange_gives_no_code_iss_10() {
    let cases = [
        (Mode::Says(503, "down"), "temporarily_unavailable"),
        (Mode::Says(200, ""), "temporarily_unavailable"),
        (Mode::Says(200, "{}"), "temporarily_unavailable"),
        (Mode::Says(200, "<html>"), "temporarily_unavailable"),
        (Mode::Cuts, "temporarily_unavailable"),
        (Mode::Slow(Duration::from_secs(3)), "temporarily_unavailable"),
        (Mode::Says(400, r#"{"error":"invalid_grant"}"#), "server_error"),
        (
            Mode::Says(200, r#"{"error":"invalid_request","error_description":"no valid data in session"}"#),
            "server_error",
        ),
        (Mode::Says(401, r#"{"error":"invalid_client"}"#), "server_error"),
    ];
    let world = World::new().await;
    let client = world.client(REDIRECT).await;
    for (mode, code) in cases {
        let page = world.authorize(&client, &[]).await;
        let sent = world.approve(&page).await;
        world.fake.set().token = mode;
        let reply = world.come_back(&sent["state"], &page.cookie()).await;
        assert_eq!(reply.redirect()["error"], code);
        assert!(!reply.header("location").contains("session"));
    }
    world.fake.set().token = Mode::Well;
    for (mode, code) in [(Mode::Says(500, ""), "temporarily_unavailable"), (Mode::Says(401, ""), "server_error")] {
        let page = world.authorize(&client, &[]).await;
        let sent = world.approve(&page).await;
        world.fake.set().profile = mode;
        assert_eq!(world.come_back(&sent["state"], &page.cookie()).await.redirect()["error"], code);
    }
}

#[tokio::test]
async fn a_browser_that_hangs_up_does_not_stop_the_exchange_ref_14() {
    let world = World::new().await;
    let client = world.client(REDIRECT).await;
    let page = world.authorize(&client, &[]).await;
    let sent = world.approve(&page).await;
    world.fake.set().token = Mode::Slow(Duration::from_millis(200));
    let hasty = tokio::time::timeout(Duration::from_millis(50), world.come_back(&sent["state"], &page.cookie())).await;
    assert!(hasty.is_err());
    let writes = world.gate.counters().store_writes;
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_eq!(world.fake.set().profiles, 1, "the login went on");
    assert!(world.gate.counters().store_writes >= writes + 3, "grant, client and code were stored");
}

#[tokio::test]
async fn a_redirect_uri_keeps_its_query() {
    let world = World::new().await;
    let redirect = "https://app.example/cb?tenant=%EA%B0%80";
    let client = world.register(json!({ "redirect_uris": [redirect] })).await.json();
    let client = client["client_id"].as_str().unwrap();
    let page = world.get(&authorize_path(client, &[("redirect_uri", redirect)]), "").await;
    let sent = world.approve(&page).await;
    let reply = world.come_back(&sent["state"], &page.cookie()).await;
    assert!(reply.header("location").starts_with(&format!("{redirect}&code=")));
}

#[tokio::test]
async fn a_restart_between_any_two_steps_srv_12() {
    use crate::fake::Fake;
    use dari::clock::Clock;
    use dari::store::DiskStore;

    let folder = tempfile::tempdir().unwrap();
    let (_, hand) = Clock::manual(std::time::SystemTime::now());
    let fake = Fake::start().await;
    let start = || {
        let store = DiskStore::open_with_clock(folder.path().join("store.redb"), hand.clock()).unwrap();
        World::on(fake.clone(), hand.clone(), |proxy| proxy.store(store))
    };
    let world = start();
    let client = world.client(REDIRECT).await;
    drop(world);
    let world = start();
    let page = world.authorize(&client, &[]).await;
    drop(world);
    let world = start();
    let sent = world.approve(&page).await;
    drop(world);
    let world = start();
    let code = world.come_back(&sent["state"], &page.cookie()).await.redirect()["code"].clone();
    drop(world);
    let world = start();
    let reply = world.exchange(&client, &code).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let tokens = crate::world::tokens(&client, &reply);
    drop(world);
    let world = start();
    assert_eq!(world.call(&tokens.access).await.unwrap().subject(), "naver-user-1");
    assert_eq!(world.refresh(&client, &tokens.refresh).await.status, 200);
    let raw = std::fs::read(folder.path().join("store.redb")).unwrap();
    let text = String::from_utf8_lossy(&raw);
    for secret in ["upstream-access", "upstream-refresh", "naver-user-1", &tokens.refresh, &code, &sent["state"]] {
        assert!(!text.contains(secret), "{secret} lies in clear (HYG-05)");
    }
}

#[tokio::test]
async fn other_methods_and_bodies_do_not_get_in() {
    let world = World::new().await;
    let request = Request::post("/auth/callback").body(axum::body::Body::empty()).unwrap();
    assert_eq!(world.send(request).await.status, 405);
}
