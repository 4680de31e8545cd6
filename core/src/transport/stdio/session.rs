//! What `initialize` settled for a connection (MCP 2025-11-25, Lifecycle).

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use serde_json::value::RawValue;

use crate::protocol::{LoggingLevel, ProtocolVersion, RawJson};
use crate::transport::handshake::Initialize;

/// The session of a connection: there is one, and it ends with it.
pub(super) struct Session {
    pub(super) version: ProtocolVersion,
    pub(super) client_info: RawJson,
    pub(super) client_capabilities: RawJson,
    log_level: Mutex<Option<LoggingLevel>>,
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
        }
    }

    /// The least level of the log messages that the client wants.
    pub(super) fn log_level(&self) -> Option<LoggingLevel> {
        *self.log_level.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_log_level(&self, level: LoggingLevel) {
        *self.log_level.lock().unwrap_or_else(PoisonError::into_inner) = Some(level);
    }
}
