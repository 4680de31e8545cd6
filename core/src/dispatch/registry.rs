//! What a server offers, with every answer that never changes serialized once.

use std::collections::HashMap;

use bytes::Bytes;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value, json};

use crate::protocol::{Implementation, ProtocolVersion, SERVER_INFO};
use crate::tool::Tool;

/// How long a client may keep a list: it changes only with a new start of the server.
const LIST_TTL_MS: u64 = 300_000;

/// A result in the forms of both eras, as JSON.
#[derive(Clone, Debug)]
pub(crate) struct StaticResult {
    pub(crate) modern: Bytes,
    pub(crate) legacy: Bytes,
}

impl StaticResult {
    /// Both forms of a result: stateless revisions add what it is, how long it may be kept, and who answered.
    fn cacheable(fields: Map<String, Value>, server_info: &RawValue) -> Result<Self, serde_json::Error> {
        let legacy = serde_json::to_vec(&fields)?;
        let mut modern = fields;
        modern.insert("resultType".into(), json!("complete"));
        modern.insert("ttlMs".into(), json!(LIST_TTL_MS));
        modern.insert("cacheScope".into(), json!("public"));
        modern.insert("_meta".into(), json!({ SERVER_INFO: server_info }));
        Ok(Self { modern: serde_json::to_vec(&modern)?.into(), legacy: legacy.into() })
    }
}

/// The tools of a server, and the answers that tell of them.
pub(crate) struct Registry {
    tools: Vec<Tool>,
    by_name: HashMap<Box<str>, usize>,
    pub(super) tool_list: StaticResult,
    pub(super) discover: StaticResult,
    /// `capabilities`, `serverInfo` and `instructions`, as `initialize` answers them.
    pub(crate) handshake: Map<String, Value>,
    pub(crate) server_info: Box<RawValue>,
}

impl Registry {
    /// Takes tools whose names were found to be different.
    pub(crate) fn new(
        server: &Implementation,
        instructions: Option<&str>,
        tools: Vec<Tool>,
    ) -> Result<Self, serde_json::Error> {
        let server_info = to_raw_value(server)?;
        let capabilities = if tools.is_empty() { json!({}) } else { json!({ "tools": {} }) };

        let mut handshake = Map::new();
        handshake.insert("capabilities".into(), capabilities.clone());
        handshake.insert("serverInfo".into(), serde_json::to_value(server)?);
        let mut discover = Map::new();
        discover.insert("supportedVersions".into(), json!(ProtocolVersion::ALL.map(ProtocolVersion::as_str)));
        discover.insert("capabilities".into(), capabilities);
        if let Some(instructions) = instructions {
            handshake.insert("instructions".into(), instructions.into());
            discover.insert("instructions".into(), instructions.into());
        }

        Ok(Self {
            by_name: tools.iter().enumerate().map(|(index, tool)| (tool.name().into(), index)).collect(),
            tool_list: tool_list(&tools, &server_info)?,
            discover: StaticResult::cacheable(discover, &server_info)?,
            handshake,
            tools,
            server_info,
        })
    }

    pub(crate) const fn has_tools(&self) -> bool {
        !self.tools.is_empty()
    }

    pub(crate) fn tools(&self) -> impl Iterator<Item = &Tool> {
        self.tools.iter()
    }

    pub(crate) fn tool(&self, name: &str) -> Option<&Tool> {
        self.tools.get(*self.by_name.get(name)?)
    }
}

fn tool_list(tools: &[Tool], server_info: &RawValue) -> Result<StaticResult, serde_json::Error> {
    /// The list of a stateless revision.
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Modern<'a> {
        result_type: &'static str,
        tools: &'a [Tool],
        ttl_ms: u64,
        cache_scope: &'static str,
        #[serde(rename = "_meta")]
        meta: Value,
    }
    #[derive(Serialize)]
    struct Legacy<'a> {
        tools: &'a [Tool],
    }
    let meta = json!({ SERVER_INFO: server_info });
    let modern = Modern { result_type: "complete", tools, ttl_ms: LIST_TTL_MS, cache_scope: "public", meta };
    Ok(StaticResult {
        modern: serde_json::to_vec(&modern)?.into(),
        legacy: serde_json::to_vec(&Legacy { tools })?.into(),
    })
}
