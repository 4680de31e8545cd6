//! §3: `redirect_uri` at `/authorize`.

use serde_json::json;

use crate::world::{REDIRECT, World, exchange_form, tokens};

const WEB: &str = "https://app.example/cb";

async fn all_refused(registered: &str, presented: &[&str]) {
    let world = World::new().await;
    let client = world.client(registered).await;
    assert_eq!(world.authorize(&client, &[("redirect_uri", registered)]).await.status, 200, "{registered}");
    for uri in presented {
        world.authorize(&client, &[("redirect_uri", uri)]).await.is_local_error(uri);
    }
}

#[tokio::test]
async fn red_01_a_client_that_nobody_registered_is_answered_here() {
    let world = World::new().await;
    world.client(REDIRECT).await;
    for unknown in ["nobody", "", "AAAAAAAAAAAAAAAAAAAAAA", "../clients", "a\0b", &"x".repeat(5000)] {
        let reply = world.authorize(unknown, &[]).await;
        reply.is_local_error(unknown);
        // The page says it in the words of RFC 6749, and how to go on.
        assert_eq!(reply.status, 400, "{unknown}");
        assert!(reply.body.contains("client_unknown") || reply.body.contains("invalid_"), "{}", reply.body);
    }
}

#[tokio::test]
async fn red_02_the_uri_has_to_be_the_one_that_was_registered() {
    let presented = [
        "https://app.example/other",
        "https://app.example/cb/",
        "https://app.example/cb?x=1",
        "https://app.example/cb?",
        "https://app.example/CB",
        "https://APP.example/cb",
        "HTTPS://app.example/cb",
        "https://app.example/x/../cb",
        "https://app.example/./cb",
        "https://app.example/%63b",
        "https://app.example//cb",
        "https://app.example:443/cb",
        "https://app.example./cb",
        "https://app.example/cb%00",
        "https://app.example/cb\\",
        " https://app.example/cb",
        "https://evil.example/cb",
        "https://app.example.evil.example/cb",
        "https://app.example@evil.example/cb",
        "app.example/cb",
    ];
    all_refused(WEB, &presented).await;
    all_refused(
        "http://127.0.0.1:3334/cb",
        &["http://127.0.0.1:3334/", "http://127.0.0.1:3334/cb?x", "http://127.0.0.1:3334/cb/"],
    )
    .await;
}

#[tokio::test]
async fn red_03_loopback_has_any_port() {
    let world = World::new().await;
    for (registered, presented) in [
        ("http://127.0.0.1:3334/cb", "http://127.0.0.1:49152/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:1/cb"),
        ("http://127.0.0.1:3334/cb", "http://127.0.0.1/cb"),
        ("http://[::1]:3334/cb", "http://[::1]:65535/cb"),
        ("http://localhost:3334/cb", "http://localhost:3335/cb"),
    ] {
        let client = world.client(registered).await;
        let page = world.authorize(&client, &[("redirect_uri", presented)]).await;
        assert_eq!(page.status, 200, "{presented}");
        let sent = world.approve(&page).await;
        let back = world.come_back(&sent["state"], &page.cookie()).await;
        assert!(back.header("location").starts_with(&format!("{presented}?")), "{}", back.header("location"));
        let code = back.redirect()["code"].clone();
        let mut exchange = exchange_form(&client, &code);
        exchange[3].1 = presented;
        let held = tokens(&client, &world.token(&exchange).await);
        world.is_good(&held.access).await;
    }
}

#[tokio::test]
async fn red_04_other_host_on_loopback() {
    let presented = [
        "http://localhost:3334/cb",
        "http://[::1]:3334/cb",
        "http://127.0.0.2:3334/cb",
        "http://127.1:3334/cb",
        "http://2130706433:3334/cb",
        "http://127.0.0.1.evil.example/cb",
        "http://127.0.0.1.evil.example:3334/cb",
        "http://127.0.0.1:1@evil.example/cb",
        "http://127.0.0.1@evil.example:3334/cb",
        "http://user@127.0.0.1:3334/cb",
        "https://127.0.0.1:3334/cb",
        "http://127.0.0.1:/cb",
        "http://127.0.0.1:99999/cb",
        "http://127.0.0.1:-1/cb",
        "http://127.0.0.1:3334\\@evil.example/cb",
        "ftp://127.0.0.1:3334/cb",
    ];
    all_refused("http://127.0.0.1:3334/cb", &presented).await;
    all_refused("http://localhost:3334/cb", &["http://127.0.0.1:3334/cb", "http://localhost.evil.example:3334/cb"])
        .await;
}

#[tokio::test]
async fn red_05_the_port_is_free_on_loopback_only() {
    all_refused(WEB, &["https://app.example:8443/cb", "https://app.example:80/cb", "https://app.example:/cb"]).await;
    all_refused("https://app.example:8443/cb", &[WEB, "https://app.example:8444/cb"]).await;
}

#[tokio::test]
async fn red_06_a_fragment_is_refused() {
    all_refused(WEB, &["https://app.example/cb#x", "https://app.example/cb#"]).await;
    all_refused(REDIRECT, &["http://localhost:3334/callback#x", "http://localhost:3334/callback#"]).await;
}

#[tokio::test]
async fn red_07_of_two_one_has_to_be_named() {
    let world = World::new().await;
    let client = world.client_of(&json!({ "redirect_uris": [REDIRECT, WEB] })).await;
    world.authorize(&client, &[("redirect_uri", "")]).await.is_local_error("two are registered");
    for uri in [REDIRECT, WEB] {
        assert_eq!(world.authorize(&client, &[("redirect_uri", uri)]).await.status, 200, "{uri}");
    }
    // Named twice is not named.
    let twice = format!("{}&redirect_uri=https%3A%2F%2Fevil.example%2Fcb", world.authorize_path(&client, &[]));
    world.get(&twice, "").await.is_local_error("named twice");
}

#[tokio::test]
async fn red_09_a_proven_client_is_told_what_is_wrong() {
    let world = World::new().await;
    let client = world.client(REDIRECT).await;
    for (name, value, error) in [
        ("response_type", "token", "unsupported_response_type"),
        ("response_type", "code id_token", "unsupported_response_type"),
        ("response_type", "", "invalid_request"),
        ("response_mode", "fragment", "invalid_request"),
        ("scope", "\"", "invalid_scope"),
        ("scope", "unknown-scope", "invalid_scope"),
    ] {
        let reply = world.authorize(&client, &[(name, value)]).await;
        assert_eq!(world.client_error(&reply, "client-state"), error, "{name}={value}");
    }
    // Nothing of that went to the provider.
    assert_eq!(world.fake.set().exchanges, 0);
}
