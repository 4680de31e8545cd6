//! `/authorize`: checks the request and shows the consent page (RFC 6749 §4.1.1, RFC 7636 §4.3, RFC 8707 §2.1).
//!
//! It writes nothing: the request travels in the page, sealed. So it may be fetched as often as a client likes, by
//! itself before a browser comes.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::{HeaderMap, header};

use super::answer::{ClientAnswer, failure, no_client, problem, see_other};
use super::caller::Caller;
use super::consent::{ConsentForm, depart};
use super::cookies::BrowserId;
use super::oauth_error::OAuthError;
use super::server::AuthorizationServer;
use crate::auth::bounds::source::Source;
use crate::auth::clients::ClientError;
use crate::auth::login::records::AuthorizationRequest;
use crate::auth::pages::{ConsentPage, Lang, Problem, ScopeLine};
use crate::auth::reason::Reason;
use crate::auth::request::client::Client;
use crate::auth::request::params::Params;
use crate::auth::request::pkce::CodeChallenge;
use crate::auth::request::redirect_uri::RedirectUri;
use crate::auth::request::scope::Scopes;

/// The most bytes of a `state`: it travels in the consent form, which has to fit into what `/consent` reads.
const MAX_STATE: usize = 4096;

pub(super) async fn authorize(
    State(server): State<Arc<AuthorizationServer>>,
    Caller(source): Caller,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let params = match Params::parse(query.unwrap_or_default()) {
        Ok(params) => params,
        Err(error) => {
            return problem(&headers, Problem::BadRequest, Reason::RequestInvalid, Some(&error.to_string()));
        }
    };
    // Until client and redirect URI are proven, nothing goes anywhere but to the person in front of the browser.
    let client = match params.get("client_id") {
        Some(client_id) => server.clients.find(client_id, source).await,
        None => Err(ClientError::Unknown),
    };
    let client = match client {
        Ok(client) => client,
        Err(error) => return no_client(&headers, error),
    };
    let presented = params.get("redirect_uri");
    let redirect_uri = match RedirectUri::resolve(&client.redirect_uris, presented, &server.redirect_policy) {
        Ok(redirect_uri) => redirect_uri,
        Err(error) => {
            return problem(&headers, Problem::BadRedirectUri, Reason::RedirectUriInvalid, Some(&error.to_string()));
        }
    };
    let state = params.get("state");
    if state.is_some_and(|state| state.len() > MAX_STATE || state.chars().any(char::is_control)) {
        let detail = format!("invalid_request: state may have {MAX_STATE} bytes and no control characters");
        return problem(&headers, Problem::BadRequest, Reason::RequestInvalid, Some(&detail));
    }
    match check(&server, &params) {
        Ok(Checked { scopes, scopes_as_asked, challenge }) => {
            let request = AuthorizationRequest {
                client_id: client.client_id.clone(),
                redirect_uri,
                redirect_uri_sent: presented.is_some(),
                state: state.map(str::to_owned),
                scopes,
                scopes_as_asked,
                challenge,
            };
            ask(&server, &headers, source, &client, request).await
        }
        Err(fault) => {
            Reason::RequestInvalid.log();
            let answer = ClientAnswer { server: &server, redirect_uri: &redirect_uri, state };
            answer.error(fault.code, &fault.description)
        }
    }
}

/// What is wrong with a request whose client may be told.
struct Fault {
    code: &'static str,
    description: String,
}

fn fault<T>(code: &'static str, description: impl Into<String>) -> Result<T, Fault> {
    Err(Fault { code, description: description.into() })
}

/// What a request is for.
struct Checked {
    scopes: Scopes,
    scopes_as_asked: bool,
    challenge: CodeChallenge,
}

fn check(server: &AuthorizationServer, params: &Params) -> Result<Checked, Fault> {
    match params.get("response_type") {
        Some("code") => {}
        Some(_) => return fault("unsupported_response_type", "response_type must be code"),
        None => return fault("invalid_request", "response_type is missing"),
    }
    if params.get("response_mode").is_some_and(|mode| mode != "query") {
        return fault("invalid_request", "response_mode must be query");
    }
    if params.get("resource").is_some_and(|resource| !server.urls.accepts_resource(resource)) {
        return fault("invalid_target", "resource is not this server's");
    }
    let challenge = CodeChallenge::parse(params.get("code_challenge"), params.get("code_challenge_method"))
        .or_else(|error| fault("invalid_request", error.to_string()))?;
    let asked = Scopes::parse(params.get("scope").unwrap_or_default())
        .or_else(|error| fault("invalid_scope", error.to_string()))?;
    match server.scopes_for(&asked) {
        Some(scopes) => Ok(Checked { scopes_as_asked: scopes == asked, scopes, challenge }),
        None => fault("invalid_scope", "this server knows none of the scopes"),
    }
}

/// The consent page, for this browser.
async fn ask(
    server: &AuthorizationServer,
    headers: &HeaderMap,
    source: Option<Source>,
    client: &Client,
    request: AuthorizationRequest,
) -> Response {
    let browser = match server.cookie.read(headers).map_or_else(BrowserId::random, Ok) {
        Ok(browser) => browser,
        Err(error) => return failure(headers, &OAuthError::internal(&error)),
    };
    let mut response = if server.asks_consent {
        match page(server, headers, client, &browser, request) {
            Ok(page) => page,
            Err(error) => return failure(headers, &error),
        }
    } else {
        let departure = match server.admit_login(source).await {
            Ok(()) => depart(server, &browser, request).await,
            Err(error) => Err(error),
        };
        match departure {
            Ok(url) => see_other(&url),
            Err(error) => return failure(headers, &error),
        }
    };
    // Also a known browser's: its cookie has to last until the callback.
    response.headers_mut().append(header::SET_COOKIE, server.cookie.set(&browser));
    response
}

fn page(
    server: &AuthorizationServer,
    headers: &HeaderMap,
    client: &Client,
    browser: &BrowserId,
    request: AuthorizationRequest,
) -> Result<Response, OAuthError> {
    let lang = Lang::of(headers);
    let form = ConsentForm::seal(server, browser, request)?;
    let lines: Vec<ScopeLine<'_>> = form
        .request
        .scopes
        .iter()
        .map(|scope| ScopeLine { scope, description: server.provider.describe_scope(scope, lang.tag()) })
        .collect();
    let document_host = server.clients.document_host(client);
    let page = ConsentPage {
        server_name: &server.name,
        provider_name: server.provider.config().name(),
        client_name: client.client_name.as_deref(),
        client_uri: client.client_uri.as_deref(),
        document_host: document_host.as_deref(),
        redirect_uri: &form.request.redirect_uri,
        scopes: &lines,
        form_token: &form.token,
        csrf: &form.csrf,
        action_url: server.urls.consent(),
    };
    Ok(page.render(lang).into_response(http::StatusCode::OK))
}
