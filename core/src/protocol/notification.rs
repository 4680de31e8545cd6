//! Notifications: messages that want no answer.

use bytes::Bytes;
use serde::Serialize;

use super::one_line;

/// A JSON-RPC notification.
#[derive(Debug, Serialize)]
pub(crate) struct Notification<T> {
    pub(super) jsonrpc: &'static str,
    pub(super) method: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) params: Option<T>,
}

impl<T: Serialize> Notification<T> {
    pub(crate) const fn new(method: &'static str, params: T) -> Self {
        Self { jsonrpc: "2.0", method, params: Some(params) }
    }

    /// As it goes over the wire.
    pub(crate) fn to_json(&self) -> Result<Bytes, serde_json::Error> {
        serde_json::to_vec(self).map(one_line)
    }
}
