//! The drivers of `tests/clients`.

use std::process::Stdio;
use std::time::Duration;

use dari_tests::{clients, repository};
use serde_json::Value;
use tokio::process::Command;

use crate::fixture::{Fixture, PROGRAM};

/// How a client reaches the fixture.
#[derive(Clone, Copy, PartialEq)]
enum Over {
    Http,
    Stdio,
}

async fn drive(driver: &str, mode: &str, over: Over) {
    let folder = tokio::task::spawn_blocking(clients).await.expect("the set-up ends");
    let program = if driver.ends_with(".py") { "python/bin/python" } else { "bin/node" };
    let mut command = Command::new(folder.join(program));
    command.arg(repository().join("tests/clients").join(driver)).arg(mode);
    let _fixture = match over {
        Over::Http => {
            let fixture = Fixture::start(&[]).await;
            command.arg(&fixture.url);
            Some(fixture)
        }
        Over::Stdio => {
            command.args([PROGRAM, "--stdio"]);
            None
        }
    };
    // Where the drivers find what is installed.
    command.env("CARGO_TARGET_DIR", folder.parent().expect("a folder above")).env("PYTHONDONTWRITEBYTECODE", "1");
    let run = command.stdin(Stdio::null()).kill_on_drop(true).output();
    let output = tokio::time::timeout(Duration::from_secs(150), run).await;
    let output = output.expect("the driver ends in time").expect("the driver can be run");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{driver} {mode}: {}\n{stderr}", output.status);

    let stdout = String::from_utf8(output.stdout).expect("UTF-8");
    let row: Value = serde_json::from_str(stdout.lines().last().unwrap_or_default()).expect("a line of JSON");
    println!("{row}");
    assert_eq!(row["protocol"], if mode == "auto" { "2026-07-28" } else { "2025-11-25" });
}

macro_rules! drivers {
    ($($test:ident: $driver:literal, $mode:literal, $over:ident;)*) => {$(
        #[tokio::test]
        async fn $test() {
            drive($driver, $mode, Over::$over).await;
        }
    )*};
}

drivers! {
    ts_auto_http: "fixture_ts.mjs", "auto", Http;
    ts_auto_stdio: "fixture_ts.mjs", "auto", Stdio;
    ts_legacy_http: "fixture_ts.mjs", "legacy", Http;
    ts_legacy_stdio: "fixture_ts.mjs", "legacy", Stdio;
    mcp_auto_http: "fixture_mcp.py", "auto", Http;
    mcp_auto_stdio: "fixture_mcp.py", "auto", Stdio;
    mcp_legacy_http: "fixture_mcp.py", "legacy", Http;
    mcp_legacy_stdio: "fixture_mcp.py", "legacy", Stdio;
    inspector_auto_http: "fixture_inspector.mjs", "auto", Http;
    inspector_auto_stdio: "fixture_inspector.mjs", "auto", Stdio;
    inspector_legacy_http: "fixture_inspector.mjs", "legacy", Http;
    inspector_legacy_stdio: "fixture_inspector.mjs", "legacy", Stdio;
}
