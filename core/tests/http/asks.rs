//! Questions in the middle of a call: as rounds in the current revision, as requests to the client before it.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::events::{Event, Events, Signals, delete, get, heard, open_with, respond, tell};
use crate::*;

/// What the user is asked.
#[derive(Deserialize, JsonSchema)]
struct Name {
    /// The name to greet.
    name: String,
}

/// Greets whoever the user names.
#[mcp_tool]
async fn greet(ask: Ask, State(signals): State<Signals>) -> Result<String, ToolError> {
    let answer = ask.form::<Name>("who", "Who is it?").await;
    if let Err(error) = &answer {
        signals.ended.add_permits(1);
        return Ok(format!("no answer: {error}"));
    }
    Ok(format!("Hello, {}!", answer?.name))
}

/// Asks for all there is to ask for, at once.
#[mcp_tool]
async fn everything(ask: Ask) -> Result<String, ToolError> {
    let sampling = dari::Sampling::new("What is the capital?", 10);
    let (name, text, roots) =
        tokio::join!(ask.form::<Name>("name", "Who?"), ask.sample("text", sampling), ask.roots("roots"));
    Ok(format!("{} {} {}", name?.name, text?.text(), roots?[0].uri))
}

/// Sends the user to a page.
#[mcp_tool]
async fn page(ask: Ask) -> Result<String, ToolError> {
    ask.url("page", "Please pay", "https://pay.example.com/1").await?;
    Ok("paid".to_owned())
}

/// Asks twice, and does something that must not happen twice.
#[mcp_tool]
async fn twice(ask: Ask) -> Result<String, ToolError> {
    let first = ask.form::<Name>("first", "The first?").await?;
    let second = ask.form::<Name>("second", "The second?").await?;
    ask.once().await?;
    Ok(format!("{} and {}", first.name, second.name))
}

/// Asks, and does not wait for long.
#[mcp_tool]
async fn hasty(ask: Ask, State(signals): State<Signals>) -> Result<String, ToolError> {
    tokio::select! {
        answer = ask.form::<Name>("who", "Who is it?") => Ok(answer?.name),
        () = heard(&signals.go) => Ok("gone on".to_owned()),
    }
}

fn server() -> (Router, Signals) {
    let signals = Signals::default();
    let server = McpServer::new("test", "1").public_url("https://mcp.example.com");
    let server = server.tools(tools![greet, everything, page, twice, hasty]).state(signals.clone());
    (server.into_router().expect("it builds"), signals)
}

fn capabilities() -> Value {
    json!({ "elicitation": { "form": {}, "url": {} }, "sampling": {}, "roots": {} })
}

fn called(session: &str, name: &str) -> Request<Body> {
    legacy(session, "tools/call", json!({ "name": name }))
}

fn result(id: &Value, result: Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "result": result })
}

fn accept(name: &str) -> Value {
    json!({ "action": "accept", "content": { "name": name } })
}

/// The question that a call begins with.
async fn question(router: &Router, session: &str, name: &str) -> (Events, Value, Event) {
    let mut events = Events::of(respond(router, called(session, name)).await);
    let (question, event) = events.message().await;
    assert!(question["id"].as_str().is_some_and(|id| id.len() >= 20), "an id that nobody guesses: {question}");
    assert_eq!(question["jsonrpc"], "2.0");
    (events, question, event)
}

#[tokio::test]
async fn a_question_is_a_request_on_the_stream_of_its_call() {
    let (router, _) = server();
    for version in ["2025-06-18", "2025-11-25"] {
        let session = open_with(&router, version, json!({ "elicitation": {} })).await;
        let (mut events, question, _) = question(&router, &session, "greet").await;
        assert_eq!(question["method"], "elicitation/create");
        assert_eq!(question["params"]["message"], "Who is it?");
        assert_eq!(question["params"]["requestedSchema"]["required"], json!(["name"]));
        let id = &question["id"];
        let wrong = result(&json!("another id"), accept("Mallory"));
        assert_eq!(tell(&router, &session, wrong).await, StatusCode::ACCEPTED);
        assert_eq!(tell(&router, &session, result(&json!(1), json!({}))).await, StatusCode::ACCEPTED);
        assert_eq!(tell(&router, &session, result(id, accept("Alice"))).await, StatusCode::ACCEPTED);
        let rest = events.rest().await;
        assert_eq!(rest.len(), 1);
        assert_eq!(rest[0]["result"]["content"][0]["text"], "Hello, Alice!");
        let late = result(id, accept("Mallory"));
        assert_eq!(tell(&router, &session, late).await, StatusCode::ACCEPTED, "a second answer is passed over");
    }
}

