//! The `naver_calendar` example, in a process of its own.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// A running example; it is killed when this is dropped.
pub struct Example {
    child: Child,
    /// The URL of its MCP endpoint.
    pub mcp_url: String,
    /// The URL of its own sandbox, if it has one.
    pub sandbox_url: Option<String>,
}

/// Without the capability to pass over permissions, where there is one to give up.
const LIMITED: &str = r#"
trap '' XFSZ
if [[ $(id -u) = 0 ]]; then
    exec setpriv --bounding-set=-dac_override,-dac_read_search --inh-caps=-all "$0" "$@"
fi
exec "$0" "$@"
"#;

/// How to start the example.
pub struct Start<'a> {
    command: Command,
    home: &'a Path,
    listen: String,
}

impl<'a> Start<'a> {
    /// The program at this path (`env!("CARGO_BIN_EXE_naver_calendar")`), with its data and configuration in `home`.
    #[must_use]
    pub fn new(program: &str, home: &'a Path) -> Self {
        let mut command = Command::new(program);
        // Nothing of the machine's own settings: what a newcomer has.
        for name in ["NAVER_CLIENT_ID", "NAVER_CLIENT_SECRET", "BASE_URL", "DARI_SECRET"] {
            command.env_remove(name);
        }
        command.env("XDG_CONFIG_HOME", home.join("config")).env("HOME", home).current_dir(home);
        Self { command, home, listen: "127.0.0.1:0".to_owned() }
    }

    /// The same, as a program that bears limits which are set to it: a signal that would end it is ignored, and root
    /// may not write where the owner may not.
    #[must_use]
    pub fn limited(program: &str, home: &'a Path) -> Self {
        let mut start = Self::new("bash", home);
        // `trap ''` is inherited: a write past RLIMIT_FSIZE is then an error, as on a full disk.
        start.command.args(["-c", LIMITED, program]).stderr(Stdio::null());
        start
    }

    /// With this argument.
    #[must_use]
    pub fn arg(mut self, argument: &str) -> Self {
        self.command.arg(argument);
        self
    }

    /// With the built-in sandbox.
    #[must_use]
    pub fn with_sandbox(mut self) -> Self {
        self.command.arg("--sandbox");
        self
    }

    /// With this variable in its environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// At the address of an earlier run.
    #[must_use]
    pub fn at(mut self, mcp_url: &str) -> Self {
        let url: url::Url = mcp_url.parse().expect("the URL of a run");
        self.listen = format!("127.0.0.1:{}", url.port().expect("a port"));
        self
    }

    /// Runs it to its end, for one that does not start: whether it was a success, and what it said.
    ///
    /// # Panics
    ///
    /// If it still runs after 20 s.
    pub async fn fail(mut self) -> (bool, String) {
        self.command.args(["--listen", &self.listen, "--data-dir"]).arg(self.home.join("data"));
        let output = self.command.stderr(Stdio::piped()).kill_on_drop(true).output();
        let output = tokio::time::timeout(Duration::from_secs(20), output).await.expect("it ends within 20 s");
        let output = output.expect("the example can be run");
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    }

    /// Starts it and waits for its banner.
    ///
    /// # Panics
    ///
    /// If it does not start within 20 s.
    pub async fn start(mut self) -> Example {
        self.command.args(["--listen", &self.listen, "--data-dir"]).arg(self.home.join("data"));
        let mut child = self.command.stdout(Stdio::piped()).kill_on_drop(true).spawn().expect("the example can be run");
        let stdout = child.stdout.take().expect("a pipe");
        let banner = tokio::time::timeout(Duration::from_secs(20), read_banner(stdout)).await;
        let (mcp_url, sandbox_url) = banner.expect("the example says where it is within 20 s");
        Example { child, mcp_url, sandbox_url }
    }
}

impl Example {
    /// Ends it as an operating system does: SIGTERM, and 15 s to obey.
    ///
    /// # Panics
    ///
    /// If it does not end, or not with success.
    pub async fn stop(mut self) {
        let id = self.child.id().expect("it still runs").to_string();
        let killed = Command::new("kill").args(["-TERM", &id]).status().await.expect("kill can be run");
        assert!(killed.success());
        let status = tokio::time::timeout(Duration::from_secs(15), self.child.wait()).await.expect("it ends in time");
        assert!(status.expect("its status").success(), "it ends with success");
    }

    /// The id of its process.
    ///
    /// # Panics
    ///
    /// If it has ended.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id().expect("it still runs")
    }

    /// Ends it as a power cut does: SIGKILL.
    ///
    /// # Panics
    ///
    /// If it had ended before.
    pub async fn kill(mut self) {
        self.child.kill().await.expect("it still ran");
    }

    /// The schedules that its sandbox remembers.
    ///
    /// # Panics
    ///
    /// If it has no sandbox.
    pub async fn schedules(&self) -> serde_json::Value {
        let sandbox = self.sandbox_url.as_deref().expect("a sandbox");
        let answer = reqwest::get(format!("{sandbox}/calendar.json")).await.expect("the sandbox answers");
        answer.json().await.expect("JSON")
    }
}

async fn read_banner(stdout: tokio::process::ChildStdout) -> (String, Option<String>) {
    let mut lines = BufReader::new(stdout).lines();
    let mut sandbox = None;
    while let Some(line) = lines.next_line().await.expect("its output") {
        let line = line.trim().to_owned();
        if let Some(url) = line.strip_prefix("Naver sandbox: ") {
            sandbox = Some(url.trim_end_matches('/').to_owned());
        } else if line.starts_with("http://") && line.ends_with("/mcp") {
            // Whoever closes the pipe makes the next line that is printed an error.
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return (line, sandbox);
        }
    }
    panic!("the example ended before it said where it is");
}
