//! The answers of the gate: `WWW-Authenticate` (RFC 6750 §3, RFC 9728 §5.1).

use axum::body::Body;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};

use super::oauth_error::OAuthError;
use super::urls::Urls;
use crate::auth::reason::Reason;

/// 401 to a request without a token: nothing was wrong with it.
pub(crate) fn no_token<'a>(urls: &Urls, scopes: impl Iterator<Item = &'a str>) -> Response {
    challenge(StatusCode::UNAUTHORIZED, urls, scopes, None)
}

/// 401 to a token that is not accepted.
pub(crate) fn invalid_token<'a>(urls: &Urls, scopes: impl Iterator<Item = &'a str>) -> Response {
    challenge(
        StatusCode::UNAUTHORIZED,
        urls,
        scopes,
        Some(("invalid_token", "the token is invalid or its login has ended")),
    )
}

/// 403 to a token that lacks scopes.
pub(crate) fn insufficient_scope<'a>(urls: &Urls, scopes: impl Iterator<Item = &'a str>) -> Response {
    challenge(StatusCode::FORBIDDEN, urls, scopes, Some(("insufficient_scope", "the call needs more scopes")))
}

/// 503: the token is as good as it was.
pub(crate) fn unavailable(retry_after: u32) -> Response {
    use axum::response::IntoResponse as _;

    let mut response = OAuthError::unavailable_as_logged(Reason::ProviderAway).into_response();
    response.headers_mut().insert(header::RETRY_AFTER, retry_after.into());
    response
}

fn challenge<'a>(
    status: StatusCode,
    urls: &Urls,
    scopes: impl Iterator<Item = &'a str>,
    error: Option<(&'static str, &'static str)>,
) -> Response {
    let mut value = format!(r#"Bearer resource_metadata="{}""#, urls.resource_metadata());
    let scopes: Vec<&str> = scopes.collect();
    if !scopes.is_empty() {
        value.push_str(&format!(r#", scope="{}""#, scopes.join(" ")));
    }
    let mut body = Body::empty();
    if let Some((code, description)) = error {
        value.push_str(&format!(r#", error="{code}", error_description="{description}""#));
        body = Body::from(format!(r#"{{"error":"{code}","error_description":"{description}"}}"#));
    }
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    // Neither URLs nor scopes can hold quotes or control characters.
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(header::WWW_AUTHENTICATE, value);
    }
    if error.is_some() {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
