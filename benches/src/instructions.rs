//! Instructions per call, counted by valgrind: a number that does not depend on the machine's mood.
//!
//! The server runs under callgrind on one core and is asked one call after the other. Of two runs of different length the
//! difference is what the calls cost: starting and stopping is the same in both.

use std::fmt::Write as _;
use std::path::Path;

use crate::Error;
use crate::contender::{Contender, FLOOR};
use crate::load::Connection;
use crate::request::{Era, Kind};

const FEW: u64 = 200;
const MANY: u64 = 1200;

/// By how much a call may grow before that is a failure.
const TOLERANCE: f64 = 0.05;

/// What is counted: its name in the baseline, whom, which request in which era.
const COUNTED: &[(&str, &str, Kind, Era)] = &[
    ("floor", FLOOR, Kind::Small, Era::Modern),
    ("dari", "dari", Kind::Small, Era::Modern),
    ("dari-login", "dari-login", Kind::Small, Era::Modern),
    ("dari-legacy", "dari", Kind::Small, Era::Stateless),
    ("dari-64KiB", "dari", Kind::Large, Era::Modern),
    ("floor-64KiB", FLOOR, Kind::Large, Era::Modern),
];

/// The whole of a run's instructions.
async fn run(who: &str, kind: Kind, era: &Era, calls: u64) -> Result<u64, Error> {
    let folder = tempfile::tempdir()?;
    let profile = folder.path().join("profile");
    let runner = ["valgrind", "--tool=callgrind", &format!("--callgrind-out-file={}", profile.display())];
    let contender = Contender::start_under(&runner.map(str::to_owned), who).await?;
    let request = contender.request(kind, era).await?;
    let mut connection = Connection::open(&contender.address).await?;
    for _ in 0..calls {
        connection.exchange(&request).await?;
    }
    drop(connection);
    contender.stop().await?;
    total(&profile)
}

/// `totals:` of a profile of callgrind.
fn total(profile: &Path) -> Result<u64, Error> {
    let text = std::fs::read_to_string(profile)?;
    let line = text.lines().find_map(|line| line.strip_prefix("totals: ").or_else(|| line.strip_prefix("summary: ")));
    let number = line.and_then(|line| line.split(' ').next()).ok_or("callgrind wrote no total")?;
    Ok(number.parse()?)
}

/// Instructions per call, by name.
///
/// # Errors
///
/// There is no valgrind, or a contender does not run.
pub async fn count() -> Result<Vec<(&'static str, u64)>, Error> {
    let mut counts = Vec::new();
    for (name, who, kind, era) in COUNTED {
        let (few, many) = (run(who, *kind, era, FEW).await?, run(who, *kind, era, MANY).await?);
        let count = many.saturating_sub(few) / (MANY - FEW);
        eprintln!("{name}: {count} instructions per call");
        counts.push((*name, count));
    }
    Ok(counts)
}

/// The table.
///
/// # Errors
///
/// None that can happen to a string.
pub fn table(counts: &[(&str, u64)]) -> Result<String, Error> {
    let mut table = String::from("\n| | instructions per call |\n|---|---|\n");
    for (name, count) in counts {
        writeln!(table, "| {name} | {count} |")?;
    }
    Ok(table)
}

/// What grew past the baseline (lines of a name and a number), or stands in it and was not counted.
///
/// # Errors
///
/// The baseline cannot be read.
pub fn grown(counts: &[(&str, u64)], baseline: &Path) -> Result<Vec<String>, Error> {
    let text = std::fs::read_to_string(baseline)?;
    let mut grown = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()) {
        let (name, before) = line.split_once(' ').ok_or("a line of the baseline is a name and a number")?;
        let before: u64 = before.trim().parse()?;
        let now = counts.iter().find(|(counted, _)| *counted == name).map(|(_, count)| *count);
        match now {
            Some(now) if now as f64 <= before as f64 * (1.0 + TOLERANCE) => {}
            Some(now) => grown.push(format!("{name}: {before} instructions per call became {now}")),
            None => grown.push(format!("{name} was not counted")),
        }
    }
    Ok(grown)
}
