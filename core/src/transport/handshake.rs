//! `initialize`: how a client of the handshake revisions opens (MCP 2025-11-25, Lifecycle), over any transport.

use std::borrow::Cow;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::dispatch::Method;
use crate::protocol::{Json, LoggingLevel, ProtocolVersion, RpcError};

/// The parameters of `initialize`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Initialize<'a> {
    #[serde(borrow)]
    protocol_version: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) capabilities: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) client_info: Option<&'a RawValue>,
}

impl<'a> Initialize<'a> {
    pub(crate) fn read(params: Option<Json<'a>>) -> Result<Self, RpcError> {
        params.and_then(|params| params.read().ok()).ok_or_else(|| {
            RpcError::invalid_params("`initialize` needs `protocolVersion`, `capabilities` and `clientInfo`")
        })
    }

    /// The revision that is spoken from here on.
    pub(crate) fn version(&self) -> ProtocolVersion {
        negotiate(&self.protocol_version)
    }
}

/// What `initialize` answers in each revision, serialized at `build()`.
pub(crate) struct Handshakes(Vec<(ProtocolVersion, Bytes)>);

impl Handshakes {
    /// What is `common` to the revisions, with each of them named in it.
    pub(crate) fn new(common: &Map<String, Value>) -> Self {
        let revisions = ProtocolVersion::ALL.into_iter().filter(|version| version.is_legacy());
        let answer = |version: ProtocolVersion| {
            let mut result = common.clone();
            result.insert("protocolVersion".to_owned(), version.as_str().into());
            (version, Bytes::from(Value::Object(result).to_string()))
        };
        Self(revisions.map(answer).collect())
    }

    pub(crate) fn of(&self, version: ProtocolVersion) -> Option<&Bytes> {
        self.0.iter().find(|(revision, _)| *revision == version).map(|(_, result)| result)
    }
}

/// The revision that is spoken with a client that asked for this one (MCP 2025-11-25, Lifecycle).
fn negotiate(requested: &str) -> ProtocolVersion {
    match ProtocolVersion::parse(requested) {
        Some(version) if version.is_legacy() => version,
        // Dates compare as text; whoever is newer than the handshake gets its last revision.
        _ if requested < ProtocolVersion::V2025_06_18.as_str() => ProtocolVersion::V2025_06_18,
        _ => ProtocolVersion::LATEST_LEGACY,
    }
}

/// The methods of the handshake revisions: what came later is unknown to them.
pub(crate) fn method(name: &str) -> Method {
    match Method::parse(name) {
        Method::Discover | Method::GetTask | Method::UpdateTask | Method::CancelTask | Method::Listen => {
            Method::Unknown(name.into())
        }
        method => method,
    }
}

/// The level that `logging/setLevel` sets (MCP 2025-11-25, Logging).
pub(crate) fn log_level(params: Option<Json<'_>>) -> Result<LoggingLevel, RpcError> {
    #[derive(Deserialize)]
    struct SetLevel {
        level: LoggingLevel,
    }
    let params: Option<SetLevel> = params.and_then(|params| params.read().ok());
    params
        .map(|SetLevel { level }| level)
        .ok_or_else(|| RpcError::invalid_params("`params.level` must be a level, from `debug` to `emergency`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_handshake_settles_on_a_legacy_revision() {
        for (asked, settled) in [
            ("2025-06-18", ProtocolVersion::V2025_06_18),
            ("2025-11-25", ProtocolVersion::V2025_11_25),
            ("2024-11-05", ProtocolVersion::V2025_06_18),
            ("2025-03-26", ProtocolVersion::V2025_06_18),
            ("2026-07-28", ProtocolVersion::V2025_11_25),
            ("2099-01-01", ProtocolVersion::V2025_11_25),
        ] {
            assert_eq!(negotiate(asked), settled, "{asked}");
        }
    }
}
