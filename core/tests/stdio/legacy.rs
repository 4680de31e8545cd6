//! The handshake revisions: what `initialize` settles holds for the connection.

use crate::*;

#[tokio::test]
async fn a_session_settles_revision_client_and_capabilities() {
    for (asked, settled) in [
        ("2025-06-18", "2025-06-18"),
        ("2025-11-25", "2025-11-25"),
        ("2026-07-28", "2025-11-25"),
        ("2024-11-05", "2025-06-18"),
    ] {
        let mut client = Client::start().await;
        let answer = client.initialize(asked).await;
        assert_eq!((&answer["id"], &answer["result"]["protocolVersion"]), (&json!(0), &json!(settled)));
        assert_eq!(answer["result"]["serverInfo"], json!({ "name": "test", "version": "1.2.3" }));
        assert_eq!(answer["result"]["instructions"], "Be brief.");
        assert!(answer["result"].get("resultType").is_none());

        client.legacy(1, "tools/call", json!({ "name": "client" })).await;
        let called = client.next().await;
        assert_eq!(called["result"], json!({ "content": [{ "type": "text", "text": "old false" }] }), "{asked}");
        client.legacy(2, "server/discover", json!({})).await;
        assert_eq!(code(&client.next().await), -32601, "it came later");
        client.nothing_but_pong().await;
    }
}

#[tokio::test]
async fn both_eras_are_served_on_one_connection() {
    let mut client = Client::start().await;
    client.nothing_but_pong().await;
    client.modern(1, "server/discover", json!({})).await;
    assert!(client.next().await["result"]["supportedVersions"].is_array());
    client.initialize("2025-11-25").await;
    client.call(2, "client", json!({})).await;
    let modern = client.next().await;
    assert_eq!((text(&modern), &modern["result"]["resultType"]), ("tester false", &json!("complete")));
    client.legacy(3, "tools/call", json!({ "name": "client" })).await;
    assert_eq!(text(&client.next().await), "old false");
}

#[tokio::test]
async fn a_handshake_that_says_too_little_is_refused() {
    let mut client = Client::start().await;
    for params in [json!({}), json!({ "protocolVersion": 7 }), Value::Null] {
        client.send(&json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params })).await;
        let refused = client.next().await;
        assert!(code(&refused) == -32602 || code(&refused) == -32600, "{refused}");
        assert_eq!(refused["id"], 1);
    }
    client.legacy(2, "tools/list", json!({})).await;
    assert_eq!(code(&client.next().await), -32602, "no session was opened");
}

#[tokio::test]
async fn a_level_is_set_for_the_calls_that_follow() {
    let mut client = Client::start().await;
    client.initialize("2025-11-25").await;
    client.legacy(1, "logging/setLevel", json!({ "level": "loud" })).await;
    assert_eq!(code(&client.next().await), -32602);
    client.legacy(2, "logging/setLevel", json!({ "level": "info" })).await;
    assert_eq!(client.next().await, json!({ "jsonrpc": "2.0", "id": 2, "result": {} }));
    client.legacy(3, "tools/call", json!({ "name": "report", "_meta": { "progressToken": 9 } })).await;
    for _ in 0..3 {
        assert_eq!(client.next().await["params"]["progressToken"], 9);
    }
    let said = client.next().await;
    assert_eq!(said["params"], json!({ "level": "info", "data": "done" }));
    assert_eq!(text(&client.next().await), "reported");

    client.legacy(4, "logging/setLevel", json!({ "level": "error" })).await;
    client.next().await;
    client.legacy(5, "tools/call", json!({ "name": "report" })).await;
    assert_eq!(text(&client.next().await), "reported");
}
