//! Dari, with default settings and no login. Its first line of output is its URL.

use dari_benches::Error;
use dari_benches::servers::with_dari;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let server = with_dari::server().on_start(|url| println!("{url}"));
    Ok(server.serve_on(listener, dari_benches::process::told_to_stop()).await?)
}
