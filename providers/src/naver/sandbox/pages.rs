//! The pages of the sandbox, in Korean and English, without scripts.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::control::SandboxSchedule;
use super::params::Params;
use super::state::Shared;
use super::{CLIENT_ID, CLIENT_SECRET, HUB_KEY, HUB_KEY_ID, PASSWORD};

/// The language of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lang {
    Ko,
    En,
}

impl Lang {
    /// The first of the two that the browser names; else Korean, as at Naver.
    pub(super) fn of(params: &Params) -> Self {
        let tags = params.header("accept-language").unwrap_or_default();
        tags.split(',')
            .find_map(|tag| match tag.trim().get(..2)?.to_ascii_lowercase().as_str() {
                "ko" => Some(Self::Ko),
                "en" => Some(Self::En),
                _ => None,
            })
            .unwrap_or(Self::Ko)
    }

    fn pick(self, ko: &'static str, en: &'static str) -> &'static str {
        match self {
            Self::Ko => ko,
            Self::En => en,
        }
    }

    fn tag(self) -> &'static str {
        self.pick("ko", "en")
    }
}

/// Why a login can't go on.
#[derive(Clone, Copy, Debug)]
pub(super) enum Problem {
    Client,
    Callback,
    Expired,
}

/// What came of a disconnection.
#[derive(Clone, Copy, Debug)]
pub(super) enum Disconnected {
    Wrong,
    Nothing,
    Done,
}

const STYLE: &str = "\
body{font:16px/1.6 system-ui,sans-serif;margin:0;background:#f4f5f4;color:#1e1e1e;word-break:keep-all;overflow-wrap:anywhere}\
header{background:#7a3e00;color:#fff;padding:.6rem 1rem;font-weight:600}\
main{max-width:34rem;margin:1.5rem auto;padding:1.25rem;background:#fff;border-radius:.6rem}\
h1{font-size:1.3rem;margin-top:0}label{display:block;margin:.8rem 0}\
input:not([type=checkbox]){display:block;width:100%;box-sizing:border-box;font:inherit;padding:.6rem;border:1px solid #767676;border-radius:.4rem}\
button{font:inherit;padding:.6rem 1.2rem;border-radius:.4rem;border:1px solid #04632f;background:#04753a;color:#fff;margin:.6rem .6rem 0 0}\
button.plain{background:#fff;color:#1e1e1e;border-color:#767676}\
.error{color:#a40000;font-weight:600}code{background:#eef0ee;padding:.1rem .3rem;border-radius:.2rem}\
dt{font-weight:600;margin-top:.6rem}dd{margin:0}li{margin:.6rem 0}";

fn page(lang: Lang, status: StatusCode, title: &str, body: Markup) -> Response {
    let page = html! {
        (DOCTYPE)
        html lang=(lang.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · Naver sandbox" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header { (lang.pick("네이버 샌드박스 — 네이버가 아닙니다", "Naver sandbox — not Naver")) }
                main { h1 { (title) } (body) }
            }
        }
    };
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
        ),
    ];
    (status, headers, page.into_string()).into_response()
}

/// The login form. `user` is what was typed before.
pub(super) fn login(lang: Lang, transaction: &str, user: &str, wrong: bool) -> Response {
    let body = html! {
        p { (lang.pick("아무 이름으로나 로그인할 수 있습니다. 비밀번호는 모두 ", "Log in under any name. Everybody's password is ")) code { (PASSWORD) } "." }
        @if wrong {
            p .error role="alert" { (lang.pick("이름 또는 비밀번호가 맞지 않습니다.", "The name or the password is wrong.")) }
        }
        form method="post" action="/login" {
            input type="hidden" name="transaction" value=(transaction);
            label { (lang.pick("아이디", "Name")) input name="id" value=(user) maxlength="40" autocomplete="username" autocapitalize="none" required; }
            label { (lang.pick("비밀번호", "Password")) input name="password" type="password" autocomplete="current-password" required; }
            button #login type="submit" { (lang.pick("로그인", "Log in")) }
        }
    };
    page(lang, StatusCode::OK, lang.pick("로그인", "Log in"), body)
}

/// The permission form.
pub(super) fn permission(lang: Lang, transaction: &str, user: &str) -> Response {
    let body = html! {
        p { strong { (user) } (lang.pick(" 님, 이 애플리케이션에 다음을 제공할까요?", ", may this application have the following?")) }
        form method="post" action="/permission" {
            input type="hidden" name="transaction" value=(transaction);
            label { input type="checkbox" checked disabled; " " (lang.pick("프로필 (필수)", "Profile (required)")) }
            label { input type="checkbox" name="calendar" value="1" checked; " " (lang.pick("캘린더에 일정 추가 (선택)", "Add schedules to the calendar (optional)")) }
            button #agree type="submit" name="decision" value="agree" { (lang.pick("동의하기", "Agree")) }
            button #cancel .plain type="submit" name="decision" value="cancel" { (lang.pick("취소", "Cancel")) }
        }
    };
    page(lang, StatusCode::OK, lang.pick("정보 제공 동의", "Permission"), body)
}

