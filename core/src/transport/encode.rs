//! Answers, written once into the buffer that is sent.

use bytes::Bytes;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::outcome::{Outcome, StaticResult};
use crate::protocol::{
    CallToolResult, Content, ErrorResponse, ProtocolVersion, RequestId, RpcError, SERVER_INFO, SUBSCRIPTION_ID,
    one_line,
};

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
            Outcome::Empty => self.result(id, &Map::new(), None, "complete", &[]),
            Outcome::Tool(result) => {
                let result_in_era = ToolResult { result, legacy: self.version.is_legacy() };
                self.result(id, &result_in_era, result.meta.as_ref(), "complete", &[])
            }
            Outcome::Prompt(result) => self.result(id, result, result.meta.as_ref(), "complete", &[]),
            Outcome::Resource(result) => {
                let ttl = u64::try_from(result.ttl.as_millis()).unwrap_or(u64::MAX).into();
                let scope = if result.public { "public" } else { "private" }.into();
                let caching = [("ttlMs", ttl), ("cacheScope", scope)];
                self.result(id, result, result.meta.as_ref(), "complete", &caching)
            }
            Outcome::Completion(completion) => {
                #[derive(Serialize)]
                struct CompleteResult<'a> {
                    completion: &'a crate::protocol::Completion,
                }
                self.result(id, &CompleteResult { completion }, None, "complete", &[])
            }
            Outcome::TaskCreated(task) => self.result(id, task, None, "task", &[]),
            Outcome::Task(task) => self.result(id, task, None, "complete", &[]),
            Outcome::InputRequired(required) => self.result(id, required, None, "input_required", &[]),
            Outcome::Error(error) => error_response(self.version, Some(id), error),
        }
    }

    /// As [`response`](Self::response); of a result that cannot be serialized, the error that says so.
    pub(crate) fn response_or_error(&self, id: &RequestId, outcome: &Outcome) -> Bytes {
        self.response(id, outcome).unwrap_or_else(|failure| {
            tracing::error!("a result could not be serialized: {failure}");
            error_response(self.version, Some(id), &RpcError::internal()).unwrap_or_default()
        })
    }

    /// The end of `subscriptions/listen` (`SubscriptionsListenResult` in the schema).
    pub(crate) fn listened(&self, id: &RequestId) -> Bytes {
        let named = serde_json::to_value(id).map(|id| Map::from_iter([(SUBSCRIPTION_ID.to_owned(), id)]));
        let result = named.and_then(|meta| self.result(id, &Map::new(), Some(&meta), "complete", &[]));
        result.unwrap_or_default()
    }

    fn form<'r>(&self, result: &'r StaticResult) -> &'r [u8] {
        if self.version.is_legacy() { &result.legacy } else { &result.modern }
    }

    /// A result that is serialized as an object, with its own `_meta` beside it. In the stateless revisions it says what
    /// it is and who answered, and there it has `more` members.
    fn result(
        &self,
        id: &RequestId,
        result: &impl Serialize,
        meta: Option<&Map<String, Value>>,
        result_type: &str,
        more: &[(&str, Value)],
    ) -> Result<Bytes, serde_json::Error> {
        let stateless = !self.version.is_legacy();
        envelope(id, |buffer| {
            serde_json::to_writer(&mut *buffer, result)?;
            let empty = buffer.ends_with(b"{}");
            // The object goes on.
            buffer.pop();
            let member = |name: &str, buffer: &mut Vec<u8>, first: bool| {
                if !first {
                    buffer.push(b',');
                }
                buffer.extend_from_slice(b"\"");
                buffer.extend_from_slice(name.as_bytes());
                buffer.extend_from_slice(b"\":");
            };
            if stateless {
                member("resultType", buffer, empty);
                buffer.push(b'"');
                buffer.extend_from_slice(result_type.as_bytes());
                buffer.push(b'"');
                for (name, value) in more {
                    member(name, buffer, false);
                    serde_json::to_writer(&mut *buffer, value)?;
                }
            }
            if stateless || meta.is_some() {
                member("_meta", buffer, empty && !stateless);
                match meta {
                    Some(own) => {
                        let server_info = stateless.then_some(self.server_info);
                        serde_json::to_writer(&mut *buffer, &Meta { own, server_info })?;
                    }
                    None => {
                        buffer.push(b'{');
                        member(SERVER_INFO, buffer, true);
                        buffer.extend_from_slice(self.server_info.get().as_bytes());
                        buffer.push(b'}');
                    }
                }
            }
            buffer.push(b'}');
            Ok(())
        })
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
pub(crate) fn error_response(
    version: ProtocolVersion,
    id: Option<&RequestId>,
    error: &RpcError,
) -> Result<Bytes, serde_json::Error> {
    serde_json::to_vec(&ErrorResponse::new(version, id, error)).map(Bytes::from)
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
    Ok(one_line(buffer))
}

/// A tool's result without its `_meta`.
struct ToolResult<'a> {
    result: &'a CallToolResult,
    legacy: bool,
}

