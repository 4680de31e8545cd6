//! §5: authorization codes at `/token`.

use http::Method;
use serde_json::json;

use crate::world::{REDIRECT, World, exchange_form, form, raw_post, tokens};

const FORM: &str = "application/x-www-form-urlencoded";

#[tokio::test]
async fn code_01_a_code_is_used_once() {
    let world = World::new().await;
    let client = world.client(REDIRECT).await;
    let code = world.code(&client).await;
    tokens(&client, &world.exchange(&client, &code).await);
    for _ in 0..3 {
        world.exchange(&client, &code).await.is_invalid_grant();
    }
    // Of many at once at most one is answered with tokens, and then they are dead.
    let code = world.code(&client).await;
    let replies = futures_util::future::join_all((0..8).map(|_| world.exchange(&client, &code))).await;
    let (good, bad): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 200);
    assert!(good.len() <= 1, "{} answers", good.len());
    for reply in bad {
        reply.is_invalid_grant();
    }
    for reply in good {
        world.is_over(&tokens(&client, reply)).await;
    }
}

#[tokio::test]
async fn code_02_a_second_use_ends_what_the_first_gave() {
    let world = World::new().await;
    let client = world.client(REDIRECT).await;
    let code = world.code(&client).await;
    let held = tokens(&client, &world.exchange(&client, &code).await);
    world.is_good(&held.access).await;
    let next = world.refreshed(&held).await;
    world.exchange(&client, &code).await.is_invalid_grant();
    world.is_over(&next).await;
    world.is_over(&held).await;
    // Other logins of the same user and client are none of its business.
    let code = world.code(&client).await;
    world.is_good(&tokens(&client, &world.exchange(&client, &code).await).access).await;
}

#[tokio::test]
async fn code_04_a_code_of_another_client_is_worth_nothing() {
    let world = World::new().await;
    let (owner, thief) = (world.client(REDIRECT).await, world.client(REDIRECT).await);
    let code = world.code(&owner).await;
    world.exchange(&thief, &code).await.is_invalid_grant();
    let stranger = world.exchange("nobody", &code).await;
    assert_eq!(stranger.error(), (401, "invalid_client".to_owned()));
    // Its owner's it still is.
    let held = tokens(&owner, &world.exchange(&owner, &code).await);
    world.is_good(&held.access).await;
    world.exchange(&thief, &code).await.is_invalid_grant();
}

#[tokio::test]
async fn code_05_the_redirect_uri_is_the_same_as_before() {
    let world = World::new().await;
    let other = "https://app.example/cb";
    let client = world.client_of(&json!({ "redirect_uris": [REDIRECT, other] })).await;
    let code = world.code(&client).await;
    for uri in [other, "http://localhost:3335/callback", "http://localhost:3334/callback/", "https://evil.example/", ""]
    {
        let mut pairs = exchange_form(&client, &code).to_vec();
        pairs.retain(|(name, _)| *name != "redirect_uri");
        if !uri.is_empty() {
            pairs.push(("redirect_uri", uri));
        }
        world.token(&pairs).await.is_invalid_grant();
    }
    tokens(&client, &world.exchange(&client, &code).await);
}

#[tokio::test]
async fn code_06_another_resource_at_authorize_is_invalid_target() {
    let world = World::new().await;
    let client = world.client(REDIRECT).await;
    let base = world.base.clone();
    for resource in ["https://other.example/mcp", &base, &format!("{base}/mcp2"), &format!("{base}/mcp/x"), "mcp", "*"]
    {
        let reply = world.authorize(&client, &[("resource", resource)]).await;
        assert_eq!(world.client_error(&reply, "client-state"), "invalid_target", "{resource}");
    }
    // Ours beside another's.
    let both = format!("{}&resource=https%3A%2F%2Fother.example", world.authorize_path(&client, &[]));
    world.get(&both, "").await.is_local_error("two resources");
    // The slash at the end is ours too, and no resource at all is fine.
    for good in [format!("{base}/mcp/"), String::new()] {
        assert_eq!(world.authorize(&client, &[("resource", &good)]).await.status, 200, "{good}");
    }
}

