//! Streamable HTTP in both eras, over the router and without a socket. Ids are those of the security list.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use dari::prelude::*;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

/// How often `count` ran.
static CALLS: AtomicU32 = AtomicU32::new(0);

/// Adds two numbers.
#[mcp_tool(read_only)]
fn add(a: i64, b: i64) -> String {
    (a + b).to_string()
}

/// Counts its calls.
#[mcp_tool(inline)]
fn count() -> String {
    CALLS.fetch_add(1, Ordering::SeqCst).to_string()
}

/// Panics.
#[mcp_tool]
async fn explode() -> String {
    panic!("a secret of the inside")
}

/// Takes too long.
#[mcp_tool(timeout = "20ms")]
async fn sleep() -> String {
    tokio::time::sleep(Duration::from_secs(60)).await;
    String::new()
}

/// Runs on one region.
#[mcp_tool]
fn region(#[arg(header = "Region")] region: String) -> String {
    region
}

/// Says who calls it.
#[mcp_tool]
fn client(info: ClientInfo) -> String {
    info.name
}

/// How often `linger` came to its end.
static LINGERED: AtomicU32 = AtomicU32::new(0);

/// Takes a while.
#[mcp_tool]
async fn linger() -> String {
    tokio::time::sleep(Duration::from_millis(300)).await;
    LINGERED.fetch_add(1, Ordering::SeqCst).to_string()
}

fn server() -> McpServer {
    McpServer::new("test", "1.2.3")
        .instructions("Be brief.")
        .public_url("https://mcp.example.com")
        .tools(tools![add, count, explode, sleep, region, client, linger])
}

fn router() -> Router {
    server().into_router().expect("the server builds")
}

/// One HTTP exchange.
struct Exchange {
    status: StatusCode,
    headers: HeaderMap,
    body: Value,
}

impl Exchange {
    fn code(&self) -> i64 {
        self.body["error"]["code"].as_i64().unwrap_or(0)
    }

    fn text(&self) -> &str {
        self.body["result"]["content"][0]["text"].as_str().unwrap_or_default()
    }
}

async fn send(router: &Router, request: Request<Body>) -> Exchange {
    let response = router.clone().oneshot(request).await.expect("a router does not fail");
    let (parts, body) = response.into_parts();
    let body = body.collect().await.expect("a body").to_bytes();
    let body = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).expect("JSON") };
    Exchange { status: parts.status, headers: parts.headers, body }
}

fn post(headers: &[(&str, &str)], body: impl Into<Body>) -> Request<Body> {
    let mut request =
        Request::post("/mcp").header("host", "mcp.example.com").header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(body.into()).expect("a request")
}

fn meta() -> Value {
    json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": { "name": "tester", "version": "1" },
        "io.modelcontextprotocol/clientCapabilities": {},
    })
}

/// A stateless request, right in every way.
fn modern(method: &str, mut params: Value) -> Request<Body> {
    let name = params["name"].as_str().map(str::to_owned);
    params["_meta"] = meta();
    let mut headers = vec![("mcp-protocol-version", "2026-07-28"), ("mcp-method", method)];
    if let Some(name) = &name {
        headers.push(("mcp-name", name));
    }
    post(&headers, json!({ "jsonrpc": "2.0", "id": 7, "method": method, "params": params }).to_string())
}

fn call(name: &str, arguments: Value) -> Request<Body> {
    modern("tools/call", json!({ "name": name, "arguments": arguments }))
}

/// A request within a session.
fn legacy(session: &str, method: &str, params: Value) -> Request<Body> {
    let headers = [("mcp-session-id", session), ("mcp-protocol-version", "2025-11-25")];
    post(&headers, json!({ "jsonrpc": "2.0", "id": "l", "method": method, "params": params }).to_string())
}

async fn initialize(router: &Router, version: &str) -> (String, Exchange) {
    let params =
        json!({ "protocolVersion": version, "capabilities": {}, "clientInfo": { "name": "old", "version": "1" } });
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params });
    let exchange = send(router, post(&[], body.to_string())).await;
    let session = exchange.headers.get("mcp-session-id").expect("a session").to_str().expect("ASCII").to_owned();
    (session, exchange)
}

