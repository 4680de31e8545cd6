#![allow(unused, reason = "the mistakes matter")]

use dari::prelude::*;

#[mcp_tool]
async fn text(query: &str, list: &[u8], number: &u32) {}

#[mcp_tool]
async fn inside(query: Option<&str>, cow: std::borrow::Cow<'_, str>) {}

fn main() {}
