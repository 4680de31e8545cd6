//! The authorize endpoints and the two forms behind them.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::Utc;

use super::callback::send_back;
use super::pages::{self, Lang};
use super::params::Params;
use super::state::{Consent, Family, Shared, Transaction, same};
use super::{CLIENT_ID, PASSWORD};

pub(super) async fn oidc(State(shared): State<Arc<Shared>>, params: Params) -> Response {
    authorize(&shared, Family::Oidc, &params)
}

pub(super) async fn oauth(State(shared): State<Arc<Shared>>, params: Params) -> Response {
    authorize(&shared, Family::OAuth, &params)
}

fn authorize(shared: &Shared, family: Family, params: &Params) -> Response {
    let lang = Lang::of(params);
    // With a wrong client or callback there is nobody to redirect to: the user sees a page, under status 200.
    if params.text("client_id") != CLIENT_ID {
        return pages::problem(lang, StatusCode::OK, pages::Problem::Client);
    }
    let Some(callback) = shared.callbacks.accept(params.text("redirect_uri")) else {
        return pages::problem(lang, StatusCode::OK, pages::Problem::Callback);
    };
    let state = params.text("state").to_owned();
    if let Err((error, description)) = check(shared, family, params) {
        return send_back(&callback, &[("state", &state), ("error", error), ("error_description", description)]);
    }
    let transaction = Transaction {
        family,
        callback,
        state,
        // Only the OpenID Connect family documents PKCE.
        challenge: params.get("code_challenge").filter(|_| family == Family::Oidc).map(str::to_owned),
        reprompt: params.get("auth_type") == Some("reprompt") && !shared.lock().quirks.ignore_reprompt,
        user: None,
        since: Utc::now(),
    };
    let id = shared.lock().begin(transaction);
    pages::login(lang, &id, "", false)
}

/// What is told to the client by redirect.
fn check(shared: &Shared, family: Family, params: &Params) -> Result<(), (&'static str, &'static str)> {
    if params.get("response_type") != Some("code") {
        return Err(("unsupported_response_type", "response_type must be code"));
    }
    if params.get("state").is_none() {
        return Err(("invalid_request", "state is required"));
    }
    if family == Family::Oidc {
        if !params.text("scope").split(' ').any(|scope| scope == "openid") {
            return Err(("invalid_request", "scope must contain openid"));
        }
        let challenge = params.get("code_challenge");
        if params.get("code_challenge_method").is_some_and(|method| method != "S256") {
            return Err(("invalid_request", "code_challenge_method must be S256"));
        }
        // RFC 7636 §4.2: the hash of 32 bytes in base64url.
        let shaped = |text: &str| {
            text.len() == 43 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        };
        if challenge.is_some_and(|challenge| !shaped(challenge)) {
            return Err(("invalid_request", "code_challenge is not an S256 challenge"));
        }
    }
    match params.get("auth_type") {
        Some("reprompt") if shared.lock().quirks.refuse_reprompt => {
            Err(("invalid_request", "auth_type is not supported"))
        }
        Some("autologin")
            if params.header("user-agent").is_some_and(|agent| agent.contains("NAVER(inapp; search;")) =>
        {
            Err(("access_denied", "user not logged in."))
        }
        Some("autologin") => Err(("access_denied", "unsupported browser environment.")),
        _ => Ok(()),
    }
}

/// The login form was sent.
pub(super) async fn login(State(shared): State<Arc<Shared>>, params: Params) -> Response {
    let lang = Lang::of(&params);
    let now = Utc::now();
    let id = params.form("transaction").unwrap_or_default();
    let user = params.form("id").unwrap_or_default().trim();
    let mut state = shared.lock();
    let Some(transaction) = state.transaction(id, now) else {
        return pages::problem(lang, StatusCode::BAD_REQUEST, pages::Problem::Expired);
    };
    let right = same(params.form("password").unwrap_or_default(), PASSWORD);
    if !right || user.is_empty() || user.chars().count() > 40 {
        return pages::login(lang, id, user, true);
    }
    transaction.user = Some(user.to_owned());
    let transaction = transaction.clone();
    if state.consent(user).is_none() || transaction.reprompt {
        return pages::permission(lang, id, user);
    }
    let code = state.issue_code(&transaction, user, now);
    state.end(id);
    send_back(&transaction.callback, &[("code", &code), ("state", &transaction.state)])
}

/// The permission form was sent.
pub(super) async fn permission(State(shared): State<Arc<Shared>>, params: Params) -> Response {
    let now = Utc::now();
    let id = params.form("transaction").unwrap_or_default();
    let mut state = shared.lock();
    let transaction = state.transaction(id, now).map(|transaction| transaction.clone());
    let Some((transaction, user)) = transaction.and_then(|t| t.user.clone().map(|user| (t, user))) else {
        return pages::problem(Lang::of(&params), StatusCode::BAD_REQUEST, pages::Problem::Expired);
    };
    state.end(id);
    if params.form("decision") != Some("agree") {
        let denied = [
            ("state", transaction.state.as_str()),
            ("error", "access_denied"),
            ("error_description", "Canceled By User"),
        ];
        return send_back(&transaction.callback, &denied);
    }
    state.agree(&user, Consent { calendar: params.form("calendar").is_some() });
    let code = state.issue_code(&transaction, &user, now);
    send_back(&transaction.callback, &[("code", &code), ("state", &transaction.state)])
}