#[tokio::test]
async fn a_stateless_server_is_discovered_listed_and_called() {
    let router = router();
    let discovered = send(&router, modern("server/discover", json!({}))).await;
    let result = &discovered.body["result"];
    assert_eq!(discovered.status, StatusCode::OK);
    assert_eq!(result["resultType"], "complete");
    assert_eq!(result["supportedVersions"], json!(["2026-07-28", "2025-11-25", "2025-06-18"]));
    assert_eq!(result["capabilities"], json!({ "tools": {} }));
    assert_eq!(result["instructions"], "Be brief.");
    assert_eq!(result["cacheScope"], "public");
    assert_eq!(result["_meta"]["io.modelcontextprotocol/serverInfo"], json!({ "name": "test", "version": "1.2.3" }));

    let listed = send(&router, modern("tools/list", json!({}))).await;
    let tools = listed.body["result"]["tools"].as_array().expect("tools");
    let names: Vec<_> = tools.iter().map(|tool| tool["name"].as_str().expect("a name")).collect();
    assert_eq!(names, ["add", "count", "explode", "sleep", "region", "client", "linger"]);
    assert_eq!(tools[0]["annotations"], json!({ "readOnlyHint": true }));
    assert_eq!(tools[0]["inputSchema"]["required"], json!(["a", "b"]));
    assert!(listed.body["result"]["ttlMs"].as_u64().is_some());

    let called = send(&router, call("add", json!({ "a": 1, "b": "2" }))).await;
    assert_eq!((called.status, called.text()), (StatusCode::OK, "3"));
    assert_eq!(called.body["id"], 7);
    assert_eq!(called.body["result"]["resultType"], "complete");
    assert_eq!(send(&router, call("client", json!({}))).await.text(), "tester");
}

#[tokio::test]
async fn the_endpoint_is_there_with_and_without_a_slash() {
    for path in ["/mcp", "/mcp/"] {
        let (mut parts, body) = modern("server/discover", json!({})).into_parts();
        parts.uri = path.parse().expect("a path");
        assert_eq!(send(&router(), Request::from_parts(parts, body)).await.status, StatusCode::OK, "{path}");
    }
}

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

#[tokio::test]
async fn http_03_04_headers_repeat_the_body() {
    let router = router();
    for (header, value) in [("mcp-method", "tools/list"), ("mcp-name", "count"), ("mcp-protocol-version", "2025-11-25")]
    {
        let mut request = call("add", json!({ "a": 1, "b": 2 }));
        request.headers_mut().insert(header, value.parse().expect("a value"));
        let refused = send(&router, request).await;
        assert_eq!((refused.status, refused.code()), (StatusCode::BAD_REQUEST, -32020), "{header}");
        assert_eq!(refused.body["id"], 7, "{header}");

        let mut request = call("add", json!({ "a": 1, "b": 2 }));
        request.headers_mut().remove(header);
        let refused = send(&router, request).await;
        assert_eq!((refused.status, refused.code()), (StatusCode::BAD_REQUEST, -32020), "without {header}");
    }
}

#[tokio::test]
async fn parameters_are_repeated_in_headers_where_the_tool_says_so() {
    let router = router();
    let with = |value: Option<&str>| {
        let mut request = call("region", json!({ "region": "서울" }));
        if let Some(value) = value {
            request.headers_mut().insert("mcp-param-region", value.parse().expect("a value"));
        }
        request
    };
    assert_eq!(send(&router, with(Some("=?base64?7ISc7Jq4?="))).await.text(), "서울");
    assert_eq!(send(&router, with(Some("Seoul"))).await.code(), -32020);
    assert_eq!(send(&router, with(None)).await.code(), -32020);
}

