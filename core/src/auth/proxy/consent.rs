//! `/consent`: the user's word on the consent page, taken once, and the way to the provider.

use std::sync::Arc;

use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, header};

use super::answer::{ClientAnswer, failure, problem, see_other};
use super::caller::Caller;
use super::cookies::BrowserId;
use super::oauth_error::OAuthError;
use super::server::AuthorizationServer;
use crate::auth::bounds::source::Source;
use crate::auth::login::records::{self, AuthorizationRequest, CONSENTS, REQUEST_TTL, TRANSACTIONS, Transaction};
use crate::auth::pages::Problem;
use crate::auth::provider::upstream::Visit;
use crate::auth::random::random_id;
use crate::auth::reason::Reason;
use crate::auth::request::params::Params;
use crate::store::{Key, Put};

/// The label under which forms are sealed.
const LABEL: &str = "authorize";

/// A consent form on its way to the browser.
pub(super) struct ConsentForm {
    /// What was asked.
    pub(super) request: AuthorizationRequest,
    /// The same, sealed.
    pub(super) token: String,
    /// The token that ties the form to the browser.
    pub(super) csrf: String,
}

impl ConsentForm {
    /// A form that only this browser can send, once.
    pub(super) fn seal(
        server: &AuthorizationServer,
        browser: &BrowserId,
        request: AuthorizationRequest,
    ) -> Result<Self, OAuthError> {
        let id = random_id().map_err(|error| OAuthError::internal(&error))?;
        let csrf = server.csrf.code(&[&id, browser.as_str()]);
        let form = records::ConsentQuestion { id, request };
        let bytes = serde_json::to_vec(&form).map_err(|_| OAuthError::internal(&"a consent form has no JSON form"))?;
        let token = server
            .store
            .seal_token(LABEL, b"", &bytes, Some(REQUEST_TTL))
            .map_err(|error| OAuthError::internal(&error))?;
        Ok(Self { request: form.request, token, csrf })
    }
}

/// What the user said.
#[derive(Clone, Copy)]
enum Decision {
    Approve,
    Deny,
}

pub(super) async fn consent(
    State(server): State<Arc<AuthorizationServer>>,
    Caller(source): Caller,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let mut response = decide(&server, &headers, source, body).await;
    if let Some(browser) = server.cookie.read(&headers) {
        // Its cookie has to last until the callback.
        response.headers_mut().append(header::SET_COOKIE, server.cookie.set(&browser));
    }
    response
}

async fn decide(
    server: &AuthorizationServer,
    headers: &HeaderMap,
    source: Option<Source>,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let params = body.ok().and_then(|body| Params::parse(body).ok());
    let decision = params.as_ref().and_then(|params| match params.get("decision") {
        Some("approve") => Some(Decision::Approve),
        Some("deny") => Some(Decision::Deny),
        _ => None,
    });
    let (Some(params), Some(decision)) = (params, decision) else {
        return problem(headers, Problem::BadRequest, Reason::RequestInvalid, None);
    };
    let Some(form) = params.get("form").and_then(|token| open(server, token)) else {
        return problem(headers, Problem::FormSpent, Reason::FormInvalid, None);
    };
    let Some(browser) = server.cookie.read(headers) else {
        return problem(headers, Problem::OtherBrowser, Reason::BrowserForeign, None);
    };
    if !server.csrf.verify(&[&form.id, browser.as_str()], params.get("csrf").unwrap_or_default()) {
        return problem(headers, Problem::OtherBrowser, Reason::BrowserForeign, None);
    }
    if let Err(error) = server.admit_login(source).await {
        return failure(headers, &error);
    }
    // Before the form is spent: when the store goes away here, it can be sent again.
    let departure = match decision {
        Decision::Approve => match depart(server, &browser, form.request.clone()).await {
            Ok(url) => Some(url),
            Err(error) => return failure(headers, &error),
        },
        Decision::Deny => None,
    };
    // The mark outlives the form: it cannot be answered again, whatever the first answer was.
    let mark = Put::default().with_ttl(REQUEST_TTL);
    match server.store.put_if_absent(&Key::new(CONSENTS, &*form.id), &(), mark).await {
        Ok(true) => {}
        Ok(false) => {
            return problem(headers, Problem::FormSpent, Reason::FormUsed, None);
        }
        Err(error) => return failure(headers, &error.into()),
    }
    match departure {
        Some(url) => see_other(&url),
        None => {
            Reason::ConsentDenied.log();
            ClientAnswer::to(server, &form.request).error("access_denied", "the user did not allow it")
        }
    }
}

fn open(server: &AuthorizationServer, token: &str) -> Option<records::ConsentQuestion> {
    let bytes = server.store.open_token(LABEL, b"", token)?;
    serde_json::from_slice(&bytes).ok()
}

/// Notes the login under a `state` of our own, and says where at the provider it goes on.
pub(super) async fn depart(
    server: &AuthorizationServer,
    browser: &BrowserId,
    request: AuthorizationRequest,
) -> Result<String, OAuthError> {
    send_off(server, browser.as_str().to_owned(), request, None).await
}

/// The same for a user whom the provider asks once more for what was not permitted.
pub(super) async fn send_off(
    server: &AuthorizationServer,
    browser: String,
    request: AuthorizationRequest,
    asks_again: Option<String>,
) -> Result<String, OAuthError> {
    let state = random_id().map_err(|error| OAuthError::internal(&error))?;
    let visit = if asks_again.is_some() { Visit::AsksAgain } else { Visit::LogsIn };
    let departure = server.logins.upstream.departure(&state, visit);
    let transaction = Transaction { request, browser, verifier: departure.verifier, asks_again };
    let put = Put::default().with_ttl(REQUEST_TTL);
    server.store.put(&Key::hashed(TRANSACTIONS, &state), &transaction, put).await?;
    Ok(departure.url)
}
