//! Throughput, latency and processor time, side by side. The contenders take turns within a round (A B C, A B C, …), and
//! what counts are ratios to the floor within a round, since the machine's mood changes between rounds.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::Error;
use crate::contender::{Contender, FLOOR};
use crate::load::Run;
use crate::request::{Era, Kind};

/// How long to measure.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// How often each contender has its turn.
    pub rounds: usize,
    /// How long a turn is.
    pub seconds: f64,
}

/// What is measured of whom; the first is whom the others are compared to.
struct Scenario {
    name: &'static str,
    kind: Kind,
    era: Era,
    connections: usize,
    who: &'static [&'static str],
}

const ALL: &[&str] = &[FLOOR, "dari", "dari-login", "rmcp fastest", "rmcp"];
const OPEN: &[&str] = &[FLOOR, "dari", "rmcp fastest"];

fn scenarios() -> Vec<Scenario> {
    let modern = |name, kind, connections, who| Scenario { name, kind, era: Era::Modern, connections, who };
    let session = || Era::Session(String::new());
    vec![
        modern("modern, small call, c1", Kind::Small, 1, ALL),
        modern("modern, small call, c16", Kind::Small, 16, ALL),
        modern("modern, small call, c64", Kind::Small, 64, ALL),
        modern("modern, 64 KiB argument, c16", Kind::Large, 16, OPEN),
        modern("modern, tools/list, c16", Kind::List, 16, &["dari", "dari-login", "rmcp fastest"]),
        Scenario { name: "legacy, stateless, c64", kind: Kind::Small, era: Era::Stateless, connections: 64, who: OPEN },
        Scenario {
            name: "legacy, with session, c64",
            kind: Kind::Small,
            era: session(),
            connections: 64,
            who: &[FLOOR, "dari", "rmcp"],
        },
    ]
}

/// The tables of the scenarios whose name holds `only`.
///
/// # Errors
///
/// A contender does not run.
pub async fn tables(effort: Effort, only: &str) -> Result<String, Error> {
    let mut tables = String::new();
    for scenario in scenarios().iter().filter(|scenario| scenario.name.contains(only)) {
        table(scenario, effort, &mut tables).await?;
    }
    Ok(tables)
}

/// The middle of some values, and their ends.
pub(crate) fn spread(mut values: Vec<f64>) -> (f64, f64, f64) {
    values.sort_by(f64::total_cmp);
    let at = |index: usize| values.get(index).copied().unwrap_or(f64::NAN);
    (at(values.len() / 2), at(0), at(values.len().saturating_sub(1)))
}

async fn table(scenario: &Scenario, effort: Effort, table: &mut String) -> Result<(), Error> {
    eprintln!("{} …", scenario.name);
    let mut contenders = Vec::new();
    for who in scenario.who {
        let contender = Contender::start(who).await?;
        let request = contender.request(scenario.kind, &scenario.era).await?;
        let idle = contender.resident_kib()?;
        // Caches warm, connections open.
        contender.turn(&request, scenario.connections, 0.3).await?;
        contenders.push((*who, contender, request, idle));
    }
    let mut turns: BTreeMap<&str, Vec<(Run, f64)>> = BTreeMap::new();
    for _ in 0..effort.rounds {
        for (who, contender, request, _) in &contenders {
            let turn = contender.turn(request, scenario.connections, effort.seconds).await?;
            turns.entry(who).or_default().push(turn);
        }
    }
    let first = &turns[scenario.who[0]];
    writeln!(table, "\n### {}\n", scenario.name)?;
    writeln!(
        table,
        "| | req/s | ÷ {0} (least–most) | p50 µs | p50 ÷ {0} | p99 µs | CPU µs | CPU ÷ {0} | RSS idle → loaded, MiB |",
        scenario.who[0]
    )?;
    writeln!(table, "|---|---|---|---|---|---|---|---|---|")?;
    for (who, contender, _, idle) in &contenders {
        let own = &turns[who];
        let ratio = |of: fn(&(Run, f64)) -> f64| {
            spread(own.iter().zip(first).map(|(own, first)| of(own) / of(first)).collect())
        };
        let middle = |of: fn(&(Run, f64)) -> f64| spread(own.iter().map(of).collect()).0;
        let (rate, least, most) = ratio(|turn| turn.0.per_second);
        writeln!(
            table,
            "| {who} | {:.0} | {rate:.2} ({least:.2}–{most:.2}) | {:.0} | {:.2} | {:.0} | {:.1} | {:.2} | {:.1} → {:.1} |",
            middle(|turn| turn.0.per_second),
            middle(|turn| turn.0.p50),
            ratio(|turn| turn.0.p50).0,
            middle(|turn| turn.0.p99),
            middle(|turn| turn.1),
            ratio(|turn| turn.1).0,
            *idle as f64 / 1024.0,
            contender.resident_kib()? as f64 / 1024.0,
        )?;
    }
    Ok(())
}
