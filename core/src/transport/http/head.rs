//! The head of a request: the headers that this endpoint knows, found in one pass.

use http::HeaderMap;

use crate::sent::Sent;

/// What was sent of them.
#[derive(Debug, Default)]
pub(super) struct Head<'h> {
    pub(super) host: Sent<'h>,
    pub(super) origin: Sent<'h>,
    pub(super) authorization: Sent<'h>,
    pub(super) content_type: Sent<'h>,
    pub(super) protocol_version: Sent<'h>,
    pub(super) method: Sent<'h>,
    pub(super) name: Sent<'h>,
    pub(super) session_id: Sent<'h>,
    pub(super) last_event_id: Sent<'h>,
    /// Whether there are credentials beside `Authorization`.
    pub(super) has_other_credentials: bool,
}

impl<'h> Head<'h> {
    pub(super) fn of(headers: &'h HeaderMap) -> Self {
        let mut head = Self::default();
        for (name, value) in headers {
            let place = match name.as_str() {
                "host" => &mut head.host,
                "origin" => &mut head.origin,
                "authorization" => &mut head.authorization,
                "proxy-authorization" | "cookie" => {
                    head.has_other_credentials = true;
                    continue;
                }
                "content-type" => &mut head.content_type,
                "mcp-protocol-version" => &mut head.protocol_version,
                "mcp-method" => &mut head.method,
                "mcp-name" => &mut head.name,
                "mcp-session-id" => &mut head.session_id,
                "last-event-id" => &mut head.last_event_id,
                _ => continue,
            };
            place.add(value);
        }
        head
    }
}
