//! Which hosts and origins are served.

use crate::*;

#[tokio::test]
async fn http_01_foreign_origins_are_refused_and_run_nothing() {
    let router = router();
    let before = CALLS.load(Ordering::SeqCst);
    for origin in ["https://evil.example", "null"] {
        let mut request = call("count", json!({}));
        request.headers_mut().insert("origin", origin.parse().expect("a value"));
        let refused = send(&router, request).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
        let message = refused.body["error"]["message"].as_str().expect("a message");
        assert!(message.contains("allowed_origins") && message.contains(origin), "{message}");
    }
    assert_eq!(CALLS.load(Ordering::SeqCst), before);
}

#[tokio::test]
async fn http_02_foreign_hosts_are_refused() {
    let mut request = modern("server/discover", json!({}));
    request.headers_mut().insert("host", "evil.example".parse().expect("a value"));
    let refused = send(&router(), request).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.body["error"]["message"].as_str().is_some_and(|message| message.contains("public_url")));
}

#[tokio::test]
async fn pages_of_allowed_origins_may_call_and_read_the_answer() {
    let router = server().allowed_origins(["https://app.example"]).into_router().expect("it builds");
    let preflight = Request::options("/mcp")
        .header("host", "mcp.example.com")
        .header("origin", "https://app.example")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization,mcp-param-region")
        .body(Body::empty())
        .expect("a request");
    let answer = send(&router, preflight).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert_eq!(answer.headers["access-control-allow-origin"], "https://app.example");
    assert_eq!(answer.headers["access-control-allow-headers"], "authorization,mcp-param-region");

    let mut request = modern("server/discover", json!({}));
    request.headers_mut().insert("origin", "https://app.example".parse().expect("a value"));
    let answer = send(&router, request).await;
    let exposed = answer.headers["access-control-expose-headers"].to_str().expect("text");
    assert!(exposed.contains("WWW-Authenticate") && exposed.contains("Mcp-Session-Id"), "{exposed}");
    assert_eq!(answer.headers["vary"], "Origin");
}

/// Names the headers that it sees.
#[mcp_tool]
fn names(dari::HttpHeaders(headers): dari::HttpHeaders) -> String {
    headers.keys().map(|name| format!("{name} ")).collect()
}

#[tokio::test]
async fn no_function_sees_credentials() {
    let router = server().tools(tools![names]).into_router().expect("it builds");
    let legacy = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": { "name": "names" } });
    let legacy = post(&[("mcp-protocol-version", "2025-11-25")], legacy.to_string());
    for mut request in [call("names", json!({})), legacy] {
        for _ in 0..2 {
            for name in ["authorization", "proxy-authorization", "cookie", "x-seen"] {
                request.headers_mut().append(name, "a secret".parse().expect("a value"));
            }
        }
        let answer = send(&router, request).await;
        let seen: Vec<&str> = answer.text().split(' ').collect();
        assert!(seen.contains(&"x-seen"), "{seen:?}");
        for name in ["authorization", "proxy-authorization", "cookie"] {
            assert!(!seen.contains(&name), "{seen:?}");
        }
    }
}

#[tokio::test]
async fn a_header_that_is_sent_twice_says_nothing() {
    let router = router();
    let again = |name: &'static str, value: &'static str| {
        let mut request = call("add", json!({ "a": 1, "b": 2 }));
        request.headers_mut().append(name, value.parse().expect("a value"));
        request
    };
    assert_eq!(send(&router, again("x-other", "1")).await.text(), "3");
    assert_eq!(send(&router, again("host", "mcp.example.com")).await.status, StatusCode::FORBIDDEN);
    let mut request = again("origin", "https://mcp.example.com");
    request.headers_mut().append("origin", "https://mcp.example.com".parse().expect("a value"));
    assert_eq!(send(&router, request).await.status, StatusCode::FORBIDDEN);
    for (name, value) in [("mcp-protocol-version", "2026-07-28"), ("mcp-method", "tools/call"), ("mcp-name", "add")] {
        let refused = send(&router, again(name, value)).await;
        assert_eq!((refused.status, refused.code()), (StatusCode::BAD_REQUEST, -32020), "{name}");
        let message = refused.body["error"]["message"].as_str().expect("a message");
        assert!(message.to_lowercase().contains(name) && message.contains("more than once"), "{message}");
    }
    let session = [("mcp-protocol-version", "2025-11-25"), ("mcp-session-id", "a"), ("mcp-session-id", "a")];
    let ping = json!({ "jsonrpc": "2.0", "id": 1, "method": "ping" }).to_string();
    let refused = send(&router, post(&session, ping)).await;
    assert_eq!((refused.status, refused.code()), (StatusCode::BAD_REQUEST, -32020));
}
