use serde_json::json;

use crate::world::{BASE, REDIRECT, World};

#[tokio::test]
async fn an_unproven_client_or_redirect_goes_nowhere_red_01_to_07() {
    let world = World::new().await;
    let client = world.client(REDIRECT).await;
    assert!(world.authorize("nobody", &[]).await.is_local_error());
    assert!(world.authorize(&client, &[("client_id", "")]).await.is_local_error());
    for uri in [
        "http://localhost:3334/callback/",
        "http://localhost:3334/other",
        "http://localhost:3334/callback?x=1",
        "http://localhost:3334/callback#x",
        "http://127.0.0.1:3334/callback",
        "http://localhost.evil.example/callback",
        "https://localhost:3334/callback",
        "https://evil.example/",
    ] {
        assert!(world.authorize(&client, &[("redirect_uri", uri)]).await.is_local_error(), "{uri}");
    }
    assert_eq!(world.authorize(&client, &[("redirect_uri", "http://localhost:1/callback")]).await.status, 200);
    assert_eq!(world.authorize(&client, &[("redirect_uri", "")]).await.status, 200);
    let two = world.register(json!({ "redirect_uris": [REDIRECT, "https://app.example/cb"] })).await.json();
    let two = two["client_id"].as_str().unwrap();
    assert!(world.authorize(two, &[("redirect_uri", "")]).await.is_local_error());
    let other_port = [("redirect_uri", "https://app.example:8443/cb")];
    assert!(world.authorize(two, &other_port).await.is_local_error());
}

#[tokio::test]
async fn other_faults_go_to_the_client_with_state_and_iss_red_09_pkce_01_to_03_code_06() {
    let world = World::new().await;
    let client = world.client(REDIRECT).await;
    let cases: [(&[(&str, &str)], &str); 9] = [
        (&[("response_type", "token")], "unsupported_response_type"),
        (&[("response_type", "")], "invalid_request"),
        (&[("response_mode", "fragment")], "invalid_request"),
        (&[("code_challenge", "")], "invalid_request"),
        (&[("code_challenge_method", "plain")], "invalid_request"),
        (&[("code_challenge_method", "")], "invalid_request"),
        (&[("code_challenge", "short")], "invalid_request"),
        (&[("resource", "https://other.example/mcp")], "invalid_target"),
        (&[("scope", "admin")], "invalid_scope"),
    ];
    for (other, code) in cases {
        let reply = world.authorize(&client, other).await;
        let answer = reply.redirect();
        assert!(reply.header("location").starts_with(REDIRECT));
        assert_eq!(answer["error"], code, "{other:?}");
        assert_eq!((answer["state"].as_str(), answer["iss"].as_str()), ("client-state", BASE), "{other:?}");
        assert!(!answer.contains_key("code"));
    }
}

#[tokio::test]
async fn it_may_be_fetched_again_and_writes_nothing() {
    let world = World::new().await;
    let client = world.client(REDIRECT).await;
    let writes = world.gate.counters().store_writes;
    let first = world.authorize(&client, &[]).await;
    let second = world.authorize(&client, &[]).await;
    assert_eq!(world.gate.counters().store_writes, writes);
    // The page that the person has in front of them is the one that counts, whichever that is.
    let sent = world.approve(&first).await;
    assert!(world.come_back(&sent["state"], &first.cookie()).await.redirect().contains_key("code"));
    assert_eq!(world.decide(&second, &second.cookie(), "approve").await.status, 303);
}

#[tokio::test]
async fn a_browser_keeps_its_cookie() {
    let world = World::new().await;
    let client = world.client(REDIRECT).await;
    let first = world.authorize(&client, &[]).await;
    let path = crate::world::authorize_path(&client, &[]);
    let second = world.get(&path, &first.cookie()).await;
    assert_eq!(second.cookie(), first.cookie());
    // Two tabs: both forms stand.
    assert_eq!(world.decide(&first, &first.cookie(), "approve").await.status, 303);
    assert_eq!(world.decide(&second, &first.cookie(), "approve").await.status, 303);
}

#[tokio::test]
async fn scopes_we_do_not_know_are_left_out_and_none_means_the_required_ones() {
    let world = World::with(|proxy| proxy.required_scopes(["profile"])).await;
    let client = world.client(REDIRECT).await;
    let page = world.authorize(&client, &[("scope", "openid email calendar")]).await;
    assert!(page.body.contains("Write events"), "{}", page.body);
    assert!(!page.body.contains("email"));
    assert!(world.authorize(&client, &[]).await.body.contains("profile"));
}
