//! What a request says of itself: its `_meta`.

use std::borrow::Cow;

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

use super::Implementation;
use super::request::{meta_of, params_of};

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
pub struct RequestMeta {
    /// The whole message: most calls never look, and then nobody looks for it.
    message: Bytes,
}

impl RequestMeta {
    pub(crate) const fn of(message: Bytes) -> Self {
        Self { message }
    }

    fn raw(&self) -> Option<&RawValue> {
        meta_of(params_of(&self.message)?)
    }

    /// The whole object as JSON text; `{}` where there was none.
    #[must_use]
    pub fn as_json(&self) -> &str {
        self.raw().map_or("{}", RawValue::get)
    }

    /// The value of one key, if it is there and has this form.
    #[must_use]
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        let mut object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(self.raw()?.get()).ok()?;
        serde_json::from_value(object.remove(key)?).ok()
    }
}

/// The keys of `_meta` that have a meaning to the protocol, borrowed from it.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct ProtocolMeta<'a> {
    #[serde(borrow, rename = "io.modelcontextprotocol/protocolVersion")]
    protocol_version: Option<Text<'a>>,
    #[serde(borrow, rename = "io.modelcontextprotocol/clientInfo")]
    pub(crate) client_info: Option<&'a RawValue>,
    #[serde(borrow, rename = "io.modelcontextprotocol/clientCapabilities")]
    pub(crate) client_capabilities: Option<&'a RawValue>,
    #[serde(borrow, rename = "io.modelcontextprotocol/logLevel")]
    log_level: Option<Text<'a>>,
    #[serde(borrow, rename = "progressToken")]
    pub(crate) progress_token: Option<&'a RawValue>,
}

/// A string that is borrowed wherever it holds no escapes; within an option serde would copy it.
#[derive(Debug, Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl ProtocolMeta<'_> {
    pub(crate) fn protocol_version(&self) -> Option<&str> {
        self.protocol_version.as_ref().map(|Text(version)| &**version)
    }

    pub(crate) fn log_level(&self) -> Option<&str> {
        self.log_level.as_ref().map(|Text(level)| &**level)
    }
}
