//! What is bounded beside registrations and fetches, and which ways in there are.

use std::net::SocketAddr;
use std::time::SystemTime;

use axum::body::Body;
use dari::auth::{Defaults, OAuthProxy, PreRegisteredClient};
use dari::clock::Clock;
use dari::store::{Collection, MemoryStore, Store as _};
use http::{Request, header};
use serde_json::json;

use crate::fake::Fake;
use crate::shared::Shared;
use crate::world::{BASE, REDIRECT, Reply, SECRET, World, form, tokens};

async fn decide_from(world: &World, peer: SocketAddr, page: &Reply) -> Reply {
    let (sealed, csrf) = (page.field("form"), page.field("csrf"));
    let body = form(&[("form", &sealed), ("csrf", &csrf), ("decision", "approve")]);
    let request = Request::post("/consent")
        .header(header::COOKIE, page.cookie())
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    world.send_from(Some(peer), request.body(Body::from(body)).unwrap()).await
}

#[tokio::test]
async fn one_source_begins_so_many_logins() {
    let world = World::new().await;
    let client = world.client(REDIRECT).await;
    let page = world.authorize(&client, &[]).await;
    let (one, other) = (([198, 51, 100, 1], 1).into(), ([198, 51, 100, 2], 1).into());
    assert_eq!(decide_from(&world, one, &page).await.status, 303);
    // The same form again and again writes nothing without end.
    let mut refused = None;
    for n in 1..400 {
        let reply = decide_from(&world, one, &page).await;
        if reply.status == 429 {
            refused.get_or_insert((n, reply));
        }
    }
    let (n, reply) = refused.unwrap();
    assert!((300..310).contains(&n), "{n}");
    assert!(reply.body.contains("rate_limited") && reply.headers.contains_key("retry-after"), "{}", reply.body);
    assert_eq!(reply.header("x-frame-options"), "DENY");
    let page = world.authorize(&client, &[]).await;
    assert_eq!(decide_from(&world, other, &page).await.status, 303);
}

#[tokio::test]
async fn a_grant_is_refreshed_so_often_and_loses_nothing() {
    let world = World::new().await;
    let held = world.log_in().await;
    let mut newest = held.clone();
    for _ in 0..60 {
        newest = tokens(&held.client_id, &world.refresh(&held.client_id, &newest.refresh).await);
    }
    let reply = world.refresh(&held.client_id, &newest.refresh).await;
    assert_eq!(reply.error(), (429, "too_many_requests".to_owned()));
    assert!(reply.header("retry-after").parse::<u32>().unwrap() > 100);
    assert!(world.call(&newest.access).await.is_ok());
    let other = world.log_in().await;
    assert_eq!(world.refresh(&other.client_id, &other.refresh).await.status, 200, "others have a budget of their own");
}

#[tokio::test]
async fn a_user_has_so_many_logins_and_loses_the_one_not_used_for_longest() {
    let world = World::new().await;
    let client = world.client(REDIRECT).await;
    let log_in = async || {
        let code = world.code(&client).await;
        // So that none of them ends at the same second as another.
        world.pass(1);
        tokens(&client, &world.exchange(&client, &code).await)
    };
    let (first, second) = (log_in().await, log_in().await);
    for _ in 2..100 {
        log_in().await;
    }
    assert!(world.call(&first.access).await.is_ok());
    let first = tokens(&client, &world.refresh(&client, &first.refresh).await);
    let newest = log_in().await;
    assert!(world.call(&second.access).await.is_err(), "nobody had used it for longest");
    assert!(world.call(&first.access).await.is_ok() && world.call(&newest.access).await.is_ok());
}

#[tokio::test]
async fn guesses_cost_a_few_reads_and_leave_nothing() {
    let world = World::new().await;
    let (client, unknown) = (world.client(REDIRECT).await, "A".repeat(43));
    let before = world.gate.counters();
    for _ in 0..100 {
        assert_eq!(world.refresh(&client, &unknown).await.status, 400);
        assert_eq!(world.exchange(&client, &unknown).await.status, 400);
        assert_eq!(world.revoke(&client, &unknown).await.status, 200);
        assert_eq!(world.revoke("AAAAAAAAAAAAAAAAAAAAAA", &unknown).await.status, 401);
    }
    let after = world.gate.counters();
    assert_eq!(after.store_writes, before.store_writes);
    assert!(after.store_reads - before.store_reads <= 400 * 3, "{}", after.store_reads - before.store_reads);
}

/// A world, and the store behind it.
async fn stored() -> (World, Shared) {
    let (clock, hand) = Clock::manual(SystemTime::now());
    let store = Shared::new(MemoryStore::with_clock(clock));
    (World::on(Fake::start().await, hand, |proxy| proxy.store(store.clone())), store)
}

#[tokio::test]
async fn who_registers_anew_for_every_login_keeps_so_many_clients() {
    let (world, store) = stored().await;
    let count = async || store.count(Collection::new("clients")).await.unwrap();
    // One that two users have logged in with belongs to neither, …
    let shared = world.log_in().await;
    world.fake.set().subject = "naver-user-2";
    world.code(&shared.client_id).await;
    // … and another user's is another user's.
    let other = world.log_in().await;
    world.fake.set().subject = "naver-user-1";
    let log_in = async || {
        world.pass(1);
        world.log_in().await
    };
    let (first, second, third) = (log_in().await, log_in().await, log_in().await);
    for _ in 3..100 {
        log_in().await;
    }
    assert_eq!(count().await, 102);
    // What is used is kept, however old it is.
    let first = tokens(&first.client_id, &world.refresh(&first.client_id, &first.refresh).await);
    for _ in 0..2 {
        log_in().await;
    }
    assert_eq!(count().await, 102);
    for (held, is_known) in [(&shared, true), (&other, true), (&first, true), (&second, false), (&third, false)] {
        assert_eq!(world.authorize(&held.client_id, &[]).await.status == 200, is_known, "{}", held.client_id);
    }
    assert_eq!(world.refresh(&first.client_id, &first.refresh).await.status, 200);
}

