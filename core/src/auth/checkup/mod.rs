//! The check-up of a deployment: what clients will find, seen from outside.

mod outside;
mod storage;

use std::fmt;

use super::proxy::{Defaults, OAuthProxy};
use crate::store::MemoryStore;

/// What was found about a deployment.
///
/// `Display` prints one line a finding, for a person at a terminal.
#[derive(Clone, Debug, Default)]
#[must_use = "a check-up changes nothing: print what was found"]
pub struct CheckUp {
    findings: Vec<Finding>,
}

/// One thing that was looked at.
#[derive(Clone, Debug)]
pub struct Finding {
    what: &'static str,
    verdict: Verdict,
    detail: String,
}

/// How it was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// As it should be.
    Good,
    /// It cannot be told from here.
    Unknown,
    /// It works, and somebody will regret it.
    Doubtful,
    /// Clients will not get through.
    Bad,
}

impl CheckUp {
    /// What was found, in the order in which it was looked for.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Whether nothing is bad.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.findings.iter().all(|finding| finding.verdict != Verdict::Bad)
    }

    pub(crate) fn append(&mut self, other: Self) {
        self.findings.extend(other.findings);
    }

    pub(crate) fn add(&mut self, what: &'static str, verdict: Verdict, detail: impl Into<String>) {
        self.findings.push(Finding { what, verdict, detail: detail.into() });
    }
}

impl Finding {
    /// What was looked at, in a word or two that stay the same.
    #[must_use]
    pub const fn what(&self) -> &'static str {
        self.what
    }

    /// How it was found.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// What was seen, and how to mend it.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

impl fmt::Display for CheckUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Finding { what, verdict, detail } in &self.findings {
            let verdict = match verdict {
                Verdict::Good => "good",
                Verdict::Unknown => "?",
                Verdict::Doubtful => "doubtful",
                Verdict::Bad => "BAD",
            };
            writeln!(f, "{verdict:8}  {what}: {detail}")?;
        }
        Ok(())
    }
}

impl OAuthProxy {
    /// Looks at the deployment that these options describe, while a server runs there: at its metadata, its challenge,
    /// its clock and its callback from outside, at the provider, and at secret and store from inside. It writes nothing
    /// but a record in the store, which it takes out again.
    pub async fn check_up(self, defaults: Defaults<'_>) -> CheckUp {
        let mut found = CheckUp::default();
        storage::look(&self, &defaults, &mut found).await;
        // The store of the running server stays its own.
        match self.store(MemoryStore::new()).build(defaults) {
            Ok(gate) => outside::look(&gate, &mut found).await,
            Err(mistakes) => {
                mistakes.iter().for_each(|mistake| found.add("configuration", Verdict::Bad, mistake.to_string()))
            }
        }
        found
    }
}
