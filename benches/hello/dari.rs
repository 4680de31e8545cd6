//! A tool of Dari's.

use dari::prelude::*;

/// Greets.
#[mcp_tool]
async fn hello(name: String) -> String {
    format!("Hello, {name}!")
}

#[tokio::main]
async fn main() -> Result<(), dari::Error> {
    McpServer::new("hello", "1.0.0").tools(tools![hello]).serve("127.0.0.1:8000").await
}
