#![allow(unused, reason = "the mistakes matter")]

use dari::prelude::*;

#[mcp_tool]
async fn tool() {}

#[mcp_prompt]
async fn prompt() -> String {
    String::new()
}

#[mcp_prompt(name = "prompt")]
async fn again() -> String {
    String::new()
}

#[mcp_resource(uri = "test://a")]
async fn a() -> String {
    String::new()
}

#[mcp_resource(uri = "test://a")]
async fn b() -> String {
    String::new()
}

fn main() {
    let _ = prompts![tool];
    let _ = resources![prompt];
    let _ = prompts![prompt, again];
    let _ = resources![a, b];
}
