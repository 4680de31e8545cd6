//! Header and body must agree (MCP 2026-07-28, Streamable HTTP, Request Metadata).

use std::borrow::Cow;
use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::{HeaderMap, HeaderName};

use super::head::Head;
use crate::protocol::{ErrorCode, Json, Params, RpcError, Walk};
use crate::sent::Sent;
use crate::tool::ParamHeader;

pub(super) const PROTOCOL_VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
pub(super) const SESSION_ID: HeaderName = HeaderName::from_static("mcp-session-id");
pub(super) const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
pub(super) const METHOD: HeaderName = HeaderName::from_static("mcp-method");
pub(super) const NAME: HeaderName = HeaderName::from_static("mcp-name");

/// Checks the headers that every stateless request repeats from its body.
pub(super) fn check(head: &Head<'_>, method: &str, params: &Params<'_>) -> Result<(), RpcError> {
    if !says(head.mcp_method, method) {
        let sent = required(head.mcp_method, &METHOD)?;
        if sent != method {
            return Err(differs(&METHOD, sent, method));
        }
    }
    let name = match method {
        "tools/call" | "prompts/get" => params.name()?,
        "resources/read" => params.uri()?,
        "tasks/get" | "tasks/update" | "tasks/cancel" => params.task_id()?,
        _ => return Ok(()),
    };
    // A body without the name is the method's own error; the header has nothing to agree with.
    let Some(name) = name else { return Ok(()) };
    if says(head.mcp_name, &name) && encoded(&name).is_none() {
        return Ok(());
    }
    let sent = decode(&NAME, required(head.mcp_name, &NAME)?)?;
    if sent == name { Ok(()) } else { Err(differs(&NAME, &sent, &name)) }
}

/// Checks the `Mcp-Param-*` headers of a tool whose schema declares some.
pub(super) fn check_params(
    headers: &HeaderMap,
    declared: &[ParamHeader],
    arguments: Option<Json<'_>>,
) -> Result<(), RpcError> {
    let is_object = |arguments: &Json<'_>| members(*arguments).is_some();
    if !arguments.as_ref().is_none_or(is_object) {
        return Err(RpcError::invalid_params("`params.arguments` must be an object"));
    }
    for ParamHeader { path, header } in declared {
        let shown = || path.join(".");
        let value = arguments.and_then(|arguments| at(arguments, path)).map(Json::get);
        let Some(value) = value.filter(|value| *value != "null") else {
            if headers.contains_key(header) {
                return Err(mismatch(format!(
                    "the {header} header was sent, but the body has no argument `{}`",
                    shown()
                )));
            }
            continue;
        };
        let sent = decode(header, required(Sent::of(headers, header), header)?)?;
        if !agrees(&sent, value) {
            return Err(mismatch(format!("the {header} header does not agree with the argument `{}`", shown())));
        }
    }
    Ok(())
}

/// The members of an object, unread: what is not declared may be anything, and large.
fn members(json: Json<'_>) -> Option<HashMap<Cow<'_, str>, Json<'_>>> {
    let mut members = HashMap::new();
    Walk::whole(json.get(), |walk| {
        walk.object(|walk, name| {
            members.insert(name, walk.value()?);
            Some(())
        })
    })?;
    Some(members)
}

/// The value that these properties lead to, if there is one.
fn at<'a>(arguments: Json<'a>, path: &[Box<str>]) -> Option<Json<'a>> {
    path.iter().try_fold(arguments, |value, name| members(value)?.remove(&**name))
}

/// Whether a header says the same as an argument's JSON.
fn agrees(sent: &str, json: &str) -> bool {
    match json.as_bytes().first() {
        Some(b'"') => serde_json::from_str::<String>(json).is_ok_and(|text| text == sent),
        Some(b't' | b'f') => json == sent,
        Some(b'-' | b'0'..=b'9') => same_number(sent, json),
        // Declared for a primitive: the argument check tells the model what is wrong with an object or array.
        _ => true,
    }
}

/// `42.0` and `42` are the same integer (MCP 2026-07-28, Server Validation).
fn same_number(sent: &str, json: &str) -> bool {
    /// Up to here a double tells integers apart.
    const EXACT: f64 = 9_007_199_254_740_991.0;
    if let (Ok(sent), Ok(json)) = (sent.parse::<i128>(), json.parse::<i128>()) {
        return sent == json;
    }
    match (sent.parse::<f64>(), json.parse::<f64>()) {
        (Ok(sent), Ok(json)) => sent.abs() <= EXACT && sent == json,
        _ => false,
    }
}

/// Whether a header is there once, and written just so. One that says the same in another way needs a closer look.
pub(super) fn says(sent: Sent<'_>, value: &str) -> bool {
    sent.once().is_some_and(|sent| sent == value) && value.is_ascii()
}

/// A header that must be there exactly once, in visible ASCII.
pub(super) fn required<'h>(sent: Sent<'h>, name: &HeaderName) -> Result<&'h str, RpcError> {
    optional(sent, name)?.ok_or_else(|| mismatch(format!("the {} header is missing", shown(name))))
}

/// A header that may be there, once, in visible ASCII.
pub(super) fn optional<'h>(sent: Sent<'h>, name: &HeaderName) -> Result<Option<&'h str>, RpcError> {
    let Some(value) = sent.first() else { return Ok(None) };
    if sent.is_repeated() {
        return Err(mismatch(format!("the {} header was sent more than once", shown(name))));
    }
    match value.to_str() {
        Ok(value) => Ok(Some(value.trim_matches([' ', '\t']))),
        Err(_) => Err(mismatch(format!("the {} header holds characters that are not visible ASCII", shown(name)))),
    }
}

