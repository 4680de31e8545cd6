//! Calls that say something before their answer: plain JSON or a stream, and streams that are taken up again.

use crate::events::{Events, OnDrop, Signals, delete, get, heard, open_with, respond, tell};
use crate::*;

/// Says as much as it is told, waits, and says it again.
#[mcp_tool]
async fn talk(before: u32, after: u32, length: u32, log: Log, State(signals): State<Signals>) -> String {
    let text = "x".repeat(length as usize);
    for number in 0..before {
        log.info(format!("{number} {text}"));
    }
    signals.started.add_permits(1);
    let mut dropped = OnDrop(Some(signals.dropped.clone()));
    heard(&signals.go).await;
    for number in before..before + after {
        log.info(format!("{number} {text}"));
    }
    dropped.0 = None;
    signals.ended.add_permits(1);
    "done".to_owned()
}

/// Lets its client hang up.
#[mcp_tool]
async fn long(reconnect: Reconnect, State(signals): State<Signals>) -> String {
    reconnect.after(Duration::from_millis(70));
    heard(&signals.go).await;
    "done".to_owned()
}

/// Takes no time.
#[mcp_tool]
async fn chat(log: Log) -> String {
    log.info("one");
    log.debug("two");
    "done".to_owned()
}

/// Tells how far it is.
#[mcp_tool]
async fn tick(progress: Progress) -> String {
    progress.report(1, 2.0, "half");
    "done".to_owned()
}

fn server() -> (Router, Signals) {
    let signals = Signals::default();
    let server = McpServer::new("test", "1").public_url("https://mcp.example.com");
    let server = server.tools(tools![talk, long, chat, tick]).state(signals.clone());
    (server.into_router().expect("it builds"), signals)
}

async fn session(router: &Router, version: &str) -> String {
    let session = open_with(router, version, json!({})).await;
    let set = send(router, legacy(&session, "logging/setLevel", json!({ "level": "info" }))).await;
    assert_eq!((set.status, &set.body["result"]), (StatusCode::OK, &json!({})));
    session
}

fn talk_call(session: &str, before: u32, after: u32, length: u32) -> Request<Body> {
    let arguments = json!({ "before": before, "after": after, "length": length });
    legacy(session, "tools/call", json!({ "name": "talk", "arguments": arguments }))
}

fn said(messages: &[Value]) -> Vec<&str> {
    messages.iter().filter_map(|message| message["params"]["data"].as_str()).map(str::trim).collect()
}

#[tokio::test]
async fn a_call_that_says_nothing_is_plain_json_and_one_that_does_a_stream() {
    let (router, _) = server();
    for version in ["2025-06-18", "2025-11-25"] {
        let session = open_with(&router, version, json!({})).await;
        let call = || legacy(&session, "tools/call", json!({ "name": "chat" }));
        let silent = send(&router, call()).await;
        assert_eq!(silent.text(), "done", "who set no level gets no messages");
        assert_eq!(silent.headers["content-type"], "application/json");

        let set = send(&router, legacy(&session, "logging/setLevel", json!({ "level": "debug" }))).await;
        assert_eq!(set.body["result"], json!({}));
        let mut events = Events::of(respond(&router, call()).await);
        assert_eq!(events.headers["x-accel-buffering"], "no");
        assert_eq!(events.headers["cache-control"], "no-cache");
        if version == "2025-11-25" {
            let priming = events.next().await.expect("a priming event");
            assert!(priming.id.is_some() && priming.retry.is_some());
            assert_eq!(priming.data.as_deref(), Some(""));
        }
        let (first, event) = events.message().await;
        assert_eq!(first["method"], "notifications/message");
        assert_eq!(first["params"], json!({ "level": "info", "data": "one" }));
        assert!(event.id.is_some());
        let rest = events.rest().await;
        assert_eq!(rest[0]["params"]["data"], "two");
        assert_eq!(rest[1]["result"]["content"][0]["text"], "done");
        assert_eq!(rest[1]["id"], "l");
        assert_eq!(rest.len(), 2);
    }
}

