//! §2: `/register`.

use http::Method;
use serde_json::{Value, json};

use crate::world::{REDIRECT, Reply, World, raw_post, replicas};

async fn send(world: &World, body: impl Into<reqwest::Body>) -> Reply {
    world.request(Method::POST, "/register", &[("content-type", "application/json")], body).await
}

async fn all_refused(metadata: impl IntoIterator<Item = Value>, codes: &[&str]) {
    let world = World::new().await;
    for metadata in metadata {
        let (status, code) = world.register(&metadata).await.error();
        assert!(status == 400 && codes.contains(&&*code), "{metadata}: {status} {code}");
    }
    assert_eq!(world.register(&json!({ "redirect_uris": [REDIRECT] })).await.status, 201);
}

#[tokio::test]
async fn reg_01_a_minimal_client_gets_an_id_and_hears_what_is_registered() {
    let world = World::new().await;
    let reply = world.register(&json!({ "redirect_uris": [REDIRECT], "scope": "openid email calendar" })).await;
    assert_eq!((reply.status.as_u16(), reply.header("cache-control")), (201, "no-store"));
    let client = reply.json();
    assert_eq!(client["redirect_uris"], json!([REDIRECT]));
    assert_eq!(client["token_endpoint_auth_method"], "none");
    assert_eq!(client["grant_types"], json!(["authorization_code", "refresh_token"]));
    assert_eq!(client["response_types"], json!(["code"]));
    assert_eq!(client["scope"], "calendar", "what this server does not know is left out");
    assert!(client["client_id"].as_str().unwrap().len() >= 22);
    assert!(client.get("client_secret").is_none(), "rmcp would use a secret that it got");
}

#[tokio::test]
async fn reg_02_redirect_uris_are_needed() {
    let cases =
        [json!({}), json!({ "redirect_uris": [] }), json!({ "redirect_uris": null }), json!({ "redirect_uris": [""] })];
    all_refused(cases, &["invalid_redirect_uri", "invalid_client_metadata"]).await;
}

#[tokio::test]
async fn reg_03_schemes_that_run_or_read_something_are_refused() {
    let uris = [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "javascript://127.0.0.1/%0aalert(1)",
        "data:text/html,<script>alert(1)</script>",
        "file:///etc/passwd",
        "vbscript:x",
        "blob:https://a.example/1",
    ];
    // Neither alone nor behind a good one.
    all_refused(uris.map(|uri| json!({ "redirect_uris": [uri] })), &["invalid_redirect_uri"]).await;
    all_refused(uris.map(|uri| json!({ "redirect_uris": [REDIRECT, uri] })), &["invalid_redirect_uri"]).await;
}

#[tokio::test]
async fn reg_04_fragments_relative_uris_and_user_names_are_refused() {
    let uris = [
        "https://a.example/cb#",
        "https://a.example/cb#x",
        "http://127.0.0.1:1/cb#",
        "/cb",
        "cb",
        "//a.example/cb",
        "https://u@a.example/cb",
        "https://u:p@a.example/cb",
        "https://good.example@evil.example/cb",
        "http://u@127.0.0.1/cb",
    ];
    all_refused(uris.map(|uri| json!({ "redirect_uris": [uri] })), &["invalid_redirect_uri"]).await;
}

#[tokio::test]
async fn reg_05_plain_http_elsewhere_and_wildcards_are_refused() {
    let uris = [
        "http://evil.example/cb",
        "http://127.0.0.1.evil.example/cb",
        "http://localhost.evil.example/cb",
        "http://0.0.0.0/cb",
        "http://192.168.0.1/cb",
        "https://*.example/cb",
        "https://*/cb",
        "http://127.0.0.*/cb",
    ];
    all_refused(uris.map(|uri| json!({ "redirect_uris": [uri] })), &["invalid_redirect_uri"]).await;
    let world = World::new().await;
    let own = json!({ "redirect_uris": [format!("{}/auth/callback", world.base)] });
    assert_eq!(world.register(&own).await.error(), (400, "invalid_redirect_uri".to_owned()), "our own callback");
    for good in ["http://127.0.0.1/cb", "http://[::1]:8080/cb", "http://localhost:1/cb", "https://a.example/cb"] {
        assert_eq!(world.register(&json!({ "redirect_uris": [good] })).await.status, 201, "{good}");
    }
}

