//! All contenders side by side in one run: `cargo run --release -p dari-benches --bin bench`.
//!
//! The server has one core and the load the other. The contenders take turns within a round (A B C, A B C, …), and what
//! counts are ratios to the floor within a round, since the machine's mood changes between rounds.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use clap::{Parser, Subcommand};
use dari_benches::load::{self, Connection, Run};
use dari_benches::process::{cpu_seconds, resident_kib};
use dari_benches::request::{self, Era, Kind};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

type Error = Box<dyn std::error::Error + Send + Sync>;

#[derive(Parser)]
struct Options {
    #[command(subcommand)]
    part: Option<Part>,
    /// How often each contender has its turn.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// How long a turn is.
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
    /// Only the scenarios whose name holds this.
    #[arg(long, default_value = "")]
    only: String,
}

#[derive(Subcommand)]
enum Part {
    /// The load, in a process of its own.
    Load { address: String, file: PathBuf, connections: usize, seconds: f64 },
}

/// What is measured of whom.
struct Scenario {
    name: &'static str,
    kind: Kind,
    era: Era,
    connections: usize,
    who: &'static [&'static str],
}

const FLOOR: &str = "floor";

/// Every contender that speaks the revision.
const ALL: &[&str] = &[FLOOR, "dari", "dari-login", "rmcp-fastest", "rmcp"];
const OPEN: &[&str] = &[FLOOR, "dari", "rmcp-fastest"];

