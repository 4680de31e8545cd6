//! §12: MCP over HTTP, as a client that is logged in sends it, or somebody who has its token.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::tools::one;
use crate::world::{Reply, Tokens, World, call, meta, raw_post, rpc};

async fn world() -> (World, String) {
    let world = World::new().await;
    let Tokens { access, .. } = world.log_in().await;
    (world, access)
}

/// Every test ends so: SRV-13.
async fn is_alive(world: &World, access: &str) {
    assert_eq!(world.call(access, "add", json!({ "a": 1, "b": 2 })).await.text(), "3");
}

/// The head and body of a right call, for the wire.
fn wire(world: &World, access: &str, tool: &str, more: &[(&str, &str)]) -> String {
    let authorization = format!("Bearer {access}");
    let headers = [
        ("content-type", "application/json"),
        ("accept", "application/json, text/event-stream"),
        ("authorization", &authorization),
        ("mcp-method", "tools/call"),
        ("mcp-name", tool),
    ];
    // It wants to hear of its progress.
    let mut meta = if more == MODERN { meta() } else { json!({}) };
    meta["progressToken"] = json!("p");
    let body = rpc("tools/call", json!({ "name": tool, "arguments": {}, "_meta": meta }));
    raw_post(world, "/mcp", &[&headers[..], more].concat(), &body)
}

const MODERN: [(&str, &str); 1] = [("mcp-protocol-version", "2026-07-28")];

/// A session of the handshake revision.
async fn session(world: &World, access: &str) -> String {
    let params =
        json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "old", "version": "1" } });
    let none = [("mcp-protocol-version", ""), ("mcp-method", "")];
    let opened = world.mcp(access, &none, rpc("initialize", params)).await;
    assert_eq!(opened.status, 200, "{}", opened.body);
    opened.header("mcp-session-id").to_owned()
}

fn legacy(session: &str) -> [(&str, &str); 4] {
    [("mcp-session-id", session), ("mcp-protocol-version", "2025-11-25"), ("mcp-method", ""), ("mcp-name", "")]
}

#[tokio::test]
async fn http_01_pages_of_strangers_run_nothing() {
    let (world, access) = world().await;
    for origin in [
        "https://evil.example",
        "null",
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example",
        "https://evil.example/http://127.0.0.1",
        "file://",
        "garbage",
    ] {
        let reply = world.mcp(&access, &[("origin", origin)], call("count", json!({}))).await;
        assert_eq!(reply.status, 403, "{origin}: {}", reply.body);
        assert!(!reply.headers.contains_key("access-control-allow-origin"), "{origin}");
    }
    let both =
        world.request(Method::POST, "/mcp", &[("origin", &*world.base), ("origin", "https://evil.example")], "").await;
    assert_eq!(both.status, 403);
    assert_eq!(world.call(&access, "count", json!({})).await.text(), "1", "none of them ran");
    assert_eq!(world.mcp(&access, &[("origin", &world.base)], call("count", json!({}))).await.status, 200);
}

#[tokio::test]
async fn http_02_a_foreign_host_is_not_served() {
    let (world, access) = world().await;
    let right = wire(&world, &access, "count", &MODERN);
    let host = world.base.trim_start_matches("http://").to_owned();
    for foreign in ["evil.example", "127.0.0.1.evil.example", "evil.example:80", "user@127.0.0.1", ""] {
        let answer = world.raw(right.replace(&format!("host: {host}"), &format!("host: {foreign}"))).await;
        let status = answer.split(' ').nth(1).unwrap_or_default();
        assert!(matches!(status, "400" | "403" | "421"), "{foreign}: {answer}");
    }
    let two = right.replace(&format!("host: {host}"), &format!("host: {host}\r\nhost: evil.example"));
    let answer = world.raw(two).await;
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    assert_eq!(world.call(&access, "count", json!({})).await.text(), "1", "none of them ran");
}

#[tokio::test]
async fn http_03_headers_say_what_the_body_says() {
    let (world, access) = world().await;
    let body = call("count", json!({}));
    for header in ["mcp-protocol-version", "mcp-method", "mcp-name"] {
        let reply = world.mcp(&access, &[(header, "")], body.clone()).await;
        assert_eq!(reply.code(), (400, -32020), "without {header}");
    }
    for (header, value) in [
        ("mcp-protocol-version", "2025-11-25"),
        ("mcp-method", "tools/list"),
        ("mcp-method", "TOOLS/CALL"),
        ("mcp-name", "add"),
        ("mcp-name", "COUNT"),
    ] {
        let reply = world.mcp(&access, &[(header, value)], body.clone()).await;
        assert_eq!(reply.code(), (400, -32020), "{header}: {value}");
        assert_eq!(reply.json()["id"], 7);
    }
    assert_eq!(world.call(&access, "count", json!({})).await.text(), "1", "none of them ran");
}

