//! What becomes of what a tool returns, and how functions run.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use super::{call, text, tool};
use crate::{
    Audio, CallToolResult, Content, EmbeddedResource, Image, Json, ResourceContents, ResourceLink, ToolError, mcp_tool,
};

#[derive(Serialize, JsonSchema)]
struct Page {
    title: String,
    total: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<u32>,
}

#[mcp_tool]
async fn page() -> Result<Json<Page>, ToolError> {
    Ok(Json(Page { title: "차".into(), total: None, next: None }))
}

#[tokio::test]
async fn json_is_structured_content_and_the_same_text() {
    let page = tool(page {});
    let result = call(&page, &json!({})).await;
    assert_eq!(
        result,
        json!({
            "content": [{ "type": "text", "text": r#"{"title":"차","total":null}"# }],
            "structuredContent": { "title": "차", "total": null },
        })
    );
    let schema: Value = serde_json::from_str(page.output_schema().expect("a schema").get()).expect("JSON");
    // A `null` that is sent must be in the schema: clients check results against it.
    assert_eq!(
        schema,
        json!({
            "type": "object",
            "properties": {
                "title": { "type": "string" },
                "total": { "type": ["integer", "null"], "minimum": 0 },
                "next": { "type": ["integer", "null"], "minimum": 0 },
            },
            "required": ["title", "total"],
        })
    );
}

#[derive(Serialize, JsonSchema)]
#[serde(tag = "kind")]
enum Answer {
    Yes { sure: bool },
    No {},
}

#[mcp_tool]
async fn answer(yes: bool) -> Json<Answer> {
    Json(if yes { Answer::Yes { sure: true } } else { Answer::No {} })
}

#[test]
fn an_enum_of_objects_is_an_object() {
    let schema: Value = serde_json::from_str(tool(answer {}).output_schema().expect("a schema").get()).expect("JSON");
    assert_eq!(schema["type"], "object");
}

#[mcp_tool]
async fn nothing() {}

#[mcp_tool]
async fn cow() -> Cow<'static, str> {
    Cow::Borrowed("cow")
}

#[mcp_tool]
async fn several() -> (String, Image, Audio, ResourceLink, EmbeddedResource, &'static str, Content, Cow<'static, str>) {
    (
        "first".into(),
        Image::new(b"i", "image/png"),
        Audio::new(b"a", "audio/wav"),
        ResourceLink::new("file:///a", "a"),
        EmbeddedResource::new(ResourceContents::text("file:///b", "text/plain", "b")),
        "sixth",
        Content::text("seventh"),
        "eighth".into(),
    )
}

#[mcp_tool]
async fn list() -> Vec<Content> {
    vec![Content::text("a"), Image::new(b"i", "image/png").into()]
}

#[mcp_tool]
async fn whole() -> Result<CallToolResult, std::io::Error> {
    Ok(CallToolResult::new(vec![Content::text("whole")]))
}

#[tokio::test]
async fn content_comes_in_many_forms() {
    let kinds = async |tool| -> Vec<String> {
        let result = call(&tool, &json!({})).await;
        assert_eq!(result.get("structuredContent"), None);
        let content = result["content"].as_array().expect("a list");
        content.iter().map(|content| content["type"].as_str().expect("a type").to_owned()).collect()
    };
    assert_eq!(kinds(tool(nothing {})).await, [""; 0]);
    assert_eq!(
        kinds(tool(several {})).await,
        ["text", "image", "audio", "resource_link", "resource", "text", "text", "text"]
    );
    assert_eq!(kinds(tool(list {})).await, ["text", "image"]);
    assert_eq!(text(&tool(cow {}), json!({})).await, "cow");
    assert_eq!(text(&tool(whole {}), json!({})).await, "whole");
}

#[mcp_tool]
fn blocking() -> String {
    format!("{:?}", std::thread::current().id())
}

#[mcp_tool(inline)]
fn in_place() -> String {
    format!("{:?}", std::thread::current().id())
}

#[tokio::test]
async fn a_plain_function_runs_on_the_blocking_pool_unless_inline() {
    let here = format!("{:?}", std::thread::current().id());
    assert_ne!(text(&tool(blocking {}), json!({})).await, here);
    assert_eq!(text(&tool(in_place {}), json!({})).await, here);
}
