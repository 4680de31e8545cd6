//! The head of a request: the headers that this endpoint knows, found in one pass.

use http::{HeaderMap, HeaderValue, header};

use crate::sent::Sent;

/// What was sent of them.
#[derive(Debug, Default)]
pub(super) struct Head<'h> {
    pub(super) host: Sent<'h>,
    pub(super) origin: Sent<'h>,
    pub(super) authorization: Sent<'h>,
    pub(super) content_type: Sent<'h>,
    pub(super) protocol_version: Sent<'h>,
    pub(super) mcp_method: Sent<'h>,
    pub(super) mcp_name: Sent<'h>,
    pub(super) session_id: Sent<'h>,
    pub(super) last_event_id: Sent<'h>,
    /// What nobody behind the endpoint may see.
    pub(super) credentials: Credentials,
}

/// Which credentials were sent: `Authorization`, and others.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Credentials {
    authorization: bool,
    others: bool,
}

impl Credentials {
    /// Takes them out of the headers; gives `Authorization`.
    pub(super) fn take(self, headers: &mut HeaderMap) -> Option<HeaderValue> {
        if self.others {
            headers.remove(header::PROXY_AUTHORIZATION);
            headers.remove(header::COOKIE);
        }
        if self.authorization { headers.remove(header::AUTHORIZATION) } else { None }
    }
}

impl<'h> Head<'h> {
    pub(super) fn of(headers: &'h HeaderMap) -> Self {
        let mut head = Self::default();
        for (name, value) in headers {
            let place = match name.as_str() {
                "host" => &mut head.host,
                "origin" => &mut head.origin,
                "authorization" => {
                    head.credentials.authorization = true;
                    &mut head.authorization
                }
                "proxy-authorization" | "cookie" => {
                    head.credentials.others = true;
                    continue;
                }
                "content-type" => &mut head.content_type,
                "mcp-protocol-version" => &mut head.protocol_version,
                "mcp-method" => &mut head.mcp_method,
                "mcp-name" => &mut head.mcp_name,
                "mcp-session-id" => &mut head.session_id,
                "last-event-id" => &mut head.last_event_id,
                _ => continue,
            };
            place.add(value);
        }
        head
    }
}
