//! Who hangs up, who cancels, and what becomes of the call (HTTP-17).

use crate::events::{Events, OnDrop, Signals, heard, open_with, respond, tell};
use crate::*;

/// Says something first if it is to, and waits.
#[mcp_tool]
async fn wait(speak: bool, log: Log, State(signals): State<Signals>) -> String {
    let mut dropped = OnDrop(Some(signals.dropped.clone()));
    if speak {
        log.info("here");
    }
    signals.started.add_permits(1);
    heard(&signals.go).await;
    dropped.0 = None;
    signals.ended.add_permits(1);
    "done".to_owned()
}

/// Waits until it is cancelled, and then for a signal, which must come within its grace.
#[mcp_tool]
async fn tidy(speak: bool, log: Log, cancelled: Cancelled, State(signals): State<Signals>) -> String {
    let mut dropped = OnDrop(Some(signals.dropped.clone()));
    if speak {
        log.info("here");
    }
    signals.started.add_permits(1);
    cancelled.wait().await;
    signals.started.add_permits(1);
    heard(&signals.go).await;
    dropped.0 = None;
    signals.ended.add_permits(1);
    "tidied".to_owned()
}

fn server() -> (Router, Signals) {
    let signals = Signals::default();
    let server = McpServer::new("test", "1").public_url("https://mcp.example.com");
    let server = server.tools(tools![wait, tidy]).state(signals.clone());
    (server.into_router().expect("it builds"), signals)
}

fn modern_call(name: &str, speak: bool) -> Request<Body> {
    let mut meta = meta();
    meta["io.modelcontextprotocol/logLevel"] = json!("info");
    let params = json!({ "name": name, "arguments": { "speak": speak }, "_meta": meta });
    let headers = [("mcp-protocol-version", "2026-07-28"), ("mcp-method", "tools/call"), ("mcp-name", name)];
    post(&headers, json!({ "jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": params }).to_string())
}

async fn session(router: &Router) -> String {
    let session = open_with(router, "2025-11-25", json!({})).await;
    let set = send(router, legacy(&session, "logging/setLevel", json!({ "level": "info" }))).await;
    assert_eq!(set.body["result"], json!({}));
    session
}

fn legacy_call(session: &str, name: &str, speak: bool) -> Request<Body> {
    legacy(session, "tools/call", json!({ "name": name, "arguments": { "speak": speak } }))
}

/// Sends a request and hangs up: after the first event if there is one, else once the call runs.
async fn hang_up(router: &Router, request: Request<Body>, signals: &Signals, speak: bool) {
    if speak {
        let mut events = Events::of(respond(router, request).await);
        events.message().await;
        heard(&signals.started).await;
        return;
    }
    let (router, started) = (router.clone(), signals.started.clone());
    tokio::select! {
        response = respond(&router, request) => panic!("{response:?}"),
        () = heard(&started) => {}
    }
}

#[tokio::test]
async fn hanging_up_cancels_in_2026() {
    let (router, signals) = server();
    for speak in [false, true] {
        hang_up(&router, modern_call("wait", speak), &signals, speak).await;
        heard(&signals.dropped).await;
        hang_up(&router, modern_call("tidy", speak), &signals, speak).await;
        heard(&signals.started).await;
        signals.go.add_permits(1);
        heard(&signals.ended).await;
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_is_told_has_five_seconds() {
    let (router, signals) = server();
    for speak in [false, true] {
        hang_up(&router, modern_call("tidy", speak), &signals, speak).await;
        let begun = tokio::time::Instant::now();
        heard(&signals.dropped).await;
        assert_eq!(begun.elapsed().as_secs(), 5, "in 2026");
        // It told that it was told.
        heard(&signals.started).await;

        let session = session(&router).await;
        hang_up(&router, legacy_call(&session, "tidy", speak), &signals, speak).await;
        let begun = tokio::time::Instant::now();
        cancel(&router, &session, json!("l")).await;
        heard(&signals.dropped).await;
        assert_eq!(begun.elapsed().as_secs(), 5, "in a handshake revision, though its client hung up before");
        heard(&signals.started).await;
    }
}

#[tokio::test]
async fn hanging_up_cancels_nothing_in_a_handshake_revision() {
    let (router, signals) = server();
    let session = session(&router).await;
    for speak in [false, true] {
        hang_up(&router, legacy_call(&session, "wait", speak), &signals, speak).await;
        signals.go.add_permits(1);
        heard(&signals.ended).await;
    }
    assert_eq!(signals.dropped.available_permits(), 0);
}

#[tokio::test]
async fn http_17_a_socket_that_closes_is_a_client_that_hung_up() {
    use tokio::io::AsyncWriteExt;

    let signals = Signals::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let server = McpServer::new("test", "1").tools(tools![wait, tidy]).state(signals.clone());
    tokio::spawn(server.serve_on(listener, std::future::pending()));
    for version in ["2026-07-28", "2025-11-25"] {
        let meta = if version == "2026-07-28" { meta() } else { json!({}) };
        let params = json!({ "name": "wait", "arguments": { "speak": false }, "_meta": meta });
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params }).to_string();
        let head = format!(
            "POST /mcp HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\nmcp-protocol-version: \
             {version}\r\nmcp-method: tools/call\r\nmcp-name: wait\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let mut stream = tokio::net::TcpStream::connect(address).await.expect("a connection");
        stream.write_all(format!("{head}{body}").as_bytes()).await.expect("it is sent");
        heard(&signals.started).await;
        drop(stream);
        if version == "2026-07-28" {
            heard(&signals.dropped).await;
        } else {
            // Long enough for the server to see it; what it must not do takes no longer.
            tokio::time::sleep(Duration::from_millis(50)).await;
            signals.go.add_permits(1);
            heard(&signals.ended).await;
        }
    }
}

async fn cancel(router: &Router, session: &str, id: Value) {
    let params = json!({ "requestId": id, "reason": "enough" });
    let message = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": params });
    assert_eq!(tell(router, session, message).await, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn a_message_cancels_in_a_handshake_revision() {
    let (router, signals) = server();
    let session = session(&router).await;
    for speak in [false, true] {
        let running = tokio::spawn({
            let (router, request) = (router.clone(), legacy_call(&session, "wait", speak));
            async move { Events::of(respond(&router, request).await).rest().await }
        });
        heard(&signals.started).await;
        cancel(&router, &session, json!("l")).await;
        heard(&signals.dropped).await;
        let answered = running.await.expect("no panic");
        assert_eq!(answered.len(), usize::from(speak), "what was cancelled has no response: {answered:?}");

        // The client may have hung up before it cancels.
        hang_up(&router, legacy_call(&session, "wait", speak), &signals, speak).await;
        cancel(&router, &session, json!("l")).await;
        heard(&signals.dropped).await;
    }
}

#[tokio::test]
async fn only_the_same_session_and_id_cancel() {
    let (router, signals) = server();
    let (one, other) = (session(&router).await, session(&router).await);
    let running = tokio::spawn({
        let (router, request) = (router.clone(), legacy_call(&one, "wait", false));
        async move { send(&router, request).await }
    });
    heard(&signals.started).await;
    cancel(&router, &other, json!("l")).await;
    for id in [json!("m"), json!(1), json!(null), json!({})] {
        cancel(&router, &one, id).await;
    }
    let without = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled" });
    assert_eq!(tell(&router, &one, without).await, StatusCode::ACCEPTED);
    signals.go.add_permits(1);
    assert_eq!(running.await.expect("no panic").text(), "done");
    cancel(&router, &one, json!("l")).await;
}
