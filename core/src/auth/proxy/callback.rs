//! The callback: the user comes back from the provider, and a grant and a code are made.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::HeaderMap;

use super::answer::{ClientAnswer, failure, problem, see_other};
use super::caller::Caller;
use super::consent::send_off;
use super::oauth_error::OAuthError;
use super::server::AuthorizationServer;
use crate::auth::login::grant_id::GrantId;
use crate::auth::login::records::{AuthorizationRequest, Grant, Standing, TRANSACTIONS, Transaction};
use crate::auth::pages::{Lang, Problem, ScopeLine, WithdrawPage};
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
        if let Some(subject) = transaction.asks_again.as_deref().filter(|_| is_about_the_request(error)) {
            return still_missing(&server, &headers, &transaction.request, subject).await;
        }
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
        let client_name = client.and_then(|client| client.client_name.clone());
        let arrival = log_in(&worker, &code, &state, transaction, client_name.clone()).await?;
        Ok::<_, OAuthError>((arrival, client_name))
    });
    let answer = ClientAnswer::to(&server, &request);
    match login.await {
        Ok(Ok((Arrival::LoggedIn(code), client_name))) => answer.code(&code, client_name.as_deref(), lang),
        Ok(Ok((Arrival::SentBack(url), _))) => see_other(&url),
        Ok(Ok((Arrival::StillMissing(subject), _))) => still_missing(&server, &headers, &request, &subject).await,
        Ok(Err(error)) => answer.error(error.code(), error.description()),
        Err(error) => {
            Reason::Internal.log_failure(&error);
            answer.error("server_error", "the server failed")
        }
    }
}

/// What came of a user's return from the provider.
enum Arrival {
    /// A grant, and our code for it.
    LoggedIn(String),
    /// The provider is to ask this user once more; this is where.
    SentBack(String),
    /// It was asked once more before, and this user's permission is missing still.
    StillMissing(String),
}

/// From the provider's code to ours.
async fn log_in(
    server: &AuthorizationServer,
    code: &str,
    state: &str,
    transaction: Transaction,
    client_name: Option<String>,
) -> Result<Arrival, OAuthError> {
    let Transaction { request, browser, verifier, asks_again } = transaction;
    let upstream = &server.logins.upstream;
    let tokens = upstream.exchange(code, state, verifier).await.map_err(|error| not_exchanged(&error))?;
    let identity = upstream.identify(&tokens).await.map_err(|error| not_identified(&error))?;
    let permissions = &server.logins.permissions;
    if asks_again.is_some() {
        permissions.asked_again(&identity.subject).await?;
    } else {
        match permissions.standing(&identity.subject, &request.scopes).await? {
            Some(Standing::Wanted) if server.logins.upstream.can_ask_again() => {
                let url = send_off(server, browser, request, Some(identity.subject)).await?;
                return Ok(Arrival::SentBack(url));
            }
            Some(Standing::WantedStill) => return Ok(Arrival::StillMissing(identity.subject)),
            // Such a provider asks by itself for what is missing.
            Some(Standing::Wanted) => permissions.asked_again(&identity.subject).await?,
            Some(Standing::AskedAgain) | None => {}
        }
    }
    let id = GrantId::random().map_err(|error| OAuthError::internal(&error))?;
    let grant = Grant::new(&request, client_name, identity, &tokens, server.logins.clock.unix());
    server.logins.grants.make_room(&grant.subject).await?;
    server.logins.grants.create(&id, &grant).await?;
    if let Some(error) = server.logins.lost_meanwhile(&grant).await? {
        server.logins.grants.end(&id, Reason::ConsentWithdrawn).await?;
        return match error {
            // The user did nothing wrong: the provider asks for the consent once more.
            IdentifyError::Rejected(_) => Ok(Arrival::SentBack(send_off(server, browser, request, None).await?)),
            IdentifyError::Unavailable(_) => Err(not_identified(&error)),
        };
    }
    server.clients.keep_login(&request.client_id, &grant.subject, &server.logins.grants).await?;
    tracing::info!(target: "dari::auth", grant = %id, "logged in");
    Ok(Arrival::LoggedIn(server.codes.issue(id, request).await?))
}

/// Whether the provider's error says that it does not do what was asked of it.
fn is_about_the_request(error: &str) -> bool {
    matches!(error, "invalid_request" | "unsupported_response_type" | "unauthorized_client" | "invalid_scope")
}

/// The page that tells the user how to take the consent back, after which it is asked for from the start.
async fn still_missing(
    server: &AuthorizationServer,
    headers: &HeaderMap,
    request: &AuthorizationRequest,
    subject: &str,
) -> Response {
    Reason::PermissionRefused.log();
    let missing = match server.logins.permissions.forget(subject).await {
        Ok(missing) => missing.intersection(&request.scopes),
        Err(error) => return failure(headers, &error.into()),
    };
    // What was missing is known for an hour only after the user was sent to be asked again.
    let missing = if missing.is_empty() { &request.scopes } else { &missing };
    let lang = Lang::of(headers);
    let describe = |scope| ScopeLine { scope, description: server.provider.describe_scope(scope, lang.tag()) };
    let scopes: Vec<_> = missing.iter().map(describe).collect();
    let back_url = ClientAnswer::to(server, request)
        .error_url("access_denied", "the user has not permitted what was asked for at the provider");
    let how = server.provider.describe_withdrawal(lang.tag());
    let page = WithdrawPage {
        server_name: &server.name,
        provider_name: server.provider.config().name(),
        scopes: &scopes,
        how: how.as_deref(),
        back_url: &back_url,
    };
    page.render(lang).into_response(http::StatusCode::FORBIDDEN)
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
    reason.log();
    OAuthError::new(reason, http::StatusCode::BAD_GATEWAY, "server_error", description)
}