#[tokio::test]
async fn http_05_06_07_versions_metadata_and_methods() {
    let router = router();
    let request = |header: &str, meta: Value, method: &str| {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": { "_meta": meta } });
        post(&[("mcp-protocol-version", header), ("mcp-method", method)], body.to_string())
    };
    let mut unknown = meta();
    unknown["io.modelcontextprotocol/protocolVersion"] = json!("v999.0.0");
    let refused = send(&router, request("v999.0.0", unknown.clone(), "tools/list")).await;
    assert_eq!((refused.status, refused.code()), (StatusCode::BAD_REQUEST, -32022));
    assert_eq!(refused.body["error"]["data"]["requested"], "v999.0.0");
    assert!(
        refused.body["error"]["data"]["supported"].as_array().is_some_and(|list| list.contains(&json!("2026-07-28")))
    );
    assert_eq!(send(&router, request("2026-07-28", unknown, "tools/list")).await.code(), -32020);

    for key in ["protocolVersion", "clientCapabilities"] {
        let mut lacking = meta();
        lacking.as_object_mut().expect("an object").remove(&format!("io.modelcontextprotocol/{key}"));
        let refused = send(&router, request("2026-07-28", lacking, "tools/list")).await;
        assert_eq!((refused.status, refused.code()), (StatusCode::BAD_REQUEST, -32602), "{key}");
        assert_eq!(refused.body["id"], 1, "{key}");
    }
    let mut anonymous = meta();
    anonymous.as_object_mut().expect("an object").remove("io.modelcontextprotocol/clientInfo");
    assert_eq!(send(&router, request("2026-07-28", anonymous, "tools/list")).await.status, StatusCode::OK);

    for method in ["initialize", "ping", "logging/setLevel", "resources/subscribe", "prompts/list", "unknown/method"] {
        let refused = send(&router, request("2026-07-28", meta(), method)).await;
        assert_eq!((refused.status, refused.code()), (StatusCode::NOT_FOUND, -32601), "{method}");
    }
}

