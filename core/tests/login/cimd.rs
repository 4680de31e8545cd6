//! Clients that describe themselves at a URL (client-id metadata documents).

use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::site::{HOST, LOOPBACK, Page, Site};
use crate::world::{REDIRECT, Reply, World, tokens};

async fn world() -> (World, Site) {
    let site = Site::start().await;
    let network = site.network();
    (World::with(|proxy| proxy.test_network(network)).await, site)
}

/// That a page ended the login here and says under which code.
#[track_caller]
fn refused(reply: &Reply, reason: &str, why: &str) {
    assert!(reply.is_local_error(), "{why}: {} {}", reply.status, reply.body);
    assert!(reply.body.contains(reason), "{why}: no {reason} in {}", reply.body);
}

#[tokio::test]
async fn a_client_logs_in_by_its_document() {
    let (world, site) = world().await;
    let client = site.publish("/client.json", json!({ "client_uri": "https://client.example" }));
    let page = world.authorize(&client, &[]).await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(
        page.body.contains("Document Client") && page.body.contains(&format!("<bdi>{HOST}:{}</bdi>", site.port)),
        "{}",
        page.body
    );
    let sent = world.approve(&page).await;
    assert!(!sent.values().any(|value| value.contains(HOST)), "nothing of the client goes upstream");
    let code = world.come_back(&sent["state"], &page.cookie()).await.redirect()["code"].clone();
    let held = tokens(&client, &world.exchange(&client, &code).await);
    let next = tokens(&client, &world.refresh(&client, &held.refresh).await);
    assert_eq!(world.call(&next.access).await.unwrap().client_id(), client);
    assert_eq!(site.requests(), 1, "one fetch for the whole login");
}

#[tokio::test]
async fn many_at_once_fetch_once() {
    let (world, site) = world().await;
    let client = site.publish("/client.json", json!({}));
    let replies = futures_util::future::join_all((0..20).map(|_| world.authorize(&client, &[]))).await;
    assert!(replies.iter().all(|reply| reply.status == 200));
    assert_eq!(site.requests(), 1);
}

#[tokio::test]
async fn cimd_01_plain_http_is_never_fetched() {
    let (world, site) = world().await;
    site.publish("/client.json", json!({}));
    for host in [HOST, "127.0.0.1", "localhost", "[::1]"] {
        let client = format!("http://{host}:{}/client.json", site.port);
        refused(&world.authorize(&client, &[]).await, "client_unknown", &client);
        assert_eq!(world.refresh(&client, "token").await.error(), (401, "invalid_client".to_owned()));
    }
    assert_eq!(site.connections(), 0);
}

#[tokio::test]
async fn cimd_02_addresses_that_are_not_public_are_never_dialled() {
    let site = Site::start().await;
    let mapped = IpAddr::V6("::ffff:127.0.0.1".parse().unwrap());
    let network = site
        .lone_network()
        .host("rebound.example", LOOPBACK)
        .host("six.example", Ipv6Addr::LOCALHOST.into())
        .host("mapped.example", mapped)
        .host("metadata.example", "169.254.169.254".parse().unwrap())
        .host("nat64.example", "64:ff9b::7f00:1".parse().unwrap());
    let world = World::with(|proxy| proxy.test_network(network)).await;
    for host in [
        "127.0.0.1",
        "2130706433",
        "0x7f.1",
        "0x7f000001",
        "0177.0.0.1",
        "127.1",
        "0.0.0.0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "169.254.169.254",
        "10.0.0.1",
        "localhost",
        "localhost.",
        "rebound.example",
        "six.example",
        "mapped.example",
        "metadata.example",
        "nat64.example",
    ] {
        let client = format!("https://{host}:{}/client.json", site.port);
        let started = Instant::now();
        let reply = world.authorize(&client, &[]).await;
        refused(&reply, "client_", &client);
        // Nobody learns from us which names lead somewhere inside.
        assert!(!reply.body.contains("public internet"), "{host}: {}", reply.body);
        assert!(started.elapsed() < Duration::from_secs(3), "{host} was dialled");
    }
    assert_eq!(site.connections(), 0);
}

