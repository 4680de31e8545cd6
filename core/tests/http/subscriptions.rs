//! What has changed, told to those who asked: `subscriptions/listen`, and the GET stream of a session.

use dari::Changes;

use crate::events::{Events, delete, get, open_with, respond, tell};
use crate::*;

/// What time it is.
#[mcp_resource(uri = "test://now")]
fn now() -> String {
    "now".to_owned()
}

/// A note.
#[mcp_resource(uri = "test://note/{name}")]
fn note(name: String) -> String {
    name
}

/// Greets.
#[mcp_prompt]
fn hello() -> String {
    "hello".to_owned()
}

/// Tells of changes.
#[mcp_tool]
fn touch(uri: String, changes: Changes) -> String {
    changes.resource(&uri);
    changes.tools();
    String::new()
}

fn bare() -> McpServer {
    McpServer::new("test", "1").public_url("https://mcp.example.com")
}

fn server() -> (Router, Changes) {
    let changes = Changes::new();
    let server = bare().tools(tools![add]).prompts(prompts![hello]).resources(resources![now, note]);
    (server.changes(changes.clone()).into_router().expect("it builds"), changes)
}

fn listen(id: &Value, notifications: &Value) -> Request<Body> {
    let params = json!({ "_meta": meta(), "notifications": notifications });
    let headers = [("mcp-protocol-version", "2026-07-28"), ("mcp-method", "subscriptions/listen")];
    let body = json!({ "jsonrpc": "2.0", "id": id, "method": "subscriptions/listen", "params": params });
    post(&headers, body.to_string())
}

/// The id under which a message names its subscription.
fn subscription(message: &Value) -> &Value {
    &message["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"]
}

async fn capabilities(router: &Router) -> Value {
    send(router, modern("server/discover", json!({}))).await.body["result"]["capabilities"].clone()
}

#[tokio::test]
async fn a_subscription_is_acknowledged_first_and_told_only_what_it_asked_for() {
    let (router, changes) = server();
    let id = json!(1_234_567_890_123_i64);
    let wanted = json!({
        "toolsListChanged": true, "resourcesListChanged": false, "somethingElse": true,
        "resourceSubscriptions": ["test://now", "test://nothing", "test://note/milk", "test://now"],
    });
    let mut events = Events::of(respond(&router, listen(&id, &wanted)).await);
    assert_eq!(events.headers["x-accel-buffering"], "no");
    let (acknowledged, event) = events.message().await;
    assert_eq!(acknowledged["method"], "notifications/subscriptions/acknowledged");
    assert_eq!(subscription(&acknowledged), &id);
    assert_eq!(event.id, None, "these streams are not taken up again");
    assert_eq!(
        acknowledged["params"]["notifications"],
        json!({ "toolsListChanged": true, "resourceSubscriptions": ["test://now", "test://note/milk"] }),
        "what is not there is not honoured"
    );

    changes.prompts();
    changes.resources();
    changes.resource("test://note/bread");
    changes.resource("test://note/milk");
    let (updated, _) = events.message().await;
    assert_eq!(updated["method"], "notifications/resources/updated");
    assert_eq!(updated["params"]["uri"], "test://note/milk");
    assert_eq!(subscription(&updated), &id);
    changes.tools();
    let (changed, _) = events.message().await;
    assert_eq!(changed["method"], "notifications/tools/list_changed");
    assert_eq!(subscription(&changed), &id);
    assert_eq!(changed.get("id"), None);
}

#[tokio::test]
async fn subscriptions_are_told_apart() {
    let (router, changes) = server();
    let of_tools = Events::of(respond(&router, listen(&json!("tools"), &json!({ "toolsListChanged": true }))).await);
    let of_prompts =
        Events::of(respond(&router, listen(&json!("prompts"), &json!({ "promptsListChanged": true }))).await);
    let mut streams = [of_tools, of_prompts];
    for stream in &mut streams {
        stream.message().await;
    }
    changes.tools();
    changes.prompts();
    for (stream, name) in streams.iter_mut().zip(["tools", "prompts"]) {
        let (changed, _) = stream.message().await;
        assert_eq!(changed["method"], format!("notifications/{name}/list_changed"));
        assert_eq!(subscription(&changed), name);
    }
}

#[tokio::test]
async fn a_filter_that_is_none_is_refused() {
    let (router, _) = server();
    for wrong in [
        json!(null),
        json!("all"),
        json!({ "toolsListChanged": "yes" }),
        json!({ "resourceSubscriptions": "test://now" }),
        json!({ "resourceSubscriptions": [1] }),
    ] {
        let refused = send(&router, listen(&json!(1), &wrong)).await;
        assert_eq!(
            (refused.status, refused.code(), &refused.body["id"]),
            (StatusCode::OK, -32602, &json!(1)),
            "{wrong}"
        );
    }
    let without = send(&router, modern("subscriptions/listen", json!({}))).await;
    assert_eq!(without.code(), -32602);
    let mut nothing = Events::of(respond(&router, listen(&json!(1), &json!({}))).await);
    assert_eq!(nothing.message().await.0["params"]["notifications"], json!({}), "asking for nothing is no mistake");
}

