//! What a request says of itself: its `_meta`.

use std::borrow::Cow;

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

use super::Implementation;

/// The key under which every stateless result names the server (MCP 2026-07-28, Overview, `_meta`).
pub(crate) const SERVER_INFO: &str = "io.modelcontextprotocol/serverInfo";

/// Name and version of the client that sent the request, as it says itself: for display and logs, never for decisions.
pub type ClientInfo = Implementation;

/// JSON that is kept as it was sent and read only by who wants it: most calls never look.
#[derive(Clone, Debug, Default)]
pub(crate) struct RawJson(Bytes);

impl RawJson {
    /// A value inside `body`, without a copy.
    pub(crate) fn within(body: &Bytes, value: Option<&RawValue>) -> Self {
        Self(value.map_or_else(Bytes::new, |value| body.slice_ref(value.get().as_bytes())))
    }

    pub(crate) const fn new(json: Bytes) -> Self {
        Self(json)
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The value, if there is one of this form.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.0).ok()
    }
}

/// As it was sent; `null` where there was nothing.
impl Serialize for RawJson {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw: Option<&RawValue> = serde_json::from_slice(&self.0).ok();
        raw.serialize(serializer)
    }
}

/// The `_meta` of a request, as it was sent (MCP 2026-07-28, Overview, `_meta`).
#[derive(Clone, Debug, Default)]
pub struct RequestMeta(pub(crate) RawJson);

impl RequestMeta {
    /// The whole object as JSON text; `{}` where there was none.
    #[must_use]
    pub fn as_json(&self) -> &str {
        match std::str::from_utf8(self.0.as_bytes()) {
            Ok(json) if !json.is_empty() => json,
            _ => "{}",
        }
    }

    /// The value of one key, if it is there and has this form.
    #[must_use]
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        let mut object: serde_json::Map<String, serde_json::Value> = self.0.read()?;
        serde_json::from_value(object.remove(key)?).ok()
    }
}

/// The keys of `_meta` that have a meaning to the protocol, borrowed from it.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct ProtocolMeta<'a> {
    #[serde(borrow, rename = "io.modelcontextprotocol/protocolVersion")]
    pub(crate) protocol_version: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "io.modelcontextprotocol/clientInfo")]
    pub(crate) client_info: Option<&'a RawValue>,
    #[serde(borrow, rename = "io.modelcontextprotocol/clientCapabilities")]
    pub(crate) client_capabilities: Option<&'a RawValue>,
    #[serde(borrow, rename = "io.modelcontextprotocol/logLevel")]
    pub(crate) log_level: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "progressToken")]
    pub(crate) progress_token: Option<&'a RawValue>,
}
