#![allow(unused, reason = "the mistakes matter")]

use dari::prelude::*;

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Point {
    x: i32,
}

#[mcp_tool]
async fn taken_apart(Point { x }: Point) {}

#[mcp_tool]
async fn with_arg(#[arg(default = 1)] Point { x }: Point) {}

fn main() {}
