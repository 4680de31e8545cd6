//! `Cancelled`: whether anybody still waits for the answer.

use std::future::IntoFuture;

use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::{FromContext, Rejection};
use crate::RequestContext;

/// Tells that the client cancelled the call, or went away (MCP 2026-07-28, Cancellation).
///
/// A function without it is simply dropped at its next `.await`. One that takes it is told instead, and has 5 s to
/// come to its end. In the handshake revisions a client that goes away has not cancelled.
///
/// ```
/// use dari::prelude::*;
/// # async fn work() -> String { String::new() }
/// # async fn undo() {}
///
/// /// Works, and tidies up where nobody waits for it.
/// #[mcp_tool]
/// async fn transfer(cancelled: Cancelled) -> Result<String, ToolError> {
///     tokio::select! {
///         done = work() => Ok(done),
///         () = cancelled.wait() => {
///             undo().await;
///             Err(ToolError::new("cancelled"))
///         }
///     }
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Cancelled(CancellationToken);

impl Cancelled {
    /// Whether it was: for a plain `fn`, which cannot wait.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.is_cancelled()
    }

    /// Waits until it is.
    pub async fn wait(&self) {
        self.0.cancelled().await;
    }
}

impl IntoFuture for Cancelled {
    type Output = ();
    type IntoFuture = WaitForCancellationFutureOwned;

    fn into_future(self) -> Self::IntoFuture {
        self.0.cancelled_owned()
    }
}

impl FromContext for Cancelled {
    async fn from_context(context: &RequestContext) -> Result<Self, Rejection> {
        Ok(Self(context.exchange.cancellation().clone()))
    }
}
