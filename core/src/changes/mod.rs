//! `Changes`: how an application says that something has changed, and how that reaches those who asked.

mod hub;
mod subscription;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use hub::Hub;
pub(crate) use hub::TooMany;
pub(crate) use subscription::{Reader, Subscription};

use crate::RequestContext;
use crate::extract::{FromContext, Rejection, Requirements};
use crate::protocol::{Change, SubscriptionFilter};

/// Tells clients that something has changed: the list of tools, of prompts or of resources, or one resource (MCP
/// 2026-07-28, Subscriptions).
///
/// Clients hear of what they asked for: over `subscriptions/listen`, and in the handshake revisions over their GET
/// stream and `resources/subscribe`. What is told is that something changed, not how often: a client that has not been
/// told yet is told once.
///
/// A program that has changes to tell makes one and gives it to its server, which then declares that it tells them:
///
/// ```
/// use dari::prelude::*;
/// use dari::Changes;
///
/// let changes = Changes::new();
/// let server = McpServer::new("notes", "1.0.0").changes(changes.clone());
/// // Later, from any thread:
/// changes.resource("note://groceries");
/// ```
///
/// A function that has changes to tell takes it as a parameter, and the server needs nothing else:
///
/// ```
/// use dari::prelude::*;
/// use dari::Changes;
///
/// /// Writes a note.
/// #[mcp_tool]
/// async fn write(name: String, text: String, changes: Changes) -> String {
///     // …
///     changes.resource(&format!("note://{name}"));
///     format!("{} characters", text.len())
/// }
/// ```
#[derive(Clone, Default)]
pub struct Changes(Arc<Hub>);

impl Changes {
    /// One that nobody listens to yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The list of tools has changed (`notifications/tools/list_changed`).
    pub fn tools(&self) {
        self.0.publish(&Change::Tools);
    }

    /// The list of prompts has changed (`notifications/prompts/list_changed`).
    pub fn prompts(&self) {
        self.0.publish(&Change::Prompts);
    }

    /// The list of resources, or of their templates, has changed (`notifications/resources/list_changed`).
    pub fn resources(&self) {
        self.0.publish(&Change::Resources);
    }

    /// What is at this URI has changed (`notifications/resources/updated`): the URI of a resource, or one that a
    /// template fits.
    pub fn resource(&self, uri: &str) {
        self.0.publish(&Change::Resource(uri.into()));
    }

    /// A subscription of this caller; without a login all callers are one.
    pub(crate) fn subscribe(
        &self,
        filter: &SubscriptionFilter,
        subject: Option<&str>,
    ) -> Result<Subscription, TooMany> {
        Subscription::new(&self.0, filter, subject)
    }

    /// Hangs up on readers that take nothing; whether there are subscriptions at all.
    pub(crate) fn hang_up_on_stalled(&self) -> bool {
        self.0.hang_up_on_stalled()
    }
}

impl FromContext for Changes {
    async fn from_context(context: &RequestContext) -> Result<Self, Rejection> {
        Ok(context.shared.changes.clone())
    }

    fn requires(requirements: &mut Requirements) {
        requirements.changes = true;
    }
}

impl fmt::Debug for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Changes").finish_non_exhaustive()
    }
}
