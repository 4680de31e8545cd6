#![allow(unused, reason = "the mistakes matter")]

use dari::prelude::*;
use std::rc::Rc;

#[mcp_tool]
async fn not_send(query: String) -> String {
    let shared = Rc::new(query);
    std::future::ready(()).await;
    shared.to_string()
}

fn main() {}