#[tokio::test]
async fn http_04_a_name_may_come_in_base64() {
    let (world, access) = world().await;
    let body = call("add", json!({ "a": 1, "b": 2 }));
    let encoded = |name: &str| format!("=?base64?{}?=", STANDARD.encode(name));
    for (name, outcome) in [
        (encoded("add"), (200, 0)),
        (encoded("count"), (400, -32020)),
        ("=?base64?!!!?=".to_owned(), (400, -32020)),
        ("=?base64?YWRk".to_owned(), (400, -32020)),
        ("=?base64??=".to_owned(), (400, -32020)),
        (format!("=?base64?{}?=", STANDARD.encode([0xff, 0xfe])), (400, -32020)),
    ] {
        assert_eq!(world.mcp(&access, &[("mcp-name", &name)], body.clone()).await.code(), outcome, "{name}");
    }
}

#[tokio::test]
async fn http_05_a_version_that_nobody_speaks_is_refused_with_those_that_are_spoken() {
    let (world, access) = world().await;
    for version in ["v999.0.0", "2099-01-01", "2024-11-05", "x"] {
        let mut meta = meta();
        meta["io.modelcontextprotocol/protocolVersion"] = json!(version);
        let body = rpc("tools/list", json!({ "_meta": meta }));
        let reply = world.mcp(&access, &[("mcp-protocol-version", version)], body).await;
        assert_eq!(reply.code(), (400, -32022), "{version}: {}", reply.body);
        let data = &reply.json()["error"]["data"];
        assert!(data["supported"].as_array().is_some_and(|list| list.contains(&json!("2026-07-28"))), "{data}");
        assert_eq!(data["requested"], version);
    }
    is_alive(&world, &access).await;
}

#[tokio::test]
async fn http_06_a_request_says_its_version_and_capabilities() {
    let (world, access) = world().await;
    for key in ["protocolVersion", "clientCapabilities"] {
        let mut lacking = meta();
        lacking.as_object_mut().unwrap().remove(&format!("io.modelcontextprotocol/{key}"));
        let reply = world.mcp(&access, &[], rpc("tools/list", json!({ "_meta": lacking }))).await;
        assert_eq!(reply.code(), (400, -32602), "{key}");
    }
    for params in [json!({}), json!({ "_meta": {} }), json!({ "_meta": null }), json!({ "_meta": [] })] {
        let reply = world.mcp(&access, &[], rpc("tools/list", params.clone())).await;
        assert_eq!(reply.code(), (400, -32602), "{params}");
    }
}

#[tokio::test]
async fn http_07_an_unknown_method_is_not_found() {
    let (world, access) = world().await;
    for method in ["unknown", "tools/delete", "initialize", "ping", "../tools/call", "tools/call ", ""] {
        let header = [("mcp-method", if method.is_empty() { "x" } else { method.trim() })];
        let reply = world.mcp(&access, &header, rpc(method, json!({ "_meta": meta() }))).await;
        let expected = if method.trim() == method && !method.is_empty() { (404, -32601) } else { reply.code() };
        assert_eq!(reply.code(), expected, "{method}");
        assert!(reply.status.is_client_error(), "{method}: {}", reply.status);
    }
}

