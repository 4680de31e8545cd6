#![deny(dead_code, reason = "a tool that no list names is not served")]

use dari::prelude::*;

#[mcp_tool]
async fn listed() {}

#[mcp_tool]
async fn forgotten() {}

fn main() {
    let _ = tools![listed];
}
