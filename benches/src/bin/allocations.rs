//! How many allocations a call costs the server, and of how many bytes: `cargo run --release -p dari-benches --bin
//! allocations`. The load in this process makes none of its own.

use std::alloc::System;

use axum::serve::ListenerExt as _;
use dari_benches::Error;
use dari_benches::load::Connection;
use dari_benches::login::Login;
use dari_benches::request::{self, Era, Kind};
use dari_benches::servers::{floor, with_dari, with_rmcp};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use tokio::net::TcpListener;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const CALLS: usize = 1000;

const ALL: &[Kind] = &[Kind::Small, Kind::Large, Kind::List];

async fn listen() -> std::io::Result<(TcpListener, String)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?.to_string();
    Ok((listener, address))
}

async fn count(kinds: &[Kind], who: &str, address: &str, token: Option<&str>) -> Result<(), Error> {
    for (name, kind, era) in [
        ("small call", Kind::Small, Era::Modern),
        ("64 KiB argument", Kind::Large, Era::Modern),
        ("tools/list", Kind::List, Era::Modern),
        ("legacy small call", Kind::Small, Era::Stateless),
    ]
    .into_iter()
    .filter(|(_, kind, _)| kinds.contains(kind))
    {
        let request = request::bytes(address, kind, &era, token);
        let mut connection = Connection::open(address).await?;
        for _ in 0..100 {
            connection.exchange(&request).await?;
        }
        let region = Region::new(ALLOCATOR);
        for _ in 0..CALLS {
            connection.exchange(&request).await?;
        }
        let change = region.change();
        let a_call = |count: usize| count as f64 / CALLS as f64;
        println!(
            "| {who} | {name} | {:.1} | {:.0} |",
            a_call(change.allocations + change.reallocations),
            a_call(change.bytes_allocated),
        );
    }
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    println!("| | request | allocations | bytes |\n|---|---|---|---|");
    let (listener, address) = listen().await?;
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    tokio::spawn(axum::serve(listener, floor::router()).into_future());
    count(&[Kind::Small, Kind::Large], "floor", &address, None).await?;

    let (listener, address) = listen().await?;
    tokio::spawn(async { with_dari::server().serve_on(listener, std::future::pending()).await });
    count(ALL, "dari", &address, None).await?;

    let (listener, address) = listen().await?;
    let login = Login::start(&format!("http://{address}")).await?;
    let server = with_dari::server().auth(login.proxy());
    tokio::spawn(async { server.serve_on(listener, std::future::pending()).await });
    let token = login.log_in().await?;
    count(ALL, "dari with login", &address, Some(&token)).await?;

    let (listener, address) = listen().await?;
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    let rmcp = axum::serve(listener, with_rmcp::router(with_rmcp::Mode::Fastest));
    tokio::spawn(rmcp.into_future());
    count(ALL, "rmcp, fastest", &address, None).await
}
