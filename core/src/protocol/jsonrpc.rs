//! JSON-RPC 2.0 as MCP uses it: one message a body, string or integer ids.

use std::borrow::Cow;

use bytes::Bytes;
use memchr::memchr2;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::json::{DEPTH_LIMIT, is_too_deep};
use super::{ErrorCode, RpcError};

/// The id of a request: a string or an integer, never null (MCP 2026-07-28, Overview, Requests).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(untagged)]
pub enum RequestId {
    /// An integer.
    Number(i64),
    /// A string.
    String(Box<str>),
}

impl<'de> Deserialize<'de> for RequestId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct IdVisitor;
        impl Visitor<'_> for IdVisitor {
            type Value = RequestId;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a string or an integer")
            }

            fn visit_i64<E: de::Error>(self, id: i64) -> Result<RequestId, E> {
                Ok(RequestId::Number(id))
            }

            fn visit_u64<E: de::Error>(self, id: u64) -> Result<RequestId, E> {
                i64::try_from(id).map(RequestId::Number).map_err(|_| E::custom("the id is too large"))
            }

            fn visit_str<E: de::Error>(self, id: &str) -> Result<RequestId, E> {
                Ok(RequestId::String(id.into()))
            }
        }
        deserializer.deserialize_any(IdVisitor)
    }
}

impl std::fmt::Display for RequestId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(id) => id.fmt(f),
            Self::String(id) => id.fmt(f),
        }
    }
}

/// A message as it is sent: without line breaks, by which stdio and event streams tell messages apart. Inside of strings
/// JSON has none; between its parts, where an author wrote the JSON, they are white space like any other.
pub(crate) fn one_line(mut json: Vec<u8>) -> Bytes {
    // Nearly always there are none, and looking costs less than writing.
    if let Some(first) = memchr2(b'\n', b'\r', &json) {
        for byte in &mut json[first..] {
            if matches!(byte, b'\n' | b'\r') {
                *byte = b' ';
            }
        }
    }
    json.into()
}

/// One message from a client, its parameters still raw.
#[derive(Debug)]
pub(crate) enum Message<'a> {
    /// It wants an answer.
    Request { id: RequestId, method: Cow<'a, str>, params: Option<&'a RawValue> },
    /// It wants none.
    Notification { method: Cow<'a, str>, params: Option<&'a RawValue> },
    /// It answers a request of the server's; without an id it answers what could not be read.
    Response { id: Option<RequestId>, answer: Result<&'a RawValue, &'a RawValue> },
}

/// Why a body is no message; `id` is what could still be read of it.
#[derive(Debug)]
pub(crate) enum MessageError {
    /// It is not JSON, or not UTF-8.
    NotJson,
    /// It is nested deeper than [`DEPTH_LIMIT`].
    TooDeep,
    /// It is JSON, and says the wrong thing.
    Invalid { id: Option<RequestId>, reason: &'static str },
}

impl MessageError {
    /// What its sender is told: the id of the answer, and the error. A message comes in a `unit` of its transport.
    pub(crate) fn into_error(self, unit: &str) -> (Option<RequestId>, RpcError) {
        let (id, code, message) = match self {
            Self::NotJson => (None, ErrorCode::ParseError, format!("Parse error: the {unit} is not JSON in UTF-8")),
            Self::TooDeep => {
                let message = format!("Parse error: the {unit} is nested deeper than {DEPTH_LIMIT} levels");
                (None, ErrorCode::ParseError, message)
            }
            Self::Invalid { id, reason } => (id, ErrorCode::InvalidRequest, format!("Invalid request: {reason}")),
        };
        (id, RpcError::new(code, message))
    }
}

impl<'a> Message<'a> {
    /// Reads a body, once, borrowing from it.
    pub(crate) fn parse(body: &'a [u8]) -> Result<Self, MessageError> {
        if is_too_deep(body) {
            return Err(MessageError::TooDeep);
        }
        // Looked at as a whole: what a parser passes over unread it does not look at.
        let text = std::str::from_utf8(body).map_err(|_| MessageError::NotJson)?;
        let fields: Fields<'a> = serde_json::from_str(text).map_err(|error| match error.classify() {
            serde_json::error::Category::Data => {
                let batch = body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
                let reason = if batch {
                    "batches are not part of this protocol: send one message a request"
                } else {
                    "the body is not a JSON-RPC 2.0 message"
                };
                MessageError::Invalid { id: None, reason }
            }
            _ => MessageError::NotJson,
        })?;
        fields.into_message()
    }
}

/// The members of a message as they were sent; a member of the wrong form must not hide the id from the answer.
#[derive(Default)]
struct Fields<'a> {
    jsonrpc: Option<&'a RawValue>,
    id: Option<&'a RawValue>,
    method: Option<&'a RawValue>,
    params: Option<&'a RawValue>,
    result: Option<&'a RawValue>,
    error: Option<&'a RawValue>,
}

impl<'a> Fields<'a> {
    fn into_message(self) -> Result<Message<'a>, MessageError> {
        let id = self.id.map(|id| serde_json::from_str::<RequestId>(id.get()));
        let readable = || id.as_ref().and_then(|id| id.as_ref().ok()).cloned();
        let invalid = |reason| MessageError::Invalid { id: readable(), reason };

        if self.jsonrpc.is_none_or(|version| version.get() != "\"2.0\"") {
            return Err(invalid("`jsonrpc` must be \"2.0\""));
        }
        let Some(method) = self.method else {
            let answer = match (self.result, self.error) {
                (Some(result), None) => Ok(result),
                (None, Some(error)) => Err(error),
                (Some(_), Some(_)) => return Err(invalid("`result` and `error` exclude each other")),
                (None, None) => return Err(invalid("`method` is missing")),
            };
            return Ok(Message::Response { id: readable(), answer });
        };
        let method = match serde_json::from_str::<BorrowedStr<'a>>(method.get()) {
            Ok(BorrowedStr(method)) => method,
            Err(_) => return Err(invalid("`method` must be a string")),
        };
        if self.params.is_some_and(|params| !params.get().starts_with('{')) {
            return Err(invalid("`params` must be an object"));
        }
        match id {
            None => Ok(Message::Notification { method, params: self.params }),
            Some(Ok(id)) => Ok(Message::Request { id, method, params: self.params }),
            Some(Err(_)) => Err(MessageError::Invalid { id: None, reason: "`id` must be a string or an integer" }),
        }
    }
}

/// A string that is borrowed wherever it holds no escapes.
#[derive(Deserialize)]
struct BorrowedStr<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldsVisitor;
        impl<'de> Visitor<'de> for FieldsVisitor {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a JSON-RPC message object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
                let mut fields = Fields::default();
                while let Some(BorrowedStr(key)) = map.next_key()? {
                    let slot = match &*key {
                        "jsonrpc" => &mut fields.jsonrpc,
                        "id" => &mut fields.id,
                        "method" => &mut fields.method,
                        "params" => &mut fields.params,
                        "result" => &mut fields.result,
                        "error" => &mut fields.error,
                        _ => {
                            map.next_value::<de::IgnoredAny>()?;
                            continue;
                        }
                    };
                    // Two parsers that disagree on which of two members counts are how checks get bypassed.
                    if slot.replace(map.next_value()?).is_some() {
                        return Err(de::Error::custom("a member stands twice"));
                    }
                }
                Ok(fields)
            }
        }
        deserializer.deserialize_map(FieldsVisitor)
    }
}
