//! How long tasks are kept, and how many.

use std::time::Duration;

/// How a server keeps its tasks ([`McpServer::tasks`](crate::McpServer::tasks)).
///
/// ```
/// use std::time::Duration;
///
/// use dari::{McpServer, TaskSettings};
///
/// let settings = TaskSettings::new().ttl(Duration::from_secs(24 * 3600)).poll_interval(Duration::from_secs(5));
/// let server = McpServer::new("reports", "1.0.0").tasks(settings);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskSettings {
    pub(super) ttl: Duration,
    pub(super) poll_interval: Duration,
    pub(super) max_tasks: usize,
    pub(super) max_tasks_per_caller: usize,
    pub(super) max_result_bytes: usize,
}

impl TaskSettings {
    /// The settings of a server that says nothing else.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            ttl: Duration::from_secs(60 * 60),
            poll_interval: Duration::from_secs(1),
            max_tasks: 10_000,
            max_tasks_per_caller: 1_000,
            max_result_bytes: 1024 * 1024,
        }
    }

    /// How long a task is kept after its last change (`ttlMs` counts from its start); an hour unless said otherwise, and
    /// at least a second. A task that runs is kept anyway.
    #[must_use]
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = ttl.max(Duration::from_secs(1));
        self
    }

    /// How often clients are to ask (`pollIntervalMs`); each second unless said otherwise.
    #[must_use]
    pub fn poll_interval(mut self, interval: Duration) -> Self {
        self.poll_interval = interval.max(Duration::from_millis(1));
        self
    }

    /// How many tasks there may be in all, running or kept for their result; 10 000 unless said otherwise. A call that
    /// would be one more is refused.
    #[must_use]
    pub const fn max_tasks(mut self, tasks: usize) -> Self {
        self.max_tasks = tasks;
        self
    }

    /// How many of them one client of one user may have, on a server with a login; 1 000 unless said otherwise.
    #[must_use]
    pub const fn max_tasks_per_caller(mut self, tasks: usize) -> Self {
        self.max_tasks_per_caller = tasks;
        self
    }

    /// How large a result may be, as JSON; 1 MiB unless said otherwise. What is larger is better given as a
    /// [`ResourceLink`](crate::ResourceLink).
    #[must_use]
    pub const fn max_result_bytes(mut self, bytes: usize) -> Self {
        self.max_result_bytes = bytes;
        self
    }
}

impl Default for TaskSettings {
    fn default() -> Self {
        Self::new()
    }
}