#[tokio::test]
async fn a_server_declares_what_it_was_given_the_means_for() {
    let silent = bare().tools(tools![add]).resources(resources![now]).into_router().expect("it builds");
    assert_eq!(capabilities(&silent).await, json!({ "tools": {}, "resources": {} }));
    let refused = send(&silent, listen(&json!(1), &json!({ "toolsListChanged": true }))).await;
    assert_eq!((refused.status, refused.code()), (StatusCode::NOT_FOUND, -32601));
    let session = open_with(&silent, "2025-11-25", json!({})).await;
    let refused = send(&silent, legacy(&session, "resources/subscribe", json!({ "uri": "test://now" }))).await;
    assert_eq!(refused.code(), -32601);

    let (router, _) = server();
    let all = json!({
        "tools": { "listChanged": true }, "prompts": { "listChanged": true },
        "resources": { "listChanged": true, "subscribe": true },
    });
    assert_eq!(capabilities(&router).await, all);
    let extracted = bare().tools(tools![touch]).into_router().expect("it builds");
    assert_eq!(capabilities(&extracted).await, json!({ "tools": { "listChanged": true } }), "a function may tell, too");
    let nothing = bare().changes(Changes::new()).into_router().expect("it builds");
    assert_eq!(send(&nothing, listen(&json!(1), &json!({}))).await.code(), -32601, "nothing that could change");
    let twice = bare().changes(Changes::new()).changes(Changes::new()).build().expect_err("a mistake").to_string();
    assert!(twice.contains(".changes(..)"), "{twice}");
}

#[tokio::test]
async fn a_function_tells_of_changes() {
    let router = bare().tools(tools![touch]).resources(resources![now]).into_router().expect("it builds");
    let wanted = json!({ "resourceSubscriptions": ["test://now"] });
    let mut events = Events::of(respond(&router, listen(&json!(1), &wanted)).await);
    events.message().await;
    send(&router, call("touch", json!({ "uri": "test://now" }))).await;
    assert_eq!(events.message().await.0["params"]["uri"], "test://now");
}

#[tokio::test]
async fn a_server_that_stops_ends_subscriptions_with_a_result() {
    let server = bare().tools(tools![touch]).build().expect("it builds");
    let (end_streams, router) = (server.end_streams(), server.into_router());
    let mut events = Events::of(respond(&router, listen(&json!("s"), &json!({ "toolsListChanged": true }))).await);
    events.message().await;
    end_streams();
    let rest = events.rest().await;
    assert_eq!(rest.len(), 1);
    assert_eq!(rest[0]["id"], "s");
    assert_eq!(rest[0]["result"]["resultType"], "complete");
    assert_eq!(rest[0]["result"]["_meta"]["io.modelcontextprotocol/subscriptionId"], "s");
}

#[tokio::test(start_paused = true)]
async fn silent_subscriptions_show_that_they_are_alive() {
    let (router, changes) = server();
    let session = open_with(&router, "2025-11-25", json!({})).await;
    let modern = respond(&router, listen(&json!(1), &json!({ "toolsListChanged": true }))).await;
    let mut modern = Events::of(modern);
    modern.message().await;
    let mut old = Events::of(get(&router, &session, None).await);
    for _ in 0..4 {
        assert!(modern.next().await.expect("a comment").is_comment);
        assert!(old.next().await.expect("a comment").is_comment);
    }
    changes.tools();
    for stream in [&mut modern, &mut old] {
        assert_eq!(stream.message().await.0["method"], "notifications/tools/list_changed");
    }
}

#[tokio::test]
async fn a_session_hears_of_lists_and_of_the_resources_that_it_subscribes_to() {
    let (router, changes) = server();
    for version in ["2025-06-18", "2025-11-25"] {
        let session = open_with(&router, version, json!({})).await;
        let mut events = Events::of(get(&router, &session, None).await);
        for list in ["tools", "prompts", "resources"] {
            match list {
                "tools" => changes.tools(),
                "prompts" => changes.prompts(),
                _ => changes.resources(),
            }
            let (changed, _) = events.message().await;
            assert_eq!(changed, json!({ "jsonrpc": "2.0", "method": format!("notifications/{list}/list_changed") }));
        }
        let subscribe = |method: &str, uri: &str| legacy(&session, method, json!({ "uri": uri }));
        for uri in ["test://now", "test://note/milk"] {
            let subscribed = send(&router, subscribe("resources/subscribe", uri)).await;
            assert_eq!((subscribed.status, &subscribed.body["result"]), (StatusCode::OK, &json!({})));
        }
        changes.resource("test://note/bread");
        changes.resource("test://note/milk");
        let (updated, _) = events.message().await;
        assert_eq!(
            updated,
            json!({ "jsonrpc": "2.0", "method": "notifications/resources/updated", "params": { "uri": "test://note/milk" } })
        );
        let unsubscribed = send(&router, subscribe("resources/unsubscribe", "test://note/milk")).await;
        assert_eq!(unsubscribed.body["result"], json!({}));
        changes.resource("test://note/milk");
        changes.resource("test://now");
        assert_eq!(events.message().await.0["params"]["uri"], "test://now");

        let unknown = send(&router, subscribe("resources/subscribe", "test://nothing")).await;
        assert_eq!((unknown.code(), &unknown.body["error"]["data"]["uri"]), (-32002, &json!("test://nothing")));
        let nameless = send(&router, legacy(&session, "resources/subscribe", json!({}))).await;
        assert_eq!(nameless.code(), -32602);
        let never = send(&router, subscribe("resources/unsubscribe", "test://never")).await;
        assert_eq!(never.body["result"], json!({}), "what is not subscribed to is unsubscribed from already");
    }
}

