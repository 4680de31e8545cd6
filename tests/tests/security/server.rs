//! §13: how the server bears itself. What needs a process of its own is in [`crate::process`].

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use dari::auth::{Defaults, OAuthProxy};
use dari::clock::{Clock, ManualClock};
use dari::store::{DiskStore, MemoryStore};
use futures_util::future::join_all;
use http::Method;
use serde_json::json;

use crate::fake::{Fake, Mode};
use crate::shared::Shared;
use crate::tools::one;
use crate::world::{OneStore, REDIRECT, World, call, callback_path, exchange_form, form, rpc, tokens};

#[tokio::test]
async fn srv_01_a_panic_fails_one_call_and_nothing_else() {
    let world = World::new().await;
    let held = world.log_in().await;
    let running = world.call(&held.access, "linger", json!({}));
    let panics = async {
        one(&world.probe.started).await;
        for tool in ["explode", "explode_blocking"].repeat(10) {
            let reply = world.call(&held.access, tool, json!({})).await;
            let body = reply.json();
            assert!(body["result"]["isError"] == true || body["error"]["code"] == -32603, "{body}");
            for inside in ["secret of the inside", "/srv/tool.rs", "panicked", ".rs:"] {
                assert!(!reply.body.contains(inside), "{inside} in {body}");
            }
        }
        world.is_good(&held.access).await;
        world.probe.release.add_permits(1);
    };
    let (running, ()) = tokio::join!(running, panics);
    assert_eq!(running.text(), "finished", "a call that ran meanwhile");
    // No lock is poisoned: the login and the lists work as before.
    world.is_good(&world.refreshed(&held).await.access).await;
    assert_eq!(
        world.mcp(&held.access, &[], rpc("tools/list", json!({ "_meta": crate::world::meta() }))).await.status,
        200
    );
}

#[tokio::test]
async fn srv_02_a_call_past_its_time_is_ended() {
    let world = World::new().await;
    let held = world.log_in().await;
    let begun = Instant::now();
    let reply = world.call(&held.access, "overrun", json!({})).await;
    assert_eq!(reply.json()["result"]["isError"], true, "{}", reply.body);
    one(&world.probe.started).await;
    one(&world.probe.cancelled).await;
    // A function that blocks cannot be stopped: it is let go, and its caller hears so in time.
    let blocked = join_all((0..8).map(|_| world.call(&held.access, "block", json!({})))).await;
    for reply in &blocked {
        assert_eq!(reply.json()["result"]["isError"], true, "{}", reply.body);
    }
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    world.is_good(&held.access).await;
    // One that got no thread within its time never began.
    let begun = world.probe.started.available_permits();
    world.probe.release.add_permits(begun);
    for _ in 0..begun {
        one(&world.probe.finished).await;
    }
}

#[tokio::test]
async fn srv_03_a_tool_that_blocks_holds_nobody_else_up() {
    let world = World::new().await;
    let held = world.log_in().await;
    // More of them than the machine has cores; the test and the server share one thread.
    let blocking = join_all((0..16).map(|_| world.call(&held.access, "hold", json!({}))));
    let others = async {
        for _ in 0..16 {
            one(&world.probe.started).await;
        }
        let begun = Instant::now();
        for _ in 0..10 {
            assert_eq!(world.call(&held.access, "count", json!({})).await.status, 200);
        }
        let took = begun.elapsed();
        world.probe.release.add_permits(16);
        took
    };
    let (_, took) = tokio::join!(blocking, others);
    assert!(took < Duration::from_secs(2), "{took:?}");
}

