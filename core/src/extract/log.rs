//! `Log`: messages for the client's log.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use super::{FromContext, Rejection, Requirements};
use crate::RequestContext;
use crate::exchange::{Exchange, Said};
use crate::protocol::{LoggingLevel, Notification};

/// Writes to the log of the client, at the levels that the request opted in to (MCP 2026-07-28, Logging).
///
/// It is for what the client's user may read; what the server's owner needs goes to `tracing`. Secrets belong in
/// neither. May be used from any thread.
///
/// ```
/// use dari::prelude::*;
///
/// /// Looks something up.
/// #[mcp_tool]
/// async fn look_up(word: String, log: Log) -> String {
///     log.info(format!("looking for {word}"));
///     word
/// }
/// ```
#[derive(Clone)]
pub struct Log {
    exchange: Arc<Exchange>,
    least: Option<LoggingLevel>,
    logger: Option<Arc<str>>,
}

#[derive(Serialize)]
struct Params<'a, T> {
    level: LoggingLevel,
    #[serde(skip_serializing_if = "Option::is_none")]
    logger: Option<&'a str>,
    data: T,
}

impl Log {
    /// The same log with a name for what writes to it (`logger`).
    #[must_use]
    pub fn named(mut self, logger: impl Into<Arc<str>>) -> Self {
        self.logger = Some(logger.into());
        self
    }

    /// Whether the client wants messages of this level.
    #[must_use]
    pub fn is_wanted(&self, level: LoggingLevel) -> bool {
        self.least.is_some_and(|least| level >= least)
    }

    /// Writes data, a text most of the time. What cannot be written as JSON is left out, and said in the server's own
    /// log.
    pub fn write(&self, level: LoggingLevel, data: impl Serialize) {
        if !self.is_wanted(level) {
            return;
        }
        let params = Params { level, logger: self.logger.as_deref(), data };
        match Notification::new("notifications/message", params).to_json() {
            Ok(notification) => self.exchange.say(Said::Notification(notification)),
            Err(error) => tracing::warn!("a log message for the client cannot be written as JSON: {error}"),
        }
    }

    /// [`write`](Self::write) at [`LoggingLevel::Debug`].
    pub fn debug(&self, data: impl Serialize) {
        self.write(LoggingLevel::Debug, data);
    }

    /// [`write`](Self::write) at [`LoggingLevel::Info`].
    pub fn info(&self, data: impl Serialize) {
        self.write(LoggingLevel::Info, data);
    }

    /// [`write`](Self::write) at [`LoggingLevel::Warning`].
    pub fn warning(&self, data: impl Serialize) {
        self.write(LoggingLevel::Warning, data);
    }

    /// [`write`](Self::write) at [`LoggingLevel::Error`].
    pub fn error(&self, data: impl Serialize) {
        self.write(LoggingLevel::Error, data);
    }
}

impl FromContext for Log {
    async fn from_context(context: &RequestContext) -> Result<Self, Rejection> {
        Ok(Self { exchange: Arc::clone(&context.exchange), least: context.log_level, logger: None })
    }

    fn requires(requirements: &mut Requirements) {
        requirements.logs = true;
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Log").field("least", &self.least).field("logger", &self.logger).finish_non_exhaustive()
    }
}
