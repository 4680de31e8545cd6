//! What the extension `io.modelcontextprotocol/tasks` says of a task (SEP-2663).

use serde::Serialize;
use serde_json::value::RawValue;

/// The identifier of the extension, in the capabilities of both sides.
pub(crate) const TASKS: &str = "io.modelcontextprotocol/tasks";

/// `status` of a task. The last three are terminal: nothing changes after them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TaskStatus {
    /// It runs.
    Working,
    /// It waits for answers of the client.
    InputRequired,
    /// It has a result, if only one that says why it failed.
    Completed,
    /// It ended in a JSON-RPC error.
    Failed,
    /// It was cancelled.
    Cancelled,
}

/// A task with what goes with its status (`DetailedTask` in the extension). A new one has none of that, and is a
/// `CreateTaskResult`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DetailedTask {
    pub(crate) task_id: Box<str>,
    pub(crate) status: TaskStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status_message: Option<String>,
    pub(crate) created_at: String,
    pub(crate) last_updated_at: String,
    pub(crate) ttl_ms: u64,
    pub(crate) poll_interval_ms: u64,
    /// The questions that wait for an answer, of a task that requires input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) input_requests: Option<Box<RawValue>>,
    /// Of a completed task: what the request would have been answered with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) result: Option<Box<RawValue>>,
    /// Of a failed task: the JSON-RPC error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<Box<RawValue>>,
}
