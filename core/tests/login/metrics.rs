//! The counters of refusals, failures and ended logins.

use std::time::Duration;

use metrics_util::debugging::{DebugValue, DebuggingRecorder};

use crate::fake::Mode;
use crate::world::{REDIRECT, World, tokens};

#[test]
fn refusals_failures_and_ends_are_counted_by_the_codes_of_the_log() {
    let recorder = DebuggingRecorder::new();
    let counted = recorder.snapshotter();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    metrics::with_local_recorder(&recorder, || {
        runtime.block_on(async {
            let world = World::new().await;
            let held = world.log_in().await;
            for _ in 0..3 {
                world.call("garbage").await.unwrap_err();
            }
            world.exchange(&held.client_id, "guessed").await;
            world.pass(3600);
            world.fake.set().token = Mode::Says(503, "");
            world.refresh(&held.client_id, &held.refresh).await;
            let world = crate::calls::server(Duration::from_secs(3600)).await;
            let client = world.client(REDIRECT).await;
            let code = world.code(&client).await;
            let held = tokens(&client, &world.exchange(&client, &code).await);
            assert_eq!(crate::calls::call(&world, &held.access, "no_calendar").await.status, 403);
            world.exchange(&client, &code).await;
            for _ in 0..2 {
                let held = world.log_in().await;
                world.revoke(&held.client_id, &held.refresh).await;
            }
        });
    });
    let all = [
        ("dari_refusals_total", "token_invalid", 3),
        ("dari_refusals_total", "code_unknown", 1),
        ("dari_refusals_total", "provider_away", 1),
        ("dari_failures_total", "provider_away", 1),
        ("dari_refusals_total", "permission_missing", 1),
        ("dari_grants_ended_total", "code_used", 1),
        ("dari_grants_ended_total", "revoked", 2),
    ];
    let snapshot = counted.snapshot().into_vec();
    for (name, reason, expected) in all {
        let found = snapshot.iter().find_map(|(key, _, _, value)| {
            let key = key.key();
            let fits =
                key.name() == name && key.labels().any(|label| (label.key(), label.value()) == ("reason", reason));
            fits.then_some(value)
        });
        assert_eq!(found, Some(&DebugValue::Counter(expected)), "{name} {reason}");
    }
}
