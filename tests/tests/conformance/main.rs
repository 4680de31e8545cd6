//! The official conformance suite against the fixture server: both requirement sets whole, with the scenarios that the
//! suite runs but does not score, and without a warning.

mod fixture;
mod verdict;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use dari_tests::clients;
use tokio::process::Command;

use fixture::Fixture;
use verdict::Verdict;

/// A revision, how many of its scenarios are scored, and which are run without a score.
struct Requirements {
    revision: &'static str,
    scored: usize,
    unscored: &'static [&'static str],
}

const REQUIREMENTS: [Requirements; 2] = [
    Requirements {
        revision: "2025-11-25",
        scored: 30,
        unscored: &["json-schema-2020-12", "server-session-lifecycle", "server-sse-polling"],
    },
    Requirements {
        revision: "2026-07-28",
        scored: 37,
        unscored: &[
            "http-custom-header-server-validation",
            "http-header-validation",
            "json-schema-2020-12",
            "tasks-capability-negotiation",
            "tasks-dispatch-and-envelope",
            "tasks-lifecycle",
            "tasks-mrtr-composition",
            "tasks-mrtr-input",
            "tasks-request-headers",
            "tasks-request-state-removal",
            "tasks-required-task-error",
            "tasks-status-notifications",
            "tasks-wire-fields",
        ],
    },
];

#[tokio::test]
async fn the_official_suite_finds_no_fault() {
    tokio::task::spawn_blocking(clients).await.expect("the set-up ends");
    // One process serves both eras, at the same time.
    let fixture = Fixture::start(&[]).await;
    let [legacy, modern] = &REQUIREMENTS;
    let (legacy, modern) = tokio::join!(judge(legacy, &fixture.url), judge(modern, &fixture.url));
    let faults = [legacy, modern].concat();
    assert!(faults.is_empty(), "{} faults:\n\n{}", faults.len(), faults.join("\n\n"));
}

/// Runs a requirement set; every fault that it found, as a readable text.
async fn judge(requirements: &Requirements, url: &str) -> Vec<String> {
    let Requirements { revision, scored, unscored } = requirements;
    let folder = tempfile::tempdir().expect("a folder");
    let clients = clients();
    let suite = Command::new(clients.join("bin/node"))
        .arg(clients.join("node_modules/@modelcontextprotocol/conformance/dist/index.js"))
        .args(["server", "--url", url, "--requirements", revision, "-o"])
        .arg(folder.path())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let limit = Duration::from_secs(180);
    let output =
        tokio::time::timeout(limit, suite).await.expect("the suite ends in time").expect("the suite can be run");

    let verdicts = verdicts(folder.path());
    let mut faults: Vec<_> =
        verdicts.iter().flat_map(Verdict::faults).map(|fault| format!("{revision} {fault}")).collect();
    let ran: BTreeSet<_> = verdicts.iter().map(|verdict| verdict.scenario.as_str()).collect();
    faults.extend(
        unscored.iter().filter(|name| !ran.contains(*name)).map(|name| format!("{revision} {name}: it was not run")),
    );
    let counted = ran.iter().filter(|name| !unscored.contains(name)).count();
    if counted != *scored {
        faults.push(format!("{revision}: {counted} scored scenarios were run instead of {scored}: {ran:?}"));
    }
    if !output.status.success() && faults.is_empty() {
        faults.push(format!("{revision}: the suite failed: {}", String::from_utf8_lossy(&output.stdout)));
    }
    let checks: usize = verdicts.iter().map(Verdict::passed).sum();
    println!("{revision}: {counted} scored and {} other scenarios, {checks} checks passed", ran.len() - counted);
    faults
}

/// What the suite wrote: a folder a scenario, `server-NAME-TIME`.
fn verdicts(folder: &Path) -> Vec<Verdict> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut verdicts: Vec<_> = entries
        .map(|entry| {
            let path = entry.expect("a folder").path();
            let name = path.file_name().and_then(|name| name.to_str()).expect("a name in UTF-8");
            let scenario = name.strip_prefix("server-").expect("the folder of a server's scenario");
            // "-2026-11-24T13-29-48-630Z"
            let scenario = &scenario[..scenario.len().checked_sub(25).expect("a time after the name")];
            Verdict::read(scenario, &path.join("checks.json"))
        })
        .collect();
    verdicts.sort_by(|a, b| a.scenario.cmp(&b.scenario));
    verdicts
}
