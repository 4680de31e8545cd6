//! Progress over an event stream: does an answer in several writes stall, with or without the client's TCP_NODELAY?

use std::fmt::Write as _;
use std::time::Instant;

use crate::Error;
use crate::contender::Contender;
use crate::load::Connection;
use crate::request::{Era, Kind};
use crate::speed::spread;

const CALLS: usize = 500;

async fn p50(contender: &Contender, kind: Kind, nodelay: bool) -> Result<f64, Error> {
    let request = contender.request(kind, &Era::Modern).await?;
    let mut connection = Connection::open_with(&contender.address, nodelay).await?;
    let mut times = Vec::with_capacity(CALLS);
    for _ in 0..CALLS {
        let start = Instant::now();
        connection.exchange(&request).await?;
        times.push(start.elapsed().as_secs_f64() * 1e6);
    }
    Ok(spread(times).0)
}

/// The table.
///
/// # Errors
///
/// A contender does not run.
pub async fn table() -> Result<String, Error> {
    let mut table = String::from(
        "\n| | JSON answer, p50 µs | three reports and the answer, p50 µs | ÷ JSON |\n|---|---|---|---|\n",
    );
    let contender = Contender::start("dari").await?;
    for (client, nodelay) in [("client with TCP_NODELAY", true), ("client without", false)] {
        // The same in turns, for the machine's mood.
        let mut json = Vec::new();
        let mut streamed = Vec::new();
        for _ in 0..5 {
            json.push(p50(&contender, Kind::Small, nodelay).await?);
            streamed.push(p50(&contender, Kind::Progress, nodelay).await?);
        }
        let ratio = spread(json.iter().zip(&streamed).map(|(json, streamed)| streamed / json).collect()).0;
        writeln!(table, "| {client} | {:.0} | {:.0} | {ratio:.2} |", spread(json).0, spread(streamed).0)?;
    }
    Ok(table)
}
