use axum::body::Body;
use http::{Request, header};
use serde_json::{Value, json};

use crate::world::{BASE, REDIRECT, RESOURCE, VERIFIER, World, exchange_form, form, tokens};

#[tokio::test]
async fn the_answer_is_for_nobody_to_keep_flow_02() {
    let world = World::new().await;
    let client = world.client(REDIRECT).await;
    let code = world.code(&client).await;
    let reply = world.exchange(&client, &code).await;
    assert_eq!((reply.status.as_u16(), reply.header("cache-control")), (200, "no-store"));
    let answer = reply.json();
    assert_eq!(answer["token_type"], "Bearer");
    assert_eq!(answer["expires_in"], json!(3600));
}

#[tokio::test]
async fn a_second_use_ends_what_the_first_one_gave_code_01_02_08() {
    let world = World::new().await;
    let client = world.client(REDIRECT).await;
    let code = world.code(&client).await;
    let held = tokens(&client, &world.exchange(&client, &code).await);
    assert!(world.call(&held.access).await.is_ok());
    let again = world.exchange(&client, &code).await;
    assert_eq!(again.error(), (400, "invalid_grant".to_owned()));
    assert_eq!(again.header("cache-control"), "no-store");
    assert!(world.call(&held.access).await.is_err());
    assert_eq!(world.refresh(&client, &held.refresh).await.error(), (400, "invalid_grant".to_owned()));
}

#[tokio::test]
async fn of_two_uses_at_once_none_survives_code_01() {
    let world = World::new().await;
    let client = world.client(REDIRECT).await;
    let code = world.code(&client).await;
    let (one, two) = tokio::join!(world.exchange(&client, &code), world.exchange(&client, &code));
    assert!(one.status == 400 || two.status == 400);
    for reply in [one, two] {
        if reply.status == 200 {
            assert!(world.call(&tokens(&client, &reply).access).await.is_err());
        }
    }
}

#[tokio::test]
async fn a_code_is_bound_pkce_04_05_code_04_05_07_10() {
    let world = World::new().await;
    let metadata = json!({ "redirect_uris": [REDIRECT, "https://app.example/cb"] });
    let client = world.register(metadata.clone()).await.json()["client_id"].as_str().unwrap().to_owned();
    let other = world.register(metadata).await.json()["client_id"].as_str().unwrap().to_owned();
    let code = world.code(&client).await;
    let good = exchange_form(&client, &code);
    let wrong_verifier = "b".repeat(50);
    let cases = [
        ("code_verifier", wrong_verifier.as_str(), "invalid_grant"),
        ("code_verifier", "", "invalid_request"),
        ("client_id", other.as_str(), "invalid_grant"),
        ("client_id", "", "invalid_request"),
        ("redirect_uri", "https://app.example/cb", "invalid_grant"),
        ("redirect_uri", "http://localhost:3335/callback", "invalid_grant"),
        ("redirect_uri", "", "invalid_grant"),
        ("code", "unknown", "invalid_grant"),
        ("code", "", "invalid_request"),
        ("resource", "https://other.example/mcp", "invalid_target"),
        ("grant_type", "password", "unsupported_grant_type"),
    ];
    for (name, value, error) in cases {
        let mut pairs: Vec<_> = good.into_iter().filter(|(known, _)| *known != name).collect();
        if !value.is_empty() {
            pairs.push((name, value));
        }
        assert_eq!(world.token(&pairs).await.error(), (400, error.to_owned()), "{name}={value}");
    }
    let unknown =
        [("grant_type", "authorization_code"), ("client_id", "nobody"), ("code", &code), ("code_verifier", VERIFIER)];
    let unknown = world.token(&unknown).await;
    assert_eq!(unknown.error(), (401, "invalid_client".to_owned()));
    assert!(unknown.headers.contains_key("www-authenticate"));
    // None of that used the code.
    assert_eq!(world.token(&good).await.status, 200);
    let late = world.code(&client).await;
    world.pass(61);
    assert_eq!(world.exchange(&client, &late).await.error(), (400, "invalid_grant".to_owned()));
}

