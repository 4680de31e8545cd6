//! What the model is told of a failure, and what only the log is.

use std::any::Any;
use std::time::Duration;

use crate::RequestContext;
use crate::protocol::CallToolResult;
use crate::tool_error::{Chain, Kind, ToolError};

/// A call of a tool, as its failures are told.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) tool: &'a str,
    pub(super) context: &'a RequestContext,
}

impl Call<'_> {
    /// The result of a call that failed.
    pub(super) fn failed(self, error: ToolError) -> CallToolResult {
        let Self { tool, context } = self;
        let reference = context.reference();
        match error.into_kind() {
            Kind::Told { text, cause: None } => CallToolResult::error(text),
            Kind::Told { text, cause: Some(cause) } => {
                let error = Chain(&*cause);
                tracing::warn!(tool, %reference, %error, told = %text, "a tool failed");
                if context.shared.expose_errors {
                    return CallToolResult::error(format!("{text}: {error}"));
                }
                CallToolResult::error(text)
            }
            Kind::Foreign(cause) => {
                let error = Chain(&*cause);
                tracing::error!(tool, %reference, %error, "a tool failed");
                if context.shared.expose_errors {
                    return CallToolResult::error(error.to_string());
                }
                self.internal()
            }
        }
    }

    /// The result of a call that took too long.
    pub(super) fn timed_out(self, limit: Duration) -> CallToolResult {
        tracing::warn!(tool = self.tool, reference = %self.context.reference(), ?limit, "a tool ran into its timeout");
        CallToolResult::error(format!("the tool did not finish within {limit:?}"))
    }

    /// The result of a call that panicked.
    pub(super) fn panicked(self, panic: &(dyn Any + Send)) -> CallToolResult {
        let said = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        let (tool, reference) = (self.tool, self.context.reference());
        tracing::error!(tool, %reference, panic = said.unwrap_or("?"), "a tool panicked");
        self.internal()
    }

    /// The result that tells nothing but where the log has more.
    fn internal(self) -> CallToolResult {
        CallToolResult::error(format!("internal error (reference {})", self.context.reference()))
    }
}
