//! `Task`: where in its function a call becomes a task.

use std::fmt;
use std::sync::Arc;

use super::{FromContext, Rejection, Requirements};
use crate::RequestContext;
use crate::exchange::Exchange;

/// Says from where on a call is a task, and how it goes (extension `io.modelcontextprotocol/tasks`, SEP-2663).
///
/// A tool under `#[mcp_tool(task)]` becomes a task when it is called by a client that knows tasks: the client gets an id
/// at once and asks for the result later. Without this parameter that is before its function runs. With it, the function
/// says when, or that it need not be at all: what is quick is answered in place.
///
/// ```
/// use dari::prelude::*;
///
/// /// The user's own words for it.
/// #[derive(serde::Deserialize, schemars::JsonSchema)]
/// struct Title {
///     /// What shall the report be called?
///     title: String,
/// }
///
/// /// Writes a long report.
/// #[mcp_tool(task)]
/// async fn write_report(pages: u32, ask: Ask, task: Task) -> Result<String, ToolError> {
///     // Before the task begins, this is asked in the answer to the request itself.
///     let Title { title } = ask.form("title", "The report needs a title").await?;
///     if pages > 1 {
///         task.begin().await;
///     }
///     for page in 1..=pages {
///         task.message(format!("page {page} of {pages}"));
///     }
///     Ok(format!("{title}, on {pages} pages"))
/// }
/// ```
///
/// For a client that knows no tasks, the function runs as any other does, and nothing here has an effect. The revisions
/// before 2026-07-28 have no such extension.
///
/// A plain `fn` cannot wait, so it is a task before it runs; it may still send messages. A `timeout` of the tool counts from
/// the start of the call, and goes on while questions wait for their answers.
#[derive(Clone)]
pub struct Task(Arc<Exchange>);

impl Task {
    /// Makes the call a task, where it may be one and is not one yet.
    ///
    /// The function goes on from here, without having been started again. From here on, questions ([`Ask`](crate::Ask))
    /// wait for their answers, and progress and log messages are not sent.
    ///
    /// Does not return where the task cannot be kept: its client then has an error for an answer, and the call is over.
    /// Where questions are still open, they come first; the function then runs again when they are answered.
    pub async fn begin(&self) {
        self.0.begin_task().await;
    }

    /// Tells the client how the task is going, in words (`statusMessage`): the last ones are there to be read.
    pub fn message(&self, message: impl Into<String>) {
        self.0.set_status_message(message.into());
    }
}

impl FromContext for Task {
    async fn from_context(context: &RequestContext) -> Result<Self, Rejection> {
        Ok(Self(Arc::clone(&context.exchange)))
    }

    fn requires(requirements: &mut Requirements) {
        requirements.task = true;
    }
}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task").finish_non_exhaustive()
    }
}
