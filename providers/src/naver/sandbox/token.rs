//! The token endpoints, revocation and the discovery document.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::Utc;
use serde_json::{Value, json};

use super::params::Params;
use super::state::{Family, Issued, Shared, same};
use super::{CLIENT_ID, CLIENT_SECRET};

pub(super) async fn oidc(State(shared): State<Arc<Shared>>, params: Params) -> Response {
    let bad_code = StatusCode::from_u16(shared.lock().quirks.bad_code_status).unwrap_or(StatusCode::OK);
    // In the body only: `client_secret_post`. A Basic header is not looked at, so its client counts as missing.
    let client = [params.form("client_id"), params.form("client_secret")];
    if check_client(client).is_err() {
        return (StatusCode::UNAUTHORIZED, Json(json!({"error": "invalid_client"}))).into_response();
    }
    match grant(&shared, Family::Oidc, |name| params.form(name)) {
        Ok(body) => Json(body).into_response(),
        Err(description) => (bad_code, Json(oauth_error("invalid_request", description))).into_response(),
    }
}

/// Here every failure goes under status 200.
pub(super) async fn oauth(State(shared): State<Arc<Shared>>, params: Params) -> Json<Value> {
    let client = [params.get("client_id"), params.get("client_secret")];
    let result = check_client(client).and_then(|()| grant(&shared, Family::OAuth, |name| params.get(name)));
    Json(result.unwrap_or_else(|description| oauth_error("invalid_request", description)))
}

fn check_client([id, secret]: [Option<&str>; 2]) -> Result<(), &'static str> {
    match (id, secret) {
        (None, _) => Err("client_id is missing"),
        (Some(id), _) if id != CLIENT_ID => Err("wrong client id"),
        (_, Some(secret)) if same(secret, CLIENT_SECRET) => Ok(()),
        _ => Err("wrong client secret"),
    }
}

fn grant<'p>(
    shared: &Shared,
    family: Family,
    get: impl Fn(&'static str) -> Option<&'p str>,
) -> Result<Value, &'static str> {
    let mut state = shared.lock();
    let now = Utc::now();
    let grant_type = get("grant_type").unwrap_or_default();
    state.hits.count_grant(grant_type);
    let issued = match grant_type {
        "authorization_code" => {
            let code = get("code").ok_or("code is missing")?;
            state.redeem(family, code, get("state"), get("code_verifier"), now).ok_or("no valid data in session")?
        }
        "refresh_token" => {
            let token = get("refresh_token").ok_or("refresh_token is missing")?;
            state.renew(token, now).ok_or("invalid refresh_token")?
        }
        "delete" if family == Family::OAuth => {
            let token = get("access_token").unwrap_or_default();
            state.drop_access(token);
            return Ok(json!({"access_token": token, "result": "success"}));
        }
        _ => return Err("grant_type is not supported"),
    };
    Ok(token_reply(issued))
}

fn token_reply(issued: Issued) -> Value {
    // A string, as Naver has it, whatever its documentation says.
    let expires_in = issued.lifetime.num_seconds().to_string();
    let mut body = json!({"access_token": issued.access, "token_type": "bearer", "expires_in": expires_in});
    if let Some(refresh) = issued.refresh {
        body["refresh_token"] = refresh.into();
    }
    body
}

fn oauth_error(error: &str, description: &str) -> Value {
    json!({"error": error, "error_description": description})
}

/// Ends a token and with it the connection of the user to the application; a wrong `token_type_hint` does no harm.
pub(super) async fn revoke(State(shared): State<Arc<Shared>>, params: Params) -> Response {
    let client = [params.form("client_id"), params.form("client_secret")];
    if client.contains(&None) || params.form("token").is_none() {
        let body = oauth_error("invalid_request", "A required parameter is missing.");
        return (StatusCode::BAD_REQUEST, Json(body)).into_response();
    }
    if check_client(client).is_err() {
        let body = oauth_error("unauthorized_client", "Client authentication failed.");
        return (StatusCode::UNAUTHORIZED, Json(body)).into_response();
    }
    let mut state = shared.lock();
    if let Some(user) = state.owner(params.form("token").unwrap_or_default()) {
        state.unlink(&user);
    }
    StatusCode::OK.into_response()
}

/// Naver's document without what is not there: nothing here signs an id_token, so there is no key set.
pub(super) async fn discovery(headers: HeaderMap) -> Json<Value> {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("127.0.0.1");
    let origin = format!("http://{host}");
    Json(json!({
        "issuer": origin,
        "authorization_endpoint": format!("{origin}/oauth2/authorize"),
        "token_endpoint": format!("{origin}/oauth2/token"),
        "userinfo_endpoint": format!("{origin}/v1/nid/me"),
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code"],
        "scopes_supported": ["openid", "profile"],
        "subject_types_supported": ["pairwise"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "none"],
        "code_challenge_methods_supported": ["S256"],
    }))
}
