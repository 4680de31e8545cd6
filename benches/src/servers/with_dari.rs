//! Dari, with default settings.

use dari::prelude::*;

/// Adds two numbers.
#[mcp_tool(read_only)]
async fn add(a: i64, b: i64) -> String {
    (a + b).to_string()
}

/// Measures a text.
#[mcp_tool(read_only)]
async fn measure(text: String) -> String {
    text.len().to_string()
}

/// Says how far it is, and adds.
#[mcp_tool(read_only)]
async fn add_slowly(a: i64, b: i64, progress: Progress) -> String {
    for done in 1..=3_u8 {
        progress.report(done, 3.0, None);
    }
    (a + b).to_string()
}

/// The server without a login.
pub fn server() -> McpServer {
    McpServer::new("bench", "1.0.0").tools(tools![add, measure, add_slowly]).changes(dari::Changes::new())
}
