//! Everything that is measured, by one command: `cargo run --release -p dari-benches --bin bench`, after
//! `cargo build --release -p dari-benches`. With `--write` the tables go into `BENCHMARKS.md`.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Parser, Subcommand};
use dari_benches::speed::{self, Effort};
use dari_benches::{Error, build_cost, instructions, load, memory, progress};
use tokio::process::Command;

#[derive(Parser)]
struct Options {
    #[command(subcommand)]
    part: Option<Part>,
    /// How often each contender has its turn.
    #[arg(long, default_value_t = 5, global = true)]
    rounds: usize,
    /// How long a turn is.
    #[arg(long, default_value_t = 2.0, global = true)]
    seconds: f64,
    /// Put what was measured into BENCHMARKS.md.
    #[arg(long, global = true)]
    write: bool,
}

#[derive(Subcommand)]
enum Part {
    /// Throughput, latency and processor time.
    Speed {
        /// Only the scenarios whose name holds this.
        #[arg(default_value = "")]
        only: String,
    },
    /// Allocations and bytes per call.
    Allocations,
    /// Instructions per call.
    Instructions {
        /// Fail if one grew by more than 5 % over benches/instructions.txt.
        #[arg(long)]
        check: bool,
    },
    /// Streams of progress.
    Progress,
    /// What sessions and streams keep.
    Memory,
    /// What a server costs to build.
    Build,
    /// Full load for a while.
    Soak {
        #[arg(default_value_t = 10.0)]
        minutes: f64,
    },
    /// The load, in a process of its own.
    #[command(hide = true)]
    Load { address: String, file: PathBuf, connections: usize, seconds: f64 },
}

async fn allocations() -> Result<String, Error> {
    let output = Command::new(std::env::current_exe()?.with_file_name("allocations")).output().await?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    Ok(format!("\n{}", String::from_utf8(output.stdout)?))
}

fn baseline() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("instructions.txt")
}

async fn counted(check: bool) -> Result<String, Error> {
    let counts = instructions::count().await?;
    if check {
        let grown = instructions::grown(&counts, &baseline())?;
        if !grown.is_empty() {
            let how = "make it less again, or say in benches/instructions.txt why it has to be more";
            return Err(format!("{}\n{how}", grown.join("\n")).into());
        }
    }
    instructions::table(&counts)
}

/// Replaces what stands between the markers of each section.
fn write(sections: &[(&str, String)]) -> Result<(), Error> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../BENCHMARKS.md");
    let mut text = std::fs::read_to_string(&file)?;
    for (name, table) in sections {
        let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
        let from = text.find(&begin).ok_or_else(|| format!("BENCHMARKS.md has no {begin}"))? + begin.len();
        let to = text.find(&end).filter(|to| *to >= from).ok_or_else(|| format!("BENCHMARKS.md has no {end}"))?;
        text.replace_range(from..to, &format!("{table}\n"));
    }
    Ok(std::fs::write(file, text)?)
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let options = Options::parse();
    let effort = Effort { rounds: options.rounds, seconds: options.seconds };
    let sections = match options.part {
        Some(Part::Load { address, file, connections, seconds }) => {
            let request = std::fs::read(file)?;
            let run = load::run(&address, &request, connections, Duration::from_secs_f64(seconds)).await?;
            return Ok(serde_json::to_writer(io::stdout(), &run)?);
        }
        Some(Part::Speed { only }) => vec![("speed", speed::tables(effort, &only).await?)],
        Some(Part::Allocations) => vec![("allocations", allocations().await?)],
        Some(Part::Instructions { check }) => vec![("instructions", counted(check).await?)],
        Some(Part::Progress) => vec![("progress", progress::table().await?)],
        Some(Part::Memory) => vec![("memory", memory::table().await?)],
        Some(Part::Build) => vec![("build", build_cost::table()?)],
        Some(Part::Soak { minutes }) => vec![("soak", memory::soak(Duration::from_secs_f64(minutes * 60.0)).await?)],
        None => vec![
            ("speed", speed::tables(effort, "").await?),
            ("allocations", allocations().await?),
            ("instructions", counted(false).await?),
            ("progress", progress::table().await?),
            ("memory", memory::table().await?),
            ("build", build_cost::table()?),
        ],
    };
    for (name, table) in &sections {
        println!("## {name}\n{table}");
    }
    if options.write { write(&sections) } else { Ok(()) }
}
