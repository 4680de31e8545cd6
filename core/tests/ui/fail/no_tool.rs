#![allow(unused, reason = "the mistakes matter")]

use dari::prelude::*;

async fn plain() {}

#[mcp_tool]
async fn search() {}

fn main() {
    let _ = tools![search, plain];
    let _ = tools![search, missing];
}
