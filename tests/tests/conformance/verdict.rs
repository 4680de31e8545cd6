//! What the suite says of one scenario.

use std::path::Path;

use serde::Deserialize;

/// Checks that the suite skips whatever the server does.
const SKIPPED: [&str; 1] = ["tasks-status-notifications"];

/// Checks that only tell what happened. Another `INFO` tells that something could not be tested.
const INFORMATION: [&str; 5] =
    ["incoming-response", "incoming-sse-event", "outgoing-request", "server-sse-streams-functional", "stream-closed"];

/// A scenario's checks, or why there are none.
pub(crate) struct Verdict {
    pub(crate) scenario: String,
    checks: Result<Vec<Check>, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Check {
    id: String,
    #[serde(default)]
    description: String,
    status: String,
    error_message: Option<String>,
}

impl Verdict {
    /// Reads a `checks.json`. A scenario that broke off leaves none.
    pub(crate) fn read(scenario: &str, file: &Path) -> Self {
        let checks = std::fs::read(file).map_err(|error| format!("it broke off: no checks.json ({error})"));
        let checks = checks.and_then(|text| serde_json::from_slice(&text).map_err(|error| error.to_string()));
        Self { scenario: scenario.to_owned(), checks }
    }

    /// How many checks were passed.
    pub(crate) fn passed(&self) -> usize {
        self.checks.iter().flatten().filter(|check| check.status == "SUCCESS").count()
    }

    /// What is to be mended: failures and warnings, and what was not tested although it can be.
    pub(crate) fn faults(&self) -> Vec<String> {
        let checks = match &self.checks {
            Err(problem) => return vec![format!("{}: {problem}", self.scenario)],
            Ok(checks) => checks,
        };
        let mut faults: Vec<_> = checks.iter().filter(|check| check.is_fault()).map(|check| self.told(check)).collect();
        if checks.is_empty() {
            faults.push(format!("{}: it checked nothing", self.scenario));
        }
        faults
    }

    fn told(&self, Check { id, description, status, error_message }: &Check) -> String {
        let message = error_message.as_deref().unwrap_or("no message");
        format!("{} › {id} [{status}]\n  {description}\n  {message}", self.scenario)
    }
}

impl Check {
    fn is_fault(&self) -> bool {
        match self.status.as_str() {
            "SUCCESS" => false,
            "SKIPPED" => !SKIPPED.contains(&self.id.as_str()),
            "INFO" => !INFORMATION.contains(&self.id.as_str()),
            _ => true,
        }
    }
}
