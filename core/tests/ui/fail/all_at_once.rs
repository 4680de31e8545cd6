#![allow(unused, reason = "the mistakes matter")]

use dari::prelude::*;

struct Neither;

#[mcp_tool(titel = "Search", timeout = "soon")]
async fn search(
    query: &str,
    #[arg(defualt = 1)] display: u32,
    thing: Neither,
    #[arg(range = 9..=1)] start: u32,
) -> String {
    query.to_owned()
}

#[mcp_tool]
async fn types(thing: Neither, other: Neither, #[arg(default = "x")] number: u8) -> u32 {
    5
}

fn main() {
    // The function is there all the same.
    let _ = search("q", 1, Neither, 1);
    let _ = tools![search];
}
