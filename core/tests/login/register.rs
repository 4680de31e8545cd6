use std::net::SocketAddr;

use axum::body::Body;
use http::{Request, StatusCode, header};
use serde_json::{Value, json};

use crate::world::{REDIRECT, Reply, World};

/// Registers this body as it is.
async fn register_bytes(world: &World, body: impl Into<Body>) -> Reply {
    let request = Request::post("/register").header(header::CONTENT_TYPE, "application/json");
    world.send(request.body(body.into()).unwrap()).await
}

async fn register_from(world: &World, peer: &str, headers: &[(&str, &str)]) -> Reply {
    let mut request = Request::post("/register").header(header::CONTENT_TYPE, "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let metadata = json!({ "redirect_uris": [REDIRECT] }).to_string();
    let peer = SocketAddr::new(peer.parse().unwrap(), 1);
    world.send_from(Some(peer), request.body(Body::from(metadata)).unwrap()).await
}

/// That all of these are refused with this error, and that nothing is written.
async fn all_refused(cases: impl IntoIterator<Item = Value>, code: &str) {
    let world = World::new().await;
    let writes = world.gate.counters().store_writes;
    for metadata in cases {
        let reply = world.register(metadata.clone()).await;
        assert_eq!(reply.error(), (400, code.to_owned()), "{metadata}");
        assert_eq!(reply.header("cache-control"), "no-store");
    }
    assert_eq!(world.gate.counters().store_writes, writes);
}

#[tokio::test]
async fn reg_01_a_minimal_client_gets_an_id_and_no_secret() {
    let world = World::new().await;
    let reply = world.register(json!({ "redirect_uris": [REDIRECT], "scope": "openid email calendar" })).await;
    assert_eq!((reply.status.as_u16(), reply.header("cache-control")), (201, "no-store"));
    let client = reply.json();
    assert_eq!(client["token_endpoint_auth_method"], "none");
    assert_eq!(client["scope"], "calendar");
    assert!(client["client_id"].as_str().unwrap().len() >= 22);
    assert!(client.get("client_secret").is_none());
}

#[tokio::test]
async fn reg_02_a_client_without_redirect_uris_is_refused() {
    let cases = [json!({}), json!({ "redirect_uris": [] }), json!({ "redirect_uris": null })];
    all_refused(cases, "invalid_redirect_uri").await;
}

#[tokio::test]
async fn reg_03_schemes_that_run_or_read_something_are_refused() {
    let uris = [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "vbscript:x",
        "blob:https://a.example/1",
    ];
    all_refused(uris.map(|uri| json!({ "redirect_uris": [REDIRECT, uri] })), "invalid_redirect_uri").await;
}

#[tokio::test]
async fn reg_04_fragments_relative_uris_and_user_names_are_refused() {
    let uris =
        ["https://a.example/cb#", "https://a.example/cb#x", "/cb", "cb", "//a.example/cb", "https://u@a.example/cb"];
    all_refused(uris.map(|uri| json!({ "redirect_uris": [uri] })), "invalid_redirect_uri").await;
}

#[tokio::test]
async fn reg_05_plain_http_elsewhere_and_wildcards_are_refused() {
    let uris =
        ["http://evil.example/cb", "http://127.0.0.1.evil.example/cb", "https://*.example/cb", "http://0.0.0.0/cb"];
    all_refused(uris.map(|uri| json!({ "redirect_uris": [uri] })), "invalid_redirect_uri").await;
    let own = json!({ "redirect_uris": ["http://127.0.0.1:8000/auth/callback"] });
    all_refused([own], "invalid_redirect_uri").await;
}

#[tokio::test]
async fn reg_06_what_is_no_metadata_is_refused() {
    let cases = [
        json!([]),
        json!("x"),
        json!(null),
        json!({ "redirect_uris": "x" }),
        json!({ "redirect_uris": [5] }),
        json!({ "redirect_uris": [REDIRECT], "client_name": {} }),
        json!({ "redirect_uris": [REDIRECT], "scope": [] }),
        json!({ "redirect_uris": [REDIRECT], "grant_types": "authorization_code" }),
    ];
    all_refused(cases, "invalid_client_metadata").await;
    let world = World::new().await;
    for body in ["", "{", "not json", "{\"redirect_uris\":[\"\u{0}\"]}"] {
        assert_eq!(register_bytes(&world, body).await.status, 400, "{body}");
    }
    assert_eq!(register_bytes(&world, vec![0xff, 0xfe]).await.status, 400);
    assert_eq!(register_bytes(&world, "[".repeat(60_000)).await.status, 400);
}

#[tokio::test]
async fn reg_07_what_is_too_large_is_refused_and_not_kept() {
    let world = World::new().await;
    let writes = world.gate.counters().store_writes;
    let many: Vec<String> = (0..500).map(|n| format!("https://a.example/{n}")).collect();
    let long: Vec<String> = (0..20).map(|n| format!("https://a.example/{n}{}", "x".repeat(2000))).collect();
    let scopes = (0..100).map(|n| format!("scope{n}{}", "x".repeat(100))).collect::<Vec<_>>().join(" ");
    for (metadata, status) in [
        (json!({ "redirect_uris": [REDIRECT], "client_name": "x".repeat(64 * 1024) }), 413),
        (json!({ "redirect_uris": [REDIRECT], "client_name": "x".repeat(60 * 1024) }), 400),
        (json!({ "redirect_uris": many }), 400),
        (json!({ "redirect_uris": long }), 400),
        (json!({ "redirect_uris": [REDIRECT], "scope": scopes }), 400),
    ] {
        assert_eq!(world.register(metadata).await.status, status);
    }
    assert_eq!(register_bytes(&world, vec![b' '; 2 * 1024 * 1024]).await.status, 413);
    assert_eq!(world.gate.counters().store_writes, writes);
}

#[tokio::test]
async fn reg_08_one_source_registers_so_many_and_others_are_not_held_up() {
    let world = World::new().await;
    let mut registered = 0;
    let refused = loop {
        let reply = register_from(&world, "198.51.100.1", &[]).await;
        if reply.status != StatusCode::CREATED {
            break reply;
        }
        registered += 1;
    };
    assert_eq!(registered, 100);
    assert_eq!(refused.error(), (429, "too_many_requests".to_owned()));
    assert!((1..=6).contains(&refused.header("retry-after").parse::<u32>().unwrap()));
    assert_eq!(register_from(&world, "198.51.100.2", &[]).await.status, 201);
    // A network of IPv6 is one source.
    for n in 0..100 {
        assert_eq!(register_from(&world, &format!("2001:db8::{n:x}"), &[]).await.status, 201);
    }
    assert_eq!(register_from(&world, "2001:db8::ffff", &[]).await.status, 429);
    assert_eq!(register_from(&world, "2001:db8:0:1::1", &[]).await.status, 201);
}

#[tokio::test]
async fn reg_08_behind_a_configured_proxy_its_clients_are_told_apart() {
    let world = World::with(|proxy| proxy.trusted_proxies(["10.0.0.0/8"])).await;
    for _ in 0..100 {
        assert_eq!(register_from(&world, "10.0.0.1", &[("x-forwarded-for", "198.51.100.1")]).await.status, 201);
    }
    for (peer, headers, status) in [
        ("10.0.0.2", &[("x-forwarded-for", "1.2.3.4, 198.51.100.1, 10.0.0.9")][..], 429),
        ("10.0.0.1", &[("x-forwarded-for", "198.51.100.2")], 201),
        ("10.0.0.1", &[("forwarded", "for=198.51.100.1")], 429),
        ("10.0.0.1", &[("forwarded", "for=\"[2001:db8::1]:4711\"")], 201),
        // Whoever is no proxy is believed nothing.
        ("198.51.100.1", &[("x-forwarded-for", "198.51.100.3")], 429),
    ] {
        assert_eq!(register_from(&world, peer, headers).await.status, status, "{peer} {headers:?}");
    }
}

#[tokio::test]
async fn reg_08_unused_clients_live_an_hour_and_used_ones_three_months() {
    let world = World::new().await;
    let unused = world.client(REDIRECT).await;
    let tokens = world.log_in().await;
    world.pass(3599);
    assert_eq!(world.authorize(&unused, &[]).await.status, 200);
    world.pass(2);
    assert!(world.authorize(&unused, &[]).await.is_local_error());
    world.pass(89 * 24 * 3600);
    assert_eq!(world.authorize(&tokens.client_id, &[]).await.status, 200);
    world.pass(2 * 24 * 3600);
    assert!(world.authorize(&tokens.client_id, &[]).await.is_local_error());
    assert_eq!(world.refresh(&tokens.client_id, &tokens.refresh).await.error(), (401, "invalid_client".to_owned()));
}

#[tokio::test]
async fn reg_10_only_the_code_grant_is_registered() {
    let with = |member: &str, value: Value| json!({ "redirect_uris": [REDIRECT], member: value });
    let cases = [
        with("grant_types", json!(["implicit", "password"])),
        with("grant_types", json!(["client_credentials"])),
        with("response_types", json!(["token"])),
        with("response_types", json!(["code token"])),
    ];
    all_refused(cases, "invalid_client_metadata").await;
    let world = World::new().await;
    let client = world.register(with("grant_types", json!(["authorization_code", "implicit"]))).await.json();
    assert_eq!(client["grant_types"], json!(["authorization_code"]));
    assert_eq!(client["response_types"], json!(["code"]));
}
