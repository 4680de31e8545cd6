#![allow(unused, reason = "the mistakes matter")]

use dari::prelude::*;

#[mcp_prompt]
async fn prompt() -> u32 {
    5
}

#[mcp_resource(uri = "test://resource")]
async fn resource() -> Option<u32> {
    None
}

#[mcp_prompt]
async fn nothing() {}

fn main() {}