#[tokio::test]
async fn http_08_a_large_body_is_refused_before_it_is_read() {
    const LARGE: usize = 32 * 1024 * 1024;
    let (world, access) = world().await;
    let right = wire(&world, &access, "count", &MODERN);
    let (head, body) = right.split_once("\r\n\r\n").unwrap();
    // Its length told: nothing of it has to be sent.
    let told = head.replace(&format!("content-length: {}", body.len()), &format!("content-length: {LARGE}"));
    let answer = world.raw(format!("{told}\r\n\r\n")).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    // Untold and without an end: it is refused at the limit. For a while the server passes over what is still sent, for
    // a client that reads only when it has sent everything; that has an end, too.
    const ENDLESS: usize = 16 * LARGE;
    let chunked = head.replace(&format!("content-length: {}", body.len()), "transfer-encoding: chunked");
    let stream = TcpStream::connect(world.address()).await.unwrap();
    let (mut reader, mut writer) = stream.into_split();
    let sending = tokio::spawn(async move {
        writer.write_all(format!("{chunked}\r\n\r\n").as_bytes()).await.unwrap();
        let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
        let mut sent = 0;
        while sent < ENDLESS && writer.write_all(chunk.as_bytes()).await.is_ok() {
            sent += 0x10000;
        }
        sent
    });
    let mut answer = vec![0; 12];
    reader.read_exact(&mut answer).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&answer), "HTTP/1.1 413");
    drop(reader);
    let sent = tokio::time::timeout(Duration::from_secs(10), sending).await.expect("the server closes").unwrap();
    assert!(sent < ENDLESS / 4, "{sent} bytes were taken");
    is_alive(&world, &access).await;
}

#[tokio::test]
async fn http_09_deep_nesting_is_refused() {
    let (world, access) = world().await;
    const DEEP: usize = 100_000;
    let closed = format!("{}{}", "[".repeat(DEEP), "]".repeat(DEEP));
    let objects = format!("{}1{}", "{\"a\":".repeat(DEEP), "}".repeat(DEEP));
    for deep in ["[".repeat(DEEP), closed, "{\"a\":".repeat(DEEP), objects] {
        let inside = format!(
            r#"{{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{{"name":"add","_meta":{},"arguments":{deep}}}}}"#,
            meta()
        );
        let named = [("mcp-method", "tools/call"), ("mcp-name", "add")];
        for body in [deep.clone(), inside] {
            let (status, code) = world.mcp(&access, &named, body).await.code();
            assert!(status == 400 && [-32700, -32600].contains(&code), "{status} {code} {:.20}", deep);
        }
    }
    is_alive(&world, &access).await;
}

/// Bytes as the body of a request that is right besides.
async fn bytes(world: &World, access: &str, body: impl Into<Vec<u8>>) -> Reply {
    let authorization = format!("Bearer {access}");
    let headers = [
        ("content-type", "application/json"),
        ("authorization", authorization.as_str()),
        ("mcp-protocol-version", "2026-07-28"),
        ("mcp-method", "tools/call"),
        ("mcp-name", "add"),
    ];
    world.request(Method::POST, "/mcp", &headers, body.into()).await
}