#[tokio::test]
async fn http_08_large_bodies_are_refused() {
    let router = server().body_limit(1000).into_router().expect("it builds");
    let long = "x".repeat(2000);
    assert_eq!(send(&router, post(&[], long.clone())).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    let chunks = futures_util::stream::iter([Ok::<_, std::io::Error>(long.clone()), Ok(long)]);
    assert_eq!(send(&router, post(&[], Body::from_stream(chunks))).await.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn http_09_11_12_13_what_is_no_message_is_refused_with_its_id() {
    let router = router();
    let deep = format!("{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"x\",\"params\":{}}}", "[".repeat(100_000));
    let cases: [(&[u8], i64, Value); 17] = [
        (b"", -32700, Value::Null),
        (b"{", -32700, Value::Null),
        (b"\xEF\xBB\xBF{}", -32700, Value::Null),
        (b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\"}", -32700, Value::Null),
        (b"\0{\0}\0", -32700, Value::Null),
        (deep.as_bytes(), -32700, Value::Null),
        (b"[]", -32600, Value::Null),
        (b"[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}]", -32600, Value::Null),
        (b"\"text\"", -32600, Value::Null),
        (b"{}", -32600, Value::Null),
        (br#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#, -32600, json!(1)),
        (br#"{"id":"a","method":"ping"}"#, -32600, json!("a")),
        (br#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, -32600, Value::Null),
        (br#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#, -32600, Value::Null),
        (br#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#, -32600, Value::Null),
        (br#"{"jsonrpc":"2.0","id":1,"method":5}"#, -32600, json!(1)),
        (br#"{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}"#, -32600, json!(1)),
    ];
    for (body, code, id) in cases {
        let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
        let refused = send(&router, post(&[("mcp-protocol-version", "2026-07-28")], body.to_vec())).await;
        assert_eq!((refused.status, refused.code()), (StatusCode::BAD_REQUEST, code), "{shown}");
        assert_eq!(refused.body["id"], id, "{shown}");
    }
    assert_eq!(send(&router, call("add", json!({ "a": 1, "b": 2 }))).await.text(), "3", "SRV-13");
}

#[tokio::test]
async fn http_14_15_one_way_messages_and_other_methods() {
    let router = router();
    let version = [("mcp-protocol-version", "2026-07-28")];
    let response = post(&version, r#"{"jsonrpc":"2.0","id":1,"result":{}}"#);
    assert_eq!(send(&router, response).await.status, StatusCode::BAD_REQUEST);
    let notification = post(&version, r#"{"jsonrpc":"2.0","method":"notifications/cancelled"}"#);
    let accepted = send(&router, notification).await;
    assert_eq!((accepted.status, accepted.body), (StatusCode::ACCEPTED, Value::Null));

    for method in [Method::GET, Method::DELETE, Method::PUT, Method::PATCH] {
        let request = Request::builder().method(method.clone()).uri("/mcp").header("host", "mcp.example.com");
        let request = request.header("mcp-protocol-version", "2026-07-28").body(Body::empty()).expect("a request");
        assert_eq!(send(&router, request).await.status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
    }
    let mut request = modern("tools/list", json!({}));
    request.headers_mut().insert("content-type", "text/plain".parse().expect("a value"));
    assert_eq!(send(&router, request).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test]
async fn http_16_unknown_tools_and_wrong_arguments_are_told_apart() {
    let router = router();
    let unknown = send(&router, call("subtract", json!({}))).await;
    assert_eq!((unknown.status, unknown.code()), (StatusCode::OK, -32602));
    let wrong = send(&router, call("add", json!({ "a": "one", "c": 3 }))).await;
    assert_eq!(wrong.body["result"]["isError"], true);
    for told in ["`a`", "`b`", "missing", "`c`"] {
        assert!(wrong.text().contains(told), "{told} in {}", wrong.text());
    }
    let no_object = send(&router, call("add", json!([1, 2]))).await;
    assert_eq!(no_object.code(), -32602);
    let nameless = post(
        &[("mcp-protocol-version", "2026-07-28"), ("mcp-method", "tools/call")],
        json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": { "_meta": meta() } }).to_string(),
    );
    assert_eq!(send(&router, nameless).await.code(), -32602);
}

#[tokio::test]
async fn srv_01_02_panics_and_timeouts_stay_inside_the_call() {
    let router = router();
    let exploded = send(&router, call("explode", json!({}))).await;
    assert_eq!((exploded.status, &exploded.body["result"]["isError"]), (StatusCode::OK, &json!(true)));
    assert!(!exploded.text().contains("secret"), "{}", exploded.text());
    let slept = send(&router, call("sleep", json!({}))).await;
    assert_eq!(slept.body["result"]["isError"], true);
    assert!(slept.text().contains("20ms"), "{}", slept.text());
    assert_eq!(send(&router, call("add", json!({ "a": 1, "b": 2 }))).await.text(), "3");
}

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

/// Sends a request over a socket and hangs up before the answer.
async fn hang_up(address: std::net::SocketAddr, version: &str) {
    use tokio::io::AsyncWriteExt;

    let meta = if version == "2026-07-28" { meta() } else { json!({}) };
    let params = json!({ "name": "linger", "_meta": meta });
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params }).to_string();
    let head = format!(
        "POST /mcp HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\nmcp-protocol-version: {version}\r\n\
         mcp-method: tools/call\r\nmcp-name: linger\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = tokio::net::TcpStream::connect(address).await.expect("a connection");
    stream.write_all(format!("{head}{body}").as_bytes()).await.expect("it is sent");
    tokio::time::sleep(Duration::from_millis(100)).await;
}

#[tokio::test]
async fn http_17_hanging_up_cancels_in_2026_and_never_before() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(server().serve_on(listener, std::future::pending()));

    hang_up(address, "2026-07-28").await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(LINGERED.load(Ordering::SeqCst), 0, "the call was cancelled");
    hang_up(address, "2025-11-25").await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(LINGERED.load(Ordering::SeqCst), 1, "the call ran to its end");
}

#[tokio::test]
async fn srv_04_a_stopped_server_finishes_what_runs() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let served = tokio::spawn(server().serve_on(listener, async { drop(stopped.await) }));

    let caller = tokio::spawn(async move {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let body =
            json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": { "name": "sleep" } }).to_string();
        let head = format!(
            "POST /mcp HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\nmcp-protocol-version: 2025-11-25\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let mut stream = tokio::net::TcpStream::connect(address).await.expect("a connection");
        stream.write_all(format!("{head}{body}").as_bytes()).await.expect("it is sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer to its end");
        answer
    });
    tokio::time::sleep(Duration::from_millis(10)).await;
    drop(stop);
    let answer = tokio::time::timeout(Duration::from_secs(5), caller).await.expect("in time").expect("no panic");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    served.await.expect("no panic").expect("a clean end");
    assert!(tokio::net::TcpStream::connect(address).await.is_err(), "nobody listens any more");
}

#[test]
fn build_reports_all_mistakes_at_once() {
    /// Takes a state that nobody gave.
    #[mcp_tool]
    fn stateful(_state: State<std::sync::Arc<u8>>) {}

    let server = McpServer::new("", "1")
        .path("mcp/")
        .public_url("http://mcp.example.com")
        .allowed_origins(["app.example"])
        .tools(tools![add, stateful])
        .tools(tools![add]);
    let error = server.build().expect_err("it has mistakes").to_string();
    for told in [
        "no name",
        "`.path(",
        "must be https",
        "no origin",
        "two tools are named `add`",
        "tool `stateful`",
        ".state(..)",
    ] {
        assert!(error.contains(told), "{told} in: {error}");
    }
}
