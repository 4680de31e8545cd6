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