#[tokio::test]
async fn cimd_03_urls_that_are_no_client_id_are_never_fetched() {
    let (world, site) = world().await;
    let origin = site.url("");
    for client in [
        origin.clone(),
        format!("{origin}/"),
        format!("{origin}/client.json#"),
        format!("{origin}/client.json#x"),
        format!("{origin}/a/../client.json"),
        format!("{origin}/a/%2e%2e/client.json"),
        format!("{origin}/./client.json"),
        format!("https://user@{HOST}:{}/client.json", site.port),
        format!("https://user:pw@{HOST}:{}/client.json", site.port),
        format!("HTTPS://{HOST}:{}/client.json", site.port),
        format!("https://CLIENT.example:{}/client.json", site.port),
        format!("{origin}/{}", "x".repeat(600)),
    ] {
        refused(&world.authorize(&client, &[]).await, "client_unknown", &client);
    }
    assert_eq!(site.connections(), 0);
}

#[tokio::test]
async fn cimd_05_answers_that_are_no_document_are_refused_at_the_limit() {
    let (world, site) = world().await;
    let good = |path: &str| site.document(path, json!({})).to_string();
    let raw = |head: &str, body: &str| Page::Raw(format!("HTTP/1.1 {head}\r\n\r\n{body}"));
    let json_head = "200 OK\r\nContent-Type: application/json";
    let large = |path: &str| site.document(path, json!({ "tos_uri": "x".repeat(6000) })).to_string();
    let chunked = |body: String| format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    let pages = [
        ("/redirect", raw(&format!("302 Found\r\nLocation: {}\r\nContent-Length: 0", site.url("/moved")), "")),
        ("/large", Page::Json(large("/large"), "")),
        ("/lies-large", raw(&format!("{json_head}\r\nContent-Length: 1000000"), &good("/lies-large"))),
        ("/lies-small", raw(&format!("{json_head}\r\nContent-Length: 10"), &good("/lies-small"))),
        ("/chunked", raw(&format!("{json_head}\r\nTransfer-Encoding: chunked"), &chunked(large("/chunked")))),
        ("/unmeasured", raw(json_head, &large("/unmeasured"))),
        ("/not-json", Page::Json("<html></html>".to_owned(), "")),
        ("/html", raw("200 OK\r\nContent-Type: text/html", &good("/html"))),
        ("/untyped", raw("200 OK", &good("/untyped"))),
        ("/gzip", raw(&format!("{json_head}\r\nContent-Encoding: gzip"), &good("/gzip"))),
        ("/created", raw("201 Created\r\nContent-Type: application/json", &good("/created"))),
        ("/failing", raw("500 Internal Server Error\r\nContent-Type: application/json", &good("/failing"))),
        ("/cut", Page::Cut),
    ];
    site.publish("/good", json!({}));
    // What a redirect leads to would be right.
    site.put("/moved", Page::Json(good("/redirect"), ""));
    for (path, page) in pages {
        site.put(path, page);
        refused(&world.authorize(&site.url(path), &[]).await, "client_document_", path);
    }
    refused(&world.authorize(&site.url("/missing"), &[]).await, "client_document_invalid", "404");
    site.put("/slow", Page::Drip);
    let started = Instant::now();
    refused(&world.authorize(&site.url("/slow"), &[]).await, "client_document_away", "slow");
    let waited = started.elapsed();
    assert!(waited > Duration::from_secs(4) && waited < Duration::from_secs(8), "{waited:?}");
    assert_eq!(world.authorize(&site.url("/good"), &[]).await.status, 200);
}

