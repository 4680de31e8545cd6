//! The profile API and the token check.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Utc;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::gate::profile_error;
use super::params::Params;
use super::state::Shared;
use crate::naver::KstDateTime;

pub(super) async fn me(State(shared): State<Arc<Shared>>, params: Params) -> Response {
    let mut state = shared.lock();
    let known = params.bearer().map(|token| state.bearer(token, Utc::now()));
    match known {
        Some(Some((user, _))) => {
            let response = if state.quirks.only_id_profile { json!({"id": id(&user)}) } else { profile(&user) };
            Json(json!({"resultcode": "00", "message": "success", "response": response})).into_response()
        }
        known => denied(known.is_some(), state.quirks.profile_errors_under_200),
    }
}

pub(super) async fn verify(State(shared): State<Arc<Shared>>, params: Params) -> Response {
    let mut state = shared.lock();
    let known = params.bearer().map(|token| (token, state.bearer(token, Utc::now())));
    match known {
        Some((token, Some((_, expires)))) => {
            let mut body = json!({"resultcode": "00", "message": "success"});
            if params.get("info") == Some("true") {
                body["response"] = json!({
                    "token": token,
                    "expire_date": KstDateTime::from(expires).to_string(),
                    "allowed_profile": "profile/id,profile/nickname,profile/name,profile/email",
                });
            }
            Json(body).into_response()
        }
        known => denied(known.is_some(), state.quirks.profile_errors_under_200),
    }
}

fn denied(had_header: bool, under_200: bool) -> Response {
    let status = if under_200 { StatusCode::OK } else { StatusCode::UNAUTHORIZED };
    (status, Json(profile_error(if had_header { "024" } else { "028" }))).into_response()
}

/// The same for the same name at every start, and of the look of Naver's ids.
pub(super) fn id(user: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::new().chain_update("naver sandbox user ").chain_update(user).finalize())
}

fn profile(user: &str) -> Value {
    let mailbox: String = user.chars().filter(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c)).collect();
    let mailbox = if mailbox.is_empty() { "tester".to_owned() } else { mailbox };
    json!({
        "id": id(user),
        "nickname": user,
        "name": user,
        "email": format!("{mailbox}@example.com"),
        "gender": "U",
        "age": "20-29",
        "birthday": "10-09",
        "birthyear": "2000",
        "mobile": "010-0000-0000",
        "mobile_e164": "+821000000000",
        "profile_image": "https://example.com/profile.png",
    })
}
