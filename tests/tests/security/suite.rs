//! The `authorization` scenarios of the official conformance suite, against the example in front of its sandbox, with a
//! person at a real browser.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use dari_tests::server::Start;
use dari_tests::{browser, clients};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::Command;

use crate::person::Person;

/// What the suite found: check, verdict, and what it says of it.
fn checks(folder: &Path) -> Vec<(String, String, String)> {
    let mut checks = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path().join("checks.json")).unwrap();
        for check in serde_json::from_str::<Vec<Value>>(&text).unwrap() {
            let text = |member: &str| check[member].as_str().unwrap_or_default().to_owned();
            checks.push((text("id"), text("status"), check.to_string()));
        }
    }
    checks.sort();
    checks
}

/// Runs metadata and code grant against an example with these options; what was found, by check.
async fn judge(options: &[&str]) -> Vec<(String, String, String)> {
    let folder = tokio::task::spawn_blocking(clients).await.unwrap();
    let (home, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let start = Start::new(env!("CARGO_BIN_EXE_naver_calendar"), home.path()).with_sandbox();
    let example = options.iter().fold(start, |start, option| start.arg(option)).start().await;
    let issuer = example.mcp_url.trim_end_matches("/mcp");
    // The suite listens at a port that it is told, and wants exactly this redirect URI.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let metadata = json!({ "redirect_uris": [format!("http://127.0.0.1:{port}/callback")], "client_name": "suite" });
    let client = Person::at(&example).register("127.0.0.1", &metadata).await.unwrap().unwrap();
    let mut suite = Command::new(folder.join("bin/node"))
        .arg(folder.join("node_modules/@modelcontextprotocol/conformance/dist/index.js"))
        .args(["authorization", "--url", issuer, "--client-id", &client, "--resource", &example.mcp_url])
        .args(["-p", &port.to_string(), "-o"])
        .arg(out.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(suite.stdout.take().unwrap()).lines();
    let mut said = String::new();
    let ended = async {
        while let Some(line) = lines.next_line().await.unwrap() {
            said.push_str(&line);
            said.push('\n');
            if line.trim().starts_with(&format!("{issuer}/authorize?")) {
                let visit = browser::log_in(line.trim(), &["--calendar", "yes"]).await;
                assert_eq!(visit.steps, ["consent", "login", "permission"]);
            }
        }
        suite.wait().await.unwrap()
    };
    let status = tokio::time::timeout(Duration::from_secs(120), ended).await.expect("the suite ends in time");
    let mut errors = String::new();
    suite.stderr.take().unwrap().read_to_string(&mut errors).await.unwrap();
    assert!(status.success(), "{said}\n{errors}");
    example.stop().await;
    checks(out.path())
}

#[track_caller]
fn passes(checks: &[(String, String, String)], names: &[&str]) {
    for name in names {
        let check = checks.iter().find(|(id, ..)| id == name).unwrap_or_else(|| panic!("no {name} in {checks:?}"));
        assert_eq!(check.1, "SUCCESS", "{}", check.2);
    }
}

#[tokio::test]
async fn suite_authorization_passes_without_client_documents() {
    let checks = judge(&["--no-client-documents"]).await;
    passes(&checks, &["authorization-server-metadata", "authorization-code-grant"]);
    // That documents are not advertised is what was asked for; it may warn of that, and of nothing else.
    for (id, status, text) in &checks {
        let wanted = id == "authorization-server-metadata-cimd" && status == "WARNING";
        assert!(status == "SUCCESS" || status == "INFO" || wanted, "{text}");
    }
}

#[tokio::test]
async fn suite_authorization_passes_with_client_documents_and_without_a_warning() {
    let checks = judge(&["--client-documents"]).await;
    passes(
        &checks,
        &["authorization-server-metadata", "authorization-server-metadata-cimd", "authorization-code-grant"],
    );
    for (_, status, text) in &checks {
        assert!(status == "SUCCESS" || status == "INFO", "{text}");
    }
}
