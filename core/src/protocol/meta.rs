//! What a request says of itself: its `_meta`.

use std::borrow::Cow;

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::Implementation;
use super::json::{Json, Walk};
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
    pub(crate) fn within(body: &Bytes, value: Option<Json<'_>>) -> Self {
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

    fn json(&self) -> Option<Json<'_>> {
        meta_of(params_of(&self.message)?.get())
    }

    /// The whole object as JSON text; `{}` where there was none.
    #[must_use]
    pub fn as_json(&self) -> &str {
        self.json().map_or("{}", Json::get)
    }

    /// The value of one key, if it is there and has this form.
    #[must_use]
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        let mut object: serde_json::Map<String, serde_json::Value> = self.json()?.read().ok()?;
        serde_json::from_value(object.remove(key)?).ok()
    }
}

/// The keys of `_meta` that have a meaning to the protocol, borrowed from it.
#[derive(Debug, Default)]
pub(crate) struct ProtocolMeta<'a> {
    protocol_version: Option<Cow<'a, str>>,
    pub(crate) client_info: Option<Json<'a>>,
    pub(crate) client_capabilities: Option<Json<'a>>,
    log_level: Option<Cow<'a, str>>,
    pub(crate) progress_token: Option<Json<'a>>,
}

impl<'a> ProtocolMeta<'a> {
    /// An object or `null`; `None` where it is neither, has a key twice, or a text that is none.
    pub(crate) fn walk(walk: &mut Walk<'a>) -> Option<Self> {
        if walk.null() {
            return Some(Self::default());
        }
        let (mut meta, mut protocol_version, mut log_level) = (Self::default(), None, None);
        walk.object(|walk, key| {
            let place = match &*key {
                "io.modelcontextprotocol/protocolVersion" => &mut protocol_version,
                "io.modelcontextprotocol/clientInfo" => &mut meta.client_info,
                "io.modelcontextprotocol/clientCapabilities" => &mut meta.client_capabilities,
                "io.modelcontextprotocol/logLevel" => &mut log_level,
                "progressToken" => &mut meta.progress_token,
                _ => return walk.value().map(drop),
            };
            walk.value_into(place)
        })?;
        for member in [&mut meta.client_info, &mut meta.client_capabilities, &mut meta.progress_token] {
            member.take_if(|json| json.is_null());
        }
        let text = |json: Option<Json<'a>>| match json.filter(|json| !json.is_null()) {
            Some(json) => json.text().map(Some),
            None => Some(None),
        };
        Some(Self { protocol_version: text(protocol_version)?, log_level: text(log_level)?, ..meta })
    }

    pub(crate) fn protocol_version(&self) -> Option<&str> {
        self.protocol_version.as_deref()
    }

    pub(crate) fn log_level(&self) -> Option<&str> {
        self.log_level.as_deref()
    }
}