/// The base64 of a value that does not fit a header (MCP 2026-07-28, Value Encoding).
fn encoded(value: &str) -> Option<&str> {
    value.strip_prefix("=?base64?")?.strip_suffix("?=")
}

/// Undoes that form, where a value has it.
fn decode<'v>(name: &HeaderName, value: &'v str) -> Result<Cow<'v, str>, RpcError> {
    let Some(encoded) = encoded(value) else { return Ok(Cow::Borrowed(value)) };
    let bytes = BASE64.decode(encoded).ok();
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    text.map(Cow::Owned).ok_or_else(|| mismatch(format!("the {} header is not valid base64 of UTF-8", shown(name))))
}

pub(super) fn mismatch(detail: impl std::fmt::Display) -> RpcError {
    RpcError::new(ErrorCode::HeaderMismatch, format!("Header mismatch: {detail}"))
}

fn differs(name: &HeaderName, sent: &str, body: &str) -> RpcError {
    let (sent, body) = (shorten(sent), shorten(body));
    mismatch(format!("{} header value '{sent}' does not match body value '{body}'", shown(name)))
}

fn shorten(value: &str) -> String {
    value.chars().take(100).collect()
}

/// The name as the specification writes it.
fn shown(name: &HeaderName) -> &str {
    match name.as_str() {
        "mcp-protocol-version" => "MCP-Protocol-Version",
        "mcp-method" => "Mcp-Method",
        "mcp-name" => "Mcp-Name",
        "mcp-session-id" => "Mcp-Session-Id",
        "last-event-id" => "Last-Event-ID",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect()
    }

    fn call(pairs: &[(&'static str, &str)], name: &str) -> Result<(), ErrorCode> {
        let params = serde_json::json!({ "name": name }).to_string();
        let params: Params<'_> = Params::read(&params).unwrap();
        check(&Head::of(&headers(pairs)), "tools/call", &params).map_err(|error| error.code())
    }

    #[test]
    fn http_03_headers_must_repeat_the_body() {
        let mismatch = Err(ErrorCode::HeaderMismatch);
        assert_eq!(call(&[("mcp-method", "tools/call"), ("mcp-name", "add")], "add"), Ok(()));
        assert_eq!(call(&[("mcp-method", "tools/call"), ("mcp-name", " add ")], "add"), Ok(()));
        assert_eq!(call(&[("mcp-method", "TOOLS/CALL"), ("mcp-name", "add")], "add"), mismatch);
        assert_eq!(call(&[("mcp-method", "tools/call"), ("mcp-name", "sub")], "add"), mismatch);
        assert_eq!(call(&[("mcp-method", "tools/call")], "add"), mismatch);
        assert_eq!(call(&[("mcp-name", "add")], "add"), mismatch);
    }

    #[test]
    fn http_04_names_may_come_as_base64() {
        let with = |name: &str, body: &str| call(&[("mcp-method", "tools/call"), ("mcp-name", name)], body);
        assert_eq!(with("=?base64?7ISc7Jq4?=", "서울"), Ok(()));
        assert_eq!(with("=?base64?7ISc7Jq4?=", "부산"), Err(ErrorCode::HeaderMismatch));
        assert_eq!(with("=?base64?7ISc7Jq?=", "서울"), Err(ErrorCode::HeaderMismatch));
        assert_eq!(with("=?base64?%%%?=", "서울"), Err(ErrorCode::HeaderMismatch));
        assert_eq!(
            with("=?base64?SGVsbG8=?=", "=?base64?SGVsbG8=?="),
            Err(ErrorCode::HeaderMismatch),
            "it says `Hello`"
        );
        assert_eq!(with("=?base64?SGVsbG8=", "=?base64?SGVsbG8="), Ok(()), "without the suffix it is a literal");
    }

    #[test]
    fn parameter_headers_agree_with_the_arguments() {
        let header = HeaderName::from_static("mcp-param-region");
        let declared = [ParamHeader { path: vec!["region".into()], header }];
        let check = |sent: Option<&str>, arguments: &str| {
            let headers = sent.map_or_else(HeaderMap::new, |sent| headers(&[("mcp-param-region", sent)]));
            let arguments = Walk::whole(arguments, Walk::value);
            check_params(&headers, &declared, arguments).is_ok()
        };
        assert!(check(Some("us-west1"), r#"{"region":"us-west1"}"#));
        assert!(check(Some("=?base64?SGVsbG8=?="), r#"{"region":"Hello"}"#));
        assert!(check(Some("42.0"), r#"{"region":42}"#));
        assert!(check(Some("true"), r#"{"region":true}"#));
        assert!(check(None, r#"{"region":null}"#));
        assert!(check(None, "{}"));
        assert!(!check(None, r#"{"region":"us-west1"}"#));
        assert!(!check(Some("us-east1"), r#"{"region":"us-west1"}"#));
        assert!(!check(Some("=?base64?SGVsbG8?="), r#"{"region":"Hello"}"#));
        assert!(!check(Some("us-west1"), "{}"));
        assert!(!check(Some("9007199254740992"), r#"{"region":9007199254740993}"#), "a double cannot tell these apart");
        assert!(!check(Some("9007199254740993.0"), r#"{"region":9007199254740992}"#));
        for hidden in [r#"{"region":"eu","x":1e999}"#, r#"{"region":"eu","x":"\ud800"}"#] {
            assert!(!check(None, hidden), "what cannot be read elsewhere hides nothing: {hidden}");
        }
    }
}
