//! What is kept for a legacy session and for an open stream on which nothing happens.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use crate::Error;
use crate::contender::{Contender, FLOOR};
use crate::load::Connection;
use crate::request::Era;
use crate::request::{self, Kind};

/// Sessions and streams that are opened first, so that what grows in steps has grown.
const WARM: usize = 1000;

async fn open_sessions(contender: &Contender, count: usize) -> Result<(), Error> {
    let request = request::initialize(&contender.address);
    let mut connection = Connection::open(&contender.address).await?;
    for _ in 0..count {
        connection.exchange(&request).await?;
    }
    Ok(())
}

async fn open_streams(contender: &Contender, who: &str, count: usize) -> Result<Vec<Connection>, Error> {
    let request = if who == FLOOR {
        request::stream(&contender.address)
    } else {
        request::bytes(&contender.address, Kind::Listen, &Era::Modern, contender.token.as_deref())
    };
    let mut streams = Vec::with_capacity(count);
    for _ in 0..count {
        let mut connection = Connection::open(&contender.address).await?;
        connection.open_stream(&request).await?;
        streams.push(connection);
    }
    Ok(streams)
}

/// The table.
///
/// # Errors
///
/// A contender does not run.
pub async fn table() -> Result<String, Error> {
    let mut table = String::from("\n| | kept for | count | bytes each |\n|---|---|---|---|\n");
    for (who, count) in [("dari", 50_000), ("rmcp", 2000)] {
        let contender = Contender::start(who).await?;
        open_sessions(&contender, WARM).await?;
        let before = contender.resident_kib()?;
        open_sessions(&contender, count).await?;
        let each = (contender.resident_kib()? - before) as f64 * 1024.0 / count as f64;
        writeln!(table, "| {who} | a legacy session | {count} | {each:.0} |")?;
    }
    for who in [FLOOR, "dari", "dari-login"] {
        let contender = Contender::start(who).await?;
        let count = 4000;
        let warm = open_streams(&contender, who, WARM).await?;
        let before = contender.resident_kib()?;
        let streams = open_streams(&contender, who, count).await?;
        let each = (contender.resident_kib()? - before) as f64 * 1024.0 / count as f64;
        let what = if who == FLOOR { "an event stream" } else { "a subscription" };
        writeln!(table, "| {who} | {what} | {count} | {each:.0} |")?;
        drop((warm, streams));
    }
    Ok(table)
}

/// Full load for so long, with the resident memory every tenth of it.
///
/// # Errors
///
/// The contender does not run.
pub async fn soak(time: Duration) -> Result<String, Error> {
    let mut table = String::from("\n| | minutes | RSS, MiB |\n|---|---|---|\n");
    let contender = Contender::start("dari-login").await?;
    let request = contender.request(Kind::Small, &Era::Modern).await?;
    let start = Instant::now();
    for _ in 0..10 {
        contender.turn(&request, 64, time.as_secs_f64() / 10.0).await?;
        let minutes = start.elapsed().as_secs_f64() / 60.0;
        writeln!(table, "| dari-login | {minutes:.1} | {:.2} |", contender.resident_kib()? as f64 / 1024.0)?;
    }
    Ok(table)
}
