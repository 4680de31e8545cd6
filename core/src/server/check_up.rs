//! The check-up of the deployment that a server's description is for.

use super::McpServer;
use crate::auth::{CheckUp, Defaults, Verdict};

impl McpServer {
    /// Looks at the deployment that this describes, while a server runs there: whether clients find its metadata and get
    /// the right challenge, whether URLs agree, the clock, the callback, the provider, the secret and the store. For a
    /// subcommand such as `doctor`.
    ///
    /// ```no_run
    /// # use dari::prelude::*;
    /// # async fn run(server: McpServer) {
    /// let found = server.check_up().await;
    /// print!("{found}");
    /// std::process::exit(i32::from(!found.is_healthy()));
    /// # }
    /// ```
    pub async fn check_up(mut self) -> CheckUp {
        let mut found = CheckUp::default();
        for problem in self.check() {
            found.add("configuration", Verdict::Bad, problem);
        }
        let Some(proxy) = self.auth.take() else {
            found.add("login", Verdict::Unknown, "the server has none, so that there is nothing to look at");
            return found;
        };
        let defaults =
            Defaults { public_url: self.public_url.take(), mcp_path: &self.path, server_name: &self.info.name };
        found.append(proxy.check_up(defaults).await);
        found
    }
}
