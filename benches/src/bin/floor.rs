//! The floor ([`dari_benches::servers::floor`]), in a process of its own.

use axum::serve::ListenerExt as _;
use dari_benches::servers::floor;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}/mcp", listener.local_addr()?);
    // Without it every answer but the first would wait for the client's delayed acknowledgement.
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    axum::serve(listener, floor::router()).await
}
