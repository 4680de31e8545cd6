//! HTTP responses around JSON-RPC ones.

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};

use super::guard::GuardError;
use crate::protocol::{ErrorCode, ProtocolVersion, RequestId, RpcError};
use crate::transport::encode;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// A JSON body with this status.
pub(super) fn json(status: StatusCode, body: Bytes) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    response
}

/// A response without a body.
pub(super) fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// Refuses a request before its method ran.
pub(super) fn refuse(id: Option<&RequestId>, error: &RpcError) -> Response {
    error_with(refused(error.code()), id, error)
}

/// Refuses a request for a host that is not ours (DNS rebinding).
pub(super) fn foreign_host(refusal: &GuardError) -> Response {
    tracing::warn!(reason = "host_not_allowed", "{refusal}");
    error_with(StatusCode::FORBIDDEN, None, &RpcError::new(ErrorCode::InvalidRequest, refusal.to_string()))
}

/// A JSON-RPC error with this status.
pub(super) fn error_with(status: StatusCode, id: Option<&RequestId>, error: &RpcError) -> Response {
    // The code of an error differs between revisions only where a method gives it.
    match encode::error_response(ProtocolVersion::LATEST, id, error) {
        Ok(body) => json(status, body),
        Err(_) => empty(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

/// This method is for another revision of the protocol than the request's.
pub(super) fn not_allowed() -> Response {
    let mut response = empty(StatusCode::METHOD_NOT_ALLOWED);
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
    response
}

/// The session has ended, or was never ours (MCP 2025-11-25, Transports, Session Management).
pub(super) fn session_not_found(id: Option<&RequestId>) -> Response {
    let message = "Session not found: it ended, or this server cannot read it. Send `initialize` again";
    error_with(StatusCode::NOT_FOUND, id, &RpcError::new(ErrorCode::InvalidRequest, message))
}

/// The status of a stateless request that was refused (MCP 2026-07-28, Streamable HTTP).
const fn refused(code: ErrorCode) -> StatusCode {
    match code {
        ErrorCode::MethodNotFound => StatusCode::NOT_FOUND,
        ErrorCode::InternalError => StatusCode::INTERNAL_SERVER_ERROR,
        ErrorCode::ParseError
        | ErrorCode::InvalidRequest
        | ErrorCode::InvalidParams
        | ErrorCode::ResourceNotFound
        | ErrorCode::HeaderMismatch
        | ErrorCode::MissingRequiredClientCapability
        | ErrorCode::UnsupportedProtocolVersion => StatusCode::BAD_REQUEST,
    }
}

/// The status of an error that a method of a stateless request gave: it was read and served, whatever it came to.
pub(super) const fn answered(code: ErrorCode) -> StatusCode {
    match code {
        ErrorCode::InvalidParams | ErrorCode::ResourceNotFound | ErrorCode::InternalError => StatusCode::OK,
        code => refused(code),
    }
}