#[tokio::test]
async fn cimd_05_a_certificate_for_another_name_is_no_connection() {
    let site = Site::start().await;
    let network = site.lone_network().public("other.example", LOOPBACK);
    let world = World::with(|proxy| proxy.test_network(network)).await;
    let client = format!("https://other.example:{}/client.json", site.port);
    refused(&world.authorize(&client, &[]).await, "client_document_away", "certificate");
    assert_eq!(site.requests(), 0);
}

#[tokio::test]
async fn cimd_06_documents_that_describe_no_client_are_refused() {
    let (world, site) = world().await;
    for (n, members) in [
        json!({ "client_id": "https://client.example/other.json" }),
        json!({ "client_id": null }),
        json!({ "client_name": null }),
        json!({ "redirect_uris": null }),
        json!({ "redirect_uris": [] }),
        json!({ "redirect_uris": ["javascript:alert(1)"] }),
        json!({ "redirect_uris": ["http://127.0.0.1:8000/auth/callback"] }),
        json!({ "token_endpoint_auth_method": "client_secret_basic" }),
        json!({ "token_endpoint_auth_method": "client_secret_post" }),
        json!({ "token_endpoint_auth_method": "client_secret_jwt" }),
        json!({ "client_secret": "x" }),
        json!({ "token_endpoint_auth_method": "private_key_jwt" }),
    ]
    .into_iter()
    .enumerate()
    {
        let client = site.publish(&format!("/{n}"), members.clone());
        refused(&world.authorize(&client, &[]).await, "client_document_invalid", &members.to_string());
        assert_eq!(world.refresh(&client, "token").await.error(), (401, "invalid_client".to_owned()), "{members}");
    }
}

#[tokio::test]
async fn cimd_06_only_listed_redirect_uris_are_answered_and_loopback_has_any_port() {
    let (world, site) = world().await;
    let uris = json!(["http://localhost/callback", "https://app.example/cb"]);
    let client = site.publish("/client.json", json!({ "redirect_uris": uris }));
    for (uri, good) in [
        (REDIRECT, true),
        ("http://localhost/callback", true),
        ("https://app.example/cb", true),
        ("https://app.example:8443/cb", false),
        ("https://app.example/cb/", false),
        ("http://127.0.0.1:3334/callback", false),
        ("http://localhost:3334/other", false),
        ("https://evil.example/cb", false),
    ] {
        let reply = world.authorize(&client, &[("redirect_uri", uri)]).await;
        assert_eq!(reply.status == 200, good, "{uri}");
        assert!(good || reply.is_local_error(), "{uri}");
    }
}

#[tokio::test]
async fn cimd_07_a_document_is_kept_as_its_headers_say_within_bounds() {
    let (world, site) = world().await;
    const MINUTE: u64 = 60;
    const DAY: u64 = 24 * 60 * MINUTE;
    for (n, (headers, kept)) in [
        ("", 5 * MINUTE),
        ("Cache-Control: no-store\r\n", 5 * MINUTE),
        ("Cache-Control: no-cache\r\n", 5 * MINUTE),
        ("Cache-Control: max-age=0\r\n", 5 * MINUTE),
        ("Cache-Control: max-age=10\r\n", 5 * MINUTE),
        ("Cache-Control: public, max-age=3600\r\n", 60 * MINUTE),
        ("Cache-Control: max-age=60, s-maxage=1200\r\n", 20 * MINUTE),
        ("Cache-Control: max-age=3600\r\nAge: 1800\r\n", 30 * MINUTE),
        ("Cache-Control: max-age=99999999\r\n", DAY),
        ("Cache-Control: max-age=banana\r\n", 5 * MINUTE),
    ]
    .into_iter()
    .enumerate()
    {
        let path = format!("/{n}");
        site.put(&path, Page::Json(site.document(&path, json!({})).to_string(), headers));
        let fetched = async || {
            let before = site.requests();
            assert_eq!(world.authorize(&site.url(&path), &[]).await.status, 200);
            site.requests() > before
        };
        assert!(fetched().await);
        world.pass(kept - 1);
        assert!(!fetched().await, "{headers:?}");
        world.pass(1);
        assert!(fetched().await, "{headers:?}");
    }
}