#[tokio::test]
async fn nothing_is_left_of_the_refresh_tokens_of_a_login_that_ended() {
    let (world, store) = stored().await;
    let other = world.log_in().await;
    let mut held = world.log_in().await;
    for _ in 0..5 {
        held = tokens(&held.client_id, &world.refresh(&held.client_id, &held.refresh).await);
    }
    let count = async || store.count(Collection::new("refresh_tokens")).await.unwrap();
    assert_eq!(count().await, 7);
    assert_eq!(world.revoke(&held.client_id, &held.access).await.status, 200);
    // In a minute they have expired, and whatever is written next sweeps them.
    world.pass(61);
    world.client(REDIRECT).await;
    assert_eq!(count().await, 1);
    assert_eq!(world.refresh(&held.client_id, &held.refresh).await.error(), (400, "invalid_grant".to_owned()));
    assert_eq!(world.refresh(&other.client_id, &other.refresh).await.status, 200);
}

#[tokio::test]
async fn clients_of_the_operators_are_known_and_no_others_where_the_rest_is_off() {
    let own = || PreRegisteredClient::new("calendar-bot", [REDIRECT]).name("Calendar bot");
    let world =
        World::with(|proxy| proxy.client(own()).without_dynamic_registration().without_client_id_metadata_documents())
            .await;
    let page = world.authorize("calendar-bot", &[]).await;
    assert!(page.body.contains("Calendar bot"), "{}", page.body);
    let code = world.code("calendar-bot").await;
    let held = tokens("calendar-bot", &world.exchange("calendar-bot", &code).await);
    let next = tokens("calendar-bot", &world.refresh("calendar-bot", &held.refresh).await);
    assert_eq!(world.call(&next.access).await.unwrap().client_id(), "calendar-bot");
    assert!(world.authorize("calendar-bot", &[("redirect_uri", "https://evil.example/")]).await.is_local_error());
    let server = world.get("/.well-known/oauth-authorization-server", "").await.json();
    assert!(server.get("registration_endpoint").is_none());
    assert_eq!(world.register(json!({ "redirect_uris": [REDIRECT] })).await.status, 404);
    for unknown in ["calendar-bot2", "Calendar-Bot", "https://client.example/c.json", "AAAAAAAAAAAAAAAAAAAAAA"] {
        assert!(world.authorize(unknown, &[]).await.is_local_error(), "{unknown}");
    }
}

#[tokio::test]
async fn mistakes_are_told_all_at_once_and_by_name() {
    let fake = Fake::start().await;
    let proxy = OAuthProxy::new(fake.provider())
        .secret(SECRET.to_owned().into())
        .store(MemoryStore::new())
        .trusted_proxies(["proxy.internal"])
        .client(PreRegisteredClient::new("", [REDIRECT]))
        .client(PreRegisteredClient::new("one", ["http://evil.example/cb"]))
        .client(PreRegisteredClient::new("two", [REDIRECT]))
        .client(PreRegisteredClient::new("two", [REDIRECT]))
        .client(PreRegisteredClient::new("three", Vec::<String>::new()));
    let defaults = || Defaults { public_url: Some(BASE.to_owned()), mcp_path: "/mcp", server_name: "Test" };
    let wrong = proxy.build(defaults()).unwrap_err();
    let told = wrong.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    assert_eq!(wrong.len(), 5, "{told}");
    for part in
        ["trusted_proxies: \"proxy.internal\"", "no client_id", "\"one\"", "\"two\" is registered twice", "\"three\""]
    {
        assert!(told.contains(part), "no {part} in {told}");
    }
    let closed = OAuthProxy::new(fake.provider())
        .secret(SECRET.to_owned().into())
        .store(MemoryStore::new())
        .without_dynamic_registration()
        .without_client_id_metadata_documents();
    let wrong = closed.build(defaults()).unwrap_err();
    assert!(wrong[0].to_string().contains("no client could ever log in"), "{wrong:?}");
}

#[tokio::test]
async fn our_own_server_knows_its_peers_reg_08() {
    let fake = Fake::start().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/register", listener.local_addr().unwrap());
    let login = OAuthProxy::new(fake.provider()).secret(SECRET.to_owned().into()).store(MemoryStore::new());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = dari::McpServer::new("test", "1").auth(login);
    let served = tokio::spawn(server.serve_on(listener, async { drop(stopped.await) }));
    let (http, body) = (reqwest::Client::new(), json!({ "redirect_uris": [REDIRECT] }).to_string());
    let mut statuses = Vec::new();
    for _ in 0..102 {
        let request = http.post(&url).header(header::CONTENT_TYPE, "application/json").body(body.clone());
        statuses.push(request.send().await.unwrap().status().as_u16());
    }
    assert!(statuses[..100].iter().all(|status| *status == 201), "{statuses:?}");
    assert_eq!(statuses[100..], [429, 429]);
    drop(stop);
    served.await.unwrap().unwrap();
}
