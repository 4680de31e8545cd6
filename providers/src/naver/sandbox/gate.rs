//! Before every route: counting, and the faults that a test asked for.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use serde_json::{Value, json};

use super::control::{Fault, RouteGroup};
use super::state::Shared;

pub(super) async fn gate(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let group = RouteGroup::of(&path);
    let fault = {
        let mut state = shared.lock();
        state.hits.count_path(&path);
        group.and_then(|group| state.faults.get(&group).copied().map(|fault| (group, fault)))
    };
    match fault {
        None => next.run(request).await,
        Some((_, Fault::Delay(delay))) => {
            tokio::time::sleep(delay).await;
            next.run(request).await
        }
        Some((group, fault)) => answer(group, path.starts_with("/search/v1/"), fault),
    }
}

impl RouteGroup {
    fn of(path: &str) -> Option<Self> {
        match path {
            "/oauth2/authorize" | "/oauth2.0/authorize" | "/login" | "/permission" => Some(Self::Login),
            "/oauth2/token" | "/oauth2.0/token" => Some(Self::Token),
            "/oauth2.0/revoke" => Some(Self::Revoke),
            "/calendar/createSchedule.json" => Some(Self::Calendar),
            _ if path.starts_with("/v1/nid/") => Some(Self::Profile),
            _ if path.starts_with("/v1/search/") || path.starts_with("/search/v1/") => Some(Self::Search),
            _ => None,
        }
    }
}

fn answer(group: RouteGroup, hub: bool, fault: Fault) -> Response {
    let page = "<!doctype html><title>Naver sandbox</title><p>Naver sandbox: a page instead of an answer.";
    let (status, code, hub_code, message) = match fault {
        Fault::HtmlPage => return Html(page).into_response(),
        Fault::Redirect => return (StatusCode::FOUND, [(header::LOCATION, "/")]).into_response(),
        Fault::EmptyJson => return Json(json!({})).into_response(),
        Fault::Oversized => return Json(json!({ "padding": "x".repeat(2 * 1024 * 1024) })).into_response(),
        Fault::RateLimited => {
            (StatusCode::TOO_MANY_REQUESTS, "012", "410", "Rate limit exceeded. (속도 제한을 초과했습니다.)")
        }
        Fault::QuotaExhausted => {
            (StatusCode::TOO_MANY_REQUESTS, "010", "400", "Query limit exceeded. (쿼리 한도를 초과했습니다.)")
        }
        Fault::ErrorUnder200 => (StatusCode::OK, "SE99", "900", "System error (시스템 에러)"),
        Fault::Unavailable | Fault::Delay(_) => {
            (StatusCode::SERVICE_UNAVAILABLE, "SE99", "500", "System error (시스템 에러)")
        }
    };
    let body = match group {
        RouteGroup::Login => return (status, Html(page)).into_response(),
        RouteGroup::Token if fault == Fault::ErrorUnder200 => {
            json!({"error": "invalid_request", "error_description": "no valid data in session"})
        }
        RouteGroup::Token | RouteGroup::Revoke => {
            json!({"error": "temporarily_unavailable", "error_description": message})
        }
        RouteGroup::Profile if fault == Fault::ErrorUnder200 => profile_error("024"),
        RouteGroup::Profile if status == StatusCode::SERVICE_UNAVAILABLE => profile_error("500"),
        RouteGroup::Calendar if code == "SE99" => common_error(message, "1500"),
        RouteGroup::Search if hub => hub_error(hub_code, message),
        RouteGroup::Profile | RouteGroup::Calendar | RouteGroup::Search => common_error(message, code),
    };
    (status, Json(body)).into_response()
}

/// The error form that the Open APIs share.
pub(super) fn common_error(message: &str, code: &str) -> Value {
    json!({"errorMessage": message, "errorCode": code})
}

/// The error form of the profile API.
pub(super) fn profile_error(code: &str) -> Value {
    let message = match code {
        "024" => "Authentication failed (인증에 실패했습니다.)",
        "028" => "Authentication header not exists (OAuth 인증 헤더(authorization header)가 없습니다.)",
        _ => "Internal server error",
    };
    json!({"resultcode": code, "message": message})
}

/// The error form of the gateway of NAVER API HUB.
pub(super) fn hub_error(code: &str, message: &str) -> Value {
    json!({"error": {"errorCode": code, "message": message, "details": ""}})
}
