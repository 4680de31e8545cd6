//! What the model is told of a failure, and what it is not.

use serde_json::json;

use super::{call_with, fault, tool};
use crate::context::Shared;
use crate::{FromContext, ModelMessage, Rejection, RequestContext, ResultExt, ToolError, mcp_tool};

#[derive(Debug, thiserror::Error)]
#[error("database at 10.0.0.1 is down")]
struct Down(#[source] std::io::Error);

fn down() -> Result<String, Down> {
    Err(Down(std::io::Error::other("refused")))
}

#[mcp_tool]
async fn foreign() -> Result<String, ToolError> {
    Ok(down()?)
}

#[mcp_tool]
async fn plain_error() -> Result<String, Down> {
    down()
}

#[mcp_tool]
async fn told() -> Result<String, ToolError> {
    Err(ToolError::new("no such page"))
}

#[mcp_tool]
async fn with_context() -> Result<String, ToolError> {
    down().context("the search is away").with_context(|| format!("try again in {} minutes", 5))
}

#[derive(Debug, thiserror::Error)]
#[error("HTTP 429 at /v1/search")]
struct Limited(#[source] Reason);

#[derive(Debug, thiserror::Error)]
#[error("quota")]
struct Reason(#[source] ModelMessage);

#[mcp_tool]
async fn chosen() -> Result<String, ToolError> {
    Err(Limited(Reason(ModelMessage::new("too many searches today"))))?
}

#[mcp_tool]
async fn bare_message() -> Result<String, ModelMessage> {
    Err(ModelMessage::new("too many searches today"))
}

#[tokio::test]
async fn the_model_is_told_what_the_author_chose() {
    assert_eq!(fault(&tool(foreign {}), json!({})).await, "internal error (request 7)");
    assert_eq!(fault(&tool(plain_error {}), json!({})).await, "internal error (request 7)");
    assert_eq!(fault(&tool(told {}), json!({})).await, "no such page");
    assert_eq!(fault(&tool(with_context {}), json!({})).await, "try again in 5 minutes");
    assert_eq!(fault(&tool(chosen {}), json!({})).await, "too many searches today");
    assert_eq!(fault(&tool(bare_message {}), json!({})).await, "too many searches today");
}

#[tokio::test]
async fn a_server_may_expose_errors() {
    for (tool, told) in [
        (tool(foreign {}), "database at 10.0.0.1 is down: refused"),
        (tool(with_context {}), "try again in 5 minutes: the search is away: database at 10.0.0.1 is down: refused"),
        (tool(chosen {}), "too many searches today: HTTP 429 at /v1/search: quota: too many searches today"),
        (tool(told {}), "no such page"),
    ] {
        let shared = Shared { expose_errors: true, ..Shared::default() };
        let result = call_with(&tool, shared, "{}").await.expect("a result");
        assert_eq!(result.content, [crate::Content::text(told)]);
    }
}

#[test]
fn an_error_shows_its_author_more_than_the_model() {
    let error = down().context("the search is away").unwrap_err();
    assert_eq!(error.to_string(), "the search is away");
    assert!(format!("{error:?}").contains("refused"), "{error:?}");
}

#[mcp_tool]
async fn panics() {
    panic!("the password is hunter2");
}

#[mcp_tool]
fn panics_on_the_pool() {
    panic!("the password is hunter2");
}

#[mcp_tool(inline)]
fn panics_in_place() {
    panic!("the password is hunter2");
}

#[tokio::test]
async fn a_panic_is_an_error_that_tells_nothing() {
    for tool in [tool(panics {}), tool(panics_on_the_pool {}), tool(panics_in_place {})] {
        assert_eq!(fault(&tool, json!({})).await, "internal error (request 7)", "{tool:?}");
    }
}

#[mcp_tool(timeout = "20ms")]
async fn slow() {
    std::future::pending().await
}

#[mcp_tool(timeout = "20ms")]
fn slow_on_the_pool() {
    std::thread::sleep(std::time::Duration::from_millis(200));
}

#[tokio::test]
async fn a_timeout_ends_a_call() {
    for tool in [tool(slow {}), tool(slow_on_the_pool {})] {
        assert_eq!(fault(&tool, json!({})).await, "the tool did not finish within 20ms", "{tool:?}");
    }
}

/// An extractor that always refuses.
#[derive(Debug)]
struct Refused;

impl FromContext for Refused {
    async fn from_context(_: &RequestContext) -> Result<Self, Rejection> {
        Err(Rejection::LoginRequired)
    }
}

#[mcp_tool]
async fn guarded(number: u8, refused: Refused) -> String {
    format!("{number} {refused:?}")
}

#[tokio::test]
async fn a_rejection_of_an_extractor_goes_to_the_transport() {
    let guarded = tool(guarded {});
    assert!(matches!(call_with(&guarded, Shared::default(), r#"{"number":1}"#).await, Err(Rejection::LoginRequired)));
    // What the model can mend by itself is told first.
    assert_eq!(fault(&guarded, json!({})).await, "Invalid arguments: `number`: missing");
}
