//! What has changed, told on the one stream.

use dari::Changes;

use crate::*;

/// What time it is.
#[mcp_resource(uri = "test://now")]
fn now() -> String {
    "now".to_owned()
}

async fn client() -> (Client, Changes) {
    let (seen, changes) = (Seen::default(), Changes::new());
    let server = server(&seen).resources(resources![now]).changes(changes.clone());
    (Client::of(server.build_stdio().await.expect("the server builds"), seen), changes)
}

fn id_of(message: &Value) -> &Value {
    &message["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"]
}

#[tokio::test]
async fn subscriptions_share_the_stream_and_are_told_apart() {
    let (mut client, changes) = client().await;
    let wanted = json!({ "toolsListChanged": true, "resourceSubscriptions": ["test://now", "test://nothing"] });
    client.modern("a", "subscriptions/listen", json!({ "notifications": wanted })).await;
    let acknowledged = client.next().await;
    assert_eq!(acknowledged["method"], "notifications/subscriptions/acknowledged");
    assert_eq!(id_of(&acknowledged), "a");
    assert_eq!(
        acknowledged["params"]["notifications"],
        json!({ "toolsListChanged": true, "resourceSubscriptions": ["test://now"] })
    );
    client.modern(2, "subscriptions/listen", json!({ "notifications": { "promptsListChanged": true } })).await;
    assert_eq!(client.next().await["params"]["notifications"], json!({}), "a server without prompts");

    changes.resource("test://now");
    let updated = client.next().await;
    assert_eq!((&updated["params"]["uri"], id_of(&updated)), (&json!("test://now"), &json!("a")));
    changes.tools();
    assert_eq!(id_of(&client.next().await), "a");

    client.notify("notifications/cancelled", json!({ "requestId": "a" })).await;
    // The id is free again once the subscription is gone.
    loop {
        client.modern("a", "subscriptions/listen", json!({ "notifications": {} })).await;
        let answer = client.next().await;
        if code(&answer) == 0 {
            assert_eq!(answer["method"], "notifications/subscriptions/acknowledged");
            break;
        }
    }
    changes.tools();
    client.nothing_but_pong().await;
}

#[tokio::test]
async fn a_server_that_stops_ends_subscriptions_with_a_result() {
    let (mut client, _) = client().await;
    client.modern(7, "subscriptions/listen", json!({ "notifications": { "toolsListChanged": true } })).await;
    client.next().await;
    drop(client.stop.take());
    let result = client.next().await;
    assert_eq!((&result["id"], &result["result"]["resultType"]), (&json!(7), &json!("complete")));
    assert_eq!(result["result"]["_meta"]["io.modelcontextprotocol/subscriptionId"], 7);
    assert!(client.ended().await.is_ok());
}

#[tokio::test]
async fn a_session_hears_of_lists_and_of_the_resources_that_it_subscribes_to() {
    let (mut client, changes) = client().await;
    let opened = client.initialize("2025-11-25").await;
    assert_eq!(opened["result"]["capabilities"]["resources"], json!({ "listChanged": true, "subscribe": true }));
    client.legacy(1, "resources/subscribe", json!({ "uri": "test://now" })).await;
    assert_eq!(client.next().await["result"], json!({}));
    changes.resource("test://now");
    let updated =
        json!({ "jsonrpc": "2.0", "method": "notifications/resources/updated", "params": { "uri": "test://now" } });
    assert_eq!(client.next().await, updated);
    changes.tools();
    assert_eq!(client.next().await, json!({ "jsonrpc": "2.0", "method": "notifications/tools/list_changed" }));
    client.legacy(2, "resources/unsubscribe", json!({ "uri": "test://now" })).await;
    assert_eq!(client.next().await["result"], json!({}));
    changes.resource("test://now");
    client.nothing_but_pong().await;
    client.legacy(3, "resources/subscribe", json!({ "uri": "test://nothing" })).await;
    assert_eq!(code(&client.next().await), -32002);

    client.initialize("2025-11-25").await;
    client.nothing_but_pong().await;
    changes.tools();
    assert_eq!(client.next().await["method"], "notifications/tools/list_changed");
    client.nothing_but_pong().await;
}
