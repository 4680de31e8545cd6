//! Reading a body: bounded in size, in time and in depth.

use std::time::Duration;

use axum::body::HttpBody;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt as _;
use memchr::memchr2_iter;

use crate::protocol::{ErrorCode, RpcError};
use crate::within::at_once_or_within;

/// How long a client may take to send a body.
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// How much of a body that is too large is passed over, in bytes, and how long that may take.
const PASSED_OVER: usize = 64 * 1024 * 1024;
const PASSING_TIMEOUT: Duration = Duration::from_secs(2);

/// The deepest nesting that is read; serde_json's own limit is the same.
const DEPTH_LIMIT: usize = 128;

/// Why a body is not read.
pub(super) struct BodyError {
    pub(super) status: StatusCode,
    pub(super) error: RpcError,
}

impl BodyError {
    fn new(status: StatusCode, code: ErrorCode, message: impl Into<std::borrow::Cow<'static, str>>) -> Self {
        Self { status, error: RpcError::new(code, message) }
    }
}

/// Reads a JSON body of at most `limit` bytes.
pub(super) async fn read<B>(headers: &HeaderMap, mut body: B, limit: usize) -> Result<Bytes, BodyError>
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    if !is_json(headers) {
        return Err(BodyError::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            ErrorCode::InvalidRequest,
            "The Content-Type must be application/json",
        ));
    }
    let too_large = || {
        let message = format!("The body is larger than the {limit} bytes that this server reads (`body_limit(..)`)");
        BodyError::new(StatusCode::PAYLOAD_TOO_LARGE, ErrorCode::InvalidRequest, message)
    };
    let declared = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|length| length > limit as u64) {
        Box::pin(pass_over(body)).await;
        return Err(too_large());
    }
    let read = at_once_or_within(READ_TIMEOUT, collect(&mut body, limit, declared.unwrap_or_default()));
    let bytes = match read.await {
        Some(Ok(bytes)) => bytes,
        Some(Err(Unread::TooLarge)) => {
            Box::pin(pass_over(body)).await;
            return Err(too_large());
        }
        Some(Err(Unread::Broken)) => {
            let message = "The body could not be read to its end";
            return Err(BodyError::new(StatusCode::BAD_REQUEST, ErrorCode::InvalidRequest, message));
        }
        None => {
            let message = "The body did not arrive in time";
            return Err(BodyError::new(StatusCode::REQUEST_TIMEOUT, ErrorCode::InvalidRequest, message));
        }
    };
    if is_too_deep(&bytes) {
        let message = format!("The body is nested deeper than {DEPTH_LIMIT} levels");
        return Err(BodyError::new(StatusCode::BAD_REQUEST, ErrorCode::ParseError, message));
    }
    Ok(bytes)
}

/// Why there is no body.
enum Unread {
    TooLarge,
    Broken,
}

/// The body as a whole: nearly always it came with the head, in one piece that needs no copy.
async fn collect<B>(body: &mut B, limit: usize, declared: u64) -> Result<Bytes, Unread>
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    let (mut first, mut whole) = (Bytes::new(), BytesMut::new());
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Unread::Broken)?.into_data() else { continue };
        if data.len() > limit - first.len() - whole.len() {
            return Err(Unread::TooLarge);
        }
        if first.is_empty() && whole.is_empty() {
            first = data;
            continue;
        }
        if whole.is_empty() {
            // What was declared is within the limit.
            whole.reserve(usize::try_from(declared).unwrap_or_default().max(first.len() + data.len()));
            whole.extend_from_slice(&std::mem::take(&mut first));
        }
        whole.extend_from_slice(&data);
    }
    Ok(if whole.is_empty() { first } else { whole.freeze() })
}

/// Reads what nobody wants to know, within bounds: a client that still sends would see its connection break, and not the
/// answer that says why.
async fn pass_over(mut body: impl HttpBody<Data = Bytes> + Unpin) {
    let to_its_end = async {
        let mut left = PASSED_OVER;
        while let Some(Ok(frame)) = body.frame().await {
            let length = frame.data_ref().map_or(0, Bytes::len);
            if length > left {
                break;
            }
            left -= length;
        }
    };
    // Whoever takes longer is not worth the wait.
    let _ = tokio::time::timeout(PASSING_TIMEOUT, to_its_end).await;
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return false };
    // Nearly always, and this is quick.
    if value == "application/json" {
        return true;
    }
    let value = value.to_str().unwrap_or_default();
    value.split(';').next().is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"))
}

/// Whether brackets nest too deep: skipping raw JSON does not recurse, but what reads it later might.
fn is_too_deep(json: &[u8]) -> bool {
    // Few brackets cannot nest deep, and counting them is all that an ordinary body costs.
    if memchr2_iter(b'[', b'{', json).nth(DEPTH_LIMIT).is_none() {
        return false;
    }
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in json {
        if in_string {
            (in_string, escaped) = match byte {
                _ if escaped => (true, false),
                b'\\' => (true, true),
                b'"' => (false, false),
                _ => (true, false),
            };
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEPTH_LIMIT {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_09_depth_is_bounded_and_strings_do_not_count() {
        assert!(is_too_deep("[".repeat(100_000).as_bytes()));
        assert!(is_too_deep("{\"a\":".repeat(129).as_bytes()));
        assert!(!is_too_deep("[]".repeat(500).as_bytes()));
        assert!(!is_too_deep(format!("\"{}\"", "[".repeat(500)).as_bytes()));
        assert!(!is_too_deep(format!("\"\\\"{}\"", "{".repeat(500)).as_bytes()));
        assert!(is_too_deep(format!("\"\\\\\"{}", "{".repeat(500)).as_bytes()));
    }
}
