//! What is logged, at the most verbose level.

use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::fake::{CLIENT_SECRET, Mode};
use crate::world::{REDIRECT, SECRET, VERIFIER, World, tokens};

/// Keeps every event and span of this thread as text.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl Visit for Log {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.lock().unwrap().push_str(&format!("{}={value:?} ", field.name()));
    }
}

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, span: &Attributes<'_>) -> Id {
        span.record(&mut self.clone());
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut self.clone());
    }
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        event.record(&mut self.clone());
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[tokio::test]
async fn logs_hold_reasons_and_no_secrets_hyg_01() {
    let log = Log::default();
    let guard = tracing::subscriber::set_default(log.clone());
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
    world.fake.set().token = Mode::Says(400, r#"{"error":"invalid_grant","error_description":"upstream-body"}"#);
    world.refresh(&client, &next.refresh).await;
    world.exchange(&client, &code).await;
    world.call("garbage-token").await.unwrap_err();
    world.come_back(&sent["state"], &page.cookie()).await;
    drop(guard);

    let log = log.0.lock().unwrap().clone();
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