#[tokio::test]
async fn without_a_session_a_stream_has_no_ids() {
    let (router, _) = server();
    let params = json!({ "name": "tick", "_meta": { "progressToken": "t" } });
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
    let headers = [("mcp-protocol-version", "2025-11-25")];
    let mut events = Events::of(respond(&router, post(&headers, body.to_string())).await);
    let (progress, event) = events.message().await;
    assert_eq!(progress["params"], json!({ "progressToken": "t", "progress": 1.0, "total": 2.0, "message": "half" }));
    assert_eq!(event.id, None, "there is no way to come back");
    assert_eq!(events.rest().await[0]["result"]["content"][0]["text"], "done");
    let level = json!({ "jsonrpc": "2.0", "id": 1, "method": "logging/setLevel", "params": { "level": "info" } });
    assert_eq!(send(&router, post(&headers, level.to_string())).await.code(), -32600, "nothing to remember it for");
}

#[tokio::test]
async fn levels_are_checked_and_are_of_their_session() {
    let (router, _) = server();
    let (one, other) = (session(&router, "2025-11-25").await, open_with(&router, "2025-11-25", json!({})).await);
    for wrong in [json!({}), json!({ "level": "loud" }), json!({ "level": 3 })] {
        let refused = send(&router, legacy(&one, "logging/setLevel", wrong.clone())).await;
        assert_eq!((refused.status, refused.code()), (StatusCode::OK, -32602), "{wrong}");
    }
    let call = |session: &str| legacy(session, "tools/call", json!({ "name": "chat" }));
    assert_eq!(Events::of(respond(&router, call(&one)).await).rest().await.len(), 2, "the level that was right holds");
    assert_eq!(send(&router, call(&other)).await.text(), "done");
    let quiet = McpServer::new("quiet", "1").public_url("https://mcp.example.com").tools(tools![add]);
    let quiet = quiet.into_router().expect("it builds");
    let session = open_with(&quiet, "2025-11-25", json!({})).await;
    let refused = send(&quiet, legacy(&session, "logging/setLevel", json!({ "level": "info" }))).await;
    assert_eq!(refused.code(), -32601, "a server that logs nothing has no level");
}

#[tokio::test]
async fn a_stream_is_taken_up_after_the_event_that_came_last() {
    let (router, signals) = server();
    for version in ["2025-06-18", "2025-11-25"] {
        let session = session(&router, version).await;
        let mut events = Events::of(respond(&router, talk_call(&session, 3, 2, 0)).await);
        let (first, at_first) = events.message().await;
        assert_eq!(first["params"]["data"], "0 ");
        drop(events);
        heard(&signals.started).await;
        signals.go.add_permits(1);
        heard(&signals.ended).await;

        let id = at_first.id.expect("an id");
        let mut resumed = Events::of(get(&router, &session, Some(&id)).await);
        assert_eq!(resumed.headers["x-accel-buffering"], "no");
        let rest = resumed.rest().await;
        assert_eq!(said(&rest), ["1", "2", "3", "4"]);
        assert_eq!(rest[4]["result"]["content"][0]["text"], "done");
        assert_eq!(rest[4]["id"], "l");
        let again = Events::of(get(&router, &session, Some(&id)).await).rest().await;
        assert_eq!(again.len(), 5, "it may be lost once more");

        let other = open_with(&router, version, json!({})).await;
        for (session, event) in
            [(&other, &*id), (&session, "nonsense"), (&session, "a.1"), (&session, &format!("{id}000"))]
        {
            let refused = respond(&router, get_request(session, event)).await;
            assert_eq!(refused.status(), StatusCode::BAD_REQUEST, "{event}");
        }
        delete(&router, &session).await;
        assert_eq!(get(&router, &session, Some(&id)).await.status(), StatusCode::NOT_FOUND);
    }
}

fn get_request(session: &str, event: &str) -> Request<Body> {
    let request = Request::get("/mcp").header("host", "mcp.example.com").header("mcp-session-id", session);
    request.header("last-event-id", event).body(Body::empty()).expect("a request")
}

#[tokio::test]
async fn whoever_comes_back_takes_the_stream_over() {
    let (router, signals) = server();
    let session = session(&router, "2025-11-25").await;
    let mut first = Events::of(respond(&router, talk_call(&session, 1, 1, 0)).await);
    let (_, at_first) = first.message().await;
    let mut second = Events::of(get(&router, &session, at_first.id.as_deref()).await);
    assert_eq!(first.next().await, None, "each message goes to one connection");
    signals.go.add_permits(1);
    assert_eq!(second.rest().await.len(), 2);
}

