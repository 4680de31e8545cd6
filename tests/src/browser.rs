//! A person at a real, headless Chromium (`tests/clients/browser.mjs`).

use serde::Deserialize;
use tokio::process::Command;

use crate::{clients, repository};

/// What the person saw and where they ended.
#[derive(Debug, Deserialize)]
pub struct Visit {
    /// The kinds of pages, in order: `consent`, `login`, `permission`.
    pub steps: Vec<String>,
    /// Where the browser was sent at last, without its query.
    pub r#final: String,
    /// The OAuth error code in that redirect, if there was one.
    pub error: Option<String>,
    /// The scopes that the client asked for.
    pub scope: Option<String>,
    /// The `client_id` that it did so with.
    pub client: String,
}

/// Opens an authorization URL and does what the page asks: consents, logs in, permits.
///
/// # Panics
///
/// If the browser gets stuck; it says where.
pub async fn log_in(authorization_url: &str, options: &[&str]) -> Visit {
    let folder = tokio::task::spawn_blocking(clients).await.expect("the set-up ends");
    let output = Command::new(folder.join("bin/node"))
        .arg(repository().join("tests/clients/browser.mjs"))
        .arg(authorization_url)
        .args(["--user", "test", "--password", "test"])
        .args(options)
        .env("CLIENTS_DIR", &folder)
        .output()
        .await
        .expect("Node.js can be run");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "the browser got stuck: {stderr}");
    serde_json::from_slice(&output.stdout).expect("one line of JSON")
}
