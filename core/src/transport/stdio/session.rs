//! What `initialize` settled for a connection (MCP 2025-11-25, Lifecycle).

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use serde_json::value::RawValue;

use crate::changes::{Subscription, TooMany};
use crate::protocol::{LoggingLevel, ProtocolVersion, RawJson};
use crate::transport::handshake::Initialize;

/// The session of a connection: there is one, and it ends with it.
pub(super) struct Session {
    pub(super) version: ProtocolVersion,
    pub(super) client_info: RawJson,
    pub(super) client_capabilities: RawJson,
    log_level: Mutex<Option<LoggingLevel>>,
    /// What the client is told of changes.
    watch: Mutex<Option<Arc<Subscription>>>,
}

impl Session {
    pub(super) fn open(params: &Initialize<'_>) -> Self {
        // A copy, for the message that they stand in need not live as long as the session.
        let copied = |value: Option<&RawValue>| {
            RawJson::new(value.map_or_else(Bytes::new, |value| Bytes::copy_from_slice(value.get().as_bytes())))
        };
        Self {
            version: params.version(),
            client_info: copied(params.client_info),
            client_capabilities: copied(params.capabilities),
            log_level: Mutex::default(),
            watch: Mutex::default(),
        }
    }

    /// The least level of the log messages that the client wants.
    pub(super) fn log_level(&self) -> Option<LoggingLevel> {
        *self.log_level.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_log_level(&self, level: LoggingLevel) {
        *self.log_level.lock().unwrap_or_else(PoisonError::into_inner) = Some(level);
    }

    /// What the client is told of changes, from here on at the latest; whether it is new.
    pub(super) fn watch_or(
        &self,
        subscribe: impl FnOnce() -> Result<Subscription, TooMany>,
    ) -> Result<(Arc<Subscription>, bool), TooMany> {
        let mut watch = self.watch.lock().unwrap_or_else(PoisonError::into_inner);
        match &*watch {
            Some(watch) => Ok((Arc::clone(watch), false)),
            None => Ok((Arc::clone(watch.insert(Arc::new(subscribe()?))), true)),
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // Whoever reads it holds on to it.
        if let Some(watch) = self.watch.get_mut().unwrap_or_else(PoisonError::into_inner) {
            watch.end();
        }
    }
}
