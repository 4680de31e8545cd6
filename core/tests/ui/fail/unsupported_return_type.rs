#![allow(unused, reason = "the mistakes matter")]

use dari::prelude::*;

#[mcp_tool]
async fn number() -> u32 {
    5
}

#[mcp_tool]
async fn text_as_error() -> Result<String, String> {
    Ok(String::new())
}

struct NotSerialize;

#[mcp_tool]
async fn json() -> Result<Json<NotSerialize>, ToolError> {
    Ok(Json(NotSerialize))
}

#[mcp_tool]
fn hidden() -> impl dari::ToolOutput {
    "a"
}

fn main() {}
