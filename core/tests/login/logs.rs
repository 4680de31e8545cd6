//! What is logged, at the most verbose level.

use std::cell::RefCell;
use std::fmt::Debug;
use std::sync::Once;

use serde_json::json;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::client_keys::Signed;
use crate::fake::{CLIENT_SECRET, Mode};
use crate::world::{REDIRECT, SECRET, VERIFIER, World, tokens};

thread_local! {
    static TEXT: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Keeps every event and span as text, each thread's (so each test's) apart.
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
async fn logs_hold_reasons_and_no_secrets_hyg_01() {
    Log::start();
    let world = World::new().await;
    let client = world.client(REDIRECT).await;
    let page = world.authorize(&client, &[]).await;
    let sent = world.approve(&page).await;
    let code = world.come_back(&sent["state"], &page.cookie()).await.redirect()["code"].clone();
    let held = tokens(&client, &world.exchange(&client, &code).await);
    let next = tokens(&client, &world.refresh(&client, &held.refresh).await);
    world.call(&next.access).await.unwrap();
    world.pass(3600);
    world.fake.set().token = Mode::Says(503, "upstream-body");
    world.refresh(&client, &next.refresh).await;
    world.pass(5);
    world.fake.set().token = Mode::Says(400, r#"{"error":"invalid_grant","error_description":"upstream-body"}"#);
    world.refresh(&client, &next.refresh).await;
    world.exchange(&client, &code).await;
    world.call("garbage-token").await.unwrap_err();
    world.come_back(&sent["state"], &page.cookie()).await;

    let log = Log::take();
    for reason in
        ["logged in", "provider_away", "provider_rejected_grant", "token_invalid", "code_unknown", "state_unknown"]
    {
        assert!(log.contains(reason), "{reason} is not in {log}");
    }
    let cookie = page.cookie();
    let secrets = [
        held.access.as_str(),
        &held.refresh,
        &next.access,
        &next.refresh,
        &code,
        &sent["state"],
        cookie.split_once('=').unwrap().1,
        &page.field("csrf"),
        VERIFIER,
        SECRET,
        CLIENT_SECRET,
        "upstream-",
        "good-code",
        "garbage-token",
        "naver-user-1",
    ];
    for secret in secrets {
        assert!(!log.contains(secret), "{secret} was logged");
    }
}

#[tokio::test]
async fn refusals_at_token_and_revoke_name_the_grant_by_its_hash() {
    Log::start();
    let (world, _, store) = crate::replicas::two().await;
    let (client, other) = (world.client(REDIRECT).await, world.client(REDIRECT).await);
    let code = world.code(&client).await;
    let id = world.gate.sessions().of_user("naver-user-1").await.unwrap()[0].id().to_owned();
    let refused = |reason: &str| {
        let log = Log::take();
        assert!(log.contains(&format!("reason={reason:?} grant={id} ")), "{reason} of {id} is not in {log}");
        assert!(!log.contains("naver-user-1"), "{log}");
    };
    world.exchange(&other, &code).await;
    refused("code_foreign");
    let mut wrong = crate::world::exchange_form(&client, &code);
    wrong[4].1 = "another-verifier-that-is-at-least-forty-three-characters";
    world.token(&wrong).await;
    refused("pkce_mismatch");
    let held = tokens(&client, &world.exchange(&client, &code).await);
    world.refresh(&other, &held.refresh).await;
    refused("refresh_token_foreign");
    world.revoke(&other, &held.access).await;
    refused("token_foreign");
    store.go_down_after(1);
    assert_eq!(world.revoke(&client, &held.access).await.status, 503);
    store.go_down(false);
    refused("store_away");
    let scopes =
        [("grant_type", "refresh_token"), ("client_id", &client), ("refresh_token", &held.refresh), ("scope", "\"\"")];
    world.token(&scopes).await;
    refused("request_invalid");
    world.pass(3600);
    world.fake.set().token = Mode::Says(503, "");
    world.refresh(&client, &held.refresh).await;
    refused("provider_away");
    world.fake.set().token = Mode::Well;
    world.pass(5);
    let next = tokens(&client, &world.refresh(&client, &held.refresh).await);
    world.refresh(&client, &next.refresh).await;
    Log::take();
    world.refresh(&client, &held.refresh).await;
    refused("refresh_token_reused");
    world.refresh(&client, &held.refresh).await;
    refused("grant_ended");
}

#[tokio::test]
async fn client_assertions_are_not_logged_hyg_01() {
    Log::start();
    let signed = Signed::elsewhere().await;
    let (good, foreign) = (signed.signer.sign(&signed.claims(json!({}))), signed.claims(json!({ "aud": "x" })));
    let foreign = signed.signer.sign(&foreign);
    assert_eq!(signed.outcome(&good).await.0, 200);
    for assertion in [good.as_str(), &foreign, &good[..good.len() - 2]] {
        assert_eq!(signed.outcome(assertion).await.0, 401);
    }
    let log = Log::take();
    for reason in ["client_assertion_invalid", "client_assertion_used"] {
        assert!(log.contains(reason), "{reason} is not in {log}");
    }
    for assertion in [&good, &foreign] {
        for part in assertion.split('.').skip(1) {
            assert!(!log.contains(part), "an assertion was logged");
        }
    }
    assert!(!log.contains(&signed.refresh));
}

#[tokio::test]
async fn answers_to_errors_tell_nothing_of_the_inside_hyg_03() {
    let world = World::new().await;
    let client = world.client(REDIRECT).await;
    let code = world.code(&client).await;
    let held = tokens(&client, &world.exchange(&client, &code).await);
    world.pass(3600);
    world.fake.set().token = Mode::Says(500, "upstream-body at /srv/app.rs:1");
    let mut replies = vec![world.refresh(&client, &held.refresh).await];
    world.pass(5);
    world.fake.set().token = Mode::Says(400, r#"{"error":"invalid_grant","error_description":"upstream-body"}"#);
    replies.push(world.refresh(&client, &held.refresh).await);
    let page = world.authorize(&client, &[]).await;
    let sent = world.approve(&page).await;
    let denied = format!(
        "/auth/callback?{}",
        crate::world::form(&[("state", &sent["state"]), ("error", "x"), ("error_description", "upstream-body")])
    );
    replies.push(world.get(&denied, &page.cookie()).await);
    replies.push(world.exchange(&client, &code).await);
    replies.push(world.exchange(&client, "guessed-code").await);
    replies.push(world.come_back("guessed-state", "").await);
    replies.push(world.authorize("nobody", &[]).await);
    replies.push(world.register(serde_json::json!({ "redirect_uris": ["javascript:alert(1)"] })).await);
    for reply in replies {
        assert!(reply.status != 200, "{}", reply.body);
        let text = format!("{} {:?}", reply.body, reply.headers);
        for inside in [
            "upstream-body",
            "upstream-access",
            "upstream-refresh",
            ".rs",
            "panicked",
            "backtrace",
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
