use dari::clock::Clock;
use serde_json::json;

use crate::fake::Fake;
use crate::world::{BASE, REDIRECT, World};

#[tokio::test]
async fn the_page_stands_before_the_provider_and_says_who_asks_cons_01_02_07_13() {
    let world = World::new().await;
    let client = world.client(REDIRECT).await;
    let page = world.authorize(&client, &[("scope", "calendar")]).await;
    assert_eq!(page.status, 200);
    for shown in ["Test Client", "Test Server", "localhost", "Write events"] {
        assert!(page.body.contains(shown), "{shown}");
    }
    assert!(page.header("content-security-policy").contains("frame-ancestors 'none'"));
    assert_eq!(page.header("cache-control"), "no-store");
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    let cookie = page.header("set-cookie");
    assert!(cookie.starts_with("dari=") && cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    assert_eq!(world.fake.set().exchanges, 0);
    let error = world.authorize("nobody", &[]).await;
    assert_eq!(error.header("x-frame-options"), "DENY");
}

#[tokio::test]
async fn on_https_the_cookie_is_bound_to_the_host_cons_13() {
    let (_, hand) = Clock::manual(std::time::SystemTime::now());
    let world = World::on(Fake::start().await, hand, |proxy| {
        proxy.public_url("https://mcp.example.com").store(dari::store::MemoryStore::new())
    });
    let client = world.client(REDIRECT).await;
    let page = world.authorize(&client, &[("resource", "https://mcp.example.com/mcp")]).await;
    let cookie = page.header("set-cookie");
    assert!(cookie.starts_with("__Host-dari=") && cookie.contains("; Secure"), "{cookie}");
}

#[tokio::test]
async fn without_the_token_or_the_browser_nothing_is_approved_cons_03_04() {
    let world = World::new().await;
    let client = world.client(REDIRECT).await;
    let page = world.authorize(&client, &[]).await;
    let stranger = world.authorize(&client, &[]).await;
    let (form, csrf) = (page.field("form"), page.field("csrf"));
    let approve = ("decision", "approve");
    let wrong = stranger.field("csrf");
    for fields in [
        vec![("form", form.as_str()), approve],
        vec![("form", &form), ("csrf", "AAAA"), approve],
        vec![("form", &form), ("csrf", &wrong), approve],
        vec![("csrf", &csrf), approve],
        vec![("form", "garbage"), ("csrf", &csrf), approve],
        vec![("form", &form), ("csrf", &csrf)],
    ] {
        assert!(world.post("/consent", &page.cookie(), &fields).await.is_local_error(), "{fields:?}");
    }
    let fields = [("form", form.as_str()), ("csrf", &csrf), approve];
    assert_eq!(world.post("/consent", "", &fields).await.status, 403);
    assert_eq!(world.post("/consent", &stranger.cookie(), &fields).await.status, 403);
    // None of that spent the form.
    assert_eq!(world.post("/consent", &page.cookie(), &fields).await.status, 303);
}

#[tokio::test]
async fn a_form_is_answered_once_and_in_time_cons_06_09() {
    let world = World::new().await;
    let client = world.client(REDIRECT).await;
    let page = world.authorize(&client, &[]).await;
    let answer = world.decide(&page, &page.cookie(), "deny").await.redirect();
    assert_eq!((answer["error"].as_str(), answer["iss"].as_str()), ("access_denied", BASE));
    assert_eq!(answer["state"], "client-state");
    assert!(world.decide(&page, &page.cookie(), "approve").await.is_local_error());
    assert!(world.decide(&page, &page.cookie(), "deny").await.is_local_error());
    let page = world.authorize(&client, &[]).await;
    world.approve(&page).await;
    assert!(world.decide(&page, &page.cookie(), "approve").await.is_local_error());
    let late = world.authorize(&client, &[]).await;
    world.pass(601);
    assert!(world.decide(&late, &late.cookie(), "approve").await.is_local_error());
}

#[tokio::test]
async fn consent_is_asked_every_time_cons_10_11() {
    let world = World::new().await;
    let tokens = world.log_in().await;
    assert!(world.authorize(&tokens.client_id, &[]).await.body.contains("decision"));
    let twin = world.client(REDIRECT).await;
    assert!(world.authorize(&twin, &[]).await.body.contains("decision"));
}

#[tokio::test]
async fn what_the_client_says_is_only_text_cons_08() {
    let world = World::new().await;
    let script = "<script>alert(1)</script>";
    let client = world
        .register(json!({ "redirect_uris": [REDIRECT], "client_name": script, "client_uri": "javascript:alert(1)" }))
        .await
        .json();
    let client = client["client_id"].as_str().unwrap();
    let page = world.authorize(client, &[("state", "\"><script>")]).await;
    assert!(!page.body.contains("<script") && !page.body.contains("javascript:"), "{}", page.body);
    assert!(!world.authorize("\"><script>alert(1)</script>", &[]).await.body.contains("<script"));
}

#[tokio::test]
async fn consent_can_be_left_out_by_a_dangerous_option_only() {
    let world = World::with(dari::auth::OAuthProxy::dangerous_without_consent).await;
    let client = world.client(REDIRECT).await;
    let reply = world.authorize(&client, &[]).await;
    assert!(reply.header("location").starts_with(&world.fake.base));
    world.fake.set().challenge = reply.redirect()["code_challenge"].clone();
    let back = world.come_back(&reply.redirect()["state"], &reply.cookie()).await;
    assert!(back.redirect().contains_key("code"));
}

#[tokio::test]
async fn the_cookie_is_renewed_with_every_answer_cons_04() {
    let world = World::new().await;
    let client = world.client(REDIRECT).await;
    let first = world.authorize(&client, &[]).await;
    let cookie = first.cookie();
    let page = world.get(&crate::world::authorize_path(&client, &[]), &cookie).await;
    assert_eq!(page.cookie(), cookie);
    assert!(page.header("set-cookie").contains("Max-Age=3600"));
    for decision in ["approve", "approve"] {
        let answer = world.decide(&page, &cookie, decision).await;
        assert_eq!(answer.cookie(), cookie, "{}", answer.status);
    }
}

#[tokio::test]
async fn a_state_is_taken_to_four_kib_and_never_echoed_beyond() {
    let world = World::new().await;
    let client = world.client(REDIRECT).await;
    for state in ["s".repeat(4097), "line\nbreak".to_owned()] {
        let reply = world.authorize(&client, &[("state", &state)]).await;
        assert!(reply.is_local_error() && reply.body.contains("invalid_request"), "{}", reply.status);
        assert!(!reply.body.contains(&state));
    }
    // The longest form that there can be is one that `/consent` reads.
    for state in ["\"".repeat(4096), "é".repeat(2048)] {
        let page = world.authorize(&client, &[("state", &state)]).await;
        assert_eq!(page.status, 200);
        assert_eq!(world.decide(&page, &page.cookie(), "deny").await.redirect()["state"], state);
    }
}
