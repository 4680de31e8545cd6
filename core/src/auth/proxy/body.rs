//! Bodies of strangers: not begun where they say that they are too large, and not waited for without end.

use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use futures_util::{StreamExt as _, stream};
use http::{StatusCode, header};
use tokio::time::{Instant, timeout_at};

use super::oauth_error::OAuthError;
use crate::auth::reason::Reason;
use crate::auth::request::client::MAX_BODY;

/// How long a client may take to send a body, as for MCP requests.
const READ_TIMEOUT: Duration = Duration::from_secs(30);

pub(super) async fn bounded(request: Request, next: Next) -> Response {
    let length = request.headers().get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > MAX_BODY as u64) {
        Reason::RequestInvalid.log();
        let status = StatusCode::PAYLOAD_TOO_LARGE;
        return OAuthError::new(Reason::RequestInvalid, status, "invalid_request", "the body is too large")
            .into_response();
    }
    let deadline = Instant::now() + READ_TIMEOUT;
    next.run(request.map(|body| in_time(body, deadline))).await
}

/// The body, which breaks off at the deadline: half a body must not pass for a whole one.
fn in_time(body: Body, deadline: Instant) -> Body {
    Body::from_stream(stream::unfold(body.into_data_stream(), move |mut pieces| async move {
        let piece = match timeout_at(deadline, pieces.next()).await {
            Ok(piece) => piece?,
            Err(late) => Err(axum::Error::new(late)),
        };
        Some((piece, pieces))
    }))
}
