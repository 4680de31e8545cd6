//! Which client speaks at the token endpoint, and whether it is that (RFC 6749 §2.3, §3.2.1).

use std::sync::Arc;

use http::StatusCode;

use super::oauth_error::OAuthError;
use super::server::AuthorizationServer;
use crate::auth::bounds::source::Source;
use crate::auth::clients::ClientError;
use crate::auth::clients::assertion::{ASSERTION_TYPE, AssertionError, Verified, claimed_client};
use crate::auth::fetch::cache::DocumentError;
use crate::auth::login::grant_id::GrantId;
use crate::auth::reason::Reason;
use crate::auth::request::client::Client;
use crate::auth::request::params::Params;

/// The client that sends a request.
pub(super) struct Authenticated {
    pub(super) client: Arc<Client>,
    /// What it proved that with, where it has keys.
    assertion: Option<Verified>,
}

impl Authenticated {
    /// To be called before anything comes of the request, once it is known that this grant is the client's: the same
    /// proof is not taken a second time.
    pub(super) async fn spend(&self, server: &AuthorizationServer, grant: &GrantId) -> Result<(), OAuthError> {
        match &self.assertion {
            Some(assertion) => Ok(server.assertions.spend(assertion, grant).await?),
            None => Ok(()),
        }
    }
}

/// The client that sends this request: named by `client_id`, and proven by an assertion where it has keys.
pub(super) async fn authenticate(
    server: &AuthorizationServer,
    params: &Params,
    source: Option<Source>,
) -> Result<Authenticated, OAuthError> {
    let assertion = params.get("client_assertion");
    if params.get("client_assertion_type").is_some_and(|kind| kind != ASSERTION_TYPE) {
        return Err(OAuthError::invalid_request(format!("client_assertion_type must be {ASSERTION_TYPE}")));
    }
    // With an assertion it may be left out (RFC 7521 §4.2).
    let claimed = || assertion.and_then(claimed_client);
    let client_id = params.get("client_id").map(str::to_owned).or_else(claimed);
    let client_id = client_id.ok_or_else(|| OAuthError::invalid_request("client_id is missing"))?;
    let client = server.clients.find(&client_id, source).await?;
    match (&client.keys, assertion, &server.clients.documents) {
        (None, None, _) => Ok(Authenticated { client, assertion: None }),
        // A proof that nobody can check is none, and whoever sends one relies on it.
        (None, Some(_), _) => {
            Err(not_proven("client_assertion is not expected: this client has said that it is public"))
        }
        (Some(_), None, _) | (Some(_), _, None) => {
            Err(not_proven("client_assertion is missing: this client has said that it signs one (private_key_jwt)"))
        }
        (Some(keys), Some(assertion), Some(documents)) => {
            let assertion = server.assertions.verify(assertion, &client_id, keys, documents, source).await?;
            Ok(Authenticated { client, assertion: Some(assertion) })
        }
    }
}

fn not_proven(description: impl Into<std::borrow::Cow<'static, str>>) -> OAuthError {
    Reason::ClientAssertionInvalid.log();
    OAuthError::new(Reason::ClientAssertionInvalid, StatusCode::UNAUTHORIZED, "invalid_client", description)
}

/// What is wrong with a document or key set.
fn document<E: std::fmt::Display + Clone>(error: &DocumentError<E>, what: &str) -> OAuthError {
    match error {
        DocumentError::TooOften(wait) => OAuthError::too_many(Reason::RateLimited, *wait),
        // The client is as good as before, and so are its tokens.
        away if away.is_outage() => {
            Reason::ClientDocumentAway.log();
            OAuthError::unavailable(Reason::ClientDocumentAway)
        }
        refused => {
            Reason::ClientDocumentInvalid.log();
            let description = format!("{what}: {refused}");
            OAuthError::new(Reason::ClientDocumentInvalid, StatusCode::UNAUTHORIZED, "invalid_client", description)
        }
    }
}

impl From<ClientError> for OAuthError {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Unknown => Self::invalid_client(),
            ClientError::Url(_) => {
                Reason::ClientUnknown.log();
                Self::new(Reason::ClientUnknown, StatusCode::UNAUTHORIZED, "invalid_client", error.to_string())
            }
            ClientError::Document(error) => document(&error, "client_id is a URL, but"),
            ClientError::Store(error) => error.into(),
        }
    }
}

impl From<AssertionError> for OAuthError {
    fn from(error: AssertionError) -> Self {
        match error {
            AssertionError::Invalid(_) => not_proven(error.to_string()),
            AssertionError::Used => {
                Reason::ClientAssertionUsed.log();
                Self::new(Reason::ClientAssertionUsed, StatusCode::UNAUTHORIZED, "invalid_client", error.to_string())
            }
            AssertionError::Keys(error) => document(&error, "the client's keys"),
            AssertionError::TooOften(wait) => Self::too_many(Reason::RateLimited, wait),
            AssertionError::Store(error) => error.into(),
        }
    }
}