#[tokio::test]
async fn what_changes_while_a_session_has_no_stream_is_told_on_the_next() {
    let (router, changes) = server();
    let session = open_with(&router, "2025-11-25", json!({})).await;
    send(&router, legacy(&session, "resources/subscribe", json!({ "uri": "test://now" }))).await;
    changes.resource("test://now");
    let mut events = Events::of(get(&router, &session, None).await);
    assert_eq!(events.message().await.0["params"]["uri"], "test://now");
    drop(events);
    changes.tools();
    changes.tools();
    let mut events = Events::of(get(&router, &session, None).await);
    assert_eq!(events.message().await.0["method"], "notifications/tools/list_changed");
    changes.resource("test://now");
    assert_eq!(events.message().await.0["params"]["uri"], "test://now", "and once is enough");
}

#[tokio::test]
async fn each_message_goes_to_one_stream_of_a_session_and_to_every_session() {
    let (router, changes) = server();
    let (one, other) =
        (open_with(&router, "2025-11-25", json!({})).await, open_with(&router, "2025-11-25", json!({})).await);
    let mut first = Events::of(get(&router, &one, None).await);
    let mut second = Events::of(get(&router, &one, None).await);
    let mut elsewhere = Events::of(get(&router, &other, None).await);
    changes.tools();
    assert_eq!(elsewhere.message().await.0["method"], "notifications/tools/list_changed");
    let heard = tokio::select! {
        (heard, _) = first.message() => heard,
        (heard, _) = second.message() => heard,
    };
    assert_eq!(heard["method"], "notifications/tools/list_changed");
    changes.prompts();
    let (next, _) = tokio::select! {
        next = first.message() => next,
        next = second.message() => next,
    };
    assert_eq!(next["method"], "notifications/prompts/list_changed", "the other stream was not told, too");
}

#[tokio::test]
async fn the_stream_of_a_session_ends_with_it() {
    let (router, changes) = server();
    let session = open_with(&router, "2025-11-25", json!({})).await;
    send(&router, legacy(&session, "resources/subscribe", json!({ "uri": "test://now" }))).await;
    let mut events = Events::of(get(&router, &session, None).await);
    delete(&router, &session).await;
    changes.resource("test://now");
    assert_eq!(events.next().await, None);
    let gone = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    assert_eq!(tell(&router, &session, gone).await, StatusCode::NOT_FOUND);
}

/// Reads nothing of an answer that grows without end.
#[tokio::test(start_paused = true)]
async fn a_client_that_reads_nothing_is_hung_up_on() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let changes = Changes::new();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let server = McpServer::new("test", "1").resources(resources![note]).changes(changes.clone());
    tokio::spawn(server.serve_on(listener, std::future::pending()));
    let uris: Vec<_> = (0..60).map(|number| format!("test://note/{number}{}", "x".repeat(1000))).collect();
    let params = json!({ "_meta": meta(), "notifications": { "resourceSubscriptions": uris } });
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "subscriptions/listen", "params": params }).to_string();
    let head = format!(
        "POST /mcp HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\nmcp-protocol-version: \
         2026-07-28\r\nmcp-method: subscriptions/listen\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = tokio::net::TcpStream::connect(address).await.expect("a connection");
    stream.write_all(format!("{head}{body}").as_bytes()).await.expect("it is sent");
    let mut start = [0; 12];
    stream.read_exact(&mut start).await.expect("an answer");
    assert_eq!(&start, b"HTTP/1.1 200");
    // More than the system keeps for both ends.
    for _ in 0..400 {
        uris.iter().for_each(|uri| changes.resource(uri));
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    tokio::time::sleep(Duration::from_secs(60)).await;
    let mut rest = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(3600), stream.read_to_end(&mut rest)).await;
    // Cut off in the middle, however the system tells that.
    assert!(read.is_ok(), "the connection ended");
    assert!(!rest.ends_with(b"0\r\n\r\n"), "and not as an answer does");
}