#[tokio::test]
async fn code_07_another_resource_at_token_is_invalid_target() {
    let world = World::new().await;
    let client = world.client(REDIRECT).await;
    let code = world.code(&client).await;
    let exchange = exchange_form(&client, &code);
    let other = ("resource", "https://other.example/mcp");
    let invalid_target = (400, "invalid_target".to_owned());
    assert_eq!(world.token(&[&exchange[..], &[other]].concat()).await.error(), invalid_target);
    let ours = world.resource();
    let both = [&exchange[..], &[("resource", &*ours), other]].concat();
    assert_eq!(world.token(&both).await.error(), invalid_target);
    let held = tokens(&client, &world.exchange(&client, &code).await);
    let refresh = [("grant_type", "refresh_token"), ("client_id", &client), ("refresh_token", &held.refresh), other];
    assert_eq!(world.token(&refresh).await.error(), invalid_target);
    // Not a token for elsewhere, and nothing lost.
    world.refreshed(&held).await;
}

#[tokio::test]
async fn code_08_invalid_grant_is_400_and_kept_by_nobody() {
    let world = World::new().await;
    let client = world.client(REDIRECT).await;
    for reply in [world.exchange(&client, "unknown").await, world.refresh(&client, "unknown").await] {
        reply.is_invalid_grant();
        assert_eq!(reply.header("content-type"), "application/json");
        assert!(!reply.headers.contains_key("www-authenticate"), "it is not the client that failed");
    }
}

#[tokio::test]
async fn code_09_odd_requests_get_no_token_and_no_5xx() {
    let world = World::new().await;
    let client = world.client(REDIRECT).await;
    let code = world.code(&client).await;
    let pairs = exchange_form(&client, &code);
    let encoded = form(&pairs);
    for grant_type in ["password", "client_credentials", "implicit", "urn:ietf:params:oauth:grant-type:token-exchange"]
    {
        let mut pairs = pairs;
        pairs[0].1 = grant_type;
        assert_eq!(world.token(&pairs).await.error(), (400, "unsupported_grant_type".to_owned()), "{grant_type}");
    }
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let reply = world.request(method.clone(), &format!("/token?{encoded}"), &[], "").await;
        assert_eq!(reply.status, 405, "{method}");
    }
    let map: std::collections::HashMap<_, _> = pairs.into_iter().collect();
    let send = async |path: &str, kind: &str, body: Vec<u8>| {
        world.request(Method::POST, path, &[("content-type", kind)], body).await
    };
    let large = format!("{encoded}&x={}", "y".repeat(1 << 20));
    let many = "a=b&".repeat(5000) + &encoded;
    for (what, reply) in [
        ("in the query", send(&format!("/token?{encoded}"), FORM, Vec::new()).await),
        ("JSON", send("/token", "application/json", json!(map).to_string().into()).await),
        ("no type", send("/token", "", encoded.clone().into()).await),
        ("a code twice", send("/token", FORM, format!("{encoded}&code=other").into()).await),
        ("a client twice", send("/token", FORM, format!("{encoded}&client_id={client}").into()).await),
        ("a MiB", send("/token", FORM, large.into()).await),
        ("many parameters", send("/token", FORM, many.into()).await),
        ("no UTF-8", send("/token", FORM, format!("{encoded}&x=%ff").into()).await),
        ("bytes", send("/token", FORM, vec![0xff, 0, b'=', 0xfe]).await),
        ("nothing", send("/token", FORM, Vec::new()).await),
    ] {
        assert!(matches!(reply.status.as_u16(), 400 | 413 | 415), "{what}: {} {}", reply.status, reply.body);
        assert!(!reply.body.contains("access_token"), "{what}");
        assert_eq!(reply.header("cache-control"), "no-store", "{what}");
    }
    // None of that spent the code.
    let good = [("content-type", "application/x-www-form-urlencoded; charset=UTF-8")];
    let good = world.raw(raw_post(&world, "/token", &good, &encoded)).await;
    assert!(good.starts_with("HTTP/1.1 200"), "{good}");
}

#[tokio::test]
async fn code_10_a_code_lives_a_minute() {
    let world = World::new().await;
    let client = world.client(REDIRECT).await;
    let (in_time, late) = (world.code(&client).await, world.code(&client).await);
    world.pass(59);
    tokens(&client, &world.exchange(&client, &in_time).await);
    world.pass(2);
    world.exchange(&client, &late).await.is_invalid_grant();
}
