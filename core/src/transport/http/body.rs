//! Reading a body: bounded in size and in time.

use std::pin::pin;
use std::time::Duration;

use axum::body::HttpBody;
use bytes::{Bytes, BytesMut};
use http::{HeaderValue, StatusCode};
use http_body_util::BodyExt as _;

use crate::protocol::{ErrorCode, RpcError};
use crate::within::at_once_or_within;

/// How long a client may take to send a body.
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// How much of a body that is too large is passed over, in bytes, and how long that may take.
const PASSED_OVER: usize = 64 * 1024 * 1024;
const PASSING_TIMEOUT: Duration = Duration::from_secs(2);

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
pub(super) async fn read<B>(content_type: Option<&HeaderValue>, body: &mut B, limit: usize) -> Result<Bytes, BodyError>
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    if !content_type.is_some_and(is_json) {
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
    // What `Content-Length` says, where there is one.
    let declared = body.size_hint().lower();
    if declared > limit as u64 {
        Box::pin(pass_over(body)).await;
        return Err(too_large());
    }
    let collected = {
        let collecting = pin!(collect(body, limit, declared));
        at_once_or_within(READ_TIMEOUT, collecting).await
    };
    match collected {
        Some(Ok(bytes)) => Ok(bytes),
        Some(Err(Unread::TooLarge)) => {
            Box::pin(pass_over(body)).await;
            Err(too_large())
        }
        Some(Err(Unread::Broken)) => {
            let message = "The body could not be read to its end";
            Err(BodyError::new(StatusCode::BAD_REQUEST, ErrorCode::InvalidRequest, message))
        }
        None => {
            let message = "The body did not arrive in time";
            Err(BodyError::new(StatusCode::REQUEST_TIMEOUT, ErrorCode::InvalidRequest, message))
        }
    }
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

fn is_json(value: &HeaderValue) -> bool {
    // Nearly always, and this is quick.
    if value == "application/json" {
        return true;
    }
    let value = value.to_str().unwrap_or_default();
    value.split(';').next().is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"))
}