fn scenarios() -> Vec<Scenario> {
    let modern = |name, kind, connections, who| Scenario { name, kind, era: Era::Modern, connections, who };
    let session = || Era::Session(String::new());
    vec![
        modern("modern, small call, c1", Kind::Small, 1, ALL),
        modern("modern, small call, c16", Kind::Small, 16, ALL),
        modern("modern, small call, c64", Kind::Small, 64, ALL),
        modern("modern, 64 KiB argument, c16", Kind::Large, 16, OPEN),
        modern("modern, tools/list, c16", Kind::List, 16, &["dari", "dari-login", "rmcp-fastest"]),
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

/// A running contender.
struct Server {
    child: Child,
    address: String,
    token: Option<String>,
}

impl Server {
    async fn start(who: &str) -> Result<Self, Error> {
        let folder = std::env::current_exe()?.parent().map(PathBuf::from).unwrap_or_default();
        let mut command = Command::new("taskset");
        command.args(["-c", "0"]);
        if who == FLOOR {
            command.arg(folder.join(FLOOR));
        } else {
            command.arg(folder.join("contender")).arg(who);
        }
        let mut child = command.stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
        let lines = child.stdout.take().ok_or("no output")?;
        let line = BufReader::new(lines).lines().next_line().await?.ok_or_else(|| format!("{who} did not start"))?;
        let mut words = line.split(' ');
        let url = words.next().unwrap_or_default();
        let address = url.trim_start_matches("http://").trim_end_matches("/mcp").to_owned();
        Ok(Self { child, address, token: words.next().map(str::to_owned) })
    }

    fn pid(&self) -> u32 {
        self.child.id().unwrap_or(0)
    }

    async fn request(&self, kind: Kind, era: &Era) -> Result<Vec<u8>, Error> {
        let era = match era {
            Era::Session(_) => Era::Session(self.open_session().await?),
            era => era.clone(),
        };
        Ok(request::bytes(&self.address, kind, &era, self.token.as_deref()))
    }

    async fn open_session(&self) -> Result<String, Error> {
        let mut connection = Connection::open(&self.address).await?;
        // The floor knows no sessions, and takes any request.
        if connection.exchange(&request::initialize(&self.address)).await.is_err() {
            return Ok("none".to_owned());
        }
        let answer = connection.answer();
        let line = answer
            .lines()
            .find_map(|line| line.split_once(": ").filter(|(name, _)| name.eq_ignore_ascii_case("mcp-session-id")));
        Ok(line.map_or("none", |(_, id)| id).to_owned())
    }

    /// One turn: the load in a process of its own, on the other core.
    async fn turn(&self, request: &[u8], connections: usize, seconds: f64) -> Result<(Run, f64), Error> {
        let file = std::env::temp_dir().join(format!("dari-bench-{}-{}", std::process::id(), self.pid()));
        std::fs::write(&file, request)?;
        let before = cpu_seconds(self.pid())?;
        let mut command = Command::new("taskset");
        command.args(["-c", "1"]).arg(std::env::current_exe()?).arg("load").arg(&self.address).arg(&file);
        let output =
            command.args([connections.to_string(), seconds.to_string()]).stderr(Stdio::inherit()).output().await?;
        std::fs::remove_file(&file)?;
        let run: Run = serde_json::from_slice(&output.stdout)?;
        let cpu = (cpu_seconds(self.pid())? - before) * 1e6 / run.requests as f64;
        Ok((run, cpu))
    }
}

/// The middle of some values, and their ends.
fn spread(mut values: Vec<f64>) -> (f64, f64, f64) {
    values.sort_by(f64::total_cmp);
    let at = |index: usize| values.get(index).copied().unwrap_or(f64::NAN);
    (at(values.len() / 2), at(0), at(values.len().saturating_sub(1)))
}

async fn measure(scenario: &Scenario, options: &Options, table: &mut String) -> Result<(), Error> {
    let mut servers = Vec::new();
    for who in scenario.who {
        let server = Server::start(who).await?;
        let request = server.request(scenario.kind, &scenario.era).await?;
        // Caches warm, connections open.
        server.turn(&request, scenario.connections, 0.3).await?;
        servers.push((*who, server, request));
    }
    let mut turns: BTreeMap<&str, Vec<(Run, f64)>> = BTreeMap::new();
    for _ in 0..options.rounds {
        for (who, server, request) in &servers {
            let turn = server.turn(request, scenario.connections, options.seconds).await?;
            turns.entry(who).or_default().push(turn);
        }
    }
    let first = &turns[scenario.who[0]];
    writeln!(table, "\n### {}\n", scenario.name)?;
    writeln!(
        table,
        "| | req/s | ÷ {0} (least–most) | p50 µs | p50 ÷ {0} | p99 µs | CPU µs | CPU ÷ {0} | RSS KiB |",
        scenario.who[0]
    )?;
    writeln!(table, "|---|---|---|---|---|---|---|---|---|")?;
    for (who, server, _) in &servers {
        let own = &turns[who];
        let ratio = |of: fn(&(Run, f64)) -> f64| {
            spread(own.iter().zip(first).map(|(own, first)| of(own) / of(first)).collect())
        };
        let middle = |of: fn(&(Run, f64)) -> f64| spread(own.iter().map(of).collect()).0;
        let (rate, least, most) = ratio(|turn| turn.0.per_second);
        writeln!(
            table,
            "| {who} | {:.0} | {rate:.2} ({least:.2}–{most:.2}) | {:.0} | {:.2} | {:.0} | {:.1} | {:.2} | {} |",
            middle(|turn| turn.0.per_second),
            middle(|turn| turn.0.p50),
            ratio(|turn| turn.0.p50).0,
            middle(|turn| turn.0.p99),
            middle(|turn| turn.1),
            ratio(|turn| turn.1).0,
            resident_kib(server.pid())?,
        )?;
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let options = Options::parse();
    if let Some(Part::Load { address, file, connections, seconds }) = &options.part {
        let request = std::fs::read(file)?;
        let run = load::run(address, &request, *connections, Duration::from_secs_f64(*seconds)).await?;
        serde_json::to_writer(io::stdout(), &run)?;
        return Ok(());
    }
    for scenario in scenarios().iter().filter(|scenario| scenario.name.contains(&options.only)) {
        let mut table = String::new();
        measure(scenario, &options, &mut table).await?;
        print!("{table}");
    }
    Ok(())
}
