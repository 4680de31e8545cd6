//! `rmcp`, as in its own examples or as fast as it gets. Its first line of output is its URL.

use axum::serve::ListenerExt as _;
use dari_benches::servers::with_rmcp::{Mode, router};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let mode = if std::env::args().any(|argument| argument == "fastest") { Mode::Fastest } else { Mode::Default };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}/mcp", listener.local_addr()?);
    // Its own examples leave it off, and every streamed answer then waits 40 ms for an acknowledgement.
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    axum::serve(listener, router(mode)).await
}
