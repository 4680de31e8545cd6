//! `Reconnect`: a call that takes long need not hold its connection.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{FromContext, Rejection};
use crate::RequestContext;
use crate::exchange::{Exchange, Said};

/// Lets the client hang up while a long call goes on, and come back for the rest (MCP 2025-11-25, Transports, Sending
/// Messages to the Server).
///
/// It is for clients of `2025-11-25` over HTTP, which can take up the stream of a call where it ended. For all others it
/// does nothing: in the current revision hanging up cancels, and what takes long is a task.
///
/// ```
/// use std::time::Duration;
///
/// use dari::prelude::*;
/// use dari::Reconnect;
/// # async fn render() -> String { String::new() }
///
/// /// Renders a film.
/// #[mcp_tool]
/// async fn film(reconnect: Reconnect) -> String {
///     // Nothing will be heard of it for a while.
///     reconnect.after(Duration::from_secs(20));
///     render().await
/// }
/// ```
#[derive(Clone)]
pub struct Reconnect(Arc<Exchange>);

impl Reconnect {
    /// Ends the connection once everything that was said before has been sent; the client comes back after this time.
    pub fn after(&self, time: Duration) {
        self.0.say(Said::Reconnect(time));
    }
}

impl FromContext for Reconnect {
    async fn from_context(context: &RequestContext) -> Result<Self, Rejection> {
        Ok(Self(Arc::clone(&context.exchange)))
    }
}

impl fmt::Debug for Reconnect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reconnect").finish_non_exhaustive()
    }
}