#[tokio::test]
async fn reg_06_what_is_no_metadata_is_refused() {
    let cases = [
        json!([]),
        json!("x"),
        json!(null),
        json!(5),
        json!({ "redirect_uris": "x" }),
        json!({ "redirect_uris": [5] }),
        json!({ "redirect_uris": {} }),
        json!({ "redirect_uris": [REDIRECT], "client_name": {} }),
        json!({ "redirect_uris": [REDIRECT], "client_name": 5 }),
        json!({ "redirect_uris": [REDIRECT], "scope": [] }),
        json!({ "redirect_uris": [REDIRECT], "grant_types": "authorization_code" }),
        json!({ "redirect_uris": [REDIRECT], "token_endpoint_auth_method": [] }),
    ];
    all_refused(cases, &["invalid_client_metadata", "invalid_redirect_uri"]).await;
    let world = World::new().await;
    for body in [
        b"".to_vec(),
        b"{".to_vec(),
        b"not json".to_vec(),
        b"{\"redirect_uris\":[\"\0\"]}".to_vec(),
        vec![0xff, 0xfe],
        b"redirect_uris=x".to_vec(),
        "[".repeat(60_000).into_bytes(),
        "{\"a\":".repeat(10_000).into_bytes(),
    ] {
        let shown = String::from_utf8_lossy(&body[..body.len().min(30)]).into_owned();
        assert_eq!(send(&world, body).await.error(), (400, "invalid_client_metadata".to_owned()), "{shown}");
    }
}

#[tokio::test]
async fn reg_07_what_is_too_large_is_refused_and_not_kept() {
    let world = World::new().await;
    let many: Vec<String> = (0..500).map(|n| format!("https://a.example/{n}")).collect();
    for metadata in [
        json!({ "redirect_uris": [REDIRECT], "client_name": "x".repeat(64 * 1024) }),
        json!({ "redirect_uris": [REDIRECT], "client_name": "x".repeat(60 * 1024) }),
        json!({ "redirect_uris": many }),
        json!({ "redirect_uris": [format!("https://a.example/{}", "x".repeat(60 * 1024))] }),
        json!({ "redirect_uris": [REDIRECT], "unknown": "x".repeat(2 * 1024 * 1024) }),
    ] {
        let reply = world.register(&metadata).await;
        assert!(matches!(reply.status.as_u16(), 400 | 413), "{} {}", reply.status, reply.body);
        assert!(reply.json().get("client_id").is_none(), "a record was made");
    }
    // With its length told, it is refused before it is sent; without one, at the limit.
    let head = raw_post(&world, "/register", &[("content-type", "application/json")], "");
    let told = world.raw(head.replace("content-length: 0", "content-length: 2097152")).await;
    assert!(told.starts_with("HTTP/1.1 413"), "{told}");
    let chunk = format!("8000\r\n{}\r\n", " ".repeat(0x8000)).repeat(8);
    let chunked = format!("{}{chunk}0\r\n\r\n", head.replace("content-length: 0", "transfer-encoding: chunked"));
    let untold = world.raw(chunked).await;
    assert!(untold.starts_with("HTTP/1.1 413"), "{untold}");
    assert_eq!(world.register(&json!({ "redirect_uris": [REDIRECT] })).await.status, 201);
}

#[tokio::test]
async fn reg_10_only_the_code_grant_is_registered() {
    let with = |member: &str, value: Value| json!({ "redirect_uris": [REDIRECT], member: value });
    let cases = [
        with("grant_types", json!(["implicit", "password"])),
        with("grant_types", json!(["client_credentials"])),
        with("response_types", json!(["token"])),
        with("response_types", json!(["code token"])),
        json!({ "redirect_uris": [REDIRECT], "grant_types": ["implicit", "password"], "response_types": ["token"] }),
    ];
    all_refused(cases, &["invalid_client_metadata"]).await;
    let world = World::new().await;
    let client = world.register(&with("grant_types", json!(["authorization_code", "implicit"]))).await.json();
    assert_eq!(client["grant_types"], json!(["authorization_code"]));
    assert_eq!(client["response_types"], json!(["code"]));
}

#[tokio::test]
async fn reg_08_a_flood_is_bounded_by_source_and_costs_no_client_in_use() {
    let world = World::with(|proxy, _| proxy.trusted_proxies(["127.0.0.1"])).await;
    let held = world.log_in().await;
    let body = json!({ "redirect_uris": [REDIRECT] }).to_string();
    let from = async |address: &str| {
        let headers = [("content-type", "application/json"), ("x-forwarded-for", address)];
        world.request(Method::POST, "/register", &headers, body.clone()).await
    };
    let (mut registered, mut refusals) = (0, Vec::new());
    // Each server counts by itself.
    while refusals.len() < replicas() {
        let reply = from("198.51.100.1").await;
        match reply.status.as_u16() {
            201 => registered += 1,
            _ => refusals.push(reply),
        }
    }
    assert!((100..=100 * replicas() + 10).contains(&registered), "{registered}");
    let refused = &refusals[0];
    assert_eq!(refused.error(), (429, "too_many_requests".to_owned()));
    assert!(refused.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0));
    assert_eq!(from("198.51.100.2").await.status, 201, "others are not held up");
    assert_eq!(from("203.0.113.7, 198.51.100.1").await.status, 429, "what a client claims does not count");
    world.refreshed(&held).await;
    assert_eq!(world.authorize(&held.client_id, &[]).await.status, 200);
}
