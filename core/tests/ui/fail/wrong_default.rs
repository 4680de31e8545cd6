#![allow(unused, reason = "the mistakes matter")]

use dari::prelude::*;

#[mcp_tool]
async fn text_for_a_number(#[arg(default = "ten")] display: u32) {}

#[mcp_tool]
async fn number_for_a_text(#[arg(default = 10)] query: String) {}

#[mcp_tool]
async fn expression(#[arg(default = vec![1])] query: String) {}

fn main() {}