#[tokio::test]
async fn a_call_may_send_its_client_away() {
    let (router, signals) = server();
    let session = session(&router, "2025-11-25").await;
    let call = || legacy(&session, "tools/call", json!({ "name": "long" }));
    let mut events = Events::of(respond(&router, call()).await);
    let priming = events.next().await.expect("a priming event");
    assert_eq!(priming.data.as_deref(), Some(""));
    let retry = events.next().await.expect("the time to wait");
    assert_eq!((retry.retry, retry.data), (Some(70), None));
    assert_eq!(events.next().await, None, "the connection ends before the result");
    let id = priming.id.expect("an id");
    let mut resumed = Events::of(get(&router, &session, Some(&id)).await);
    signals.go.add_permits(1);
    let rest = resumed.rest().await;
    assert_eq!(rest.len(), 1);
    assert_eq!(rest[0]["result"]["content"][0]["text"], "done");

    signals.go.add_permits(2);
    let older = open_with(&router, "2025-06-18", json!({})).await;
    assert_eq!(send(&router, legacy(&older, "tools/call", json!({ "name": "long" }))).await.text(), "done");
    assert_eq!(send(&router, modern("tools/call", json!({ "name": "long" }))).await.text(), "done");
}

#[tokio::test]
async fn what_waits_for_a_client_is_bounded() {
    let (router, signals) = server();
    let session = session(&router, "2025-11-25").await;
    for (messages, length, least, most) in [(1000, 0, 200, 256), (100, 16 * 1024, 10, 16)] {
        let mut events = Events::of(respond(&router, talk_call(&session, 1, messages, length)).await);
        let (_, first) = events.message().await;
        drop(events);
        signals.go.add_permits(1);
        heard(&signals.ended).await;
        let rest = Events::of(get(&router, &session, first.id.as_deref()).await).rest().await;
        let (last, kept) = rest.split_last().expect("an answer");
        assert_eq!(last["result"]["content"][0]["text"], "done", "the answer is there whatever was left out");
        assert!((least..=most).contains(&kept.len()), "{} of {messages}", kept.len());
        let newest = said(kept).last().map(|text| text.split(' ').next().expect("a number").to_owned());
        assert_eq!(newest, Some(messages.to_string()), "the oldest are left out");
    }
}

#[tokio::test]
async fn streams_that_ended_are_kept_up_to_a_number() {
    let (router, _) = server();
    let session = session(&router, "2025-11-25").await;
    let mut first = Vec::new();
    for _ in 0..40 {
        let mut events = Events::of(respond(&router, legacy(&session, "tools/call", json!({ "name": "chat" }))).await);
        first.push(events.next().await.expect("an event").id.expect("an id"));
        assert_eq!(events.rest().await.len(), 2);
    }
    assert_eq!(get(&router, &session, Some(&first[0])).await.status(), StatusCode::BAD_REQUEST);
    assert_eq!(Events::of(get(&router, &session, Some(&first[39])).await).rest().await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn streams_that_ended_are_dropped_after_minutes() {
    let (router, _) = server();
    let session = session(&router, "2025-11-25").await;
    let mut events = Events::of(respond(&router, legacy(&session, "tools/call", json!({ "name": "chat" }))).await);
    let id = events.next().await.expect("an event").id.expect("an id");
    assert_eq!(events.rest().await.len(), 2);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(Events::of(get(&router, &session, Some(&id)).await).rest().await.len(), 2);
    tokio::time::sleep(Duration::from_secs(200)).await;
    assert_eq!(get(&router, &session, Some(&id)).await.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test(start_paused = true)]
async fn a_silent_stream_shows_that_it_is_alive() {
    let (router, signals) = server();
    let session = session(&router, "2025-11-25").await;
    let mut events = Events::of(respond(&router, talk_call(&session, 1, 0, 0)).await);
    events.message().await;
    for _ in 0..3 {
        assert!(events.next().await.expect("a comment").is_comment);
    }
    signals.go.add_permits(1);
    assert_eq!(events.rest().await.len(), 1);
}

#[tokio::test]
async fn deleting_the_session_ends_its_streams_and_not_its_calls() {
    let (router, signals) = server();
    let session = session(&router, "2025-11-25").await;
    let mut events = Events::of(respond(&router, talk_call(&session, 1, 1, 0)).await);
    events.message().await;
    delete(&router, &session).await;
    assert_eq!(events.next().await, None);
    signals.go.add_permits(1);
    heard(&signals.ended).await;
    assert_eq!(tell(&router, &session, json!({ "jsonrpc": "2.0", "method": "x" })).await, StatusCode::NOT_FOUND);
}
