//! A client that answers, and hears what a call says.

use serde_json::json;

use super::{CallError, InputResponse, LogMessage, TestClient};
use crate::prelude::*;
use crate::protocol::{ClientCapabilities, ErrorCode, LoggingLevel, ProtocolVersion};
use crate::{McpServer, Sampling};

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Name {
    name: String,
}

/// Asks for everything that there is, the first two together.
#[mcp_tool]
async fn ask_all(ask: Ask, progress: Progress, log: Log) -> Result<String, ToolError> {
    progress.report(1, 3.0, "started");
    log.debug("asking");
    let (name, roots) = tokio::join!(ask.form::<Name>("name", "Who are you?"), ask.roots("roots"));
    let (name, roots) = (name?.name, roots?);
    let model = ask.sample("model", Sampling::new("Say hello", 100)).await?;
    ask.url("page", "Go there", "https://example.com/").await?;
    log.warning(json!({ "asked": 4 }));
    Ok(format!("{name} {} {}", roots[0].uri, model.text()))
}

/// Asks for more and more.
#[mcp_tool]
async fn insatiable(ask: Ask) -> Result<String, ToolError> {
    loop {
        ask.form::<Name>("more", "And?").await?;
    }
}

fn client() -> TestClient {
    let server = McpServer::new("test", "1.0.0").page_size(1).tools(crate::tools![ask_all, insatiable]);
    TestClient::new(server).expect("it builds")
}

fn answering() -> TestClient {
    client()
        .answer("name", json!({ "name": "김" }))
        .answer("roots", json!(["file:///a"]))
        .answer("model", "hello")
        .answer("page", json!(null))
}

#[tokio::test]
async fn every_question_is_answered_in_both_eras() {
    for (version, runs) in [(ProtocolVersion::LATEST, 4), (ProtocolVersion::V2025_06_18, 1)] {
        let answer = answering().with_protocol_version(version).call("ask_all", json!({})).await.expect("an answer");
        assert_eq!(answer.text(), "김 file:///a hello", "{version}");
        let keys: Vec<&str> = answer.questions().map(|question| &*question.key).collect();
        assert_eq!(keys, ["name", "roots", "model", "page"], "{version}");
        assert_eq!(answer.questions().next().expect("one").message(), "Who are you?");
        assert_eq!(answer.progress().len(), runs, "{version}: a report a run");
        assert_eq!(answer.progress()[0].message.as_deref(), Some("started"));
        let last = answer.logs().last().expect("a message");
        assert_eq!((last.level, &last.data), (LoggingLevel::Warning, &json!({ "asked": 4 })));
        assert_eq!(answer.logs().len(), runs + 1, "{version}");
    }
    let answer = answering().call("ask_all", json!({})).await.expect("an answer");
    assert_eq!(answer.rounds().iter().map(Vec::len).collect::<Vec<_>>(), [2, 1, 1]);
}

#[tokio::test]
async fn a_log_level_is_the_least_that_is_heard() {
    let levels = |logs: &[LogMessage]| logs.iter().map(|message| message.level).collect::<Vec<_>>();
    let warnings = answering().with_log_level(LoggingLevel::Warning).call("ask_all", json!({})).await.expect("it");
    assert_eq!(levels(warnings.logs()), [LoggingLevel::Warning]);
    let silence = answering().with_log_level(None).call("ask_all", json!({})).await.expect("an answer");
    assert_eq!(levels(silence.logs()), []);
}

