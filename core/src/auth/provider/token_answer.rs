//! A token answer, and how it is read (RFC 6749 §5, and what providers make of it).

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use http::StatusCode;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;

use super::UpstreamError;

/// The tokens that a provider issued. `Debug` shows none of them.
#[derive(Clone)]
pub struct UpstreamTokens {
    access_token: SecretString,
    refresh_token: Option<SecretString>,
    id_token: Option<SecretString>,
    expires_in: Option<Duration>,
    scope: Option<String>,
}

impl UpstreamTokens {
    /// Reads a token answer as [`Provider::read_token_response`](super::Provider::read_token_response) does where a
    /// provider has nothing of its own to add.
    ///
    /// # Errors
    ///
    /// [`UpstreamError`]: another status than 2xx, or an `error`, or no `access_token`.
    pub fn read(status: StatusCode, body: &[u8]) -> Result<Self, UpstreamError> {
        read(status, body)
    }

    /// An access token of which nothing more is known.
    #[must_use]
    pub const fn new(access_token: SecretString) -> Self {
        Self { access_token, refresh_token: None, id_token: None, expires_in: None, scope: None }
    }

    /// Adds the refresh token.
    #[must_use]
    pub fn with_refresh_token(mut self, token: SecretString) -> Self {
        self.refresh_token = Some(token);
        self
    }

    /// Adds the OpenID Connect `id_token`.
    #[must_use]
    pub fn with_id_token(mut self, token: SecretString) -> Self {
        self.id_token = Some(token);
        self
    }

    /// Adds how long the access token is valid, counted from the answer.
    #[must_use]
    pub const fn with_expires_in(mut self, expires_in: Duration) -> Self {
        self.expires_in = Some(expires_in);
        self
    }

    /// Adds the scopes that the provider says it granted, space-separated.
    #[must_use]
    pub fn with_scope(mut self, scope: impl Into<String>) -> Self {
        self.scope = Some(scope.into());
        self
    }

    /// The access token.
    #[must_use]
    pub const fn access_token(&self) -> &SecretString {
        &self.access_token
    }

    /// The refresh token, if the provider gave one.
    #[must_use]
    pub const fn refresh_token(&self) -> Option<&SecretString> {
        self.refresh_token.as_ref()
    }

    /// The OpenID Connect `id_token`, not verified.
    #[must_use]
    pub const fn id_token(&self) -> Option<&SecretString> {
        self.id_token.as_ref()
    }

    /// How long the access token is valid, counted from the answer; `None` where the provider does not say.
    #[must_use]
    pub const fn expires_in(&self) -> Option<Duration> {
        self.expires_in
    }

    /// The scopes that the provider says it granted; `None` where it does not say.
    #[must_use]
    pub fn scope(&self) -> Option<&str> {
        self.scope.as_deref()
    }
}

impl fmt::Debug for UpstreamTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpstreamTokens")
            .field("expires_in", &self.expires_in)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Answer {
    access_token: Option<String>,
    refresh_token: Option<String>,
    id_token: Option<String>,
    expires_in: Option<Value>,
    scope: Option<String>,
    error: Option<Value>,
}

/// Reads a token answer. A failure is: another status than 2xx, or an `error`, or no `access_token`.
fn read(status: StatusCode, body: &[u8]) -> Result<UpstreamTokens, UpstreamError> {
    let answer: Option<Answer> = serde_json::from_slice(body).ok();
    if status == StatusCode::TOO_MANY_REQUESTS || !(status.is_success() || status.is_client_error()) {
        return Err(UpstreamError::Unavailable(format!("HTTP {}", status.as_u16()).into()));
    }
    let Some(answer) = answer else {
        return Err(UpstreamError::Unavailable(format!("HTTP {}, not a token answer", status.as_u16()).into()));
    };
    if let Some(error) = answer.error.as_ref() {
        return Err(refusal(status, error.as_str().unwrap_or_default()));
    }
    let token = answer.access_token.filter(|token| !token.is_empty());
    let (Some(token), true) = (token, status.is_success()) else {
        return Err(UpstreamError::Unavailable(format!("HTTP {}, no access_token", status.as_u16()).into()));
    };
    let mut tokens = UpstreamTokens::new(token.into());
    tokens.refresh_token = answer.refresh_token.filter(|token| !token.is_empty()).map(Into::into);
    tokens.id_token = answer.id_token.filter(|token| !token.is_empty()).map(Into::into);
    tokens.expires_in = answer.expires_in.as_ref().and_then(seconds);
    tokens.scope = answer.scope;
    Ok(tokens)
}