#[tokio::test]
async fn the_slashed_resource_is_ours_too() {
    let world = World::new().await;
    let client = world.client(REDIRECT).await;
    let slashed = format!("{RESOURCE}/");
    assert_eq!(world.authorize(&client, &[("resource", &slashed)]).await.status, 200);
}

#[tokio::test]
async fn odd_requests_get_no_token_and_no_5xx_code_09() {
    let world = World::new().await;
    let client = world.client(REDIRECT).await;
    let code = world.code(&client).await;
    let pairs = exchange_form(&client, &code);
    let encoded = form(&pairs);
    let send = |path: String, kind: &'static str, body: String| {
        let request = Request::post(path).header(header::CONTENT_TYPE, kind).body(Body::from(body)).unwrap();
        world.send(request)
    };
    const FORM: &str = "application/x-www-form-urlencoded";
    let map: std::collections::HashMap<_, _> = pairs.into_iter().collect();
    let replies = [
        send(format!("/token?{encoded}"), FORM, String::new()).await,
        send("/token".into(), "application/json", json!(map).to_string()).await,
        send("/token".into(), FORM, format!("{encoded}&code=other")).await,
        send("/token".into(), FORM, format!("{encoded}&client_id={client}")).await,
        send("/token".into(), FORM, format!("{encoded}&x={}", "y".repeat(1 << 20))).await,
        send("/token".into(), FORM, "%ff=%fe".into()).await,
    ];
    for reply in replies {
        assert!(matches!(reply.status.as_u16(), 400 | 413 | 415), "{} {}", reply.status, reply.body);
        assert_eq!(reply.header("cache-control"), "no-store");
    }
    assert_eq!(send("/token".into(), "application/x-www-form-urlencoded; charset=UTF-8", encoded).await.status, 200);
}

#[tokio::test]
async fn a_client_that_wants_no_refresh_token_gets_none() {
    let world = World::new().await;
    let metadata = json!({ "redirect_uris": [REDIRECT], "grant_types": ["authorization_code"] });
    let client = world.register(metadata).await.json()["client_id"].as_str().unwrap().to_owned();
    let code = world.code(&client).await;
    let answer = world.exchange(&client, &code).await.json();
    assert!(answer.get("refresh_token").is_none());
    world.pass(3599);
    world.fake.set().expires_in = json!(36000);
    assert!(world.call(answer["access_token"].as_str().unwrap()).await.is_ok(), "the grant lives as long as its token");
    assert!(answer.get("scope").is_none());
    assert_eq!(world.gate.public_url(), BASE);
}

#[tokio::test]
async fn scopes_are_told_where_they_are_not_those_that_were_asked_for() {
    let world = World::with(|proxy| proxy.required_scopes(["profile"])).await;
    let client = world.client(REDIRECT).await;
    for (asked, told) in [("calendar openid", json!("calendar")), ("", json!("profile")), ("calendar", Value::Null)] {
        let page = world.authorize(&client, &[("scope", asked)]).await;
        let sent = world.approve(&page).await;
        let code = world.come_back(&sent["state"], &page.cookie()).await.redirect()["code"].clone();
        assert_eq!(world.exchange(&client, &code).await.json()["scope"], told, "{asked}");
    }
}

#[tokio::test]
async fn our_token_ends_with_an_upstream_token_that_nobody_can_refresh() {
    let world = World::new().await;
    world.fake.set().gives_refresh_tokens = false;
    world.fake.set().expires_in = json!("600");
    let client = world.client(REDIRECT).await;
    let code = world.code(&client).await;
    let reply = world.exchange(&client, &code).await;
    assert_eq!(reply.json()["expires_in"], json!(600));
    let held = tokens(&client, &reply);
    world.pass(599);
    assert!(world.call(&held.access).await.is_ok());
    world.pass(2);
    assert!(world.call(&held.access).await.is_err());
    assert_eq!(world.refresh(&client, &held.refresh).await.error(), (400, "invalid_grant".to_owned()));
}
