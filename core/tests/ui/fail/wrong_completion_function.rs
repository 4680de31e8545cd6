#![allow(unused, reason = "the mistakes matter")]

use dari::prelude::*;

fn cities(typed: u32) -> Vec<String> {
    Vec::new()
}

async fn number(typed: String) -> u32 {
    5
}

async fn good(typed: String) -> Vec<String> {
    Vec::new()
}

#[mcp_prompt]
async fn not_a_string(#[arg(complete = cities)] city: String) -> String {
    city
}

#[mcp_prompt]
async fn not_a_completion(#[arg(complete = number)] number: String) -> String {
    number
}

#[mcp_prompt]
async fn not_a_name(#[arg(complete = "good")] a: String, #[arg(complete = good)] b: String) -> String {
    a
}

fn main() {}
