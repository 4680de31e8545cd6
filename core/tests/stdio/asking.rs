//! Questions in the middle of a call: in rounds, or as requests of the server's own.

use crate::*;

#[tokio::test]
async fn a_stateless_call_asks_in_rounds() {
    let mut client = Client::start().await;
    client.call(1, "greet", json!({})).await;
    let asked = client.next().await;
    let result = &asked["result"];
    assert_eq!(result["resultType"], "input_required");
    assert_eq!(result["inputRequests"]["name"]["method"], "elicitation/create");
    let answered = json!({
        "name": "greet",
        "arguments": {},
        "requestState": result["requestState"],
        "inputResponses": { "name": { "action": "accept", "content": { "name": "김" } } },
    });
    client.modern(2, "tools/call", answered.clone()).await;
    assert_eq!(text(&client.next().await), "Hello, 김!");
    let tampered = merged(answered, &json!({ "requestState": format!("{}x", result["requestState"]) }));
    client.modern(3, "tools/call", tampered).await;
    assert_eq!(code(&client.next().await), -32602);
}

#[tokio::test]
async fn a_legacy_call_asks_and_waits() {
    let mut client = Client::start().await;
    client.initialize("2025-11-25").await;
    // Two at once: each answer finds its own call, whatever their order.
    client.legacy("a", "tools/call", json!({ "name": "greet" })).await;
    let first = client.next().await;
    client.legacy("b", "tools/call", json!({ "name": "greet" })).await;
    let second = client.next().await;
    assert_eq!((&first["method"], &first["params"]["message"]), (&json!("elicitation/create"), &json!("Who are you?")));
    assert_eq!(first["params"]["requestedSchema"]["properties"]["name"]["type"], "string");
    assert_ne!(first["id"], second["id"]);
    client.nothing_but_pong().await;

    let accept = |question: &Value, name: &str| json!({ "jsonrpc": "2.0", "id": question["id"], "result": { "action": "accept", "content": { "name": name } } });
    client.send(&accept(&second, "이")).await;
    let answer = client.next().await;
    assert_eq!((&answer["id"], text(&answer)), (&json!("b"), "Hello, 이!"));
    client.send(&accept(&second, "again")).await;
    client.send(&accept(&first, "김")).await;
    let answer = client.next().await;
    assert_eq!((&answer["id"], text(&answer)), (&json!("a"), "Hello, 김!"));
    client.nothing_but_pong().await;
}

#[tokio::test]
async fn a_client_may_say_no_with_an_error() {
    let mut client = Client::start().await;
    client.initialize("2025-06-18").await;
    client.legacy(1, "tools/call", json!({ "name": "greet" })).await;
    let question = client.next().await;
    let error = json!({ "code": -1, "message": "not today" });
    client.send(&json!({ "jsonrpc": "2.0", "id": question["id"], "error": error })).await;
    let answer = client.next().await;
    assert!(answer["result"]["isError"] == true && text(&answer).contains("not today"), "{answer}");
}

#[tokio::test]
async fn a_cancelled_call_waits_for_no_answer() {
    let mut client = Client::start().await;
    client.initialize("2025-11-25").await;
    client.legacy(1, "tools/call", json!({ "name": "greet" })).await;
    let question = client.next().await;
    client.notify("notifications/cancelled", json!({ "requestId": 1 })).await;
    client.nothing_but_pong().await;
    let late = json!({ "action": "accept", "content": { "name": "late" } });
    client.send(&json!({ "jsonrpc": "2.0", "id": question["id"], "result": late })).await;
    client.nothing_but_pong().await;
}

#[tokio::test]
async fn who_closes_the_line_leaves_no_call_waiting_for_an_answer() {
    let mut client = Client::start().await;
    client.initialize("2025-11-25").await;
    client.legacy(1, "tools/call", json!({ "name": "greet" })).await;
    client.next().await;
    client.close();
    let answer = client.next().await;
    assert!(answer["id"] == 1 && answer["result"]["isError"] == true, "{answer}");
    assert_eq!(client.next_or_end().await, None);
    client.ended().await.expect("a client that goes is no error");
}
