#![allow(unused, reason = "the mistakes matter")]

use dari::prelude::*;

struct Api;

impl Api {
    #[mcp_tool]
    async fn search(&self, query: String) {}
}

fn main() {}
