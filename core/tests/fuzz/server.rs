//! The server that is fuzzed: one of everything.

use axum::Router;
use dari::prelude::*;
use dari::{CallToolResult, Content};
use serde_json::value::RawValue;

/// Adds two numbers.
#[mcp_tool(inline)]
fn add(a: i64, b: i64) -> String {
    a.wrapping_add(b).to_string()
}

/// Gives back what it is given.
#[mcp_tool(inline)]
fn echo(text: String) -> String {
    text
}

/// Runs on one region.
#[mcp_tool(inline)]
fn region(#[arg(header = "Region")] region: String) -> String {
    region
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Mode {
    Fast,
    Slow,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Point {
    x: f64,
    y: f64,
}

/// Takes values of all kinds.
#[mcp_tool(inline)]
fn values(
    #[arg(length = 1..=10)] numbers: Vec<f64>,
    #[arg(default = false)] flag: bool,
    mode: Option<Mode>,
    point: Option<Point>,
) -> String {
    let mode = mode.map(|mode| matches!(mode, Mode::Fast));
    format!("{} {flag} {mode:?} {:?}", numbers.len(), point.map(|point| point.x + point.y))
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Name {
    #[schemars(length(max = 20))]
    name: String,
}

/// Asks for a name.
#[mcp_tool]
async fn ask(ask: Ask) -> Result<String, ToolError> {
    let Name { name } = ask.form("name", "Who are you?").await?;
    Ok(name)
}

/// Says a text and a piece of JSON, in every way in which a call can.
#[mcp_tool]
async fn say(text: String, json: String, progress: Progress, log: Log) -> Result<CallToolResult, ToolError> {
    let raw = RawValue::from_string(json).map_err(|_| ToolError::new("no JSON"))?;
    progress.report(1, None, text.clone());
    log.info(&raw);
    let mut result = CallToolResult::new(vec![Content::text(text)]);
    result.structured_content = Some(raw);
    Ok(result)
}

/// Summarizes.
#[mcp_prompt]
fn summarize(text: String, words: Option<u32>) -> String {
    format!("In {words:?} words: {text}")
}

/// Never changes.
#[mcp_resource(uri = "test://static")]
fn fixed() -> &'static str {
    "static"
}

/// A note.
#[mcp_resource(uri = "test://note/{name}")]
fn note(name: String) -> String {
    name
}

pub(crate) fn server() -> McpServer {
    McpServer::new("fuzz", "1")
        .public_url("https://mcp.example.com")
        .page_size(2)
        .tools(tools![add, echo, region, values, ask, say])
        .prompts(prompts![summarize])
        .resources(resources![fixed, note])
}

pub(crate) fn router() -> Router {
    server().into_router().expect("the server builds")
}
