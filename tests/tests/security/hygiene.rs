//! §14: what is told, kept and compared. Partly a white box.

use std::cell::RefCell;
use std::collections::HashSet;
use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::time::SystemTime;

use dari::AccessToken;
use dari::auth::{ClientAuth, Defaults, OAuthProxy, ProviderConfig};
use dari::clock::Clock;
use dari::store::{Collection, DiskStore, Key, KeyRing, MemoryStore, Put, Secret, Store as _};
use dari_providers::naver::sandbox::NaverSandbox;
use dari_providers::naver::{NaverOpenApi, NaverProvider};
use http::Method;
use serde_json::json;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::access::part;
use crate::fake::{CLIENT_SECRET, Fake, Mode};
use crate::world::{OneStore, REDIRECT, SECRET, Tokens, VERIFIER, World, form, tokens};

thread_local! {
    static TEXT: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Keeps every event and span of every crate as text, each thread's (so each test's) apart.
///
/// It is there for the whole process: an event that is first met on a thread without a subscriber may be off for all.
#[derive(Clone, Copy)]
struct Log;

impl Log {
    fn start() {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| tracing::subscriber::set_global_default(Self).unwrap());
        Self::take();
    }

    /// What this thread has logged.
    fn take() -> String {
        TEXT.take()
    }
}

