//! `/register`: clients register themselves (RFC 7591).

use std::sync::Arc;

use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::StatusCode;

use super::caller::Caller;
use super::oauth_error::{OAuthError, json_response};
use super::server::AuthorizationServer;
use crate::auth::bounds::source::Source;
use crate::auth::reason::Reason;
use crate::auth::request::client::Client;

pub(super) async fn register(
    State(server): State<Arc<AuthorizationServer>>,
    Caller(source): Caller,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    match try_register(&server, source, body).await {
        Ok(response) => response,
        Err(error) => error.into_response(),
    }
}

async fn try_register(
    server: &AuthorizationServer,
    source: Option<Source>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, OAuthError> {
    let body = body.map_err(|rejection| {
        Reason::RegistrationInvalid.log();
        OAuthError::new(
            Reason::RegistrationInvalid,
            rejection.status(),
            "invalid_client_metadata",
            "the body could not be read, or is too large",
        )
    })?;
    let now = server.logins.clock.unix();
    let client = Client::register(&body, &server.redirect_policy, now).map_err(|error| {
        Reason::RegistrationInvalid.log();
        OAuthError::new(Reason::RegistrationInvalid, error.status(), error.code(), error.to_string())
    })?;
    let client = client.with_scopes_of(&server.supported_scopes);
    server.keep_new_client(&client, source).await?;
    Ok(json_response(StatusCode::CREATED, &client.response()))
}
