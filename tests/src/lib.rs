//! What the end-to-end tests share: a server in a process of its own, a person at a browser, and `rmcp` as the client.

pub mod browser;
pub mod client;
pub mod server;

use std::path::{Path, PathBuf};

/// The code in the READMEs compiles.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
#[doc = include_str!("../../README.ko.md")]
struct Readme;

/// The root of the repository.
#[must_use]
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// The folder that `scripts/setup-clients` fills: clients, Node.js and Python. A second call returns at once.
///
/// # Panics
///
/// If the set-up fails; its own output says why.
#[must_use]
pub fn clients() -> PathBuf {
    static FOLDER: std::sync::OnceLock<PathBuf> = std::sync::OnceLock::new();
    let set_up = || {
        let output = std::process::Command::new(repository().join("scripts/setup-clients"))
            .stderr(std::process::Stdio::inherit())
            .output()
            .expect("scripts/setup-clients can be run");
        assert!(output.status.success(), "scripts/setup-clients failed, see above");
        let output = String::from_utf8(output.stdout).expect("a path in UTF-8");
        output.lines().last().expect("the folder on the last line").into()
    };
    FOLDER.get_or_init(set_up).clone()
}
