#![allow(unused, reason = "the mistakes matter")]

use dari::prelude::*;

#[mcp_tool]
async fn misspelled(#[arg(defualt = 1)] a: u8) {}

#[mcp_tool]
async fn no_range(#[arg(range = 5)] a: u8, #[arg(range = 9..=1)] b: u8, #[arg(length = -1..)] c: String) {}

#[mcp_tool]
async fn header(#[arg(header = "My Region")] a: String, #[arg(header = "X")] b: String, #[arg(header = "x")] c: String) {}

#[mcp_tool]
async fn default_on_option(#[arg(default = 1)] a: Option<u8>) {}

#[mcp_tool]
async fn renamed(#[arg(rename = "b")] a: u8, b: u8) {}

#[mcp_tool]
async fn on_an_extractor(#[arg(length = 1..)] headers: HttpHeaders) {}

fn main() {}
