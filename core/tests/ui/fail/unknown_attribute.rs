#![allow(unused, reason = "the mistakes matter")]

use dari::prelude::*;

#[mcp_tool(titel = "Search")]
async fn misspelled() {}

#[mcp_tool(title = "a", title = "b")]
async fn doubled() {}

#[mcp_tool(timeout = "30 seconds")]
async fn time() {}

#[mcp_tool(read_only, destructive)]
async fn contradiction() {}

#[mcp_tool(read_only = "yes")]
async fn flag() {}

#[mcp_tool(inline)]
async fn inline() {}

#[mcp_tool(name = "web search")]
async fn name() {}

#[mcp_tool]
async fn 검색() {}

#[mcp_tool(scopes("calendar write"))]
async fn scope() {}

#[mcp_tool(crate = "dari")]
async fn path() {}

#[mcp_tool]
struct NoFunction;

fn main() {}