/// What an error code means (RFC 6749 §5.2). Under HTTP 200 providers use `invalid_request` for a dead code or
/// refresh token, where the RFC has `invalid_grant`.
fn refusal(status: StatusCode, code: &str) -> UpstreamError {
    match code {
        "invalid_grant" => UpstreamError::Rejected("invalid_grant".into()),
        "invalid_client" | "unauthorized_client" => UpstreamError::ClientRefused(known(code)),
        "invalid_request" if status.is_success() => UpstreamError::Rejected("invalid_request under HTTP 200".into()),
        "invalid_request" | "unsupported_grant_type" | "invalid_scope" => UpstreamError::ClientRefused(known(code)),
        _ => UpstreamError::Unavailable(format!("HTTP {}, {}", status.as_u16(), known(code)).into()),
    }
}

/// The code where the RFCs define it; a provider's own words do not go into our log.
fn known(code: &str) -> Cow<'static, str> {
    const CODES: [&str; 9] = [
        "invalid_client",
        "unauthorized_client",
        "invalid_request",
        "unsupported_grant_type",
        "invalid_scope",
        "access_denied",
        "server_error",
        "temporarily_unavailable",
        "slow_down",
    ];
    CODES.into_iter().find(|known| *known == code).unwrap_or("an unknown error code").into()
}

/// Seconds as a number or as a string. A lifetime that cannot be one is none.
fn seconds(value: &Value) -> Option<Duration> {
    let seconds = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    // A century bounds what later arithmetic has to bear.
    (seconds.is_finite() && (0.0..=3.2e9).contains(&seconds)).then(|| Duration::from_secs_f64(seconds.floor()))
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    fn read(status: u16, body: &str) -> Result<UpstreamTokens, UpstreamError> {
        super::read(StatusCode::from_u16(status).unwrap(), body.as_bytes())
    }

    #[test]
    fn lifetimes_are_numbers_or_strings() {
        for lifetime in ["3600", "\"3600\"", "3600.0", "\" 3600 \""] {
            let tokens = read(200, &format!(r#"{{"access_token":"a","expires_in":{lifetime}}}"#)).unwrap();
            assert_eq!(tokens.expires_in(), Some(Duration::from_secs(3600)), "{lifetime}");
            assert_eq!(tokens.access_token().expose_secret(), "a");
        }
        for lifetime in ["null", "-1", "\"soon\"", "1e300", "[]"] {
            let tokens = read(200, &format!(r#"{{"access_token":"a","expires_in":{lifetime}}}"#)).unwrap();
            assert_eq!(tokens.expires_in(), None, "{lifetime}");
        }
    }

    #[test]
    fn a_no_and_an_outage_are_not_confused() {
        let no =
            [(400, r#"{"error":"invalid_grant"}"#), (200, r#"{"error":"invalid_request","error_description":"x"}"#)];
        for (status, body) in no {
            assert!(matches!(read(status, body), Err(UpstreamError::Rejected(_))), "{status} {body}");
        }
        let away = [
            (503, r#"{"error":"invalid_grant"}"#),
            (500, ""),
            (429, r#"{"error":"invalid_grant"}"#),
            (200, "<html>"),
            (200, "{}"),
            (200, r#"{"access_token":""}"#),
            (400, "<html>"),
            (400, r#"{"access_token":"a"}"#),
            (302, ""),
            (200, r#"{"error":"server_error"}"#),
            (200, r#"{"access_token":"a","error":"temporarily_unavailable"}"#),
        ];
        for (status, body) in away {
            assert!(matches!(read(status, body), Err(UpstreamError::Unavailable(_))), "{status} {body}");
        }
        assert!(matches!(read(401, r#"{"error":"invalid_client"}"#), Err(UpstreamError::ClientRefused(_))));
    }

    #[test]
    fn nothing_of_the_answer_is_printed() {
        let tokens =
            read(200, r#"{"access_token":"SECRET-A","refresh_token":"SECRET-R","id_token":"SECRET-I"}"#).unwrap();
        assert!(!format!("{tokens:?}").contains("SECRET"));
        let error = read(400, r#"{"error":"SECRET","error_description":"SECRET"}"#).unwrap_err();
        assert!(!format!("{error:?} {error}").contains("SECRET"));
    }
}