impl Serialize for ToolResult<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let CallToolResult { content, structured_content, is_error, meta: _ } = self.result;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry::<_, [Content]>("content", content)?;
        // The handshake revisions know objects only; whoever gave something else gave content, too.
        let fits = |structured: &&RawValue| !self.legacy || structured.get().starts_with('{');
        if let Some(structured) = structured_content.as_deref().filter(fits) {
            map.serialize_entry("structuredContent", structured)?;
        }
        if *is_error {
            map.serialize_entry("isError", &true)?;
        }
        map.end()
    }
}

/// The author's metadata with ours beside it.
struct Meta<'a> {
    own: &'a Map<String, Value>,
    server_info: Option<&'a RawValue>,
}

impl Serialize for Meta<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (key, value) in self.own.iter().filter(|(key, _)| *key != SERVER_INFO) {
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

    fn response(version: ProtocolVersion, outcome: &Outcome) -> Value {
        let server_info = RawValue::from_string("{}".to_owned()).unwrap();
        let encoder = Encoder { version, server_info: &server_info };
        let body = encoder.response(&RequestId::Number(1), outcome).unwrap();
        serde_json::from_slice(&body).unwrap()
    }

    #[test]
    fn handshake_revisions_get_structured_content_that_is_an_object() {
        for (version, structured, sent) in [
            (ProtocolVersion::V2026_07_28, "[1,2]", true),
            (ProtocolVersion::V2025_11_25, "[1,2]", false),
            (ProtocolVersion::V2025_11_25, r#"{"a":1}"#, true),
        ] {
            let mut result = CallToolResult::new(vec![Content::text("two")]);
            result.structured_content = Some(RawValue::from_string(structured.to_owned()).unwrap());
            let response = response(version, &Outcome::Tool(result));
            assert_eq!(response["result"].get("structuredContent").is_some(), sent, "{response}");
            assert_eq!(response["result"]["content"][0]["text"], "two");
        }
    }

    #[test]
    fn a_message_is_one_line_whatever_its_author_wrote() {
        let mut result = CallToolResult::new(vec![Content::text("two\nlines")]);
        result.structured_content = Some(RawValue::from_string("{\r\n  \"a\": 1\n}".to_owned()).unwrap());
        let server_info = RawValue::from_string("{}".to_owned()).unwrap();
        let encoder = Encoder { version: ProtocolVersion::LATEST, server_info: &server_info };
        let body = encoder.response(&RequestId::Number(1), &Outcome::Tool(result)).unwrap();
        assert!(!body.iter().any(|byte| matches!(byte, b'\n' | b'\r')), "{body:?}");
        let response: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(response["result"]["structuredContent"], serde_json::json!({ "a": 1 }));
        assert_eq!(response["result"]["content"][0]["text"], "two\nlines");
    }

    #[test]
    fn a_resource_that_is_not_there_has_the_code_of_its_revision() {
        for (version, code) in [(ProtocolVersion::V2026_07_28, -32602), (ProtocolVersion::V2025_11_25, -32002)] {
            let error = response(version, &crate::resource::not_found("test://nothing"));
            assert_eq!(error["error"]["code"], code);
            assert_eq!(error["error"]["data"]["uri"], "test://nothing");
        }
    }

    #[test]
    fn an_author_s_own_metadata_stays_beside_ours() {
        let meta = Map::from_iter([("example.com/a".to_owned(), Value::Bool(true))]);
        let result = CallToolResult { meta: Some(meta), ..CallToolResult::default() };
        let modern = response(ProtocolVersion::V2026_07_28, &Outcome::Tool(result.clone()));
        assert_eq!(modern["result"]["_meta"], serde_json::json!({ "example.com/a": true, SERVER_INFO: {} }));
        let legacy = response(ProtocolVersion::V2025_11_25, &Outcome::Tool(result));
        assert_eq!(legacy["result"]["_meta"], serde_json::json!({ "example.com/a": true }));
        assert_eq!(response(ProtocolVersion::V2025_11_25, &Outcome::Empty)["result"], serde_json::json!({}));
    }
}