/// Where a user disconnects the application, with what came of it.
pub(super) fn connections(lang: Lang, user: &str, outcome: Option<Disconnected>) -> Response {
    let body = html! {
        @match outcome {
            Some(Disconnected::Wrong) => p .error role="alert" { (lang.pick("이름 또는 비밀번호가 맞지 않습니다.", "The name or the password is wrong.")) },
            Some(Disconnected::Done) => p role="status" { (lang.pick("연결을 끊었습니다. 다음 로그인 때 다시 동의를 묻습니다.", "Disconnected. The next login asks for permission again.")) },
            Some(Disconnected::Nothing) => p role="status" { (lang.pick("연결되어 있지 않습니다.", "There was no connection.")) },
            None => p { (lang.pick("이 애플리케이션의 연결을 끊습니다.", "This takes back what you permitted to the application.")) },
        }
        form method="post" action="/connections" {
            label { (lang.pick("아이디", "Name")) input name="id" value=(user) maxlength="40" autocomplete="username" autocapitalize="none" required; }
            label { (lang.pick("비밀번호", "Password")) input name="password" type="password" autocomplete="current-password" required; }
            button #disconnect type="submit" { (lang.pick("연결 끊기", "Disconnect")) }
        }
    };
    page(lang, StatusCode::OK, lang.pick("연결된 서비스 관리", "Connected services"), body)
}

/// A page instead of a redirect.
pub(super) fn problem(lang: Lang, status: StatusCode, problem: Problem) -> Response {
    let text = match problem {
        Problem::Client => lang.pick(
            "client_id가 올바르지 않습니다. 샌드박스의 값은 시작 페이지에 있습니다.",
            "The client_id is wrong. The sandbox's own is on its start page.",
        ),
        Problem::Callback => lang.pick(
            "redirect_uri가 등록된 Callback URL이 아닙니다.",
            "The redirect_uri is not a registered callback URL.",
        ),
        Problem::Expired => lang.pick(
            "로그인 시간이 지났습니다. 처음부터 다시 시작해 주세요.",
            "This login has expired. Start again from the application.",
        ),
    };
    page(lang, status, lang.pick("로그인할 수 없습니다", "The login can't go on"), html! { p .error { (text) } })
}

/// What the calendar has taken.
pub(super) fn schedules(lang: Lang, schedules: &[SandboxSchedule]) -> Response {
    let body = html! {
        @if schedules.is_empty() {
            p { (lang.pick("아직 일정이 없습니다.", "There are no schedules yet.")) }
        }
        ul {
            @for schedule in schedules {
                li {
                    strong { (schedule.title) } br;
                    (schedule.start.to_chrono().format("%Y-%m-%d %H:%M")) " – " (schedule.end.to_chrono().format("%Y-%m-%d %H:%M")) " KST"
                    @if !schedule.location.is_empty() { br; (schedule.location) }
                    br; small { (schedule.user) " · " code { (schedule.uid) } }
                }
            }
        }
        p { a href="/calendar.json" { "/calendar.json" } " · " a href="/" { (lang.pick("시작 페이지", "Start page")) } }
    };
    page(lang, StatusCode::OK, lang.pick("캘린더", "Calendar"), body)
}

/// The start page.
pub(super) async fn start(State(shared): State<Arc<Shared>>, params: Params) -> Response {
    let lang = Lang::of(&params);
    let count = shared.lock().schedules.values().count();
    let body = html! {
        p { (lang.pick(
            "개발과 시험을 위해 이 컴퓨터에서만 도는 네이버 대역입니다. 네이버와 무관하며, 끄면 모두 잊습니다.",
            "A stand-in for Naver on this computer only, for development and tests. It has nothing to do with Naver and forgets everything when it stops.",
        )) }
        dl {
            dt { "NAVER_CLIENT_ID" } dd { code { (CLIENT_ID) } }
            dt { "NAVER_CLIENT_SECRET" } dd { code { (CLIENT_SECRET) } }
            dt { "NAVER_SEARCH_HUB_KEY_ID / NAVER_SEARCH_HUB_KEY" } dd { code { (HUB_KEY_ID) } " / " code { (HUB_KEY) } }
            dt { (lang.pick("로그인", "Login")) } dd { code { "/oauth2/authorize" } " " code { "/oauth2/token" } " " code { "/oauth2.0/revoke" } }
            dt { (lang.pick("연결된 서비스", "Connected services")) } dd { a href="/connections" { "/connections" } }
            dt { (lang.pick("프로필", "Profile")) } dd { code { "/v1/nid/me" } " " code { "/v1/nid/verify" } }
            dt { (lang.pick("검색", "Search")) } dd { code { "/v1/search/webkr.json" } " " code { "/search/v1/webkr" } }
            dt { (lang.pick("캘린더", "Calendar")) } dd { code { "/calendar/createSchedule.json" } }
        }
        p { a href="/calendar" { (lang.pick("추가된 일정 보기", "Schedules it has taken")) } " (" (count) ") · "
            a href="/.well-known/openid-configuration" { "openid-configuration" } }
    };
    page(lang, StatusCode::OK, lang.pick("네이버 샌드박스", "Naver sandbox"), body)
}
