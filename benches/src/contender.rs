//! A contender in a process of its own, pinned to the first core; the load has the second.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::Error;
use crate::load::{Connection, Run};
use crate::process::{cpu_seconds, resident_kib};
use crate::request::{self, Era, Kind};

/// Whom all the others are compared to.
pub const FLOOR: &str = "floor";

/// A running contender. Dropped, it is killed.
pub struct Contender {
    child: Child,
    /// Host and port.
    pub address: String,
    /// What it lets in, if it has a login.
    pub token: Option<String>,
}

impl Contender {
    /// Starts one by its name, after which a mode may stand.
    ///
    /// # Errors
    ///
    /// It did not start.
    pub async fn start(who: &str) -> Result<Self, Error> {
        Self::start_under(&[], who).await
    }

    /// The same, run by another program.
    ///
    /// # Errors
    ///
    /// It did not start.
    pub async fn start_under(runner: &[String], who: &str) -> Result<Self, Error> {
        let mut command = Command::new("taskset");
        command.args(["-c", "0"]).args(runner);
        let mut words = who.split(' ');
        command.arg(beside_us(words.next().unwrap_or_default())?).args(words);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true).spawn()?;
        let lines = child.stdout.take().ok_or("no output")?;
        let line = BufReader::new(lines).lines().next_line().await?;
        let line = line.ok_or_else(|| format!("{who} did not start: is it built? scripts/bench builds all of them"))?;
        let mut words = line.split(' ');
        let url = words.next().unwrap_or_default();
        let address = url.trim_start_matches("http://").trim_end_matches("/mcp").to_owned();
        Ok(Self { child, address, token: words.next().map(str::to_owned) })
    }

    /// A request as this contender wants it; with a session that is opened for it, where its era has some.
    ///
    /// # Errors
    ///
    /// Those of the socket.
    pub async fn request(&self, kind: Kind, era: &Era) -> Result<Vec<u8>, Error> {
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

    /// One turn of load, from a process of its own; and the processor time of a request, in microseconds.
    ///
    /// # Errors
    ///
    /// The load failed.
    pub async fn turn(&self, request: &[u8], connections: usize, seconds: f64) -> Result<(Run, f64), Error> {
        let file = std::env::temp_dir().join(format!("dari-bench-{}-{}", std::process::id(), self.pid()));
        std::fs::write(&file, request)?;
        let before = cpu_seconds(self.pid())?;
        let mut command = Command::new("taskset");
        command.args(["-c", "1"]).arg(std::env::current_exe()?).arg("load").arg(&self.address).arg(&file);
        let output =
            command.args([connections.to_string(), seconds.to_string()]).stderr(Stdio::inherit()).output().await?;
        std::fs::remove_file(&file)?;
        let run: Run = serde_json::from_slice(&output.stdout).map_err(|_| "the load failed")?;
        Ok((run, (cpu_seconds(self.pid())? - before) * 1e6 / run.requests as f64))
    }

    /// Resident memory, in KiB.
    ///
    /// # Errors
    ///
    /// It is gone.
    pub fn resident_kib(&self) -> Result<u64, Error> {
        Ok(resident_kib(self.pid())?)
    }

    /// Ends it as an operator would, and waits until it is gone.
    ///
    /// # Errors
    ///
    /// It does not end.
    pub async fn stop(mut self) -> Result<(), Error> {
        // Of the shell: not every system has a program of that name.
        Command::new("sh").args(["-c", &format!("kill -TERM {}", self.pid())]).status().await?;
        tokio::time::timeout(Duration::from_secs(60), self.child.wait()).await??;
        Ok(())
    }

    fn pid(&self) -> u32 {
        self.child.id().unwrap_or(0)
    }
}

/// A program of this package.
fn beside_us(name: &str) -> Result<PathBuf, Error> {
    Ok(std::env::current_exe()?.with_file_name(name))
}
