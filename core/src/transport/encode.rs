//! Answers, written once into the buffer that is sent.

use bytes::Bytes;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;

use crate::dispatch::{Outcome, StaticResult};
use crate::protocol::{CallToolResult, Content, ErrorResponse, ProtocolVersion, RequestId, RpcError, SERVER_INFO};

/// Writes results in the form of a revision.
pub(crate) struct Encoder<'a> {
    pub(crate) version: ProtocolVersion,
    /// `serverInfo`, as JSON.
    pub(crate) server_info: &'a RawValue,
}

impl Encoder<'_> {
    /// The response to request `id`.
    pub(crate) fn response(&self, id: &RequestId, outcome: &Outcome) -> Result<Bytes, serde_json::Error> {
        match outcome {
            Outcome::Static(result) => serialized(id, self.form(result)),
            Outcome::Empty => serialized(id, b"{}"),
            Outcome::Tool(result) => envelope(id, |buffer| {
                let server_info = (!self.version.is_legacy()).then_some(self.server_info);
                serde_json::to_writer(buffer, &ToolResult { result, server_info })
            }),
            Outcome::Error(error) => error_response(Some(id), error),
        }
    }

    fn form<'r>(&self, result: &'r StaticResult) -> &'r [u8] {
        if self.version.is_legacy() { &result.legacy } else { &result.modern }
    }
}

/// The response whose result was serialized before.
pub(crate) fn serialized(id: &RequestId, result: &[u8]) -> Result<Bytes, serde_json::Error> {
    envelope(id, |buffer| {
        buffer.extend_from_slice(result);
        Ok(())
    })
}

/// An error response; without an id where none could be read.
pub(crate) fn error_response(id: Option<&RequestId>, error: &RpcError) -> Result<Bytes, serde_json::Error> {
    serde_json::to_vec(&ErrorResponse::new(id, error)).map(Bytes::from)
}

fn envelope(
    id: &RequestId,
    result: impl FnOnce(&mut Vec<u8>) -> Result<(), serde_json::Error>,
) -> Result<Bytes, serde_json::Error> {
    let mut buffer = Vec::with_capacity(512);
    buffer.extend_from_slice(br#"{"jsonrpc":"2.0","id":"#);
    serde_json::to_writer(&mut buffer, id)?;
    buffer.extend_from_slice(br#","result":"#);
    result(&mut buffer)?;
    buffer.push(b'}');
    Ok(buffer.into())
}

/// A tool's result on the wire. With `server_info` it is stateless and says that it is complete.
struct ToolResult<'a> {
    result: &'a CallToolResult,
    server_info: Option<&'a RawValue>,
}

impl Serialize for ToolResult<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let CallToolResult { content, structured_content, is_error, meta } = self.result;
        let mut map = serializer.serialize_map(None)?;
        if self.server_info.is_some() {
            map.serialize_entry("resultType", "complete")?;
        }
        map.serialize_entry::<_, [Content]>("content", content)?;
        // The handshake revisions know objects only; whoever gave something else gave content, too.
        let fits = |structured: &&RawValue| self.server_info.is_some() || structured.get().starts_with('{');
        if let Some(structured) = structured_content.as_deref().filter(fits) {
            map.serialize_entry("structuredContent", structured)?;
        }
        if *is_error {
            map.serialize_entry("isError", &true)?;
        }
        if self.server_info.is_some() || meta.is_some() {
            map.serialize_entry("_meta", &Meta { own: meta.as_ref(), server_info: self.server_info })?;
        }
        map.end()
    }
}

/// The author's metadata with ours beside it.
struct Meta<'a> {
    own: Option<&'a serde_json::Map<String, serde_json::Value>>,
    server_info: Option<&'a RawValue>,
}

impl Serialize for Meta<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (key, value) in self.own.into_iter().flatten().filter(|(key, _)| *key != SERVER_INFO) {
            map.serialize_entry(key, value)?;
        }
        if let Some(server_info) = self.server_info {
            map.serialize_entry(SERVER_INFO, server_info)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(version: ProtocolVersion, structured: &str) -> serde_json::Value {
        let server_info = RawValue::from_string("{}".to_owned()).unwrap();
        let mut result = CallToolResult::new(vec![Content::text("two")]);
        result.structured_content = Some(RawValue::from_string(structured.to_owned()).unwrap());
        let encoder = Encoder { version, server_info: &server_info };
        let body = encoder.response(&RequestId::Number(1), &Outcome::Tool(result)).unwrap();
        serde_json::from_slice(&body).unwrap()
    }

    #[test]
    fn handshake_revisions_get_structured_content_that_is_an_object() {
        for (version, structured, sent) in [
            (ProtocolVersion::V2026_07_28, "[1,2]", true),
            (ProtocolVersion::V2025_11_25, "[1,2]", false),
            (ProtocolVersion::V2025_11_25, r#"{"a":1}"#, true),
        ] {
            let response = response(version, structured);
            assert_eq!(response["result"].get("structuredContent").is_some(), sent, "{response}");
            assert_eq!(response["result"]["content"][0]["text"], "two");
        }
    }
}
