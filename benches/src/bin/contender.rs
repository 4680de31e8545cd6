//! One of the contenders, in a process of its own: `contender dari`. Its first line of output is its URL.

use axum::serve::ListenerExt as _;
use clap::{Parser, ValueEnum};
use dari_benches::servers::{with_dari, with_rmcp};
use tokio::net::TcpListener;

#[derive(Parser)]
struct Options {
    who: Who,
}

#[derive(Clone, Copy, ValueEnum)]
enum Who {
    Dari,
    DariLogin,
    Rmcp,
    RmcpFastest,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    match Options::parse().who {
        Who::Rmcp => serve_rmcp(listener, with_rmcp::Mode::Default).await?,
        Who::RmcpFastest => serve_rmcp(listener, with_rmcp::Mode::Fastest).await?,
        Who::Dari => {
            let server = with_dari::server().on_start(|url| println!("{url}"));
            server.serve_on(listener, std::future::pending()).await?;
        }
        Who::DariLogin => {
            let login = dari_benches::login::Login::start(&url).await?;
            let server = with_dari::server().auth(login.proxy());
            let served = server.serve_on(listener, std::future::pending());
            let logged_in = async {
                let token = login.log_in().await.expect("a login");
                println!("{url}/mcp {token}");
                std::future::pending::<()>().await;
            };
            tokio::select! {
                served = served => served?,
                () = logged_in => {}
            }
        }
    }
    Ok(())
}

async fn serve_rmcp(listener: TcpListener, mode: with_rmcp::Mode) -> std::io::Result<()> {
    println!("http://{}/mcp", listener.local_addr()?);
    // Its own examples leave it off, and every streamed answer then waits 40 ms for an acknowledgement.
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    axum::serve(listener, with_rmcp::router(mode)).await
}
