//! Errors of the endpoints that clients call directly: JSON (RFC 6749 §5.2, RFC 7591 §3.2.2).

use std::borrow::Cow;
use std::fmt::Display;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::json;

use crate::auth::bounds::rate::TooOften;
use crate::auth::login::grant_id::GrantId;
use crate::auth::login::grants::{GrantError, UpstreamTrouble, store_reason};
use crate::auth::login::logins::RETRY_AFTER;
use crate::auth::login::revocation::RevokeError;
use crate::auth::reason::Reason;
use crate::auth::tokens::codes::IssueError;
use crate::store::StoreError;

/// An error answer.
#[derive(Debug)]
pub(crate) struct OAuthError {
    status: StatusCode,
    code: &'static str,
    description: Cow<'static, str>,
    reason: Reason,
    retry_after: Option<u32>,
}

impl OAuthError {
    pub(crate) fn new(
        reason: Reason,
        status: StatusCode,
        code: &'static str,
        description: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { status, code, description: description.into(), reason, retry_after: None }
    }

    pub(crate) fn invalid_request(description: impl Into<Cow<'static, str>>) -> Self {
        Reason::RequestInvalid.log();
        Self::new(Reason::RequestInvalid, StatusCode::BAD_REQUEST, "invalid_request", description)
    }

    pub(crate) fn invalid_client() -> Self {
        Reason::ClientUnknown.log();
        Self::new(
            Reason::ClientUnknown,
            StatusCode::UNAUTHORIZED,
            "invalid_client",
            "this client is not registered here (any more): register it again",
        )
    }

    pub(crate) fn invalid_grant(reason: Reason, description: impl Into<Cow<'static, str>>) -> Self {
        reason.log();
        Self::new(reason, StatusCode::BAD_REQUEST, "invalid_grant", description)
    }

    /// The same where the grant is known.
    pub(crate) fn invalid_grant_of(grant: &GrantId, reason: Reason, description: impl Into<Cow<'static, str>>) -> Self {
        reason.log_for(grant);
        Self::new(reason, StatusCode::BAD_REQUEST, "invalid_grant", description)
    }

    /// What to answer where this grant is not to be had.
    pub(crate) fn no_grant(grant: &GrantId, error: GrantError) -> Self {
        match error {
            GrantError::Ended => Self::invalid_grant_of(grant, Reason::GrantEnded, "the login has ended: log in again"),
            GrantError::Store(error) => Self::store(&error, Some(grant)),
        }
    }

    /// What to answer where the provider's tokens of this grant are not to be had.
    pub(crate) fn no_upstream(grant: &GrantId, trouble: &UpstreamTrouble) -> Self {
        match trouble {
            UpstreamTrouble::Ended => Self::no_grant(grant, GrantError::Ended),
            UpstreamTrouble::Unavailable => {
                Reason::ProviderAway.log_for(grant);
                Self::unavailable_as_logged(Reason::ProviderAway)
            }
        }
    }

    /// What to answer where it is not known whether this grant was ended.
    pub(crate) fn not_revoked(grant: &GrantId, error: &RevokeError) -> Self {
        match error {
            RevokeError::Store(error) => Self::store(error, Some(grant)),
            RevokeError::Stopped => Self::internal(error),
        }
    }

    fn store(error: &StoreError, grant: Option<&GrantId>) -> Self {
        let reason = store_reason(error);
        reason.log_failure(error);
        reason.log_of(grant.map(|grant| grant as &dyn Display));
        if error.is_unavailable() {
            Self::unavailable_as_logged(reason)
        } else {
            Self::new(reason, StatusCode::INTERNAL_SERVER_ERROR, "server_error", "the server failed")
        }
    }

    pub(crate) fn invalid_target() -> Self {
        Reason::ResourceForeign.log();
        Self::new(Reason::ResourceForeign, StatusCode::BAD_REQUEST, "invalid_target", "resource is not this server's")
    }

    /// A failure of our own that is no outage.
    pub(crate) fn internal(cause: &dyn Display) -> Self {
        Reason::Internal.log_failure(cause);
        Reason::Internal.log();
        Self::new(Reason::Internal, StatusCode::INTERNAL_SERVER_ERROR, "server_error", "the server failed")
    }

    pub(crate) fn unavailable(reason: Reason) -> Self {
        reason.log();
        Self::unavailable_as_logged(reason)
    }

    /// The same for a refusal that is in the log already.
    pub(crate) fn unavailable_as_logged(reason: Reason) -> Self {
        let description = "not possible at the moment: try again";
        let error = Self::new(reason, StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", description);
        Self { retry_after: Some(RETRY_AFTER), ..error }
    }

    /// Too many of the kind that the reason names (RFC 6585 §4).
    pub(crate) fn too_many(reason: Reason, wait: TooOften) -> Self {
        reason.log();
        let error =
            Self::new(reason, StatusCode::TOO_MANY_REQUESTS, "too_many_requests", "too many requests: try later");
        Self { retry_after: Some(wait.seconds()), ..error }
    }

    /// Whether it is one too many, and no failure.
    pub(crate) fn is_too_many(&self) -> bool {
        self.status == StatusCode::TOO_MANY_REQUESTS
    }

    /// When to come again, in seconds, where that may help.
    pub(crate) const fn retry_after(&self) -> Option<u32> {
        self.retry_after
    }

    /// The code under which this is in the log.
    pub(crate) const fn reason(&self) -> Reason {
        self.reason
    }

    /// The code, for the answers that go through a redirect.
    pub(crate) const fn code(&self) -> &'static str {
        self.code
    }

    pub(crate) fn description(&self) -> &str {
        &self.description
    }
}

impl From<StoreError> for OAuthError {
    fn from(error: StoreError) -> Self {
        Self::from(&error)
    }
}

impl From<&StoreError> for OAuthError {
    fn from(error: &StoreError) -> Self {
        Self::store(error, None)
    }
}

impl From<IssueError> for OAuthError {
    fn from(error: IssueError) -> Self {
        match error {
            IssueError::Random(error) => Self::internal(&error),
            IssueError::Store(error) => error.into(),
        }
    }
}

impl IntoResponse for OAuthError {
    fn into_response(self) -> Response {
        let body = json!({ "error": self.code, "error_description": self.description });
        let mut response = json_response(self.status, &body);
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        if self.status == StatusCode::UNAUTHORIZED {
            // RFC 9110 §15.5.2 wants one; `Basic` would make browsers ask the user for a password.
            let challenge = HeaderValue::from_static(r#"Bearer realm="token endpoint""#);
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

/// A JSON answer that nobody may keep (RFC 6749 §5.1).
pub(crate) fn json_response(status: StatusCode, body: &serde_json::Value) -> Response {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    response
}
