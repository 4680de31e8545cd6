//! The handshake revisions.

use crate::*;

#[tokio::test]
async fn a_handshake_opens_a_session_that_lists_and_calls() {
    let router = router();
    for (asked, settled) in [
        ("2025-11-25", "2025-11-25"),
        ("2025-06-18", "2025-06-18"),
        ("2024-11-05", "2025-06-18"),
        ("2026-07-28", "2025-11-25"),
    ] {
        let (session, opened) = initialize(&router, asked).await;
        let result = &opened.body["result"];
        assert_eq!(opened.status, StatusCode::OK);
        assert_eq!(result["protocolVersion"], settled);
        assert_eq!(result["serverInfo"], json!({ "name": "test", "version": "1.2.3" }));
        assert_eq!(result["capabilities"], json!({ "tools": {} }));
        assert_eq!(result["instructions"], "Be brief.");
        assert!(session.bytes().all(|byte| byte.is_ascii_graphic()));

        let pinged = send(&router, legacy(&session, "ping", json!({}))).await;
        assert_eq!((pinged.status, &pinged.body["result"]), (StatusCode::OK, &json!({})));
        let called =
            send(&router, legacy(&session, "tools/call", json!({ "name": "add", "arguments": { "a": 1, "b": 2 } })))
                .await;
        assert_eq!((called.status, called.text()), (StatusCode::OK, "3"));
        assert_eq!(called.body["result"].get("resultType"), None, "no field of a later revision");
        let listed = send(&router, legacy(&session, "tools/list", json!({}))).await;
        assert_eq!(listed.body["result"].as_object().map(serde_json::Map::len), Some(1), "only the tools");
        let info = send(&router, legacy(&session, "tools/call", json!({ "name": "client" }))).await;
        assert_eq!(info.text(), "old", "what the handshake settled is in the session");
        for unknown in ["server/discover", "unknown/method"] {
            let refused = send(&router, legacy(&session, unknown, json!({}))).await;
            assert_eq!((refused.status, refused.code()), (StatusCode::OK, -32601), "{unknown}");
        }
        let initialized = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
        assert_eq!(
            send(&router, post(&[("mcp-session-id", &session)], initialized)).await.status,
            StatusCode::ACCEPTED
        );
        let response = r#"{"jsonrpc":"2.0","id":5,"result":{}}"#;
        assert_eq!(send(&router, post(&[("mcp-session-id", &session)], response)).await.status, StatusCode::ACCEPTED);
    }
}

#[tokio::test]
async fn a_session_that_ended_is_not_found() {
    let router = router();
    let (session, _) = initialize(&router, "2025-11-25").await;
    let delete = |session: &str| {
        let request = Request::delete("/mcp").header("host", "mcp.example.com").header("mcp-session-id", session);
        request.body(Body::empty()).expect("a request")
    };
    assert!(send(&router, delete(&session)).await.status.is_success());
    assert_eq!(send(&router, delete(&session)).await.status, StatusCode::NOT_FOUND);
    assert_eq!(send(&router, legacy(&session, "ping", json!({}))).await.status, StatusCode::NOT_FOUND);
    assert_eq!(send(&router, legacy("no-such-session", "ping", json!({}))).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_legacy_client_may_listen() {
    let router = router();
    let (session, _) = initialize(&router, "2025-11-25").await;
    let request = Request::get("/mcp").header("host", "mcp.example.com").header("mcp-session-id", &session);
    let response = router.clone().oneshot(request.body(Body::empty()).expect("a request")).await.expect("an answer");
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    assert_eq!(response.headers()["x-accel-buffering"], "no");
    let mut stream = response.into_body();
    let silent = tokio::time::timeout(Duration::from_millis(100), stream.frame()).await;
    assert!(silent.is_err(), "the stream stays open");
}

#[tokio::test]
async fn streams_end_when_the_server_stops() {
    let server = server().build().expect("it builds");
    let end_streams = server.end_streams();
    let router = server.into_router();
    let (session, _) = initialize(&router, "2025-11-25").await;
    let request = Request::get("/mcp").header("host", "mcp.example.com").header("mcp-session-id", &session);
    let response = router.oneshot(request.body(Body::empty()).expect("a request")).await.expect("an answer");
    end_streams();
    let end = tokio::time::timeout(Duration::from_secs(1), response.into_body().frame()).await;
    assert!(end.expect("it ends").is_none());
}

#[tokio::test]
async fn without_a_session_the_header_tells_the_revision() {
    let router = router();
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": { "name": "add", "arguments": { "a": 1, "b": 2 } } });
    // mcp-remote sends the new headers in the old revision, too.
    let headers = [("mcp-protocol-version", "2025-11-25"), ("mcp-method", "tools/call"), ("mcp-name", "add")];
    assert_eq!(send(&router, post(&headers, body.to_string())).await.text(), "3");
    let refused = send(&router, post(&[], body.to_string())).await;
    assert_eq!((refused.status, refused.code()), (StatusCode::BAD_REQUEST, -32020));
    let refused = send(&router, post(&[("mcp-protocol-version", "2024-11-05")], body.to_string())).await;
    assert_eq!((refused.status, refused.code()), (StatusCode::BAD_REQUEST, -32022));
}
