//! The calendar API, and the list of what it has taken.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::Utc;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::control::{CalendarDenial, SandboxSchedule};
use super::gate::common_error;
use super::ical_reader::read_event;
use super::pages::{self, Lang};
use super::params::Params;
use super::state::Shared;

pub(super) async fn create(State(shared): State<Arc<Shared>>, params: Params) -> Response {
    let (status, body) = take(&shared, &params);
    // Naver calls its JSON HTML here.
    (status, [(header::CONTENT_TYPE, "text/html;charset=UTF-8")], body.to_string()).into_response()
}

fn take(shared: &Shared, params: &Params) -> (StatusCode, Value) {
    let refuse = |message: &str| (StatusCode::BAD_REQUEST, common_error(message, "400"));
    let unauthorized = "Authentication failed. (인증에 실패했습니다.)";
    let mut state = shared.lock();
    let Some(token) = params.bearer() else {
        return (StatusCode::UNAUTHORIZED, common_error("Authentication header not exists.", "028"));
    };
    let Some((user, _)) = state.bearer(token, Utc::now()) else {
        return (StatusCode::UNAUTHORIZED, common_error(unauthorized, "024"));
    };
    if !state.consent(&user).is_some_and(|consent| consent.calendar) {
        return match state.quirks.calendar_denial {
            CalendarDenial::Unauthorized => {
                (StatusCode::UNAUTHORIZED, common_error(&format!("Scope Status Invalid : {unauthorized}"), "024"))
            }
            CalendarDenial::Forbidden => (StatusCode::FORBIDDEN, common_error("Forbidden", "403")),
        };
    }
    match params.form("calendarId") {
        None => return refuse("calendarId is missing"),
        Some("defaultCalendarId") => {}
        Some(_) => return (StatusCode::NOT_FOUND, common_error("The calendar does not exist.", "1404")),
    }
    let Some(text) = params.form("scheduleIcalString") else {
        return refuse("scheduleIcalString is missing");
    };
    let event = match read_event(text) {
        Ok(event) => event,
        Err(reason) => return refuse(reason),
    };
    let schedule = SandboxSchedule {
        user: user.clone(),
        uid: event.uid.clone(),
        title: event.title,
        start: event.start,
        end: event.end,
        description: event.description,
        location: event.location,
    };
    let known = state.schedules.insert((user.clone(), event.uid.clone()), schedule).is_some();
    let value = json!({
        "processType": if known { "modify" } else { "create" },
        "calendarId": calendar_id(&user),
        "icalUid": event.uid,
    });
    let mut body = json!({"result": "success", "returnValue": value});
    if state.quirks.calendar_reply_with_code {
        body["code"] = json!(200);
    }
    (StatusCode::OK, body)
}

/// Digits, the same for the same user.
fn calendar_id(user: &str) -> String {
    let hash = Sha256::digest(user);
    u32::from_be_bytes([hash[0] & 0x7f | 0x10, hash[1], hash[2], hash[3]]).to_string()
}

pub(super) async fn list_page(State(shared): State<Arc<Shared>>, params: Params) -> Response {
    let schedules: Vec<_> = shared.lock().schedules.values().cloned().collect();
    pages::schedules(Lang::of(&params), &schedules)
}

pub(super) async fn list_json(State(shared): State<Arc<Shared>>) -> Json<Vec<SandboxSchedule>> {
    Json(shared.lock().schedules.values().cloned().collect())
}