/// What a server at this folder with this secret has against starting.
fn refusal(folder: &Path, fake: &Fake, secret: &str) -> String {
    let defaults =
        Defaults { public_url: Some("http://127.0.0.1:1".to_owned()), mcp_path: "/mcp", server_name: "Test" };
    let proxy = OAuthProxy::new(fake.provider()).secret(secret.to_owned().into()).data_dir(folder);
    let wrong = proxy.build(defaults).expect_err("it has to be refused");
    wrong.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// A server whose store is in this folder.
async fn on_disk(folder: &Path, at: SocketAddr, fake: &Fake, hand: &ManualClock) -> World {
    let store = DiskStore::open_with_clock(folder.join("store.redb"), hand.clock()).unwrap();
    // A file has one owner: with replicas, those of a world share it.
    let shared = OneStore::new(store);
    World::at(at, fake.clone(), hand.clone(), |proxy, _| proxy.store(shared.clone())).await
}

fn anywhere() -> SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

#[tokio::test]
async fn srv_07_a_damaged_store_is_refused_by_name() {
    let (folder, fake) = (tempfile::tempdir().unwrap(), Fake::start().await);
    let (_, hand) = Clock::manual(SystemTime::now());
    let file = folder.path().join("store.redb");
    let world = on_disk(folder.path(), anywhere(), &fake, &hand).await;
    let held = world.log_in().await;
    let at = world.stop().await;
    let good = std::fs::read(&file).unwrap();
    let mut torn = good.clone();
    torn[..4096].fill(0xa5);
    for damaged in [&b"not a store"[..], &good[..good.len() / 3], &[], &torn] {
        std::fs::write(&file, damaged).unwrap();
        let refusal = refusal(folder.path(), &fake, crate::world::SECRET);
        assert!(refusal.contains(file.to_str().unwrap()), "{refusal}");
        assert_eq!(std::fs::read(&file).unwrap(), damaged, "the file is left as it was");
    }
    // A folder in its place is no empty store either.
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    assert!(refusal(folder.path(), &fake, crate::world::SECRET).contains(file.to_str().unwrap()));
    std::fs::remove_dir(&file).unwrap();
    std::fs::write(&file, &good).unwrap();
    let world = on_disk(folder.path(), at, &fake, &hand).await;
    world.is_good(&held.access).await;
}

#[tokio::test]
async fn srv_08_a_wrong_key_is_refused_and_changes_nothing() {
    let (folder, fake) = (tempfile::tempdir().unwrap(), Fake::start().await);
    let (_, hand) = Clock::manual(SystemTime::now());
    let file = folder.path().join("store.redb");
    let world = on_disk(folder.path(), anywhere(), &fake, &hand).await;
    let held = world.log_in().await;
    let at = world.stop().await;
    let other = "another secret of more than thirty-two bytes, for tests";
    let refusal = refusal(folder.path(), &fake, other);
    assert!(refusal.contains("wrong key") && refusal.contains(file.to_str().unwrap()), "{refusal}");
    assert!(!refusal.contains(other) && !refusal.contains(crate::world::SECRET), "{refusal}");
    let world = on_disk(folder.path(), at, &fake, &hand).await;
    world.is_good(&held.access).await;
    world.is_good(&world.refreshed(&held).await.access).await;
}

#[tokio::test]
async fn srv_09_a_clock_that_jumps_makes_nothing_valid() {
    const HOUR: Duration = Duration::from_secs(3600);
    let world = World::new().await;
    let held = world.log_in().await;
    let right = world.hand.clock().now();
    // Forward: what has expired has expired, and a refresh helps.
    world.hand.set(right + HOUR);
    world.whoami(&held.access).await.is_invalid_token();
    let ahead = world.refreshed(&held).await;
    world.is_good(&ahead.access).await;
    // Back again: what was issued by a clock that was ahead is not valid yet, beyond the leeway.
    world.hand.set(right);
    world.whoami(&ahead.access).await.is_invalid_token();
    world.hand.set(right - HOUR);
    world.whoami(&held.access).await.is_invalid_token();
    // Nothing panicked on a negative duration; and once the clock is right, the login is as it was.
    for jump in [right - HOUR, SystemTime::UNIX_EPOCH, right + HOUR, right] {
        world.hand.set(jump);
        assert!(world.whoami(&held.access).await.status.as_u16() < 500);
        assert!(world.authorize(&held.client_id, &[]).await.status.as_u16() < 500);
        assert!(world.come_back("unknown", "").await.status.as_u16() < 500);
    }
    world.is_good(&held.access).await;
    let next = world.refreshed(&ahead).await;
    world.is_good(&next.access).await;
    // A code that expired stays so for a clock that is put right by less than its life.
    let code = world.code(&held.client_id).await;
    world.pass(61);
    world.exchange(&held.client_id, &code).await.is_invalid_grant();
    // A time limit is by another clock: no jump makes a call fail that runs.
    let running = world.call(&next.access, "linger", json!({}));
    let jump = async {
        one(&world.probe.started).await;
        world.pass(24 * 3600);
        world.probe.release.add_permits(1);
    };
    assert_eq!(tokio::join!(running, jump).0.text(), "finished");
}

#[tokio::test]
async fn srv_10_a_store_that_is_away_logs_nobody_out() {
    let (_, hand) = Clock::manual(SystemTime::now());
    let store = Shared::new(MemoryStore::with_clock(hand.clock()));
    let fake = Fake::start().await;
    let start = || {
        World::on(fake.clone(), hand.clone(), |proxy, _| proxy.store(store.clone()).public_url("http://127.0.0.1:8000"))
    };
    let (world, cold) = (start().await, start().await);
    let client = world.client(REDIRECT).await;
    let log_in = async || {
        let page = world.authorize(&client, &[("resource", "")]).await;
        let sent = world.approve(&page).await;
        let code = world.come_back(&sent["state"], &page.cookie()).await.redirect()["code"].clone();
        (page, sent, code)
    };
    let (.., code) = log_in().await;
    let held = tokens(&client, &world.token(&exchange_form(&client, &code)).await);
    let (.., unused) = log_in().await;
    let page = world.authorize(&client, &[("resource", "")]).await;
    let departed = world.authorize(&client, &[("resource", "")]).await;
    let state = world.approve(&departed).await["state"].clone();
    for _ in 0..crate::world::replicas() {
        world.is_good(&held.access).await;
        assert_eq!(world.get("/readyz", "").await.status, 200);
    }

    store.go_down(true);
    for _ in 0..crate::world::replicas() {
        world.is_good(&held.access).await;
        let ready = world.get("/readyz", "").await;
        assert_eq!((ready.status.as_u16(), world.get("/healthz", "").await.status.as_u16()), (503, 200));
        cold.whoami(&held.access).await.is_unavailable();
    }
    for reply in [
        world.refresh(&client, &held.refresh).await,
        world.token(&exchange_form(&client, &unused)).await,
        world.register(&json!({ "redirect_uris": [REDIRECT] })).await,
        world.authorize(&client, &[("resource", "")]).await,
        world.decide(&page, &page.cookie(), "approve").await,
        world.come_back(&state, &departed.cookie()).await,
    ] {
        reply.is_unavailable();
    }

    store.go_down(false);
    cold.is_good(&held.access).await;
    assert_eq!(cold.get("/readyz", "").await.status, 200);
    let next = world.refreshed(&held).await;
    world.is_good(&next.access).await;
    let other = tokens(&client, &world.token(&exchange_form(&client, &unused)).await);
    world.is_good(&other.access).await;
    assert_eq!(world.decide(&page, &page.cookie(), "approve").await.status, 303);
    let back = world.come_back(&state, &departed.cookie()).await;
    assert!(back.redirect().contains_key("code"), "the login goes on where it was");
}

#[tokio::test]
async fn srv_11_two_replicas_are_one_server() {
    let (_, hand) = Clock::manual(SystemTime::now());
    let store = Shared::new(MemoryStore::with_clock(hand.clock()));
    let fake = Fake::start().await;
    fake.set().rotates = true;
    let start = || {
        World::on(fake.clone(), hand.clone(), |proxy, _| proxy.store(store.clone()).public_url("http://127.0.0.1:8000"))
    };
    let (one, two) = (start().await, start().await);
    let client = one.client(REDIRECT).await;
    // The state: taken by one of them.
    let page = two.authorize(&client, &[("resource", "")]).await;
    let sent = one.approve(&page).await;
    let cookie = page.cookie();
    two.decide(&page, &cookie, "approve").await.is_local_error("answered at the other one");
    let (here, there) = tokio::join!(one.come_back(&sent["state"], &cookie), two.come_back(&sent["state"], &cookie));
    assert!((here.status == 303) ^ (there.status == 303), "a state that was taken twice");
    // The code: taken by one of them, too.
    let code = if here.status == 303 { here.redirect() } else { there.redirect() }["code"].clone();
    let exchange = exchange_form(&client, &code);
    let (here, there) = tokio::join!(one.token(&exchange), two.token(&exchange));
    assert!(here.status == 400 || there.status == 400, "a code that was taken twice");
    for reply in [here, there].iter().filter(|reply| reply.status == 200) {
        for replica in [&one, &two] {
            let held = tokens(&client, reply);
            replica.refresh(&client, &held.refresh).await.is_invalid_grant();
            replica.is_dead_soon(&held.access).await;
        }
    }
    // A login: good at both, refreshed at either, once at the provider.
    let page = one.authorize(&client, &[("resource", "")]).await;
    let sent = two.approve(&page).await;
    let code = one.come_back(&sent["state"], &page.cookie()).await.redirect()["code"].clone();
    let held = tokens(&client, &two.token(&exchange_form(&client, &code)).await);
    one.is_good(&held.access).await;
    two.is_good(&held.access).await;
    hand.advance(Duration::from_secs(3600));
    fake.set().token = Mode::Slow(Duration::from_millis(100));
    let (here, there) = tokio::join!(one.refresh(&client, &held.refresh), two.refresh(&client, &held.refresh));
    let (here, there) = (tokens(&client, &here), tokens(&client, &there));
    assert_eq!(here.refresh, there.refresh);
    assert_eq!(fake.set().refreshes, 1);
    fake.set().token = Mode::Well;
    one.is_good(&there.access).await;
    two.is_good(&here.access).await;
    // A reuse that only the other one can know of.
    let next = two.refreshed(&here).await;
    one.refresh(&client, &held.refresh).await.is_invalid_grant();
    two.refresh(&client, &next.refresh).await.is_invalid_grant();
}

/// Every other row of the list, at two replicas that take turns.
#[tokio::test]
async fn srv_11_every_row_holds_at_two_replicas_that_take_turns() {
    if crate::world::replicas() > 1 {
        return;
    }
    // Into a file: a pipe would be waited for until everybody closes it, and would not say who hangs.
    let folder = tempfile::tempdir().unwrap();
    let said = folder.path().join("said");
    let mut replicas = tokio::process::Command::new(std::env::current_exe().unwrap())
        .args(["--skip", "srv_11", "--skip", "process::", "--skip", "suite::", "--test-threads", "4"])
        .env("DARI_TEST_REPLICAS", "2")
        .stdout(std::fs::File::create(&said).unwrap())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let ended = tokio::time::timeout(Duration::from_secs(240), replicas.wait()).await;
    let text = std::fs::read_to_string(&said).unwrap();
    assert!(ended.is_ok_and(|status| status.unwrap().success()), "{text}");
    let passed = text.rsplit("test result: ok. ").next().unwrap().split(' ').next().unwrap().parse::<u32>().unwrap();
    assert!(passed > 90, "only {passed} rows were tried");
}

#[tokio::test]
async fn srv_12_a_restart_between_any_two_steps() {
    let (folder, fake) = (tempfile::tempdir().unwrap(), Fake::start().await);
    let (_, hand) = Clock::manual(SystemTime::now());
    let mut world = on_disk(folder.path(), anywhere(), &fake, &hand).await;
    macro_rules! restart {
        () => {
            let at = world.stop().await;
            world = on_disk(folder.path(), at, &fake, &hand).await;
        };
    }
    let client = world.client(REDIRECT).await;
    restart!();
    let page = world.authorize(&client, &[]).await;
    restart!();
    let sent = world.approve(&page).await;
    restart!();
    let back = world.come_back(&sent["state"], &page.cookie()).await.redirect();
    // What is single-use stays so.
    restart!();
    world.decide(&page, &page.cookie(), "approve").await.is_local_error("an answered form");
    world.come_back(&sent["state"], &page.cookie()).await.is_local_error("a state that was taken");
    let held = tokens(&client, &world.exchange(&client, &back["code"]).await);
    restart!();
    world.is_good(&held.access).await;
    let next = world.refreshed(&held).await;
    restart!();
    world.is_good(&next.access).await;
    // A lost answer, across a restart.
    assert_eq!(world.refreshed(&held).await.refresh, next.refresh);
    let last = world.refreshed(&next).await;
    restart!();
    world.refresh(&client, &held.refresh).await.is_invalid_grant();
    restart!();
    world.is_over(&last).await;
    assert_eq!(world.authorize(&client, &[]).await.status, 200, "the client is still known");
    let code = world.code(&client).await;
    restart!();
    tokens(&client, &world.exchange(&client, &code).await);
    restart!();
    world.exchange(&client, &code).await.is_invalid_grant();
}

#[tokio::test]
async fn srv_13_after_all_that_a_good_call_is_answered() {
    let world = World::new().await;
    let held = world.log_in().await;
    let long = "x".repeat(12_000);
    let deep = "[".repeat(50_000);
    let odd = ["", "garbage", "\u{0}", "%", "<script>", "../../etc/passwd", "' OR 1=1 --", "다리", &long];
    for text in odd {
        let query = form(&[("client_id", text), ("redirect_uri", text), ("state", text), ("code", text), ("x", text)]);
        for path in ["/authorize", "/auth/callback", "/token", "/consent", "/mcp", "/register", "/readyz", "/unknown"] {
            for method in [Method::GET, Method::POST, Method::DELETE, Method::OPTIONS] {
                let reply =
                    world.request(method.clone(), &format!("{path}?{query}"), &[("cookie", "dari=x")], "").await;
                assert!(!reply.status.is_server_error(), "{method} {path} {text:.20}: {}", reply.status);
            }
        }
        for path in ["/token", "/consent", "/register", "/mcp"] {
            for kind in ["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
                for body in [text, &deep, &query] {
                    let reply = world.request(Method::POST, path, &[("content-type", kind)], body.to_owned()).await;
                    assert!(!reply.status.is_server_error(), "{path} {kind} {body:.20}: {}", reply.status);
                }
            }
        }
        let reply = world.mcp(&held.access, &[("mcp-method", "tools/call"), ("mcp-name", "add")], text).await;
        assert_eq!(reply.status, 400, "{text:.20}");
    }
    for raw in
        ["GET / HTTP/9.9\r\n\r\n", "\r\n\r\n\r\n", "\u{16}\u{3}\u{1}", "GET /mcp HTTP/1.1\r\nconnection: close\r\n\r\n"]
    {
        let mut stream = tokio::net::TcpStream::connect(world.address()).await.unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut stream, raw.as_bytes()).await.unwrap();
    }
    assert_eq!(world.get(&callback_path("x"), "").await.status, 400);
    world.is_good(&held.access).await;
    assert_eq!(world.mcp(&held.access, &[], call("count", json!({}))).await.text(), "1");
    world.is_good(&world.refreshed(&held).await.access).await;
    world.is_good(&world.log_in().await.access).await;
}
