//! The conformance fixture, in a process of its own.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// The program.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_conformance-server");

/// A fixture that serves HTTP on a port of its own; it is killed when this is dropped.
pub(crate) struct Fixture {
    _child: Child,
    /// The URL of its MCP endpoint.
    pub(crate) url: String,
}

impl Fixture {
    /// Starts one, with further options, and waits until it says where it is.
    pub(crate) async fn start(options: &[&str]) -> Self {
        let mut command = Command::new(PROGRAM);
        command.args(["--listen", "127.0.0.1:0"]).args(options).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().expect("the fixture can be run");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let line = tokio::time::timeout(Duration::from_secs(20), lines.next_line()).await;
        let url = line.expect("the fixture says where it is within 20 s").expect("its output").expect("a line");
        assert!(url.starts_with("http://127.0.0.1:") && url.ends_with("/mcp"), "no URL: {url}");
        // Whoever closes the pipe makes the next line that is printed an error.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self { _child: child, url }
    }
}
