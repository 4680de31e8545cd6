//! `Progress`: how far a call is.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use serde::Serialize;

use super::{FromContext, Rejection};
use crate::RequestContext;
use crate::exchange::{Exchange, Said};
use crate::protocol::{Notification, RawJson};

/// Tells the client how far the call is (MCP 2026-07-28, Progress).
///
/// Silent where the client did not ask for it. May be used from any thread, so a plain `fn` can report, too.
///
/// ```
/// use dari::prelude::*;
///
/// /// Counts slowly.
/// #[mcp_tool]
/// async fn count(to: u32, progress: Progress) -> String {
///     for number in 1..=to {
///         progress.report(number, f64::from(to), format!("at {number}"));
///     }
///     format!("counted to {to}")
/// }
/// ```
#[derive(Clone)]
pub struct Progress(Option<Arc<Reporter>>);

struct Reporter {
    exchange: Arc<Exchange>,
    token: RawJson,
    last: Mutex<Option<f64>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Params<'a> {
    progress_token: &'a RawJson,
    progress: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

impl Progress {
    /// Reports that so much is done, of so much in all where that is known, with a message for people where there is
    /// one.
    ///
    /// Progress only ever increases: a report that does not is left out, as is one that is no finite number.
    pub fn report(&self, done: impl Into<f64>, total: impl Into<Option<f64>>, message: impl IntoMessage) {
        let Some(reporter) = &self.0 else { return };
        let (progress, total) = (done.into(), total.into().filter(|total| total.is_finite()));
        if !progress.is_finite() {
            return;
        }
        // The lock is held until it is said, so that two threads cannot swap their reports.
        let mut last = reporter.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.is_some_and(|last| progress <= last) {
            return;
        }
        *last = Some(progress);
        let params = Params { progress_token: &reporter.token, progress, total, message: message.into_message() };
        if let Ok(notification) = Notification::new("notifications/progress", params).to_json() {
            reporter.exchange.say(Said::Notification(notification));
        }
    }

    /// Whether anybody listens: where nobody does, what leads to a report need not be done either.
    #[must_use]
    pub const fn is_wanted(&self) -> bool {
        self.0.is_some()
    }
}

/// What a progress message may be given as: text, or `None`.
pub trait IntoMessage {
    /// The message.
    fn into_message(self) -> Option<String>;
}

impl IntoMessage for &str {
    fn into_message(self) -> Option<String> {
        Some(self.to_owned())
    }
}

impl IntoMessage for String {
    fn into_message(self) -> Option<String> {
        Some(self)
    }
}

impl IntoMessage for Option<String> {
    fn into_message(self) -> Option<String> {
        self
    }
}

impl FromContext for Progress {
    async fn from_context(context: &RequestContext) -> Result<Self, Rejection> {
        let token: &[u8] = context.progress_token.as_bytes();
        let wanted = !token.is_empty();
        Ok(Self(wanted.then(|| {
            Arc::new(Reporter {
                exchange: Arc::clone(&context.exchange),
                token: RawJson::new(Bytes::copy_from_slice(token)),
                last: Mutex::new(None),
            })
        })))
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Progress").field("is_wanted", &self.is_wanted()).finish()
    }
}