impl Visit for Log {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        TEXT.with_borrow_mut(|text| text.push_str(&format!("{}={value:?} ", field.name())));
    }
}

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, span: &Attributes<'_>) -> Id {
        span.record(&mut Self);
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut Self);
    }
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        event.record(&mut Self);
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[tokio::test]
async fn hyg_01_no_log_at_any_level_holds_a_secret() {
    Log::start();
    let world = World::new().await;
    let client = world.client(REDIRECT).await;
    let page = world.authorize(&client, &[("state", "the-state-of-the-client")]).await;
    let sent = world.approve(&page).await;
    let code = world.come_back(&sent["state"], &page.cookie()).await.redirect()["code"].clone();
    let upstream = world.fake.set().access_token.clone();
    let held = tokens(&client, &world.exchange(&client, &code).await);
    let next = world.refreshed(&held).await;
    world.is_good(&next.access).await;
    // And everything that fails.
    world.call(&next.access, "explode", json!({})).await;
    world.pass(3600);
    world.fake.set().token = Mode::Says(503, "upstream-body");
    world.refresh(&client, &next.refresh).await;
    world.pass(5);
    world.fake.set().token = Mode::Says(400, r#"{"error":"invalid_grant","error_description":"upstream-body"}"#);
    world.refresh(&client, &next.refresh).await;
    world.exchange(&client, &code).await;
    world.whoami("garbage-token").await;
    world.come_back(&sent["state"], &page.cookie()).await;
    world.decide(&page, &page.cookie(), "approve").await;
    world.refresh(&client, "guessed-refresh-token").await;
    world.fake.set().token = Mode::Says(200, r#"{"error":"invalid_request","error_description":"upstream-body"}"#);
    let page_2 = world.authorize(&client, &[]).await;
    let sent_2 = world.approve(&page_2).await;
    world.come_back(&sent_2["state"], &page_2.cookie()).await;

    let log = Log::take();
    for reason in
        ["logged in", "provider_away", "provider_rejected_grant", "token_invalid", "code_unknown", "state_unknown"]
    {
        assert!(log.contains(reason), "{reason} is not in {log}");
    }
    let cookie = page.cookie();
    for secret in [
        held.access.as_str(),
        &held.refresh,
        &next.access,
        &next.refresh,
        held.access.rsplit('.').next().unwrap(),
        &code,
        &sent["state"],
        &sent_2["state"],
        "the-state-of-the-client",
        cookie.split_once('=').unwrap().1,
        &page.field("csrf"),
        &page.field("form"),
        &upstream,
        "upstream-",
        VERIFIER,
        SECRET,
        CLIENT_SECRET,
        "good-code",
        "garbage-token",
        "guessed-",
        "naver-user-1",
    ] {
        let at = log.find(secret).map(|at| log[at.saturating_sub(200)..].chars().take(400).collect::<String>());
        assert_eq!(at, None, "{secret} was logged");
    }
}

#[tokio::test]
async fn hyg_02_what_can_hold_a_secret_shows_none() {
    let sandbox = NaverSandbox::start(([127, 0, 0, 1], 0).into()).await.unwrap();
    let fake = Fake::start().await;
    let secret = Secret::parse(&SECRET.to_owned().into()).unwrap();
    let ring = KeyRing::new([secret.clone()]).unwrap();
    let config = ProviderConfig::new("Fake", "https://id.example/a", "https://id.example/t", "client")
        .client_secret(CLIENT_SECRET.to_owned().into(), ClientAuth::Post);
    let proxy = || OAuthProxy::new(fake.provider()).secret(SECRET.to_owned().into()).store(MemoryStore::new());
    let defaults =
        Defaults { public_url: Some("http://127.0.0.1:1".to_owned()), mcp_path: "/mcp", server_name: "Test" };
    let naver = NaverProvider::from_env_with(&sandbox.env()).unwrap();
    let mut shown = vec![
        format!("{:?}", AccessToken::for_test("upstream-access-1", "user")),
        format!("{secret:?}"),
        format!("{ring:?}"),
        format!("{config:?}"),
        format!("{:?}", proxy()),
        format!("{:?}", proxy().build(defaults).unwrap()),
        format!("{naver:?}"),
        format!("{:?}", OAuthProxy::new(naver)),
        format!("{:?}", NaverOpenApi::from_env_with(&sandbox.env()).unwrap()),
        format!("{:?}", sandbox.env()),
    ];
    // A refused secret is not shown either.
    let short = Secret::parse(&"hunter2".to_owned().into()).map(drop).unwrap_err();
    shown.extend([format!("{short}"), format!("{short:?}")]);
    let derived = format!("{:?}", *ring.derive("dari/access-token"));
    for text in shown {
        for hidden in [
            SECRET,
            CLIENT_SECRET,
            "upstream-access-1",
            "hunter2",
            sandbox.client_secret(),
            derived.trim_matches(['[', ']']),
        ] {
            assert!(!text.contains(hidden), "{hidden} in {text}");
        }
    }

    // The types inside: none that shows itself has a secret that is plain text.
    let mut seen = 0;
    for file in sources() {
        let text = std::fs::read_to_string(&file).unwrap();
        for derived in text.split("#[derive(").skip(1) {
            let Some((traits, rest)) = derived.split_once(")]") else { continue };
            let item = &rest[..rest.find("\n}").unwrap_or(rest.len())];
            let is_struct = item.lines().any(|line| line.contains("struct ") && line.trim_end().ends_with('{'));
            if !is_struct || !traits.split(',').any(|name| name.trim() == "Debug") {
                continue;
            }
            seen += 1;
            for line in item.lines() {
                let Some((name, kind)) = line.trim().trim_end_matches(',').split_once(": ") else { continue };
                let name = name.rsplit(' ').next().unwrap();
                let is_login = file.starts_with(dari_tests::repository().join("core/src/auth"));
                let secret = (name == "code" && is_login)
                    || [
                        "token",
                        "csrf",
                        "verifier",
                        "secret",
                        "password",
                        "cookie",
                        "key",
                        "access_token",
                        "refresh_token",
                        "form_token",
                        "state",
                    ]
                    .contains(&name);
                let plain = [
                    "String",
                    "&str",
                    "&'a str",
                    "&'static str",
                    "Vec<u8>",
                    "Bytes",
                    "Option<String>",
                    "Option<&'a str>",
                ]
                .contains(&kind);
                let code_of_an_error = item.contains("Error {") || kind == "&'static str";
                let endpoint = item.contains("struct Urls");
                assert!(!secret || !plain || code_of_an_error || endpoint, "{} shows `{name}: {kind}`", file.display());
            }
        }
    }
    assert!(seen > 20, "only {seen} types were looked at");
}

/// The sources of what handles secrets, without their tests.
fn sources() -> Vec<PathBuf> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            let is_test = path.components().any(|part| part.as_os_str() == "tests" || part.as_os_str() == "sandbox");
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|ext| ext == "rs") && !is_test && !path.ends_with("tests.rs") {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    for folder in ["core/src/auth", "core/src/store", "core/src/extract", "providers/src/naver"] {
        walk(&dari_tests::repository().join(folder), &mut found);
    }
    found
}

#[tokio::test]
async fn hyg_03_errors_tell_nothing_of_the_inside() {
    let world = World::new().await;
    let client = world.client(REDIRECT).await;
    let code = world.code(&client).await;
    let held = tokens(&client, &world.exchange(&client, &code).await);
    let mut replies = vec![
        world.call(&held.access, "explode", json!({})).await,
        world.call(&held.access, "explode_blocking", json!({})).await,
        world.whoami("garbage").await,
        world.mcp(&held.access, &[], "{").await,
        world.request(Method::GET, "/unknown", &[], "").await,
    ];
    world.pass(3600);
    world.fake.set().token = Mode::Says(500, "upstream-body at /srv/app.rs:1");
    replies.push(world.refresh(&client, &held.refresh).await);
    world.pass(5);
    world.fake.set().token = Mode::Says(400, r#"{"error":"invalid_grant","error_description":"upstream-body"}"#);
    replies.push(world.refresh(&client, &held.refresh).await);
    let page = world.authorize(&client, &[]).await;
    let sent = world.approve(&page).await;
    let described = [("state", &*sent["state"]), ("error", "x"), ("error_description", "upstream-body")];
    replies.push(world.get(&format!("/auth/callback?{}", form(&described)), &page.cookie()).await);
    let page = world.authorize(&client, &[]).await;
    let sent = world.approve(&page).await;
    replies.push(world.come_back(&sent["state"], &page.cookie()).await);
    replies.push(world.exchange(&client, &code).await);
    replies.push(world.exchange(&client, "guessed-code").await);
    replies.push(world.come_back("guessed-state", "").await);
    replies.push(world.authorize("nobody", &[]).await);
    replies.push(world.register(&json!({ "redirect_uris": ["javascript:alert(1)"] })).await);
    for reply in replies {
        let text = format!("{} {:?}", reply.body, reply.headers);
        for inside in [
            "upstream-body",
            "upstream-access",
            "upstream-refresh",
            "secret of the inside",
            ".rs",
            "/srv",
            "/root",
            "panicked",
            "backtrace",
            "dari::",
            SECRET,
            CLIENT_SECRET,
            &code,
            &held.access,
            &held.refresh,
            "guessed-",
            "javascript:",
        ] {
            assert!(!text.contains(inside), "{inside} in {text}");
        }
    }
}

#[test]
fn hyg_04_secrets_are_compared_in_constant_time() {
    // What a network hides in noise no test can time: this reads how it is done. Each secret that a stranger may
    // present is compared by `subtle` or by the verification of its MAC, and by nothing else.
    for (file, function, by) in [
        ("core/src/auth/request/pkce.rs", "fn verify", "ct_eq"),
        ("core/src/auth/proxy/cookies.rs", "fn is(", "ct_eq"),
        ("core/src/auth/tokens/mac.rs", "fn verify", "verify_slice"),
    ] {
        let text = std::fs::read_to_string(dari_tests::repository().join(file)).unwrap();
        let at = text.find(function).unwrap_or_else(|| panic!("no `{function}` in {file}"));
        let body = &text[at..at + text[at..].find("\n    }").unwrap()];
        assert!(body.contains(by) && !body.contains("=="), "{file}: {body}");
    }
    // The tokens themselves are looked up by their SHA-256, which nobody can steer byte by byte.
    for file in sources().iter().filter(|file| file.starts_with(dari_tests::repository().join("core/src/auth"))) {
        let text = std::fs::read_to_string(file).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        for line in code.lines().filter(|line| line.contains("==") || line.contains("!=")) {
            for secret in ["csrf", "verifier", "client_secret", "refresh_token ", "browser", "mac "] {
                assert!(!line.contains(secret), "{}: {line}", file.display());
            }
        }
    }
}

const GRANTS: Collection = Collection::new("grants");

#[tokio::test]
async fn hyg_05_what_lies_on_disk_opens_nothing() {
    let (folder, fake) = (tempfile::tempdir().unwrap(), Fake::start().await);
    let (_, hand) = Clock::manual(SystemTime::now());
    let file = folder.path().join("store.redb");
    let store = OneStore::new(DiskStore::open_with_clock(&file, hand.clock()).unwrap());
    let world = World::on(fake.clone(), hand, |proxy, _| proxy.store(store.clone())).await;
    let client = world.client_of(&json!({ "redirect_uris": [REDIRECT], "client_name": "a-name-to-look-for" })).await;
    let page = world.authorize(&client, &[]).await;
    let sent = world.approve(&page).await;
    let code = world.come_back(&sent["state"], &page.cookie()).await.redirect()["code"].clone();
    let held = tokens(&client, &world.exchange(&client, &code).await);
    let next = world.refreshed(&held).await;
    let pending = world.authorize(&client, &[]).await;
    let waiting = world.approve(&pending).await;
    let unused = world.code(&client).await;
    let (access, refresh) = {
        let inside = fake.set();
        (inside.access_token.clone(), inside.refresh_token.clone())
    };
    world.stop().await;
    drop(store);
    let bytes = std::fs::read(&file).unwrap();
    let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds(&client), "the file is read right: a client's id is no secret");
    for secret in [
        held.access.as_str(),
        &held.refresh,
        &next.access,
        &next.refresh,
        &code,
        &unused,
        &sent["state"],
        &waiting["state"],
        &access,
        &refresh,
        "upstream-",
        VERIFIER,
        SECRET,
        CLIENT_SECRET,
        page.cookie().split_once('=').unwrap().1,
        "a-name-to-look-for",
    ] {
        assert!(!holds(secret), "{secret} lies in clear");
    }
}

#[tokio::test]
async fn hyg_05_a_record_in_the_place_of_another_is_worth_nothing() {
    let fake = Fake::start().await;
    let (_, hand) = Clock::manual(SystemTime::now());
    let store = OneStore::new(MemoryStore::with_clock(hand.clock()));
    let start = || {
        World::on(fake.clone(), hand.clone(), |proxy, _| proxy.store(store.clone()).public_url("http://127.0.0.1:8000"))
    };
    let world = start().await;
    let log_in = async || -> Tokens {
        let client = world.client(REDIRECT).await;
        let code = world.code_for(&client, &[("resource", "")]).await;
        tokens(&client, &world.token(&crate::world::exchange_form(&client, &code)).await)
    };
    let (one, two) = (log_in().await, log_in().await);
    let grant = |held: &Tokens| Key::new(GRANTS, part(&held.access, 1)["gid"].as_str().unwrap());
    let (here, there) = (grant(&one), grant(&two));
    let (first, second) = (store.get(&here).await.unwrap().unwrap(), store.get(&there).await.unwrap().unwrap());
    // Whoever can write to the store, but has no key, moves a login to where another is looked for.
    store.put(&here, second.clone(), Put::default()).await.unwrap();
    let cold = start().await;
    let reply = cold.whoami(&one.access).await;
    assert!(reply.status.is_client_error() || reply.status.is_server_error(), "{} {}", reply.status, reply.body);
    assert!(cold.refresh(&one.client_id, &one.refresh).await.status != 200);
    cold.is_good(&two.access).await;
    // Nor does one that was changed by a bit.
    let mut changed = first.to_vec();
    let middle = changed.len() / 2;
    changed[middle] ^= 1;
    store.put(&here, changed.into(), Put::default()).await.unwrap();
    assert!(start().await.whoami(&one.access).await.status != 200);
    store.put(&here, first, Put::default()).await.unwrap();
    start().await.is_good(&one.access).await;
}

#[tokio::test]
async fn hyg_06_nothing_that_has_to_be_guessed_can_be() {
    let world = World::new().await;
    let mut seen = HashSet::new();
    let mut letters = HashSet::new();
    for _ in 0..20 {
        let client = world.client(REDIRECT).await;
        let page = world.authorize(&client, &[]).await;
        let sent = world.approve(&page).await;
        let code = world.come_back(&sent["state"], &page.cookie()).await.redirect()["code"].clone();
        let held = tokens(&client, &world.exchange(&client, &code).await);
        let claims = part(&held.access, 1);
        let text = |claim: &str| claims[claim].as_str().unwrap().to_owned();
        for value in [
            client,
            page.cookie().split_once('=').unwrap().1.to_owned(),
            page.field("csrf"),
            sent["state"].clone(),
            sent["code_challenge"].clone(),
            code,
            held.refresh,
            text("jti"),
            text("gid"),
        ] {
            // 22 characters of base64url hold 132 bits.
            assert!(value.len() >= 22, "{value}");
            assert!(value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)), "{value}");
            letters.extend(value.bytes().take(16).enumerate());
            assert!(seen.insert(value), "twice");
        }
    }
    // 180 values: no place of them is the same in all, as the time or a counter would make it.
    for place in 0..16 {
        let different = letters.iter().filter(|(at, _)| *at == place).count();
        assert!(different > 40, "only {different} characters at {place}");
    }
}