#[tokio::test]
async fn what_is_not_answered_is_said() {
    let nobody = client().call("ask_all", json!({})).await.expect_err("a client that cannot ask");
    let CallError::Protocol(error) = nobody else { panic!("{nobody}") };
    assert_eq!(error.code(), ErrorCode::MissingRequiredClientCapability);

    let unprepared = client().answer("other", 1).call("ask_all", json!({})).await.expect_err("no answer");
    let text = unprepared.to_string();
    assert!(text.contains("`name` (Who are you?)") && text.contains(r#".answer("name", ..)"#), "{text}");

    for version in ProtocolVersion::ALL {
        let declined = answering().decline("name").with_protocol_version(version).call("ask_all", json!({})).await;
        assert_eq!(declined.expect("an answer").text(), "the user declined to answer");
        let nonsense = answering().respond_to("name", InputResponse::raw(json!(12345)));
        let nonsense = nonsense.with_protocol_version(version).call("ask_all", json!({})).await.expect_err("nonsense");
        assert!(nonsense.to_string().contains("the answer to `name`"), "{nonsense}");
        let cancelled = answering().respond_to("name", InputResponse::cancel()).with_protocol_version(version);
        assert!(cancelled.call("ask_all", json!({})).await.expect("an answer").text().contains("closed"));

        let forever = client().on_ask(|_| InputResponse::accept(json!({ "name": "x" })));
        let forever = forever.with_protocol_version(version).call("insatiable", json!({})).await;
        assert!(matches!(forever, Err(CallError::TooManyRounds(100))), "{forever:?}");
    }
}

#[tokio::test]
async fn capabilities_are_those_that_were_said() {
    let no_page = ClientCapabilities { elicitation: Some(serde_json::Map::new()), ..ClientCapabilities::default() };
    let lacking = answering().with_capabilities(&no_page).call("ask_all", json!({})).await.expect_err("no roots");
    assert!(
        matches!(&lacking, CallError::Protocol(error)
        if error.code() == ErrorCode::MissingRequiredClientCapability),
        "{lacking}"
    );
}

#[tokio::test]
async fn lists_are_read_to_their_end() {
    let tools = client().tools().await.expect("tools");
    let names: Vec<_> = tools.iter().map(|tool| tool["name"].as_str().expect("a name")).collect();
    assert_eq!(names, ["ask_all", "insatiable"], "of two pages");
    assert_eq!(client().discover().await.expect("a result")["capabilities"], json!({ "logging": {}, "tools": {} }));
    let nothing = client().prompts().await.expect_err("there are none");
    assert!(matches!(&nothing, CallError::Protocol(error) if error.code() == ErrorCode::MethodNotFound), "{nothing}");
}

fn cities(typed: String) -> Vec<&'static str> {
    ["Seoul", "Sejong", "Busan"].into_iter().filter(|city| city.starts_with(&*typed)).collect()
}

/// Plans a trip.
#[mcp_prompt]
async fn trip(#[arg(complete = cities)] city: String, ask: Ask) -> Result<String, ToolError> {
    let Name { name } = ask.form("name", "Who travels?").await?;
    Ok(format!("{name} goes to {city}"))
}

/// What is known of a city.
#[mcp_resource(uri = "test://city/{city}", mime = "text/plain")]
async fn city(#[arg(complete = cities)] city: String, log: Log) -> String {
    log.info("read");
    city
}

/// Never changes.
#[mcp_resource(uri = "test://fixed")]
fn fixed() -> &'static str {
    "fixed"
}

#[tokio::test]
async fn prompts_and_resources_are_asked_for_like_tools() {
    let server = McpServer::new("test", "1.0.0").page_size(1);
    let server = server.prompts(crate::prompts![trip]).resources(crate::resources![city, fixed]);
    let client = TestClient::new(server).expect("it builds").answer("name", json!({ "name": "Kim" }));

    assert_eq!(client.prompts().await.expect("prompts")[0]["name"], "trip");
    let filled_in = client.get_prompt("trip", json!({ "city": "Seoul" })).await.expect("it is filled in");
    assert_eq!((&*filled_in.text(), filled_in.messages().len()), ("Kim goes to Seoul", 1));
    assert_eq!(filled_in.questions().count(), 1);

    assert_eq!(client.resources().await.expect("resources")[0]["uri"], "test://fixed");
    assert_eq!(client.resource_templates().await.expect("templates")[0]["uriTemplate"], "test://city/{city}");
    let read = client.read("test://city/Busan").await.expect("it is read");
    assert_eq!((&*read.text(), read.logs().len(), read.bytes()), ("Busan", 1, None));
    let nothing = client.read("test://nothing").await.expect_err("there is nothing");
    assert!(matches!(&nothing, CallError::Protocol(error) if error.code() == ErrorCode::ResourceNotFound), "{nothing}");

    let completed = client.complete_prompt("trip", "city", "Se", json!({})).await.expect("values");
    assert_eq!(completed.values, ["Seoul", "Sejong"]);
    let completed = client.complete_resource("test://city/{city}", "city", "B", json!({})).await.expect("values");
    assert_eq!(completed.values, ["Busan"]);
    client.complete_prompt("other", "city", "", json!({})).await.expect_err("there is no such prompt");
}
