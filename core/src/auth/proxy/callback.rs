//! The callback: the user comes back from the provider, and a grant and a code are made.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::HeaderMap;

use super::answer::{ClientAnswer, failure, problem};
use super::caller::Caller;
use super::oauth_error::OAuthError;
use super::server::AuthorizationServer;
use crate::auth::login::grant_id::GrantId;
use crate::auth::login::records::{Grant, TRANSACTIONS, Transaction};
use crate::auth::pages::{Lang, Problem};
use crate::auth::provider::{IdentifyError, UpstreamError};
use crate::auth::reason::Reason;
use crate::auth::request::params::Params;
use crate::store::Key;

pub(super) async fn callback(
    State(server): State<Arc<AuthorizationServer>>,
    Caller(source): Caller,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let params = Params::parse(query.unwrap_or_default()).ok();
    let arrival = params.as_ref().and_then(|params| Some((params, params.get("state")?)));
    let Some((params, state)) = arrival else {
        return problem(&headers, Problem::LoginSpent, Reason::StateUnknown, None);
    };
    let transaction: Transaction = match server.store.take(&Key::hashed(TRANSACTIONS, state)).await {
        Ok(Some(transaction)) => transaction,
        Ok(None) => {
            return problem(&headers, Problem::LoginSpent, Reason::StateUnknown, None);
        }
        Err(error) => return failure(&headers, &error.into()),
    };
    if !server.cookie.read(&headers).is_some_and(|browser| browser.is(&transaction.browser)) {
        return problem(&headers, Problem::OtherBrowser, Reason::BrowserForeign, None);
    }
    // What the provider says of an error is not passed on: only its code, where that is one of ours.
    if let Some(error) = params.get("error") {
        Reason::ProviderDenied.log();
        let answer = ClientAnswer::to(&server, &transaction.request);
        return match error {
            "access_denied" => answer.error("access_denied", "the login at the provider was cancelled"),
            "temporarily_unavailable" => answer.error("temporarily_unavailable", "the provider is not available"),
            _ => answer.error("server_error", "the provider refused the login"),
        };
    }
    let Some(code) = params.get("code").map(str::to_owned) else {
        Reason::ProviderDenied.log();
        let answer = ClientAnswer::to(&server, &transaction.request);
        return answer.error("server_error", "the provider gave no code");
    };
    // A task of its own: a browser that hangs up does not leave half a login.
    let (worker, state, lang) = (server.clone(), state.to_owned(), Lang::of(&headers));
    let request = transaction.request.clone();
    let login = tokio::spawn(async move {
        let client = worker.clients.find(&transaction.request.client_id, source).await.ok();
        let code = log_in(&worker, &code, &state, transaction).await?;
        Ok::<_, OAuthError>((code, client.and_then(|client| client.client_name.clone())))
    });
    let answer = ClientAnswer::to(&server, &request);
    match login.await {
        Ok(Ok((code, client_name))) => answer.code(&code, client_name.as_deref(), lang),
        Ok(Err(error)) => answer.error(error.code(), error.description()),
        Err(error) => {
            Reason::Internal.log_failure(&error);
            answer.error("server_error", "the server failed")
        }
    }
}

/// From the provider's code to ours.
async fn log_in(
    server: &AuthorizationServer,
    code: &str,
    state: &str,
    transaction: Transaction,
) -> Result<String, OAuthError> {
    let Transaction { request, verifier, .. } = transaction;
    let upstream = &server.logins.upstream;
    let tokens = upstream.exchange(code, state, verifier).await.map_err(|error| not_exchanged(&error))?;
    let identity = upstream.identify(&tokens).await.map_err(|error| not_identified(&error))?;
    let id = GrantId::random().map_err(|error| OAuthError::internal(&error))?;
    let grant = Grant::new(&request, identity, &tokens, server.logins.clock.unix());
    server.logins.grants.make_room(&grant.subject).await?;
    server.logins.grants.create(&id, &grant).await?;
    server.clients.keep_used(&request.client_id).await?;
    tracing::info!(target: "dari::auth", grant = %id, "logged in");
    Ok(server.codes.issue(id, request).await?)
}

fn not_exchanged(error: &UpstreamError) -> OAuthError {
    match error {
        UpstreamError::Rejected(_) => {
            Reason::ProviderRejected.log_failure(error);
            login_failed(Reason::ProviderRejected, "the provider refused the login")
        }
        UpstreamError::ClientRefused(_) => {
            Reason::ProviderRefusesClient.log_failure(error);
            login_failed(Reason::ProviderRefusesClient, "this server is not set up with the provider")
        }
        UpstreamError::Unavailable(_) => {
            Reason::ProviderAway.log_failure(error);
            OAuthError::unavailable(Reason::ProviderAway)
        }
    }
}

fn not_identified(error: &IdentifyError) -> OAuthError {
    match error {
        IdentifyError::Rejected(_) => {
            Reason::IdentityRejected.log_failure(error);
            login_failed(Reason::IdentityRejected, "the provider did not say who logged in")
        }
        IdentifyError::Unavailable(_) => {
            Reason::ProviderAway.log_failure(error);
            OAuthError::unavailable(Reason::ProviderAway)
        }
    }
}

fn login_failed(reason: Reason, description: &'static str) -> OAuthError {
    OAuthError::new(reason, http::StatusCode::BAD_GATEWAY, "server_error", description)
}
