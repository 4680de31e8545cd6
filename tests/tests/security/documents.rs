//! §11: client-id metadata documents.

use std::net::Ipv6Addr;
use std::time::{Duration, Instant};

use dari::auth::OAuthProxy;
use serde_json::json;

use crate::site::{HOST, LOOPBACK, Page, Site};
use crate::world::{REDIRECT, Reply, World, replicas, tokens};

async fn world() -> (World, Site) {
    let site = Site::start().await;
    let network = site.network();
    (World::with(move |proxy: OAuthProxy, _| proxy.test_network(network.clone())).await, site)
}

/// That the login ends here, and under which code.
#[track_caller]
fn refused(reply: &Reply, reason: &str, why: &str) {
    reply.is_local_error(why);
    assert!(reply.body.contains(reason), "{why}: no {reason} in {}", reply.body);
}

#[tokio::test]
async fn cimd_01_plain_http_is_never_fetched() {
    let (world, site) = world().await;
    site.publish("/client.json", json!({}));
    for host in [HOST, "127.0.0.1", "localhost"] {
        let client = format!("http://{host}:{}/client.json", site.port);
        refused(&world.authorize(&client, &[]).await, "client_unknown", &client);
        assert_eq!(world.refresh(&client, "token").await.error(), (401, "invalid_client".to_owned()));
    }
    assert_eq!(site.connections(), 0);
}

#[tokio::test]
async fn cimd_02_addresses_that_are_not_public_are_never_dialled() {
    let site = Site::start().await;
    let network = site
        .lone_network()
        .host("rebound.example", LOOPBACK)
        .host("six.example", Ipv6Addr::LOCALHOST.into())
        .host("mapped.example", "::ffff:127.0.0.1".parse().unwrap())
        .host("nat64.example", "64:ff9b::7f00:1".parse().unwrap());
    let world = World::with(move |proxy: OAuthProxy, _| proxy.test_network(network.clone())).await;
    for host in [
        "127.0.0.1",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "169.254.169.254",
        "localhost",
        "rebound.example",
        "six.example",
        "mapped.example",
        "nat64.example",
    ] {
        let client = format!("https://{host}:{}/client.json", site.port);
        refused(&world.authorize(&client, &[]).await, "client_", &client);
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
        format!("{origin}/client.json#x"),
        format!("{origin}/a/../client.json"),
        format!("{origin}/a/%2e%2e/client.json"),
        format!("https://user@{HOST}:{}/client.json", site.port),
    ] {
        refused(&world.authorize(&client, &[]).await, "client_unknown", &client);
    }
    assert_eq!(site.connections(), 0);
}

#[tokio::test]
async fn cimd_05_answers_that_are_no_document_are_refused_at_the_limit() {
    let (world, site) = world().await;
    let raw = |head: &str, body: &str| Page::Raw(format!("HTTP/1.1 {head}\r\n\r\n{body}"));
    let json_head = "200 OK\r\nContent-Type: application/json";
    let large = |path: &str| site.document(path, json!({ "tos_uri": "x".repeat(6000) })).to_string();
    site.put("/moved", Page::Json(site.document("/redirect", json!({})).to_string(), ""));
    for (path, page) in [
        ("/redirect", raw(&format!("302 Found\r\nLocation: {}\r\nContent-Length: 0", site.url("/moved")), "")),
        ("/large", Page::Json(large("/large"), "")),
        ("/streamed", raw(json_head, &large("/streamed"))),
        ("/lies", raw(&format!("{json_head}\r\nContent-Length: 9999999"), "{}")),
        ("/not-json", Page::Json("<html></html>".to_owned(), "")),
        ("/html", raw("200 OK\r\nContent-Type: text/html", &site.document("/html", json!({})).to_string())),
        ("/cut", Page::Cut),
    ] {
        site.put(path, page);
        refused(&world.authorize(&site.url(path), &[]).await, "client_document_", path);
    }
    site.put("/slow", Page::Drip);
    let started = Instant::now();
    refused(&world.authorize(&site.url("/slow"), &[]).await, "client_document_away", "slow");
    assert!(started.elapsed() < Duration::from_secs(9), "{:?}", started.elapsed());
}

#[tokio::test]
async fn cimd_06_documents_that_describe_no_client_are_refused() {
    let (world, site) = world().await;
    for (n, members) in [
        json!({ "client_id": "https://client.example/other.json" }),
        json!({ "client_name": null }),
        json!({ "redirect_uris": null }),
        json!({ "token_endpoint_auth_method": "client_secret_basic" }),
        json!({ "client_secret": "x" }),
    ]
    .into_iter()
    .enumerate()
    {
        let client = site.publish(&format!("/{n}"), members.clone());
        refused(&world.authorize(&client, &[]).await, "client_document_invalid", &members.to_string());
    }
    let client = site.publish("/client.json", json!({ "redirect_uris": ["http://localhost/callback"] }));
    let elsewhere = [("redirect_uri", "https://evil.example/cb")];
    refused(&world.authorize(&client, &elsewhere).await, "redirect_uri_invalid", "not listed");
    // What is listed without a port is good for the one that the client listens on.
    assert!(REDIRECT.starts_with("http://localhost:"));
    let code = world.code(&client).await;
    let held = tokens(&client, &world.exchange(&client, &code).await);
    world.is_good(&held.access).await;
}

#[tokio::test]
async fn cimd_07_a_document_is_kept_as_its_headers_say_and_a_failure_briefly() {
    let (world, site) = world().await;
    // Each server of a world has a cache of its own.
    let fetches = async |path: &str| {
        let before = site.requests();
        for _ in 0..replicas() {
            world.authorize(&site.url(path), &[]).await;
        }
        site.requests() - before
    };
    let servers = u32::try_from(replicas()).unwrap();
    for (path, headers, kept) in [
        ("/floor", "Cache-Control: no-store\r\n", 300),
        ("/hour", "Cache-Control: max-age=3600\r\n", 3600),
        ("/ceiling", "Cache-Control: max-age=99999999\r\n", 86400),
    ] {
        site.put(path, Page::Json(site.document(path, json!({})).to_string(), headers));
        assert_eq!(fetches(path).await, servers);
        world.pass(kept - 1);
        assert_eq!(fetches(path).await, 0, "{headers}");
        world.pass(1);
        assert_eq!(fetches(path).await, servers, "{headers}");
    }
    assert_eq!(fetches("/missing").await, servers);
    assert_eq!(fetches("/missing").await, 0);
    world.pass(30);
    assert_eq!(fetches("/missing").await, servers);
}
