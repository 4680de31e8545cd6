#![allow(unused, reason = "the mistakes matter")]

use dari::prelude::*;
use dari::{RequestContext, Tool};
use serde_json::{Value, json};

#[mcp_tool(input_schema = json!({ "type": "object" }))]
async fn without_the_feature(a: String) {}

#[mcp_tool(input_schema = json!({ "type": "object" }))]
async fn said_in_vain(#[arg(range = 1..)] a: u8) {}

fn main() {
    let tool = Tool::from_schema("a", json!({}), |_: Value, _: RequestContext| async { "" });
}
