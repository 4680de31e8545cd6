//! `notifications/cancelled`, in both eras.

use crate::*;

/// A client in this era.
async fn start(legacy: bool) -> Client {
    let mut client = Client::start().await;
    if legacy {
        client.initialize("2025-11-25").await;
    }
    client
}

async fn call(client: &mut Client, legacy: bool, id: Value, tool: &str) {
    if legacy {
        client.legacy(id, "tools/call", json!({ "name": tool })).await;
    } else {
        client.call(id, tool, json!({})).await;
    }
}

#[tokio::test]
async fn a_cancelled_call_is_dropped_and_not_answered() {
    for legacy in [false, true] {
        let mut client = start(legacy).await;
        for id in [json!(1), json!("1")] {
            call(&mut client, legacy, id.clone(), "wait").await;
            client.started().await;
            client.notify("notifications/cancelled", json!({ "requestId": id, "reason": "no more" })).await;
            client.nothing_but_pong().await;
        }
        // Nobody waits for the bell any more.
        timeout(SOON, async {
            while Arc::strong_count(&client.seen.release) > 2 {
                tokio::task::yield_now().await
            }
        })
        .await
        .expect("the calls are dropped");
        client.seen.release.notify_waiters();
        client.nothing_but_pong().await;
        assert_eq!(client.seen.ended.load(Ordering::SeqCst), 0, "legacy: {legacy}");
    }
}

#[tokio::test]
async fn a_call_that_listens_is_told_and_may_tidy_up() {
    for legacy in [false, true] {
        let mut client = start(legacy).await;
        call(&mut client, legacy, json!(1), "tidy").await;
        client.started().await;
        client.notify("notifications/cancelled", json!({ "requestId": 1 })).await;
        let ended = async {
            while client.seen.ended.load(Ordering::SeqCst) == 0 {
                tokio::time::sleep(Duration::from_millis(5)).await
            }
        };
        timeout(SOON, ended).await.expect("it comes to its end");
        client.nothing_but_pong().await;
    }
}

#[tokio::test]
async fn what_cannot_be_cancelled_is_not() {
    let mut client = start(false).await;
    call(&mut client, false, json!(1), "wait").await;
    client.started().await;
    for params in [
        json!({ "requestId": 2 }),
        json!({ "requestId": "1" }),
        json!({ "requestId": null }),
        json!({}),
        json!({ "requestId": 1.5 }),
    ] {
        client.notify("notifications/cancelled", params).await;
    }
    client.send(&json!({ "jsonrpc": "2.0", "method": "notifications/cancelled" })).await;
    client.notify("notifications/unheard_of", json!({ "requestId": 1 })).await;
    client.nothing_but_pong().await;
    client.seen.release.notify_waiters();
    assert_eq!(text(&client.next().await), "waited");
    client.notify("notifications/cancelled", json!({ "requestId": 1 })).await;
    client.nothing_but_pong().await;
}
