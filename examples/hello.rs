//! One tool, no login: `cargo run --example hello`, then connect a client to http://127.0.0.1:8000/mcp.
//! With `--stdio` it is for a client that starts it by itself: `claude mcp add hello -- target/debug/examples/hello --stdio`.

use dari::prelude::*;

/// Greets somebody by name.
#[mcp_tool(read_only)]
fn hello(name: String) -> String {
    format!("안녕하세요, {name}!")
}

#[tokio::main]
async fn main() -> Result<(), dari::Error> {
    let server = McpServer::new("hello", "1.0.0").tools(tools![hello]);
    if std::env::args().any(|argument| argument == "--stdio") {
        return server.serve_stdio().await;
    }
    server.serve("127.0.0.1:8000").await
}
