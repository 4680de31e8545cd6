//! What a server keeps in the store of its login: tasks, and what was used once.

use std::time::{Duration, SystemTime};

use axum::Router;
use axum::body::Body;
use dari::auth::OAuthProxy;
use dari::clock::{Clock, ManualClock};
use dari::prelude::*;
use dari::store::{DiskStore, MemoryStore, Store};
use http::{Request, header};
use serde_json::{Value, json};

use crate::fake::Fake;
use crate::shared::Shared;
use crate::world::{BASE, SECRET, World};

/// Says who called it.
#[mcp_tool(task = "required")]
async fn quick(token: AccessToken) -> String {
    token.user_id().to_owned()
}

/// Has no end.
#[mcp_tool(task)]
async fn endless() -> String {
    std::future::pending().await
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Confirm {
    really: bool,
}

/// May be answered once.
#[mcp_tool]
async fn pay(ask: Ask) -> Result<String, ToolError> {
    let Confirm { really } = ask.form("confirm", "Really?").await?;
    ask.once().await?;
    Ok(format!("paid: {really}"))
}

/// A whole server on this store.
fn routes(fake: &Fake, hand: &ManualClock, store: impl Store) -> Router {
    let proxy = OAuthProxy::new(fake.provider())
        .secret(SECRET.to_owned().into())
        .public_url(BASE)
        .identity_check_interval(Duration::from_secs(24 * 3600))
        .clock(hand.clock())
        .store(store);
    let server = McpServer::new("Test Server", "1.0.0").tools(tools![quick, endless, pay]);
    server.auth(proxy).into_router().unwrap()
}

fn world(fake: &Fake, hand: &ManualClock, routes: Router) -> World {
    let world = World::on(fake.clone(), hand.clone(), |proxy| proxy.store(MemoryStore::new()));
    World { routes, ..world }
}

async fn send(world: &World, access: &str, method: &str, mut params: Value) -> Value {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {
            "elicitation": {}, "extensions": { "io.modelcontextprotocol/tasks": {} },
        },
    });
    let name = params["name"].as_str().or(params["taskId"].as_str()).unwrap().to_owned();
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
    let request = Request::post("/mcp")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ACCEPT, "application/json, text/event-stream")
        .header(header::AUTHORIZATION, format!("Bearer {access}"))
        .header("MCP-Protocol-Version", "2026-07-28")
        .header("Mcp-Method", method)
        .header("Mcp-Name", name);
    world.send(request.body(Body::from(body.to_string())).unwrap()).await.json()
}

async fn begin(world: &World, access: &str, tool: &str) -> String {
    let created = send(world, access, "tools/call", json!({ "name": tool })).await;
    assert_eq!(created["result"]["resultType"], "task", "{created}");
    created["result"]["taskId"].as_str().unwrap().to_owned()
}

async fn get(world: &World, access: &str, id: &str) -> Value {
    send(world, access, "tasks/get", json!({ "taskId": id })).await
}

async fn completed(world: &World, access: &str, id: &str) -> Value {
    loop {
        let task = get(world, access, id).await;
        match task["result"]["status"].as_str() {
            Some("working") => tokio::time::sleep(Duration::from_millis(5)).await,
            Some("completed") => return task,
            _ => panic!("{task}"),
        }
    }
}

#[test]
fn results_outlive_a_restart_and_what_ran_is_told_as_failed() {
    let runtime = || tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (clock, hand) = Clock::manual(SystemTime::now());
    let folder = tempfile::tempdir().unwrap();
    let open = || DiskStore::open_with_clock(folder.path().join("store.redb"), clock.clone()).unwrap();
    let outside = runtime();
    let fake = outside.block_on(Fake::start());

    let process = runtime();
    let (access, other, done, runs, told) = process.block_on(async {
        let world = world(&fake, &hand, routes(&fake, &hand, open()));
        let (access, other) = (world.log_in().await.access, world.log_in().await.access);
        let (done, runs) = (begin(&world, &access, "quick").await, begin(&world, &access, "endless").await);
        let told = completed(&world, &access, &done).await;
        assert_eq!(told["result"]["result"]["content"][0]["text"], "naver-user-1");
        assert_eq!(get(&world, &access, &runs).await["result"]["status"], "working");
        (access, other, done, runs, told)
    });
    // The process is killed: nothing of it runs to its end.
    drop(process);

    outside.block_on(async {
        let world = world(&fake, &hand, routes(&fake, &hand, open()));
        assert_eq!(get(&world, &access, &done).await, told);
        assert_eq!(get(&world, &other, &done).await["error"]["code"], -32602, "the same user, but another client");
        world.pass(31);
        let failed = get(&world, &access, &runs).await["result"].clone();
        assert_eq!((&failed["status"], &failed["error"]["code"]), (&json!("failed"), &json!(-32603)), "{failed}");
        world.pass(3600);
        let access = world.log_in().await.access;
        assert_eq!(get(&world, &access, &done).await["error"]["code"], -32602, "its time is over");
    });
}

#[tokio::test]
async fn a_store_that_is_away_loses_no_end() {
    let (clock, hand) = Clock::manual(SystemTime::now());
    let (store, fake) = (Shared::new(MemoryStore::with_clock(clock)), Fake::start().await);
    let world = world(&fake, &hand, routes(&fake, &hand, store.clone()));
    let access = world.log_in().await.access;
    // Warm, so that the call itself needs no store.
    completed(&world, &access, &begin(&world, &access, "quick").await).await;
    store.go_down(true);
    let refused = send(&world, &access, "tools/call", json!({ "name": "quick" })).await;
    assert_eq!(refused["error"]["code"], -32603, "a task that is not kept is none: {refused}");
    store.go_down(false);
    let id = begin(&world, &access, "endless").await;
    store.go_down(true);
    assert_eq!(get(&world, &access, &id).await["result"]["status"], "working", "who runs it knows");
    send(&world, &access, "tasks/cancel", json!({ "taskId": id })).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(get(&world, &access, &id).await["result"]["status"], "working", "its end is told once it is kept");
    store.go_down(false);
    let start = std::time::Instant::now();
    while get(&world, &access, &id).await["result"]["status"] != "cancelled" {
        assert!(start.elapsed() < Duration::from_secs(10));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn what_was_used_once_is_used_for_all_replicas() {
    let (clock, hand) = Clock::manual(SystemTime::now());
    let (store, fake) = (Shared::new(MemoryStore::with_clock(clock)), Fake::start().await);
    let replica = || world(&fake, &hand, routes(&fake, &hand, store.clone()));
    let (one, two) = (replica(), replica());
    let access = one.log_in().await.access;
    let asked = send(&one, &access, "tools/call", json!({ "name": "pay" })).await;
    let retry = json!({
        "name": "pay",
        "requestState": asked["result"]["requestState"],
        "inputResponses": { "confirm": { "action": "accept", "content": { "really": true } } },
    });
    let paid = send(&two, &access, "tools/call", retry.clone()).await;
    assert_eq!(paid["result"]["content"][0]["text"], "paid: true", "{paid}");
    for replica in [&one, &two] {
        assert_eq!(send(replica, &access, "tools/call", retry.clone()).await["error"]["code"], -32602);
    }
}
