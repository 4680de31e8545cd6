//! The tasks extension over the router (SEP-2663).

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use dari::TaskSettings;
use dari::prelude::*;
use http::Request;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::{Exchange, initialize, legacy, modern, post, send};

const EXTENSION: &str = "io.modelcontextprotocol/tasks";

/// What the tools of one test share with it.
#[derive(Clone, Default)]
struct Bench {
    go: Arc<Notify>,
    begun: Arc<AtomicU32>,
    dropped: Arc<AtomicU32>,
    told: Arc<AtomicU32>,
}

/// Counts its drop.
struct Counted(Arc<AtomicU32>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Name {
    name: String,
}

/// Waits until it may go on.
#[mcp_tool(task)]
async fn wait(State(bench): State<Bench>) -> String {
    let _counted = Counted(bench.dropped.clone());
    bench.begun.fetch_add(1, Ordering::SeqCst);
    bench.go.notified().await;
    "done".to_owned()
}

/// Is a task or nothing.
#[mcp_tool(task = "required")]
async fn must() -> Result<String, ToolError> {
    Err(ToolError::new("it failed"))
}

/// Ends in a JSON-RPC error.
#[mcp_tool(task)]
async fn broken() -> Result<String, ToolError> {
    Err(dari::RpcError::new(dari::ErrorCode::InternalError, "rate limit").into())
}

/// Panics.
#[mcp_tool(task)]
async fn explode() -> String {
    panic!("a secret of the inside")
}

/// Takes too long.
#[mcp_tool(task, timeout = "30ms")]
async fn slow() -> String {
    std::future::pending().await
}

/// Asks two questions at once, and the first of them again.
#[mcp_tool(task)]
async fn questions(ask: Ask) -> Result<String, ToolError> {
    let (one, two) = tokio::join!(ask.form::<Name>("one", "One?"), ask.form::<Name>("two", "Two?"));
    let again = ask.form::<Name>("one", "One more?").await?;
    Ok(format!("{} {} {}", one?.name, two?.name, again.name))
}

/// Asks before it is a task, and once it is.
#[mcp_tool(task = "required")]
async fn both(
    State(bench): State<Bench>,
    ask: Ask,
    task: Task,
    progress: Progress,
    log: Log,
) -> Result<String, ToolError> {
    bench.begun.fetch_add(1, Ordering::SeqCst);
    let before = ask.form::<Name>("user_name", "Who are you?").await?;
    task.message("hello");
    task.begin().await;
    task.begin().await;
    progress.report(1, 2.0, "never sent");
    log.info("never sent");
    let within = ask.form::<Name>("user_name", "Who else?").await?;
    task.message("got it");
    bench.go.notified().await;
    Ok(format!("{} and {}", before.name, within.name))
}

/// Need not be a task.
#[mcp_tool(task)]
async fn maybe(long: bool, task: Task) -> String {
    if long {
        task.begin().await;
    }
    "here".to_owned()
}

/// A plain function that is long.
#[mcp_tool(task)]
fn blocking(task: Task) -> String {
    task.message("working hard");
    std::thread::sleep(Duration::from_millis(50));
    "blocked".to_owned()
}

/// Tidies up.
#[mcp_tool(task)]
async fn tidy(State(bench): State<Bench>, cancelled: Cancelled) -> String {
    bench.begun.fetch_add(1, Ordering::SeqCst);
    cancelled.wait().await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    bench.told.fetch_add(1, Ordering::SeqCst);
    "tidied up".to_owned()
}

/// Gives much.
#[mcp_tool(task)]
async fn large() -> String {
    "x".repeat(2000)
}

/// Never a task.
#[mcp_tool]
async fn greet(name: String) -> String {
    format!("Hello, {name}!")
}

/// What is called of a tool that takes no `Task` but says it wants an argument.
#[mcp_tool(task)]
async fn picky(number: u32) -> String {
    number.to_string()
}

fn with(bench: &Bench, settings: TaskSettings) -> Router {
    McpServer::new("test", "1.2.3")
        .public_url("https://mcp.example.com")
        .state(bench.clone())
        .tasks(settings)
        .tools(tools![wait, must, broken, explode, slow, questions, both, maybe, blocking, tidy, large, greet, picky])
        .into_router()
        .expect("the server builds")
}

fn router(bench: &Bench) -> Router {
    with(bench, TaskSettings::new())
}

/// A request of a client that knows tasks.
fn knowing(method: &str, mut params: Value) -> Request<Body> {
    params["_meta"] = crate::meta();
    params["_meta"]["io.modelcontextprotocol/clientCapabilities"] =
        json!({ "elicitation": {}, "extensions": { EXTENSION: {} } });
    params["_meta"]["io.modelcontextprotocol/logLevel"] = json!("debug");
    params["_meta"]["progressToken"] = json!(1);
    let name = params["name"].as_str().or(params["taskId"].as_str()).map(str::to_owned);
    let mut headers = vec![("mcp-protocol-version", "2026-07-28"), ("mcp-method", method)];
    headers.extend(name.as_deref().map(|name| ("mcp-name", name)));
    post(&headers, json!({ "jsonrpc": "2.0", "id": 7, "method": method, "params": params }).to_string())
}

async fn call(router: &Router, tool: &str, arguments: Value) -> Exchange {
    send(router, knowing("tools/call", json!({ "name": tool, "arguments": arguments }))).await
}

/// Calls a tool that has to become a task; gives its id.
async fn begin(router: &Router, tool: &str) -> String {
    let created = call(router, tool, json!({})).await;
    assert_eq!(created.body["result"]["resultType"], "task", "{}", created.body);
    created.body["result"]["taskId"].as_str().expect("an id").to_owned()
}

async fn about(router: &Router, method: &str, id: &str) -> Exchange {
    send(router, knowing(method, json!({ "taskId": id }))).await
}

async fn get(router: &Router, id: &str) -> Value {
    let got = about(router, "tasks/get", id).await;
    assert_eq!(got.body["result"]["resultType"], "complete", "{}", got.body);
    got.body["result"].clone()
}

async fn answer(router: &Router, id: &str, answers: Value) -> Exchange {
    send(router, knowing("tasks/update", json!({ "taskId": id, "inputResponses": answers }))).await
}

fn accept(name: &str) -> Value {
    json!({ "action": "accept", "content": { "name": name, "more": true } })
}

/// Waits until the task is in this status.
async fn until(router: &Router, id: &str, status: &str) -> Value {
    let start = Instant::now();
    loop {
        let task = get(router, id).await;
        if task["status"] == status {
            return task;
        }
        assert!(start.elapsed() < Duration::from_secs(10), "not {status}, but {task}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn keys(task: &Value) -> Vec<&str> {
    task.as_object().expect("an object").keys().map(String::as_str).collect()
}

#[tokio::test]
async fn a_call_goes_on_as_a_task() {
    let bench = Bench::default();
    let router = router(&bench);
    let created = call(&router, "wait", json!({})).await.body["result"].clone();
    let mut expected =
        ["_meta", "createdAt", "lastUpdatedAt", "pollIntervalMs", "resultType", "status", "taskId", "ttlMs"].to_vec();
    assert_eq!(keys(&created), expected);
    assert_eq!((&created["resultType"], &created["status"]), (&json!("task"), &json!("working")));
    assert_eq!((&created["ttlMs"], &created["pollIntervalMs"]), (&json!(3_600_000), &json!(1000)));
    let id = created["taskId"].as_str().expect("an id");
    assert!(id.len() >= 22 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{id}");

    let working = get(&router, id).await;
    assert_eq!(keys(&working), expected);
    assert_eq!((&working["resultType"], &working["status"]), (&json!("complete"), &json!("working")));

    bench.go.notify_one();
    let done = until(&router, id, "completed").await;
    expected.insert(4, "result");
    assert_eq!(keys(&done), expected);
    assert_eq!(done["createdAt"], created["createdAt"]);
    assert_eq!(
        done["result"],
        json!({
            "content": [{ "type": "text", "text": "done" }],
            "resultType": "complete",
            "_meta": { "io.modelcontextprotocol/serverInfo": { "name": "test", "version": "1.2.3" } },
        })
    );
    assert_eq!(get(&router, id).await, done, "it stays");
}

#[tokio::test]
async fn the_client_s_declaration_decides_request_by_request() {
    let bench = Bench::default();
    let router = router(&bench);
    let required = json!({ "requiredCapabilities": { "extensions": { EXTENSION: {} } } });

    bench.go.notify_one();
    let sync = send(&router, modern("tools/call", json!({ "name": "wait" }))).await;
    assert_eq!((sync.text(), &sync.body["result"]["resultType"]), ("done", &json!("complete")));
    let refused = send(&router, modern("tools/call", json!({ "name": "must" }))).await;
    assert_eq!((refused.code(), &refused.body["error"]["data"]), (-32021, &required));
    let opted_in_as_of_old = json!({ "name": "greet", "arguments": { "name": "A" }, "task": { "ttl": 1000 } });
    assert_eq!(send(&router, knowing("tools/call", opted_in_as_of_old)).await.text(), "Hello, A!");

    let id = begin(&router, "wait").await;
    for method in ["tasks/get", "tasks/update", "tasks/cancel"] {
        for id in [id.as_str(), "unknown"] {
            let params = json!({ "taskId": id, "inputResponses": {}, "_meta": crate::meta() });
            let headers = [("mcp-protocol-version", "2026-07-28"), ("mcp-method", method), ("mcp-name", id)];
            let body = json!({ "jsonrpc": "2.0", "id": 7, "method": method, "params": params });
            let refused = send(&router, post(&headers, body.to_string())).await;
            assert_eq!((refused.code(), &refused.body["error"]["data"]), (-32021, &required), "{method}");
        }
    }
    for method in ["tasks/result", "tasks/list"] {
        assert_eq!(send(&router, knowing(method, json!({}))).await.code(), -32601);
    }
}

#[tokio::test]
async fn discover_tells_of_the_extension_and_initialize_does_not() {
    let router = router(&Bench::default());
    let discovered = send(&router, modern("server/discover", json!({}))).await.body["result"]["capabilities"].clone();
    assert_eq!(discovered["extensions"], json!({ EXTENSION: {} }));
    assert_eq!(discovered.get("tasks"), None);
    let (_, initialized) = initialize(&router, "2025-11-25").await;
    assert_eq!(initialized.body["result"]["capabilities"], json!({ "tools": {}, "logging": {} }));

    let without = crate::router();
    let discovered = send(&without, modern("server/discover", json!({}))).await;
    assert_eq!(discovered.body["result"]["capabilities"].get("extensions"), None);
    assert_eq!(about(&without, "tasks/get", "x").await.code(), -32601, "nothing here can be a task");
}

#[tokio::test]
async fn handshake_revisions_know_no_tasks() {
    let bench = Bench::default();
    let router = router(&bench);
    let params = json!({
        "protocolVersion": "2025-11-25", "clientInfo": { "name": "old", "version": "1" },
        "capabilities": { "extensions": { EXTENSION: {} }, "tasks": {} },
    });
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params });
    let opened = send(&router, post(&[], body.to_string())).await;
    let session = opened.headers["mcp-session-id"].to_str().expect("ASCII");
    bench.go.notify_one();
    let arguments = json!({ "name": "wait", "arguments": {}, "task": { "ttl": 60000 } });
    assert_eq!(send(&router, legacy(session, "tools/call", arguments)).await.text(), "done");
    assert_eq!(send(&router, legacy(session, "tools/call", json!({ "name": "must" }))).await.code(), -32021);
    assert_eq!(send(&router, legacy(session, "tasks/get", json!({ "taskId": "x" }))).await.code(), -32601);
    let maybe = json!({ "name": "maybe", "arguments": { "long": true } });
    assert_eq!(send(&router, legacy(session, "tools/call", maybe)).await.text(), "here");
}

#[tokio::test]
async fn ids_are_checked() {
    let router = router(&Bench::default());
    for method in ["tasks/get", "tasks/cancel"] {
        assert_eq!(about(&router, method, "nothing-of-this-name").await.code(), -32602, "{method}");
        assert_eq!(send(&router, knowing(method, json!({}))).await.code(), -32602, "{method}");
        assert_eq!(send(&router, knowing(method, json!({ "taskId": 7 }))).await.code(), -32602, "{method}");
    }
    assert_eq!(answer(&router, "nothing-of-this-name", json!({})).await.code(), -32602);
    let id = begin(&router, "wait").await;
    for method in ["tasks/get", "tasks/update", "tasks/cancel"] {
        let mut request = knowing(method, json!({ "taskId": id, "inputResponses": {} }));
        request.headers_mut().insert("mcp-name", "another".parse().expect("a header"));
        assert_eq!(send(&router, request).await.code(), -32020, "{method}");
    }
    let update = send(&router, knowing("tasks/update", json!({ "taskId": id }))).await;
    assert_eq!(update.code(), -32602, "{}", update.body);
}

#[tokio::test]
async fn failures_of_the_tool_are_results_and_errors_of_the_protocol_are_not() {
    let router = router(&Bench::default());
    for (tool, text) in
        [("must", "it failed"), ("explode", "internal error (reference"), ("slow", "did not finish within 30ms")]
    {
        let id = begin(&router, tool).await;
        let done = until(&router, &id, "completed").await;
        assert_eq!(done["result"]["isError"], true);
        let told = done["result"]["content"][0]["text"].as_str().expect("text");
        assert!(told.contains(text), "{told}");
        assert_eq!(done.get("error"), None);
    }
    let id = begin(&router, "broken").await;
    let failed = until(&router, &id, "failed").await;
    assert_eq!(failed["error"], json!({ "code": -32603, "message": "rate limit" }));
    assert_eq!((failed.get("result"), &failed["statusMessage"]), (None, &json!("rate limit")));

    let wrong = call(&router, "picky", json!({ "number": "many" })).await;
    assert_eq!(wrong.body["result"]["isError"], true, "what is wrong with a call is told at once: {}", wrong.body);
}

#[tokio::test]
async fn questions_of_a_task_are_asked_for_and_answered_one_by_one() {
    let router = router(&Bench::default());
    let id = begin(&router, "questions").await;
    let asked = until(&router, &id, "input_required").await;
    let requests = asked["inputRequests"].as_object().expect("a map");
    assert_eq!(requests.keys().collect::<Vec<_>>(), ["one", "two"]);
    assert_eq!(requests["one"]["method"], "elicitation/create");
    assert_eq!(requests["one"]["params"]["message"], "One?");
    assert_eq!(asked.get("requestState"), None);

    let unknown = answer(&router, &id, json!({ "unknown": { "ignored": true } })).await;
    assert_eq!(keys(&unknown.body["result"]), ["_meta", "resultType"]);
    assert_eq!(unknown.body["result"]["resultType"], "complete");
    answer(&router, &id, json!({ "one": accept("A") })).await;
    let rest = get(&router, &id).await;
    assert_eq!(rest["status"], "input_required");
    assert_eq!(rest["inputRequests"].as_object().expect("a map").keys().collect::<Vec<_>>(), ["two"]);
    answer(&router, &id, json!({ "one": accept("too late"), "two": accept("B") })).await;

    let again = until(&router, &id, "input_required").await;
    let key = again["inputRequests"].as_object().expect("a map").keys().next().expect("a key").clone();
    assert!(!["one", "two"].contains(&key.as_str()), "a key is used once: {key}");
    answer(&router, &id, json!({ key: accept("C") })).await;
    let done = until(&router, &id, "completed").await;
    assert_eq!(done["result"]["content"][0]["text"], "A B C");
    assert_eq!(
        keys(&answer(&router, &id, json!({ "two": accept("D") })).await.body["result"]),
        ["_meta", "resultType"]
    );
    assert_eq!(get(&router, &id).await, done);
}

#[tokio::test]
async fn an_answer_that_is_none_fails_the_task() {
    let router = router(&Bench::default());
    let id = begin(&router, "questions").await;
    until(&router, &id, "input_required").await;
    answer(&router, &id, json!({ "one": accept("A"), "two": 5 })).await;
    until(&router, &id, "input_required").await;
    answer(&router, &id, json!({ "one#2": accept("A") })).await;
    let failed = until(&router, &id, "failed").await;
    assert_eq!(failed["error"]["code"], -32602);
}

#[tokio::test]
async fn what_is_asked_before_the_task_is_asked_on_its_request() {
    let bench = Bench::default();
    let router = router(&bench);
    let params = json!({ "name": "both", "arguments": {} });
    let asked = send(&router, knowing("tools/call", params.clone())).await.body["result"].clone();
    assert_eq!((&asked["resultType"], asked.get("taskId")), (&json!("input_required"), None));
    let mut retry = params;
    retry["inputResponses"] = json!({ "user_name": accept("Alice") });
    retry["requestState"] = asked["requestState"].clone();
    let created = send(&router, knowing("tools/call", retry)).await.body["result"].clone();
    assert_eq!((&created["resultType"], &created["statusMessage"]), (&json!("task"), &json!("hello")));
    for absent in ["requestState", "inputRequests", "result"] {
        assert_eq!(created.get(absent), None, "{absent}");
    }
    let id = created["taskId"].as_str().expect("an id");
    until(&router, id, "input_required").await;
    answer(&router, id, json!({ "user_name": accept("Bob") })).await;
    let start = Instant::now();
    while get(&router, id).await["statusMessage"] != "got it" {
        assert!(start.elapsed() < Duration::from_secs(10));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    bench.go.notify_one();
    let done = until(&router, id, "completed").await;
    assert_eq!(done["result"]["content"][0]["text"], "Alice and Bob");
    assert_eq!(bench.begun.load(Ordering::SeqCst), 2, "once for the question, once for all the rest");
}

#[tokio::test]
async fn a_function_may_answer_in_place_or_block() {
    let router = router(&Bench::default());
    assert_eq!(call(&router, "maybe", json!({ "long": false })).await.text(), "here");
    let created = call(&router, "maybe", json!({ "long": true })).await.body["result"].clone();
    let id = created["taskId"].as_str().expect("an id");
    assert_eq!(until(&router, id, "completed").await["result"]["content"][0]["text"], "here");
    let id = begin(&router, "blocking").await;
    let done = until(&router, &id, "completed").await;
    assert_eq!(
        (&done["result"]["content"][0]["text"], &done["statusMessage"]),
        (&json!("blocked"), &json!("working hard"))
    );
}

#[tokio::test]
async fn cancelling_ends_the_call() {
    let bench = Bench::default();
    let router = router(&bench);
    let id = begin(&router, "wait").await;
    let started = Instant::now();
    while bench.begun.load(Ordering::SeqCst) == 0 {
        assert!(started.elapsed() < Duration::from_secs(10));
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let acknowledged = about(&router, "tasks/cancel", &id).await;
    assert_eq!(keys(&acknowledged.body["result"]), ["_meta", "resultType"]);
    let cancelled = until(&router, &id, "cancelled").await;
    assert_eq!((cancelled.get("result"), cancelled.get("error")), (None, None));
    assert_eq!(bench.dropped.load(Ordering::SeqCst), 1);
    assert_eq!(about(&router, "tasks/cancel", &id).await.body, acknowledged.body, "once more is no error");

    let id = begin(&router, "tidy").await;
    while bench.begun.load(Ordering::SeqCst) == 1 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    about(&router, "tasks/cancel", &id).await;
    until(&router, &id, "cancelled").await;
    assert_eq!(bench.told.load(Ordering::SeqCst), 1, "who listens comes to its end");

    let id = begin(&router, "must").await;
    let done = until(&router, &id, "completed").await;
    assert_eq!(about(&router, "tasks/cancel", &id).await.body, acknowledged.body);
    assert_eq!(get(&router, &id).await, done, "what is over stays as it is");
}

#[tokio::test]
async fn settings_bound_what_is_kept() {
    let bench = Bench::default();
    let settings = TaskSettings::new().max_tasks(2).max_result_bytes(1000).poll_interval(Duration::from_millis(250));
    let router = with(&bench, settings.ttl(Duration::from_secs(2)));
    let created = call(&router, "large", json!({})).await.body["result"].clone();
    assert_eq!((&created["ttlMs"], &created["pollIntervalMs"]), (&json!(2000), &json!(250)));
    let large = until(&router, created["taskId"].as_str().expect("an id"), "completed").await;
    assert_eq!(large["result"]["isError"], true, "{large}");
    let id = begin(&router, "wait").await;
    let refused = call(&router, "wait", json!({})).await;
    assert_eq!(refused.code(), -32603, "{}", refused.body);
    // The kept result goes with its time, and the task that runs has no end.
    tokio::time::sleep(Duration::from_millis(2700)).await;
    assert_eq!(about(&router, "tasks/get", created["taskId"].as_str().expect("an id")).await.code(), -32602);
    let running = get(&router, &id).await;
    assert_eq!(running["status"], "working");
    assert!(running["ttlMs"].as_u64() > Some(2000), "{running}");
    begin(&router, "wait").await;
}

#[tokio::test]
async fn a_client_that_hangs_up_leaves_its_task() {
    let bench = Bench::default();
    let router = router(&bench);
    let id = {
        let created = call(&router, "wait", json!({})).await;
        created.body["result"]["taskId"].as_str().expect("an id").to_owned()
    };
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(get(&router, &id).await["status"], "working");
    bench.go.notify_one();
    until(&router, &id, "completed").await;
}

#[test]
fn what_cannot_be_is_told_at_build() {
    /// Takes what it may not be.
    #[mcp_tool]
    async fn plain(task: Task) {
        task.begin().await;
    }
    let error = McpServer::new("test", "1").tools(tools![plain]).build().expect_err("a mistake").to_string();
    assert!(
        error.contains("tool `plain`: it takes a `Task`, but may not be one: write `#[mcp_tool(task)]`"),
        "{error}"
    );
}

#[tokio::test]
async fn a_stopped_server_waits_for_its_tasks() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let bench = Bench::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = McpServer::new("test", "1").state(bench.clone()).tools(tools![wait]);
    let served = tokio::spawn(async move {
        server.serve_on(listener, async { drop(stopped.await) }).await.expect("it is served");
    });
    let (parts, body) = knowing("tools/call", json!({ "name": "wait" })).into_parts();
    let body = http_body_util::BodyExt::collect(body).await.expect("a body").to_bytes();
    let mut request = format!("POST /mcp HTTP/1.1\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in parts.headers.iter().filter(|(name, _)| *name != "host") {
        request.push_str(&format!("{name}: {}\r\n", value.to_str().expect("ASCII")));
    }
    request.push_str(&format!("host: {address}\r\n\r\n"));
    let mut stream = tokio::net::TcpStream::connect(address).await.expect("a connection");
    stream.write_all(&[request.as_bytes(), &body].concat()).await.expect("it is sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.contains(r#""resultType":"task""#), "{answer}");

    drop(stop);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!served.is_finished(), "the task runs");
    bench.go.notify_one();
    tokio::time::timeout(Duration::from_secs(5), served).await.expect("in time").expect("a clean end");
    assert_eq!(bench.dropped.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn task_notifications_are_for_clients_that_know_tasks() {
    let router = McpServer::new("test", "1.2.3")
        .public_url("https://mcp.example.com")
        .changes(dari::Changes::new())
        .state(Bench::default())
        .tools(tools![wait])
        .into_router()
        .expect("the server builds");
    let wanted = json!({ "notifications": { "toolsListChanged": true, "taskIds": ["any"] } });
    let refused = send(&router, modern("subscriptions/listen", wanted.clone())).await;
    let required = json!({ "requiredCapabilities": { "extensions": { EXTENSION: {} } } });
    assert_eq!((refused.code(), &refused.body["error"]["data"]), (-32021, &required));

    let heard = tower::ServiceExt::oneshot(router, knowing("subscriptions/listen", wanted)).await.expect("an answer");
    let mut body = heard.into_body();
    let first = http_body_util::BodyExt::frame(&mut body).await.expect("a frame").expect("no error");
    let first = String::from_utf8(first.into_data().expect("data").to_vec()).expect("UTF-8");
    let first: Value = serde_json::from_str(first.split("data: ").nth(1).expect("an event").trim()).expect("JSON");
    assert_eq!(first["params"]["notifications"], json!({ "toolsListChanged": true }), "no task is agreed to");
}
