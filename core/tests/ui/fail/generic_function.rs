#![allow(unused, reason = "the mistakes matter")]

use dari::prelude::*;

#[mcp_tool]
async fn generic<T: Send>(query: String) {}

#[mcp_tool]
async fn lifetime<'a>(query: String) {}

#[mcp_tool]
async fn hidden(query: impl Into<String>) {}

fn main() {}
