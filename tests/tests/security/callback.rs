//! §6: `state`, `iss` and the callback.

use std::time::Duration;

use crate::fake::Mode;
use crate::world::{REDIRECT, World, callback_path, challenge, form, tokens};

/// Everything that a client may put into `state`.
const ODD: &str = "a&b=c+d e%20%2B\"'<다리>#?/;\\";

#[tokio::test]
async fn iss_01_a_state_comes_back_unchanged() {
    let world = World::new().await;
    let client = world.client(REDIRECT).await;
    let page = world.authorize(&client, &[("state", ODD)]).await;
    let sent = world.approve(&page).await;
    let answer = world.come_back(&sent["state"], &page.cookie()).await.redirect();
    assert!(answer.contains_key("code"));
    assert_eq!(answer["state"], ODD);
    // In errors too, wherever they come from.
    let bad = world.authorize(&client, &[("state", ODD), ("scope", "\"")]).await;
    assert_eq!(world.client_error(&bad, ODD), "invalid_scope");
    let page = world.authorize(&client, &[("state", ODD)]).await;
    assert_eq!(world.client_error(&world.decide(&page, &page.cookie(), "deny").await, ODD), "access_denied");
    // None was sent: none comes back.
    let page = world.authorize(&client, &[("state", "")]).await;
    let sent = world.approve(&page).await;
    assert!(!world.come_back(&sent["state"], &page.cookie()).await.redirect().contains_key("state"));
}

#[tokio::test]
async fn iss_02_success_names_the_issuer_once() {
    let world = World::new().await;
    let issuer = world.get("/.well-known/oauth-authorization-server", "").await.json()["issuer"].clone();
    // A redirect URI that has an `iss` of its own.
    let redirect = "https://app.example/cb?tenant=%EA%B0%80";
    for redirect in [REDIRECT, redirect] {
        let client = world.client(redirect).await;
        let page = world.authorize(&client, &[("redirect_uri", redirect)]).await;
        let sent = world.approve(&page).await;
        let reply = world.come_back(&sent["state"], &page.cookie()).await;
        assert_eq!(reply.redirect()["iss"], issuer, "and no parameter is there twice");
        assert!(reply.header("location").starts_with(redirect), "{}", reply.header("location"));
    }
}

#[tokio::test]
async fn iss_03_errors_name_the_issuer_too() {
    let world = World::new().await;
    let client = world.client(REDIRECT).await;
    // `client_error` compares it.
    let request = world.authorize(&client, &[("response_type", "token")]).await;
    assert_eq!(world.client_error(&request, "client-state"), "unsupported_response_type");
    let page = world.authorize(&client, &[]).await;
    let denied = world.decide(&page, &page.cookie(), "deny").await;
    assert_eq!(world.client_error(&denied, "client-state"), "access_denied");
    let page = world.authorize(&client, &[]).await;
    let sent = world.approve(&page).await;
    let path = format!("/auth/callback?{}", form(&[("error", "server_error"), ("state", &sent["state"])]));
    let upstream = world.get(&path, &page.cookie()).await;
    assert_eq!(world.client_error(&upstream, "client-state"), "server_error");
}

#[tokio::test]
async fn iss_04_a_state_that_is_not_ours_is_answered_here() {
    let world = World::new().await;
    let client = world.client(REDIRECT).await;
    let page = world.authorize(&client, &[]).await;
    let cookie = page.cookie();
    for path in [
        "/auth/callback".to_owned(),
        "/auth/callback?code=good-code".to_owned(),
        "/auth/callback?state=&code=good-code".to_owned(),
        callback_path("client-state"),
        callback_path("AAAAAAAAAAAAAAAAAAAAAA"),
        callback_path("../../transactions"),
        callback_path(&"x".repeat(20_000)),
        "/auth/callback?state=%ff&code=good-code".to_owned(),
        "/auth/callback?state=a&state=b&code=good-code".to_owned(),
        "/auth/callback?error=access_denied".to_owned(),
    ] {
        world.get(&path, &cookie).await.is_local_error(&path);
    }
    assert_eq!(world.fake.set().exchanges, 0);
}

#[tokio::test]
async fn iss_05_a_callback_happens_once() {
    let world = World::new().await;
    let client = world.client(REDIRECT).await;
    let page = world.authorize(&client, &[]).await;
    let sent = world.approve(&page).await;
    assert!(world.come_back(&sent["state"], &page.cookie()).await.redirect().contains_key("code"));
    world.come_back(&sent["state"], &page.cookie()).await.is_local_error("the same again");
    assert_eq!(world.fake.set().exchanges, 1);
    // Of many at once one gets a code.
    let page = world.authorize(&client, &[]).await;
    let sent = world.approve(&page).await;
    let cookie = page.cookie();
    let replies = futures_util::future::join_all((0..8).map(|_| world.come_back(&sent["state"], &cookie))).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 303).count(), 1);
    assert_eq!(world.fake.set().exchanges, 2);
    // And none that comes too late.
    let page = world.authorize(&client, &[]).await;
    let sent = world.approve(&page).await;
    world.pass(601);
    world.come_back(&sent["state"], &page.cookie()).await.is_local_error("after ten minutes");
}

