//! The current revision: every request by itself, many at once.

use crate::*;

#[tokio::test]
async fn a_server_is_discovered_listed_and_called() {
    let mut client = Client::start().await;
    client.modern(1, "server/discover", json!({})).await;
    let discovered = client.next().await;
    assert_eq!((&discovered["id"], &discovered["result"]["resultType"]), (&json!(1), &json!("complete")));
    assert_eq!(discovered["result"]["supportedVersions"], json!(["2026-07-28", "2025-11-25", "2025-06-18"]));
    client.modern("two", "tools/list", json!({})).await;
    assert_eq!(client.next().await["result"]["tools"].as_array().expect("tools").len(), 8);
    client.call(3, "add", json!({ "a": 1, "b": 2 })).await;
    let added = client.next().await;
    assert_eq!((&added["id"], text(&added)), (&json!(3), "3"));
    client.call(4, "client", json!({})).await;
    assert_eq!(text(&client.next().await), "tester false");
    client.call(5, "explode", json!({})).await;
    let exploded = client.next().await;
    assert!(exploded["result"]["isError"] == true && !text(&exploded).contains("secret"), "{exploded}");
    client.modern(6, "resources/list", json!({})).await;
    assert_eq!(code(&client.next().await), -32601);
    client.modern(7, "initialize", json!({})).await;
    assert_eq!(code(&client.next().await), -32601, "this revision has no handshake");
    client.nothing_but_pong().await;
}

#[tokio::test]
async fn versions_and_metadata_are_checked_by_the_message() {
    let mut client = Client::start().await;
    let version = |version: &str| json!({ "_meta": { "io.modelcontextprotocol/protocolVersion": version } });
    client.modern(1, "tools/list", version("2099-01-01")).await;
    let refused = client.next().await;
    assert_eq!((code(&refused), &refused["id"]), (-32022, &json!(1)));
    assert_eq!(refused["error"]["data"]["requested"], "2099-01-01");
    assert_eq!(refused["error"]["data"]["supported"], json!(["2026-07-28", "2025-11-25", "2025-06-18"]));

    client.modern(2, "tools/list", version("2025-11-25")).await;
    assert_eq!(code(&client.next().await), -32602, "a revision that needs a handshake");
    client.legacy(3, "tools/list", json!({})).await;
    let refused = client.next().await;
    let message = refused["error"]["message"].as_str().expect("a message");
    assert!(code(&refused) == -32602 && message.contains("`initialize`") && message.contains("_meta"), "{refused}");

    let mut lacking = meta();
    lacking.as_object_mut().expect("an object").remove("io.modelcontextprotocol/clientCapabilities");
    client.legacy(4, "tools/list", json!({ "_meta": lacking })).await;
    assert_eq!(code(&client.next().await), -32602);
    for token in [json!({ "a": 1 }), json!([1]), json!(1.5), json!(true)] {
        client.modern(5, "tools/list", json!({ "_meta": { "progressToken": token } })).await;
        assert_eq!(code(&client.next().await), -32602, "{token}");
    }
}

#[tokio::test]
async fn calls_run_beside_each_other_and_share_the_line() {
    let mut client = Client::start().await;
    client.call("slow", "wait", json!({})).await;
    client.started().await;
    for id in 0..100 {
        client.call(id, "add", json!({ "a": id, "b": 0 })).await;
        let answer = client.next().await;
        assert_eq!((&answer["id"], text(&answer)), (&json!(id), &*id.to_string()));
    }
    client.seen.release.notify_one();
    assert_eq!(client.next().await["id"], "slow");

    // All at once, in any order.
    for id in 0..200 {
        client.call(id, "report", json!({})).await;
        if id % 10 == 9 {
            for _ in 0..10 {
                assert_eq!(text(&client.next().await), "reported");
            }
        }
    }
}

#[tokio::test]
async fn what_a_call_says_comes_before_its_answer_and_in_order() {
    let mut client = Client::start().await;
    let asked = json!({ "progressToken": "p", "io.modelcontextprotocol/logLevel": "info" });
    client.modern(1, "tools/call", json!({ "name": "report", "_meta": asked })).await;
    for step in 1..=3 {
        let said = client.next().await;
        assert_eq!(said["method"], "notifications/progress");
        let expected = json!({ "progressToken": "p", "progress": f64::from(step), "total": 3.0, "message": format!("step {step}") });
        assert_eq!(said["params"], expected);
    }
    let said = client.next().await;
    assert_eq!((&said["method"], &said["params"]["data"]), (&json!("notifications/message"), &json!("done")));
    assert_eq!(text(&client.next().await), "reported");
}

#[tokio::test]
async fn an_id_is_in_use_until_its_answer() {
    let mut client = Client::start().await;
    client.call(1, "wait", json!({})).await;
    client.started().await;
    client.call(1, "wait", json!({})).await;
    let refused = client.next().await;
    assert_eq!((code(&refused), &refused["id"]), (-32600, &json!(1)));
    client.call("1", "wait", json!({})).await;
    client.started().await;
    client.seen.release.notify_waiters();
    let ids = [client.next().await["id"].clone(), client.next().await["id"].clone()];
    assert!(ids.contains(&json!(1)) && ids.contains(&json!("1")), "{ids:?}");
    client.call(1, "add", json!({ "a": 1, "b": 1 })).await;
    assert_eq!(text(&client.next().await), "2", "and then it is free");
}

#[tokio::test]
async fn who_asks_for_more_than_runs_at_once_is_told() {
    let mut client = Client::start().await;
    for id in 0..1000 {
        client.call(id, "wait", json!({})).await;
    }
    client.call("more", "wait", json!({})).await;
    let refused = client.next().await;
    assert_eq!((code(&refused), &refused["id"]), (-32603, &json!("more")));
    client.nothing_but_pong().await;
    client.notify("notifications/cancelled", json!({ "requestId": 7 })).await;
    // The one that was cancelled makes room.
    timeout(SOON, async {
        loop {
            client.call("more", "add", json!({ "a": 1, "b": 1 })).await;
            if text(&client.next().await) == "2" {
                break;
            }
        }
    })
    .await
    .expect("room");
}
