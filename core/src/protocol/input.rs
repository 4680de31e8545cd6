//! What a server asks of a client in the middle of a request (MCP 2026-07-28, Multi Round-Trip Requests).

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

/// A request to the client: `elicitation/create`, `sampling/createMessage` or `roots/list`.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct InputRequest {
    pub(crate) method: &'static str,
    pub(crate) params: Box<RawValue>,
    /// Whether the user is sent to a page, which the handshake revisions want an id for.
    #[serde(skip)]
    pub(crate) url: bool,
}

/// The client is to answer these, and to send its request again (`InputRequiredResult` in the schema).
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InputRequired {
    #[serde(serialize_with = "as_map")]
    pub(crate) input_requests: Vec<(String, InputRequest)>,
    pub(crate) request_state: String,
}

/// `InputRequests` in the schema, in the order in which they were asked.
pub(crate) struct InputRequests<'a>(pub(crate) &'a [(String, InputRequest)]);

impl Serialize for InputRequests<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        as_map(self.0, serializer)
    }
}

/// Keys with their values, in their order.
fn as_map<S: Serializer>(requests: &[(String, InputRequest)], serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(requests.len()))?;
    for (key, request) in requests {
        map.serialize_entry(key, request)?;
    }
    map.end()
}
