#![allow(unused, reason = "the mistakes matter")]

use dari::prelude::*;

struct Neither;

#[mcp_tool]
async fn one(thing: Neither) {}

#[mcp_tool]
async fn in_an_option(first: String, thing: Option<Neither>, last: u32) -> String {
    first
}

fn main() {}
