#![allow(unused, reason = "the mistakes matter")]

use dari::prelude::*;

#[mcp_prompt(read_only)]
async fn hint() -> String {
    String::new()
}

#[mcp_resource(uri = "test://a", titel = "A", mime = "text", ttl = "1 hour")]
async fn misspelled() -> String {
    String::new()
}

#[mcp_prompt(name = "", hidden_without_scope)]
async fn hidden() -> String {
    String::new()
}

#[mcp_prompt]
async fn header(#[arg(header = "A")] a: String) -> String {
    a
}

#[mcp_tool]
async fn complete(#[arg(complete = cities)] a: String) -> String {
    a
}

#[mcp_prompt]
async fn generic<T>(a: &str) -> impl dari::PromptOutput {
    ""
}

#[mcp_resource(uri = "test://b")]
const NO_FUNCTION: &str = "";

fn main() {}
