//! Which revision a request is in: what its headers and its body say together.

use super::head::Head;
use super::headers::{self, mismatch};
use crate::protocol::{ProtocolVersion, RpcError};

/// How a request is to be served.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Era<'h> {
    /// By itself: everything is in it.
    Stateless(ProtocolVersion),
    /// It opens a handshake.
    Initialize,
    /// Within what a handshake settled.
    Session(&'h str),
    /// In a handshake revision, but without a session: by its revision alone.
    Sessionless(ProtocolVersion),
}

/// Finds the era of a request, before its version is judged (MCP 2026-07-28, Versioning, Backward Compatibility).
pub(super) fn of<'h>(head: &Head<'h>, method: &str, in_body: Option<&str>) -> Result<Era<'h>, RpcError> {
    let in_header = match in_body {
        Some(body) if headers::says(head.protocol_version, body) => in_body,
        _ => headers::optional(head.protocol_version, &headers::PROTOCOL_VERSION)?,
    };
    match (in_header, in_body) {
        (Some(header), Some(body)) if header != body => {
            let shown: String = body.chars().take(100).collect();
            Err(mismatch(format!("MCP-Protocol-Version is '{header}', but the body says '{shown}'")))
        }
        (None, Some(_)) => Err(mismatch("the MCP-Protocol-Version header is missing")),
        (_, None) if method == "initialize" => Ok(Era::Initialize),
        (Some(version), _) => match ProtocolVersion::parse(version) {
            None => Err(RpcError::unsupported_version(version)),
            Some(version) if version.is_legacy() => {
                Ok(match headers::optional(head.session_id, &headers::SESSION_ID)? {
                    Some(session) => Era::Session(session),
                    None => Era::Sessionless(version),
                })
            }
            Some(version) => Ok(Era::Stateless(version)),
        },
        (None, None) => match headers::optional(head.session_id, &headers::SESSION_ID)? {
            Some(session) => Ok(Era::Session(session)),
            None => Err(mismatch("the MCP-Protocol-Version header is missing")),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::ErrorCode;
    use http::{HeaderMap, HeaderValue};

    fn find(
        header: Option<&'static str>,
        session: bool,
        method: &str,
        body: Option<&str>,
    ) -> Result<String, ErrorCode> {
        let mut headers = HeaderMap::new();
        if let Some(header) = header {
            headers.insert(headers::PROTOCOL_VERSION, HeaderValue::from_static(header));
        }
        if session {
            headers.insert(headers::SESSION_ID, HeaderValue::from_static("s"));
        }
        of(&Head::of(&headers), method, body).map(|era| format!("{era:?}")).map_err(|error| error.code())
    }

    #[test]
    fn headers_and_body_tell_the_era_together() {
        use ErrorCode::{HeaderMismatch, UnsupportedProtocolVersion};
        let list = "tools/list";
        let ok = |text: &str| Ok(text.to_owned());
        assert_eq!(find(Some("2026-07-28"), false, list, Some("2026-07-28")), ok("Stateless(V2026_07_28)"));
        assert_eq!(find(Some("2026-07-28"), true, "initialize", Some("2026-07-28")), ok("Stateless(V2026_07_28)"));
        assert_eq!(find(Some("2026-07-28"), false, list, None), ok("Stateless(V2026_07_28)"));
        assert_eq!(find(Some("2026-07-28"), false, list, Some("v999.0.0")), Err(HeaderMismatch));
        assert_eq!(find(Some("v999.0.0"), false, list, Some("v999.0.0")), Err(UnsupportedProtocolVersion));
        assert_eq!(find(None, false, list, Some("2026-07-28")), Err(HeaderMismatch));
        assert_eq!(find(None, false, "initialize", None), ok("Initialize"));
        assert_eq!(find(Some("2025-11-25"), false, "initialize", None), ok("Initialize"));
        assert_eq!(find(Some("2025-11-25"), true, list, None), ok("Session(\"s\")"));
        assert_eq!(find(None, true, list, None), ok("Session(\"s\")"));
        assert_eq!(find(Some("2025-06-18"), false, list, None), ok("Sessionless(V2025_06_18)"));
        assert_eq!(find(Some("2024-11-05"), true, list, None), Err(UnsupportedProtocolVersion));
        assert_eq!(find(None, false, list, None), Err(HeaderMismatch));
    }
}
