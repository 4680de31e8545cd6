//! What is no message is answered as such, and harms nothing.

use crate::*;

#[tokio::test]
async fn what_is_no_message_is_said_to_be_none() {
    let mut client = Client::start().await;
    let deep = "{\"a\":".repeat(100_000);
    let deep_list = "[".repeat(100_000);
    for (line, expected, id) in [
        ("{", -32700, None),
        ("nonsense", -32700, None),
        (&deep, -32700, None),
        (&deep_list, -32700, None),
        ("[]", -32600, None),
        ("\"text\"", -32600, None),
        ("[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}]", -32600, None),
        ("{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"ping\"}", -32600, Some(json!(1))),
        ("{\"jsonrpc\":\"2.0\",\"id\":1}", -32600, Some(json!(1))),
        ("{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"ping\"}", -32600, None),
        ("{\"jsonrpc\":\"2.0\",\"id\":1.5,\"method\":\"ping\"}", -32600, None),
        ("{\"jsonrpc\":\"2.0\",\"id\":1,\"id\":2,\"method\":\"ping\"}", -32600, None),
        ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":7}", -32600, Some(json!(1))),
        ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":[]}", -32600, Some(json!(1))),
    ] {
        client.line(line).await;
        let refused = client.next().await;
        let shown = &line[..line.len().min(80)];
        assert_eq!((code(&refused), refused.get("id").cloned()), (expected, id), "{shown}: {refused}");
    }
    client.line(b"\xff\xfe{\"jsonrpc\"").await;
    assert_eq!(code(&client.next().await), -32700, "not UTF-8");
    client.line(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"unknown\":\"\x80\"}").await;
    assert_eq!(code(&client.next().await), -32700, "not UTF-8 where nobody reads it");
    for blank in ["", "   ", "\r", "\t \r"] {
        client.line(blank).await;
    }
    // Answers to nothing, and notifications that nobody knows.
    client.send(&json!({ "jsonrpc": "2.0", "id": 99, "result": {} })).await;
    client.send(&json!({ "jsonrpc": "2.0", "id": "x", "error": { "code": 1, "message": "" } })).await;
    client.send(&json!({ "jsonrpc": "2.0", "method": "notifications/whatever" })).await;
    client.line("{\"jsonrpc\":\"2.0\",\"id\":\"crlf\",\"method\":\"ping\"}\r").await;
    assert_eq!(client.next().await["id"], "crlf");
    client.nothing_but_pong().await;
}

#[tokio::test]
async fn a_message_that_is_too_long_is_passed_over() {
    let server = McpServer::new("small", "1").body_limit(1000).build_stdio().await.expect("it builds");
    let mut client = Client::of(server, Seen::default());
    client.line("x".repeat(100_000)).await;
    let refused = client.next().await;
    let message = refused["error"]["message"].as_str().expect("a message");
    assert!(code(&refused) == -32600 && message.contains("1000 bytes"), "{refused}");
    assert!(refused.get("id").is_none());
    client.nothing_but_pong().await;
}

#[tokio::test]
async fn a_revision_whose_errors_need_an_id_gets_none_without() {
    let mut client = Client::start().await;
    client.initialize("2025-06-18").await;
    client.line("{").await;
    client.line("[]").await;
    client.nothing_but_pong().await;
    client.line("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":7}").await;
    assert_eq!(client.next().await["id"], 1);
}
