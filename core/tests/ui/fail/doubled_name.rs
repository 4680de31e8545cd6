#![allow(unused, reason = "the mistakes matter")]

use dari::prelude::*;

#[mcp_tool]
async fn search() {}

#[mcp_tool(name = "search")]
async fn find() {}

fn main() {
    let _ = tools![search, search];
    let _ = tools![search, find];
}
