#![allow(unused, reason = "the mistakes matter")]

use dari::prelude::*;

#[mcp_resource(mime = "text/plain")]
async fn nowhere() -> String {
    String::new()
}

#[mcp_resource(uri = "profile")]
async fn no_scheme() -> String {
    String::new()
}

#[mcp_resource(uri = "test://a b/검")]
async fn not_ascii() -> String {
    String::new()
}

#[mcp_resource(uri = "test://{a")]
async fn open_brace(a: String) -> String {
    a
}

#[mcp_resource(uri = "test://{#a}/{b*}/{c,d}")]
async fn not_supported(a: String, b: String, c: String, d: String) -> String {
    a
}

#[mcp_resource(uri = "test://{a}{b}")]
async fn no_border(a: String, b: String) -> String {
    a
}

#[mcp_resource(uri = "test://{?a}/{a}")]
async fn query_in_the_middle(a: String) -> String {
    a
}

fn main() {}
