//! `/revoke`: a client gives a token back (RFC 7009).
//!
//! Whichever token it is, the whole grant ends: all its access tokens and refresh tokens.

use std::sync::Arc;

use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::caller::Caller;
use super::client_auth::authenticate;
use super::form;
use super::oauth_error::OAuthError;
use super::server::AuthorizationServer;
use crate::auth::bounds::source::Source;
use crate::auth::login::grant_id::GrantId;
use crate::auth::login::grants::GrantError;
use crate::auth::reason::Reason;
use crate::auth::tokens::refresh_tokens::Use;

pub(super) async fn revoke(
    State(server): State<Arc<AuthorizationServer>>,
    Caller(source): Caller,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    match try_revoke(&server, source, &headers, body).await {
        Ok(()) => done(),
        Err(error) => error.into_response(),
    }
}

/// 200 with nothing in it: the status is the answer (RFC 7009 §2.2).
fn done() -> Response {
    let mut response = StatusCode::OK.into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

async fn try_revoke(
    server: &Arc<AuthorizationServer>,
    source: Option<Source>,
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<(), OAuthError> {
    let params = form::read(headers, body)?;
    let caller = authenticate(server, &params, source).await?;
    // No look at `token_type_hint`: the two kinds cannot be taken for one another.
    match find(server, form::required(&params, "token")?).await? {
        // Nothing to end (any more), which is what the client wants (§2.2).
        None => Ok(()),
        Some(found) if found.client_id != caller.client.client_id => Err(OAuthError::invalid_grant_of(
            &found.grant,
            Reason::TokenForeign,
            "the token was issued to another client, and is as good as before",
        )),
        // As at the token endpoint: two hold the chain, and one of them may be a thief.
        Some(Found { grant, is_current: false, .. }) => {
            caller.spend(server, &grant).await?;
            let ended = server.logins.grants.end(&grant, Reason::RefreshTokenReused).await;
            ended.map(drop).map_err(|error| OAuthError::no_grant(&grant, error.into()))
        }
        Some(found) => {
            caller.spend(server, &found.grant).await?;
            let revoked = server.logins.revoke(&found.grant).await;
            revoked.map(drop).map_err(|error| OAuthError::not_revoked(&found.grant, &error))
        }
    }
}

/// What a token stands for.
struct Found {
    grant: GrantId,
    client_id: String,
    /// Whether it is no refresh token whose successor was used.
    is_current: bool,
}

/// What the token stands for; none if it is unknown, has expired, or its grant has ended.
async fn find(server: &AuthorizationServer, token: &str) -> Result<Option<Found>, OAuthError> {
    if let Ok(claims) = server.access_tokens.verify(token) {
        return Ok(Some(Found { grant: claims.gid, client_id: claims.client_id, is_current: true }));
    }
    let Some(known) = server.refresh_tokens.find(token).await? else { return Ok(None) };
    let grant = match server.logins.grants.load(&known.grant).await {
        Ok(live) => server.logins.grants.reload(&live).await,
        Err(error) => Err(error),
    };
    match grant {
        Ok(grant) => Ok(Some(Found {
            is_current: Use::of(known.index, grant.used) != Use::Reuse,
            client_id: grant.client_id.clone(),
            grant: known.grant,
        })),
        Err(GrantError::Ended) => Ok(None),
        Err(error) => Err(OAuthError::no_grant(&known.grant, error)),
    }
}
