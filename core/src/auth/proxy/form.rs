//! The form bodies of `/token` and `/revoke` (RFC 6749 §3.2, RFC 7009 §2.1).

use axum::extract::rejection::BytesRejection;
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};

use super::oauth_error::OAuthError;
use crate::auth::reason::Reason;
use crate::auth::request::params::Params;

/// The parameters of a form that a client posted.
///
/// # Errors
/// `invalid_request`, whatever is wrong with it.
pub(super) fn read(headers: &HeaderMap, body: Result<Bytes, BytesRejection>) -> Result<Params, OAuthError> {
    let is_form = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).is_some_and(|value| {
        let kind = value.split(';').next().unwrap_or_default().trim();
        kind.eq_ignore_ascii_case("application/x-www-form-urlencoded")
    });
    if !is_form {
        return Err(OAuthError::invalid_request("the body must be application/x-www-form-urlencoded"));
    }
    let body = body.map_err(|rejection| {
        Reason::RequestInvalid.log();
        OAuthError::new(
            Reason::RequestInvalid,
            rejection.status(),
            "invalid_request",
            "the body could not be read, or is too large",
        )
    })?;
    Params::parse(&body).map_err(|error| {
        Reason::RequestInvalid.log();
        OAuthError::new(Reason::RequestInvalid, StatusCode::BAD_REQUEST, error.code(), error.to_string())
    })
}

/// A parameter that has to be there.
///
/// # Errors
/// `invalid_request`, if it is not.
pub(super) fn required<'a>(params: &'a Params, name: &'static str) -> Result<&'a str, OAuthError> {
    params.get(name).ok_or_else(|| OAuthError::invalid_request(format!("{name} is missing")))
}