#[tokio::test]
async fn http_11_what_is_no_utf_8_is_no_json() {
    let (world, access) = world().await;
    let good = call("add", json!({ "a": 1, "b": 2 }));
    let utf_16 = |big: bool| -> Vec<u8> {
        let units = good.encode_utf16();
        units.flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
    };
    let invalid =
        good.replace("\"add\"", "\"\u{1}\"").into_bytes().into_iter().map(|byte| if byte == 1 { 0xff } else { byte });
    for (what, body) in [
        ("invalid bytes", invalid.collect()),
        ("cut in a character", [good.as_bytes(), &[0xea, 0xb0]].concat()),
        ("UTF-16", utf_16(false)),
        ("UTF-16, big end first", utf_16(true)),
        ("a BOM", [b"\xef\xbb\xbf", good.as_bytes()].concat()),
        ("a NUL", [good.as_bytes(), b"\0"].concat()),
    ] {
        assert_eq!(bytes(&world, &access, body).await.code(), (400, -32700), "{what}");
    }
    // Half a surrogate pair, in a name, an argument and a key.
    for lone in [
        good.replace("\"add\"", r#""\ud800""#),
        good.replace("\"a\":1", r#""a":"\udc00""#),
        good.replace("\"a\":1", r#""\ud800":1"#),
    ] {
        let reply = bytes(&world, &access, lone).await;
        assert!(matches!(reply.status.as_u16(), 200 | 400), "{} {}", reply.status, reply.body);
    }
    is_alive(&world, &access).await;
}

#[tokio::test]
async fn http_12_a_batch_is_no_message() {
    let (world, access) = world().await;
    let good = call("count", json!({}));
    for body in [
        format!("[{good}]"),
        format!("[{good},{good}]"),
        "[]".into(),
        "\"text\"".into(),
        "5".into(),
        "null".into(),
        "{}".into(),
    ] {
        let (status, code) = bytes(&world, &access, body.clone()).await.code();
        assert!(status == 400 && [-32600, -32700].contains(&code), "{body}: {status} {code}");
    }
    assert_eq!(world.call(&access, "count", json!({})).await.text(), "1", "none of them ran");
}

#[tokio::test]
async fn http_13_what_is_no_request_is_refused() {
    let (world, access) = world().await;
    let good: Value = serde_json::from_str(&call("count", json!({}))).unwrap();
    for (member, value) in [
        ("id", Value::Null),
        ("id", json!(1.5)),
        ("id", json!(true)),
        ("id", json!({})),
        ("id", json!([])),
        ("jsonrpc", json!("1.0")),
        ("jsonrpc", json!(2.0)),
        ("method", json!(5)),
        ("method", Value::Null),
        ("params", json!([])),
        ("params", json!("x")),
    ] {
        let mut body = good.clone();
        body[member] = value.clone();
        let reply = world.mcp(&access, &[("mcp-method", "tools/call"), ("mcp-name", "count")], body.to_string()).await;
        assert_eq!(reply.code(), (400, -32600), "{member}: {value}");
    }
    for member in ["jsonrpc", "method"] {
        let mut body = good.clone();
        body.as_object_mut().unwrap().remove(member);
        let reply = world.mcp(&access, &[("mcp-method", "tools/call"), ("mcp-name", "count")], body.to_string()).await;
        assert_eq!(reply.code(), (400, -32600), "without {member}");
    }
    assert_eq!(world.call(&access, "count", json!({})).await.text(), "1", "none of them ran");
}

#[tokio::test]
async fn http_14_one_way_messages() {
    let (world, access) = world().await;
    let response = json!({ "jsonrpc": "2.0", "id": 1, "result": {} }).to_string();
    let error = json!({ "jsonrpc": "2.0", "id": 1, "error": { "code": -1, "message": "x" } }).to_string();
    let notification = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": 1 } });
    for body in [&response, &error] {
        assert_eq!(world.mcp(&access, &[("mcp-method", "")], body.clone()).await.status, 400, "{body}");
    }
    let taken = world.mcp(&access, &[], notification.to_string()).await;
    assert_eq!((taken.status.as_u16(), taken.body.as_str()), (202, ""));
    let session = session(&world, &access).await;
    for body in [response, error, notification.to_string()] {
        let taken = world.mcp(&access, &legacy(&session), body.clone()).await;
        assert_eq!((taken.status.as_u16(), taken.body.as_str()), (202, ""), "{body}");
    }
}

#[tokio::test]
async fn http_15_other_methods_and_types() {
    let (world, access) = world().await;
    let authorization = format!("Bearer {access}");
    let headers = [("authorization", authorization.as_str()), ("mcp-protocol-version", "2026-07-28")];
    for method in [Method::GET, Method::DELETE, Method::PUT, Method::PATCH] {
        assert_eq!(world.request(method.clone(), "/mcp", &headers, "").await.status, 405, "{method}");
    }
    for kind in
        ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonx", ""]
    {
        let reply = world.mcp(&access, &[("content-type", kind)], call("count", json!({}))).await;
        assert!(matches!(reply.status.as_u16(), 400 | 415), "{kind}: {}", reply.status);
    }
    let parameters = [("content-type", "application/json; charset=utf-8")];
    assert_eq!(world.mcp(&access, &parameters, call("count", json!({}))).await.text(), "1", "none of the others ran");
}

#[tokio::test]
async fn http_16_unknown_tools_and_wrong_arguments() {
    let (world, access) = world().await;
    let unknown = world.call(&access, "subtract", json!({})).await;
    assert_eq!(unknown.json()["error"]["code"], -32602, "{}", unknown.body);
    let long = "x".repeat(1000);
    for arguments in [
        json!({ "a": "one", "b": 2 }),
        json!({ "a": 1 }),
        json!({ "a": 1, "b": 1.5 }),
        json!({ "a": 1, "b": null }),
        json!({ "a": 1, "b": [2] }),
        json!({ "a": 1e300, "b": 2 }),
        json!({ "a": u64::MAX, "b": 2 }),
        json!({ "a": long, "b": {} }),
        json!([1, 2]),
        json!("x"),
        json!(5),
    ] {
        let reply = world.call(&access, "add", arguments.clone()).await;
        assert!(!reply.status.is_server_error(), "{arguments}: {}", reply.status);
        let body = reply.json();
        assert!(body["error"]["code"] == -32602 || body["result"]["isError"] == true, "{arguments}: {body}");
    }
    is_alive(&world, &access).await;
}

/// Sends a call, waits until it runs (and, for `after_event`, until its first event is there), and hangs up.
async fn hang_up(world: &World, request: &str, after_event: bool) {
    let mut stream = TcpStream::connect(world.address()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    one(&world.probe.started).await;
    let mut seen = String::new();
    while after_event && !seen.contains("begun") {
        let mut part = [0; 1024];
        let read =
            tokio::time::timeout(Duration::from_secs(10), stream.read(&mut part)).await.expect("an event").unwrap();
        assert!(read > 0, "the stream ended: {seen}");
        seen.push_str(&String::from_utf8_lossy(&part[..read]));
    }
}

#[tokio::test]
async fn http_17_hanging_up_cancels_in_this_revision_and_never_before() {
    let (world, access) = world().await;
    for (tool, after_event) in [("linger", false), ("report", true)] {
        hang_up(&world, &wire(&world, &access, tool, &MODERN), after_event).await;
        one(&world.probe.cancelled).await;
    }
    assert_eq!(world.probe.finished.available_permits(), 0);

    let session = session(&world, &access).await;
    let headers = [("mcp-session-id", session.as_str()), ("mcp-protocol-version", "2025-11-25")];
    for (tool, after_event) in [("linger", false), ("report", true)] {
        hang_up(&world, &wire(&world, &access, tool, &headers), after_event).await;
        // Time enough to notice it.
        is_alive(&world, &access).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        world.probe.release.add_permits(1);
        one(&world.probe.finished).await;
    }
    assert_eq!(world.probe.cancelled.available_permits(), 0);

    // What cancels there is a message, to the server at which the call is.
    if crate::world::replicas() == 1 {
        let mut stream = TcpStream::connect(world.address()).await.unwrap();
        stream.write_all(wire(&world, &access, "linger", &headers).as_bytes()).await.unwrap();
        one(&world.probe.started).await;
        let cancel = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": 7 } });
        assert_eq!(world.mcp(&access, &legacy(&session), cancel.to_string()).await.status, 202);
        one(&world.probe.cancelled).await;
    }
}

#[tokio::test]
async fn http_19_headers_that_never_end_hold_nobody_up() {
    const LIMIT: Duration = Duration::from_secs(60);
    let (world, access) = world().await;
    let mut slow = Vec::new();
    for n in 0..50 {
        let mut stream = TcpStream::connect(world.address()).await.unwrap();
        // Some have said nothing, some a part, some want to go on.
        stream.write_all(&b"POST /mcp HTTP/1.1\r\nhost: 127.0.0.1\r\nx: "[..n.min(40)]).await.unwrap();
        slow.push(stream);
    }
    // And bodies that never come, where anybody may send one.
    for path in ["/mcp", "/register", "/token", "/consent"] {
        let authorization = format!("Bearer {access}");
        let headers = [("content-type", "application/json"), ("authorization", authorization.as_str())];
        let head = raw_post(&world, path, &headers, "").replace("content-length: 0", "content-length: 100");
        let head = head.replace("connection: close\r\n", "");
        let mut stream = TcpStream::connect(world.address()).await.unwrap();
        stream.write_all(format!("{head}{{").as_bytes()).await.unwrap();
        slow.push(stream);
    }
    is_alive(&world, &access).await;
    // From here on the clock of the timers jumps whenever everybody waits.
    tokio::time::pause();
    let begun = tokio::time::Instant::now();
    for (n, mut stream) in slow.into_iter().enumerate() {
        let drip = async {
            let mut byte = [0; 256];
            loop {
                tokio::select! {
                    read = stream.read(&mut byte) => match read {
                        Ok(0) | Err(_) => return,
                        Ok(_) => {}
                    },
                    () = tokio::time::sleep(Duration::from_secs(1)), if n % 10 == 0 => {
                        let _ = stream.write_all(b"a").await;
                    }
                }
            }
        };
        tokio::time::timeout(LIMIT, drip).await.unwrap_or_else(|_| panic!("{n} is still open"));
    }
    assert!(begun.elapsed() <= LIMIT, "{:?}", begun.elapsed());
    assert!(begun.elapsed() >= Duration::from_secs(5), "an honest client on a bad line has some time");
    tokio::time::resume();
    is_alive(&world, &access).await;
}