#[tokio::test]
async fn what_the_client_lacks_is_not_asked_for() {
    let (router, _) = server();
    let session = open_with(&router, "2025-11-25", json!({})).await;
    for (tool, lacking) in
        [("greet", None), ("page", Some(json!({ "elicitation": { "url": {} } }))), ("everything", None)]
    {
        let refused = send(&router, called(&session, tool)).await;
        if let Some(lacking) = lacking {
            assert_eq!((refused.status, refused.code()), (StatusCode::OK, -32021));
            assert_eq!(refused.body["error"]["data"]["requiredCapabilities"], lacking);
        }
        assert_eq!(refused.headers["content-type"], "application/json", "{tool}");
    }
}

#[tokio::test]
async fn questions_asked_together_are_sent_together_and_answered_in_any_order() {
    let (router, _) = server();
    let session = open_with(&router, "2025-11-25", capabilities()).await;
    let mut events = Events::of(respond(&router, called(&session, "everything")).await);
    let mut ids = std::collections::HashMap::new();
    for _ in 0..3 {
        let (question, _) = events.message().await;
        ids.insert(question["method"].as_str().expect("a method").to_owned(), question["id"].clone());
    }
    let sampled = json!({ "role": "assistant", "content": { "type": "text", "text": "Seoul" }, "model": "m", "stopReason": "endTurn" });
    for (method, answer) in [
        ("roots/list", json!({ "roots": [{ "uri": "file:///home" }] })),
        ("elicitation/create", accept("Alice")),
        ("sampling/createMessage", sampled),
    ] {
        assert_eq!(tell(&router, &session, result(&ids[method], answer)).await, StatusCode::ACCEPTED);
    }
    assert_eq!(events.rest().await[0]["result"]["content"][0]["text"], "Alice Seoul file:///home");
}

#[tokio::test]
async fn a_page_has_an_id_by_which_clients_tell_it_apart() {
    let (router, _) = server();
    let session = open_with(&router, "2025-11-25", capabilities()).await;
    let (mut events, question, _) = question(&router, &session, "page").await;
    let params = &question["params"];
    assert_eq!((&params["mode"], &params["url"]), (&json!("url"), &json!("https://pay.example.com/1")));
    assert!(params["elicitationId"].as_str().is_some_and(|id| !id.is_empty()));
    tell(&router, &session, result(&question["id"], json!({ "action": "accept" }))).await;
    assert_eq!(events.rest().await[0]["result"]["content"][0]["text"], "paid");
}

