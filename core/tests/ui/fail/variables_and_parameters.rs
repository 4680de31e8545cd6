#![allow(unused, reason = "the mistakes matter")]

use dari::prelude::*;

#[mcp_resource(uri = "test://{id}/{part}")]
async fn no_parameter(id: u64) -> String {
    String::new()
}

#[mcp_resource(uri = "test://{id}")]
async fn no_variable(id: u64, #[arg(length = 1..)] part: String) -> String {
    part
}

#[mcp_resource(uri = "test://{id}")]
async fn always_there(#[arg(default = 1)] id: u64) -> String {
    String::new()
}

#[mcp_resource(uri = "test://{id}")]
async fn no_extractor(id: u64, part: String) -> String {
    part
}

#[mcp_resource(uri = "test://{headers}")]
async fn no_argument(headers: HttpHeaders) -> String {
    String::new()
}

fn main() {}
