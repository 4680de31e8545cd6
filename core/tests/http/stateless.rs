//! The current revision: every request by itself.

use crate::*;

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
    let hidden = r#"{"region":"서울","other":1e999}"#;
    let body = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"region","arguments":{hidden},"_meta":{}}}}}"#,
        meta()
    );
    let headers = [("mcp-protocol-version", "2026-07-28"), ("mcp-method", "tools/call"), ("mcp-name", "region")];
    assert_eq!(send(&router, post(&headers, body)).await.code(), -32020, "an odd number beside it hides nothing");
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

    let odd =
        json!({ "jsonrpc": "2.0", "id": 1, "method": "unknown", "params": { "_meta": meta(), "name": 5, "uri": 5 } });
    let odd = post(&[("mcp-protocol-version", "2026-07-28"), ("mcp-method", "unknown")], odd.to_string());
    assert_eq!(send(&router, odd).await.code(), -32601, "a method that nobody knows has no wrong parameters");
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
    let refused = send(&router, response).await;
    assert_eq!((refused.status, refused.code()), (StatusCode::BAD_REQUEST, -32600));
    let notification = post(&version, r#"{"jsonrpc":"2.0","method":"notifications/cancelled"}"#);
    let accepted = send(&router, notification).await;
    assert_eq!((accepted.status, accepted.body), (StatusCode::ACCEPTED, Value::Null));

    for (version, status) in [("v999", 400), ("2024-11-05", 400), ("2025-11-25", 202)] {
        let notification = post(&[("mcp-protocol-version", version)], r#"{"jsonrpc":"2.0","method":"x"}"#);
        assert_eq!(send(&router, notification).await.status, status, "{version}");
    }
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
