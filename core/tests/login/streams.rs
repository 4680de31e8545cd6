//! Streams without an end, which must not outlive the login that they were opened with.

use std::time::{Duration, SystemTime};

use axum::body::{Body, BodyDataStream};
use dari::Changes;
use dari::auth::OAuthProxy;
use dari::clock::{Clock, ManualClock};
use dari::prelude::*;
use dari::store::{MemoryStore, Store};
use futures_util::StreamExt as _;
use http::{Request, header};
use serde_json::json;
use tower::ServiceExt as _;

use crate::fake::Fake;
use crate::shared::Shared;
use crate::world::{BASE, SECRET, World};

/// For everybody.
#[mcp_resource(uri = "test://open")]
fn open() -> String {
    String::new()
}

/// For those who were granted it.
#[mcp_resource(uri = "test://calendar", scopes("calendar"))]
fn calendar() -> String {
    String::new()
}

async fn server(changes: &Changes) -> World {
    let (clock, hand) = Clock::manual(SystemTime::now());
    let fake = Fake::start().await;
    server_on(&fake, &hand, MemoryStore::with_clock(clock), changes)
}

fn server_on(fake: &Fake, hand: &ManualClock, store: impl Store, changes: &Changes) -> World {
    let proxy = || {
        OAuthProxy::new(fake.provider())
            .secret(SECRET.to_owned().into())
            .public_url(BASE)
            .upstream_timeout(Duration::from_millis(500))
            .scopes_supported(["calendar", "profile"])
            .access_token_lifetime(Duration::from_secs(600))
            .clock(hand.clock())
    };
    let server = McpServer::new("Test Server", "1.0.0").resources(resources![open, calendar]);
    let server = server.changes(changes.clone()).auth(proxy().store(store));
    let routes = server.into_router().unwrap();
    let world = World::on(fake.clone(), hand.clone(), |_| proxy().store(MemoryStore::new()));
    World { routes, ..world }
}

async fn listen(world: &World, access: &str) -> BodyDataStream {
    let body = json!({
        "jsonrpc": "2.0", "id": 1, "method": "subscriptions/listen",
        "params": {
            "notifications": { "resourceSubscriptions": ["test://open", "test://calendar"] },
            "_meta": {
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientCapabilities": {},
            },
        },
    });
    let request = Request::post("/mcp")
        .header(header::HOST, "127.0.0.1:8000")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::AUTHORIZATION, format!("Bearer {access}"))
        .header("mcp-protocol-version", "2026-07-28")
        .header("mcp-method", "subscriptions/listen")
        .body(Body::from(body.to_string()))
        .unwrap();
    let response = world.routes.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), 200);
    response.into_body().into_data_stream()
}

async fn next(stream: &mut BodyDataStream) -> Option<String> {
    Some(String::from_utf8(stream.next().await?.unwrap().to_vec()).unwrap())
}

#[tokio::test]
async fn a_stream_ends_when_its_token_expires() {
    let world = server(&Changes::new()).await;
    let tokens = world.log_in().await;
    let mut stream = listen(&world, &tokens.access).await;
    let acknowledged = next(&mut stream).await.unwrap();
    assert!(acknowledged.contains("test://open"), "{acknowledged}");
    // From here on nothing is sent anywhere: time may pass as it is waited for.
    tokio::time::pause();
    assert_eq!(next(&mut stream).await.as_deref(), Some(":\n\n"));
    world.pass(590);
    assert_eq!(next(&mut stream).await.as_deref(), Some(":\n\n"), "it still holds");
    world.pass(20);
    let last = next(&mut stream).await.unwrap();
    assert!(last.contains("\"resultType\":\"complete\""), "{last}");
    assert_eq!(next(&mut stream).await, None);
}

#[tokio::test]
async fn a_stream_ends_when_its_login_does() {
    let world = server(&Changes::new()).await;
    let tokens = world.log_in().await;
    let mut stream = listen(&world, &tokens.access).await;
    next(&mut stream).await.unwrap();
    let refreshed = world.refresh(&tokens.client_id, &tokens.refresh).await;
    let second = refreshed.json()["refresh_token"].as_str().unwrap().to_owned();
    assert_eq!(world.refresh(&tokens.client_id, &second).await.status, 200);
    // Whoever uses an old refresh token may have stolen it.
    assert_eq!(world.refresh(&tokens.client_id, &tokens.refresh).await.status, 400);
    tokio::time::pause();
    assert!(next(&mut stream).await.unwrap().contains("\"resultType\":\"complete\""));
    assert_eq!(next(&mut stream).await, None);
}

#[tokio::test]
async fn a_stream_ends_when_its_login_does_at_another_replica() {
    let (clock, hand) = Clock::manual(SystemTime::now());
    let (store, fake) = (Shared::new(MemoryStore::with_clock(clock)), Fake::start().await);
    let replica = || server_on(&fake, &hand, store.clone(), &Changes::new());
    let (one, two) = (replica(), replica());
    let tokens = one.log_in().await;
    let mut stream = listen(&one, &tokens.access).await;
    next(&mut stream).await.unwrap();
    assert_eq!(two.revoke(&tokens.client_id, &tokens.access).await.status, 200);
    tokio::time::pause();
    // With the sign of life the look begins, and with its answer the stream ends.
    assert_eq!(next(&mut stream).await.as_deref(), Some(":\n\n"));
    let looked = tokio::time::Instant::now();
    let last = next(&mut stream).await.unwrap();
    assert!(last.contains("\"resultType\":\"complete\""), "{last}");
    assert!(looked.elapsed() < Duration::from_secs(1), "{:?}", looked.elapsed());
    assert_eq!(next(&mut stream).await, None);
}

#[tokio::test]
async fn who_lacks_a_scope_is_not_told() {
    let changes = Changes::new();
    let world = server(&changes).await;
    let client_id = world.client(crate::world::REDIRECT).await;
    let page = world.authorize(&client_id, &[("scope", "profile")]).await;
    let sent = world.approve(&page).await;
    let code = world.come_back(&sent["state"], &page.cookie()).await.redirect()["code"].clone();
    let reply = world.exchange(&client_id, &code).await;
    let access = reply.json()["access_token"].as_str().unwrap().to_owned();
    let mut stream = listen(&world, &access).await;
    let acknowledged = next(&mut stream).await.unwrap();
    assert!(acknowledged.contains("test://open") && !acknowledged.contains("test://calendar"), "{acknowledged}");
    changes.resource("test://calendar");
    changes.resource("test://open");
    let told = next(&mut stream).await.unwrap();
    assert!(told.contains("test://open") && !told.contains("test://calendar"), "{told}");
}