#[tokio::test]
async fn cimd_07_failures_are_kept_only_briefly() {
    let (world, site) = world().await;
    let client = site.url("/client.json");
    refused(&world.authorize(&client, &[]).await, "client_document_invalid", "404");
    site.publish("/client.json", json!({}));
    refused(&world.authorize(&client, &[]).await, "client_document_invalid", "the failure is kept");
    assert_eq!(site.requests(), 1);
    world.pass(30);
    assert_eq!(world.authorize(&client, &[]).await.status, 200);
}

#[tokio::test]
async fn cimd_07_while_the_site_is_away_the_last_document_serves_for_a_day_and_what_is_withdrawn_is_gone() {
    let (world, site) = world().await;
    let client = site.publish("/client.json", json!({}));
    let code = world.code(&client).await;
    let held = tokens(&client, &world.exchange(&client, &code).await);
    site.put("/client.json", Page::Cut);
    world.pass(23 * 3600);
    let next = tokens(&client, &world.refresh(&client, &held.refresh).await);
    world.pass(3600);
    // It is too old now: that is no verdict on the client.
    let reply = world.refresh(&client, &next.refresh).await;
    assert_eq!(reply.error(), (503, "temporarily_unavailable".to_owned()));
    assert!(reply.headers.contains_key("retry-after"));
    site.publish("/client.json", json!({}));
    world.pass(30);
    let next = tokens(&client, &world.refresh(&client, &next.refresh).await);
    site.remove("/client.json");
    world.pass(300);
    assert_eq!(world.refresh(&client, &next.refresh).await.error(), (401, "invalid_client".to_owned()));
    refused(&world.authorize(&client, &[]).await, "client_document_invalid", "withdrawn");
}

#[tokio::test]
async fn fetches_are_bounded_before_they_are_made() {
    let (world, site) = world().await;
    let known = site.publish("/known", json!({}));
    assert_eq!(world.authorize(&known, &[]).await.status, 200);
    let peer = |last: u8| Some(([198, 51, 100, last], 1).into());
    let mut limited = None;
    for n in 0..30 {
        let reply = world.authorize_from(peer(1), &site.url(&format!("/{n}"))).await;
        if reply.status == 429 {
            limited.get_or_insert((n, reply));
        }
    }
    let (n, reply) = limited.unwrap();
    assert_eq!(n, 20);
    assert!(reply.header("retry-after").parse::<u32>().unwrap() >= 1);
    assert_eq!(site.requests(), 21);
    assert_eq!(world.authorize_from(peer(1), &known).await.status, 200, "what is known needs no fetch");
    assert_eq!(world.authorize_from(peer(2), &site.url("/x")).await.status, 400, "others have a budget of their own");
    // All together, however many they are.
    for n in 0..200_u8 {
        world.authorize_from(peer(n), &site.url(&format!("/y{n}"))).await;
    }
    assert!(site.requests() < 150, "{}", site.requests());
}

#[tokio::test]
async fn each_way_to_become_known_can_be_switched_off() {
    let documents = |reply: &Value| reply["client_id_metadata_document_supported"] == true;
    let (world, site) = world().await;
    let server = world.get("/.well-known/oauth-authorization-server", "").await.json();
    assert!(documents(&server));
    assert_eq!(server["token_endpoint_auth_methods_supported"], json!(["none", "private_key_jwt"]));

    let network = site.network();
    let world = World::with(|proxy| proxy.test_network(network).without_client_id_metadata_documents()).await;
    let server = world.get("/.well-known/oauth-authorization-server", "").await.json();
    assert!(!documents(&server) && server.get("registration_endpoint").is_some());
    assert_eq!(server["token_endpoint_auth_methods_supported"], json!(["none"]));
    let client = site.publish("/client.json", json!({}));
    refused(&world.authorize(&client, &[]).await, "client_unknown", "documents are off");
    assert_eq!(site.connections(), 0);
}
