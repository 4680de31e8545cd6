//! HTTP responses around JSON-RPC ones.

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};

use crate::protocol::{RequestId, RpcError};
use crate::transport::encode;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// A JSON body with this status.
pub(super) fn json(status: StatusCode, body: Bytes) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    response
}

/// A JSON-RPC error with the status that goes with its code.
pub(super) fn error(id: Option<&RequestId>, error: &RpcError) -> Response {
    error_with(error.http_status(), id, error)
}

/// A JSON-RPC error with this status.
pub(super) fn error_with(status: StatusCode, id: Option<&RequestId>, error: &RpcError) -> Response {
    match encode::error_response(id, error) {
        Ok(body) => json(status, body),
        Err(_) => empty(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

/// A response without a body.
pub(super) fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}
