//! Reading a body: bounded in size, in time and in depth.

use std::time::Duration;

use axum::body::HttpBody;
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use crate::protocol::{ErrorCode, RpcError};

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
pub(super) async fn read<B>(headers: &HeaderMap, body: B, limit: usize) -> Result<Bytes, BodyError>
where
    B: HttpBody<Data = Bytes> + Unpin,
    B::Error: Into<axum::BoxError>,
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
    let mut body = body;
    let declared = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|length| length > limit as u64) {
        pass_over(body).await;
        return Err(too_large());
    }
    let bytes = match tokio::time::timeout(READ_TIMEOUT, Limited::new(&mut body, limit).collect()).await {
        Ok(Ok(collected)) => collected.to_bytes(),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            pass_over(body).await;
            return Err(too_large());
        }
        Ok(Err(_)) => {
            let message = "The body could not be read to its end";
            return Err(BodyError::new(StatusCode::BAD_REQUEST, ErrorCode::InvalidRequest, message));
        }
        Err(_) => {
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
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"))
}

/// Whether brackets nest too deep: skipping raw JSON does not recurse, but what reads it later might.
fn is_too_deep(json: &[u8]) -> bool {
    // Few brackets cannot nest deep, and counting them is all that an ordinary body costs.
    if json.iter().filter(|byte| matches!(byte, b'[' | b'{')).count() <= DEPTH_LIMIT {
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