#[tokio::test]
async fn a_question_may_be_refused_declined_or_answered_wrongly() {
    let (router, _) = server();
    let session = open_with(&router, "2025-11-25", capabilities()).await;
    for (answer, told) in [
        (json!({ "error": { "code": -1, "message": "not today" } }), "not today"),
        (json!({ "error": "?" }), "no reason"),
        (json!({ "result": { "action": "decline" } }), "declined"),
        (json!({ "result": { "action": "accept", "content": { "name": 5 } } }), "name"),
    ] {
        let (mut events, question, _) = question(&router, &session, "greet").await;
        let mut answer = answer;
        answer["jsonrpc"] = json!("2.0");
        answer["id"] = question["id"].clone();
        assert_eq!(tell(&router, &session, answer.clone()).await, StatusCode::ACCEPTED);
        let rest = events.rest().await;
        let text = rest[0]["result"]["content"][0]["text"].as_str().expect("a text");
        assert!(text.contains(told), "{told} in {text}");
    }
    let both = json!({ "jsonrpc": "2.0", "id": "x", "result": {}, "error": {} });
    assert_eq!(tell(&router, &session, both).await, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn only_the_session_that_was_asked_can_answer() {
    let (router, _) = server();
    let (session, other) = (
        open_with(&router, "2025-11-25", capabilities()).await,
        open_with(&router, "2025-11-25", capabilities()).await,
    );
    let (mut events, question, _) = question(&router, &session, "greet").await;
    assert_eq!(tell(&router, &other, result(&question["id"], accept("Mallory"))).await, StatusCode::ACCEPTED);
    tell(&router, &session, result(&question["id"], accept("Alice"))).await;
    assert_eq!(events.rest().await[0]["result"]["content"][0]["text"], "Hello, Alice!");
}

#[tokio::test]
async fn an_answer_may_come_while_nobody_is_connected() {
    let (router, _) = server();
    let session = open_with(&router, "2025-11-25", capabilities()).await;
    let (events, question, event) = question(&router, &session, "greet").await;
    drop(events);
    let mut resumed = Events::of(get(&router, &session, event.id.as_deref()).await);
    tell(&router, &session, result(&question["id"], accept("Alice"))).await;
    assert_eq!(resumed.rest().await[0]["result"]["content"][0]["text"], "Hello, Alice!");

    let mut events = Events::of(respond(&router, called(&session, "greet")).await);
    let priming = events.next().await.expect("a priming event");
    drop(events);
    let mut resumed = Events::of(get(&router, &session, priming.id.as_deref()).await);
    let (question, _) = resumed.message().await;
    tell(&router, &session, result(&question["id"], accept("Bob"))).await;
    assert_eq!(
        resumed.rest().await[0]["result"]["content"][0]["text"],
        "Hello, Bob!",
        "the question itself waits, too"
    );
}

#[tokio::test(start_paused = true)]
async fn a_question_waits_for_an_hour() {
    let (router, _) = server();
    let session = open_with(&router, "2025-11-25", capabilities()).await;
    let (mut events, question, _) = question(&router, &session, "greet").await;
    let begun = tokio::time::Instant::now();
    let rest = events.rest().await;
    assert_eq!(begun.elapsed().as_secs() / 60, 60);
    assert!(rest[0]["result"]["content"][0]["text"].as_str().is_some_and(|text| text.contains("in time")), "{rest:?}");
    assert_eq!(tell(&router, &session, result(&question["id"], accept("Alice"))).await, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn without_a_session_nobody_can_answer() {
    let (router, signals) = server();
    let session = open_with(&router, "2025-11-25", capabilities()).await;
    let (mut events, _, _) = question(&router, &session, "greet").await;
    delete(&router, &session).await;
    heard(&signals.ended).await;
    assert_eq!(events.next().await, None);
}

#[tokio::test]
async fn a_server_that_stops_lets_go_of_its_questions() {
    let signals = Signals::default();
    let server = McpServer::new("test", "1").public_url("https://mcp.example.com").tools(tools![greet]);
    let server = server.state(signals.clone()).build().expect("it builds");
    let (end_streams, router) = (server.end_streams(), server.into_router());
    let session = open_with(&router, "2025-11-25", capabilities()).await;
    let (mut events, _, _) = question(&router, &session, "greet").await;
    end_streams();
    assert!(
        events.rest().await[0]["result"]["content"][0]["text"].as_str().is_some_and(|text| text.contains("no answer"))
    );
}

#[tokio::test]
async fn a_question_that_is_withdrawn_is_taken_back() {
    let (router, signals) = server();
    let session = open_with(&router, "2025-11-25", capabilities()).await;
    let (mut events, question, _) = question(&router, &session, "hasty").await;
    signals.go.add_permits(1);
    let rest = events.rest().await;
    assert_eq!(rest[0]["method"], "notifications/cancelled");
    assert_eq!(rest[0]["params"]["requestId"], question["id"]);
    assert_eq!(rest[1]["result"]["content"][0]["text"], "gone on");
}

/// A stateless call with what the client was given and answers.
fn round(name: &str, capabilities: &Value, state: Option<&Value>, responses: Option<Value>) -> Request<Body> {
    let mut meta = meta();
    meta["io.modelcontextprotocol/clientCapabilities"] = capabilities.clone();
    let mut params = json!({ "name": name, "_meta": meta });
    if let Some(state) = state {
        params["requestState"] = state.clone();
    }
    if let Some(responses) = responses {
        params["inputResponses"] = responses;
    }
    let headers = [("mcp-protocol-version", "2026-07-28"), ("mcp-method", "tools/call"), ("mcp-name", name)];
    post(&headers, json!({ "jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": params }).to_string())
}

#[tokio::test]
async fn in_the_current_revision_questions_are_rounds() {
    let (router, _) = server();
    let capabilities = capabilities();
    let first = send(&router, round("everything", &capabilities, None, None)).await;
    let asked = &first.body["result"];
    assert_eq!(asked["resultType"], "input_required");
    let methods = ["name", "text", "roots"].map(|key| asked["inputRequests"][key]["method"].as_str());
    assert_eq!(methods, [Some("elicitation/create"), Some("sampling/createMessage"), Some("roots/list")]);
    assert_eq!(first.headers["content-type"], "application/json", "no request on a stream");

    let sampled = json!({ "role": "assistant", "content": { "type": "text", "text": "Seoul" }, "model": "m" });
    let some = json!({ "text": sampled, "name": accept("Alice") });
    let second = send(&router, round("everything", &capabilities, Some(&asked["requestState"]), Some(some))).await;
    let asked_again = &second.body["result"];
    let open: Vec<_> = asked_again["inputRequests"].as_object().expect("questions").keys().collect();
    assert_eq!(open, ["roots"], "what is missing is asked again, and nothing else");
    let rest = json!({ "roots": { "roots": [{ "uri": "file:///home" }] } });
    let third = send(&router, round("everything", &capabilities, Some(&asked_again["requestState"]), Some(rest))).await;
    assert_eq!(third.text(), "Alice Seoul file:///home");
    assert_eq!(third.body["result"]["resultType"], "complete");
}

#[tokio::test]
async fn answers_that_were_tampered_with_or_used_before_are_refused() {
    let (router, _) = server();
    let capabilities = capabilities();
    let first = send(&router, round("twice", &capabilities, None, None)).await;
    let state = &first.body["result"]["requestState"];
    let tampered = json!(format!("{}-TAMPERED", state.as_str().expect("a state")));
    let answer = || Some(json!({ "first": accept("Alice") }));
    let refused = send(&router, round("twice", &capabilities, Some(&tampered), answer())).await;
    assert_eq!((refused.status, refused.code()), (StatusCode::OK, -32602));
    let elsewhere = send(&router, round("everything", &capabilities, Some(state), answer())).await;
    assert_eq!(elsewhere.code(), -32602, "a state is of its own request");

    let second = send(&router, round("twice", &capabilities, Some(state), answer())).await;
    let next = &second.body["result"]["requestState"];
    assert_ne!(next, state);
    let last = || round("twice", &capabilities, Some(next), Some(json!({ "second": accept("Bob") })));
    assert_eq!(send(&router, last()).await.text(), "Alice and Bob");
    let again = send(&router, last()).await;
    assert_eq!(again.code(), -32602, "once means once: {}", again.body);
    let all = json!({ "first": accept("Alice"), "second": accept("Bob") });
    let earlier = send(&router, round("twice", &capabilities, Some(state), Some(all))).await;
    assert_eq!(earlier.code(), -32602, "an earlier state is of the same call: {}", earlier.body);
    let without = json!({ "first": accept("Alice"), "second": accept("Bob") });
    assert_eq!(send(&router, round("twice", &capabilities, None, Some(without))).await.code(), -32602);
}

#[tokio::test]
async fn in_the_current_revision_a_lacking_capability_is_told() {
    let (router, _) = server();
    let lacking = json!({ "elicitation": {} });
    let refused = send(&router, round("page", &lacking, None, None)).await;
    assert_eq!((refused.status, refused.code()), (StatusCode::BAD_REQUEST, -32021));
    assert_eq!(refused.body["error"]["data"]["requiredCapabilities"], json!({ "elicitation": { "url": {} } }));
}