#[tokio::test]
async fn iss_06_another_browser_gets_no_code() {
    let world = World::new().await;
    let client = world.client(REDIRECT).await;
    let other = world.authorize(&client, &[]).await.cookie();
    for cookie in ["", "dari=AAAAAAAAAAAAAAAAAAAAAA", "dari=", "other=1", &other] {
        let page = world.authorize(&client, &[]).await;
        let sent = world.approve(&page).await;
        let reply = world.come_back(&sent["state"], cookie).await;
        reply.is_local_error(cookie);
        assert_eq!(reply.status, 403, "{cookie}");
        // Somebody else has the link: it is worth nothing any more, to nobody.
        world.come_back(&sent["state"], &page.cookie()).await.is_local_error("spent");
    }
    assert_eq!(world.fake.set().exchanges, 0);
}

#[tokio::test]
async fn iss_08_the_provider_is_sent_nothing_of_the_client() {
    let world = World::new().await;
    let client = world.client(REDIRECT).await;
    let mut states = std::collections::HashSet::new();
    for _ in 0..10 {
        let page = world.authorize(&client, &[("state", "client-state-1"), ("scope", "calendar")]).await;
        let reply = world.decide(&page, &page.cookie(), "approve").await;
        let location = reply.header("location");
        assert!(location.starts_with(&format!("{}/authorize?", world.fake.base)), "{location}");
        for own in ["client-state-1", &client, "calendar", "3334", "Test", &challenge()] {
            assert!(!location.contains(own), "{own} in {location}");
        }
        let sent = reply.redirect();
        assert!(sent["state"].len() >= 22, "at least 128 bits in base64url: {}", sent["state"]);
        assert_eq!((sent["code_challenge_method"].as_str(), sent["code_challenge"].len()), ("S256", 43));
        assert_eq!(sent["redirect_uri"], format!("{}/auth/callback", world.base));
        assert!(states.insert(sent["state"].clone()) && states.insert(sent["code_challenge"].clone()), "used before");
    }
    // The provider checks the verifier, so it was ours.
    let code = world.code(&client).await;
    tokens(&client, &world.exchange(&client, &code).await);
    assert_ne!(world.fake.set().form["code_verifier"], crate::world::VERIFIER);
}

#[tokio::test]
async fn iss_09_a_cancelled_login_is_told_to_the_client_without_the_providers_words() {
    let world = World::new().await;
    let client = world.client(REDIRECT).await;
    for (theirs, ours) in [
        ("access_denied", "access_denied"),
        ("temporarily_unavailable", "temporarily_unavailable"),
        ("<b>", "server_error"),
        ("invalid_scope", "server_error"),
    ] {
        let page = world.authorize(&client, &[]).await;
        let state = world.approve(&page).await["state"].clone();
        let described = [("error", theirs), ("error_description", "<script>boo</script>"), ("state", &*state)];
        let path = format!("/auth/callback?{}", form(&described));
        let reply = world.get(&path, &page.cookie()).await;
        assert_eq!(world.client_error(&reply, "client-state"), ours, "{theirs}");
        assert!(!reply.header("location").contains("boo") && !reply.body.contains("boo"));
        let again = world.get(&path, &page.cookie()).await;
        again.is_local_error("the transaction is spent");
        assert!(!again.body.contains("boo"));
        // Nor in another browser.
        let page = world.authorize(&client, &[]).await;
        let state = world.approve(&page).await["state"].clone();
        let path = format!("/auth/callback?{}", form(&[("error", theirs), ("state", &state)]));
        assert_eq!(world.get(&path, "").await.status, 403);
    }
    assert_eq!(world.fake.set().exchanges, 0);
}

#[tokio::test]
async fn iss_10_a_failed_exchange_gives_no_code() {
    let words = r#"{"error":"invalid_request","error_description":"no valid data in session"}"#;
    let token = [
        Mode::Says(503, "down at /srv/nid.rs:1"),
        Mode::Says(500, ""),
        Mode::Says(400, r#"{"error":"invalid_grant"}"#),
        Mode::Says(401, r#"{"error":"invalid_client"}"#),
        Mode::Says(200, words),
        Mode::Says(200, "{}"),
        Mode::Says(200, ""),
        Mode::Says(200, "<html>"),
        Mode::Says(200, r#"{"access_token":""}"#),
        Mode::Says(200, r#"{"access_token":5,"token_type":"bearer"}"#),
        Mode::Says(302, ""),
        Mode::Cuts,
        Mode::Slow(Duration::from_secs(3)),
    ];
    let profile =
        [Mode::Says(500, ""), Mode::Says(401, ""), Mode::Says(200, "<html>"), Mode::Says(200, "{}"), Mode::Cuts];
    let world = World::new().await;
    let client = world.client(REDIRECT).await;
    let cases =
        token.into_iter().map(|mode| (mode, Mode::Well)).chain(profile.into_iter().map(|mode| (Mode::Well, mode)));
    for (n, (token, profile)) in cases.enumerate() {
        let page = world.authorize(&client, &[]).await;
        let sent = world.approve(&page).await;
        world.fake.set().token = token;
        world.fake.set().profile = profile;
        let reply = world.come_back(&sent["state"], &page.cookie()).await;
        let error = world.client_error(&reply, "client-state");
        assert!(["server_error", "temporarily_unavailable"].contains(&&*error), "{n}: {error}");
        let told = format!("{} {}", reply.header("location"), reply.body);
        assert!(!told.contains("session") && !told.contains("/srv"), "{n}: {told}");
        world.fake.set().token = Mode::Well;
        world.fake.set().profile = Mode::Well;
        world.come_back(&sent["state"], &page.cookie()).await.is_local_error("the transaction is spent");
    }
    tokens(&client, &world.exchange(&client, &world.code(&client).await).await);
}
