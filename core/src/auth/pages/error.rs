//! What a person reads when a login cannot go on and there is no client to send them back to.

use http::StatusCode;
use maud::html;

use super::layout::{Tone, page};
use super::{Lang, Page};
use crate::auth::reason::Reason;

const BACK_KO: &str = "앱으로 돌아가 로그인을 다시 시작하세요.";
const BACK_EN: &str = "Go back to the app and start signing in again.";

/// Why a login ended at this server: a local error, without a redirect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Problem {
    /// The client was never registered, or its registration was dropped (RED-01).
    UnknownClient,
    /// The client is named by a URL, and what is there describes no client (CIMD-05, CIMD-06).
    BadClientDocument,
    /// The redirect URI is not the client's (RED-02 to RED-07).
    BadRedirectUri,
    /// The request has a fault that cannot be told to the client.
    BadRequest,
    /// The form was answered before, is too old, or was not ours (CONS-03, CONS-06).
    FormSpent,
    /// The callback's `state` is missing, unknown or used (ISS-04, ISS-05).
    LoginSpent,
    /// Another browser than the one that consented (ISS-06, CONS-04).
    OtherBrowser,
    /// Too many log in at the moment, or one does so too often.
    Busy,
    /// It is our fault, and it may be over soon (a full disk, a store that is away).
    Unavailable,
}

/// Title, what happened, what to do.
type Words = (&'static str, &'static str, &'static str);

impl Problem {
    /// The status of the response.
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::UnknownClient
            | Self::BadClientDocument
            | Self::BadRedirectUri
            | Self::BadRequest
            | Self::FormSpent
            | Self::LoginSpent => StatusCode::BAD_REQUEST,
            Self::Busy => StatusCode::TOO_MANY_REQUESTS,
            Self::OtherBrowser => StatusCode::FORBIDDEN,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The page, with the code under which the event is in the log; `detail` is a sentence of our own for whoever develops the app, never text from the provider.
    pub(crate) fn render(self, lang: Lang, reason: Reason, detail: Option<&str>) -> Page {
        let (title, happened, cure) = lang.pick(self.korean(), self.english());
        let content = html! {
            h1.plain { (title) }
            p { (happened) }
            p { (cure) }
            div.detail {
                p.soft { (lang.pick("개발자를 위한 정보", "For the app's developer")) }
                code { (reason.as_str()) }
                @if let Some(detail) = detail { code { (detail) } }
            }
        };
        page(lang, Tone::Failed, title, &content)
    }

    fn english(self) -> Words {
        match self {
            Self::UnknownClient => (
                "This app is not known here",
                "The app's registration is missing or was removed because it had not been used for long.",
                "In the app, disconnect this server (or sign out of it), then connect it again. The app will register anew.",
            ),
            Self::BadClientDocument => (
                "The app could not be identified",
                "The app names a web address at which it describes itself. The description could not be read, or it is not right.",
                "Wait a minute, then start signing in again from the app. If this comes back, tell the app's maker.",
            ),
            Self::BadRedirectUri => (
                "The app gave a wrong return address",
                "It asks to be answered at an address that it has not registered. To be safe, you were not sent there.",
                "In the app, disconnect this server and connect it again. If this comes back, tell the app's maker.",
            ),
            Self::BadRequest => (
                "The app's request cannot be understood",
                "Something is missing in the app's request, or it is malformed. Nothing was shared.",
                BACK_EN,
            ),
            Self::FormSpent => (
                "This question is no longer open",
                "It was answered already, or it stood here for too long. Nothing more was shared.",
                BACK_EN,
            ),
            Self::LoginSpent => (
                "This login has already ended",
                "The page was opened a second time, or the login took too long.",
                "If the app is connected, you can close this window. If not, start signing in again from the app.",
            ),
            Self::OtherBrowser => (
                "This login was started in another browser",
                "To protect you, a login can end only in the browser in which you allowed it. Cookies must be on.",
                "Go back to the app and start signing in again, all in one browser.",
            ),
            Self::Busy => (
                "Too many are signing in at the moment",
                "This server takes only so many sign-ins at a time. Nothing was shared.",
                "Wait a minute, then start signing in again from the app.",
            ),
            Self::Unavailable => (
                "This server cannot log you in right now",
                "Something on this server does not work at the moment. It is not your fault, and nothing was shared.",
                "Wait a minute, then start signing in again from the app.",
            ),
        }
    }

    fn korean(self) -> Words {
        match self {
            Self::UnknownClient => (
                "등록되지 않은 앱입니다",
                "앱의 등록 정보가 없거나, 오래 사용하지 않아 삭제되었습니다.",
                "앱에서 이 서버의 연결을 끊거나 로그아웃한 다음 다시 연결하세요. 앱이 새로 등록됩니다.",
            ),
            Self::BadClientDocument => (
                "앱을 확인할 수 없습니다",
                "앱이 자신을 소개한다고 밝힌 웹 주소의 내용을 읽을 수 없거나, 내용이 올바르지 않습니다.",
                "잠시 후 앱에서 로그인을 다시 시작하세요. 계속되면 앱 제작자에게 알려 주세요.",
            ),
            Self::BadRedirectUri => (
                "앱이 알려 준 돌아갈 주소가 올바르지 않습니다",
                "앱이 등록하지 않은 주소로 응답을 요청했습니다. 안전을 위해 그 주소로 이동하지 않았습니다.",
                "앱에서 이 서버의 연결을 끊고 다시 연결하세요. 계속되면 앱 제작자에게 알려 주세요.",
            ),
            Self::BadRequest => (
                "앱의 요청을 이해할 수 없습니다",
                "앱이 보낸 요청에 빠지거나 잘못된 부분이 있습니다. 전달된 정보는 없습니다.",
                BACK_KO,
            ),
            Self::FormSpent => (
                "이미 끝난 요청입니다",
                "이미 답하셨거나 시간이 너무 오래 지났습니다. 더 전달된 정보는 없습니다.",
                BACK_KO,
            ),
            Self::LoginSpent => (
                "이미 끝난 로그인입니다",
                "같은 페이지를 다시 열었거나 로그인에 시간이 너무 오래 걸렸습니다.",
                "앱이 연결되어 있으면 이 창을 닫아도 됩니다. 아니라면 앱에서 로그인을 다시 시작하세요.",
            ),
            Self::OtherBrowser => (
                "다른 브라우저에서 시작한 로그인입니다",
                "안전을 위해, 허용한 브라우저에서만 로그인을 마칠 수 있습니다. 쿠키가 켜져 있어야 합니다.",
                "앱으로 돌아가 한 브라우저에서 로그인을 처음부터 다시 하세요.",
            ),
            Self::Busy => (
                "지금은 로그인 요청이 너무 많습니다",
                "이 서버는 한 번에 처리하는 로그인 수를 제한합니다. 전달된 정보는 없습니다.",
                "잠시 후 앱에서 로그인을 다시 시작하세요.",
            ),
            Self::Unavailable => (
                "지금은 로그인할 수 없습니다",
                "이 서버에 일시적인 문제가 있습니다. 사용자의 잘못이 아니며 전달된 정보는 없습니다.",
                "잠시 후 앱에서 로그인을 다시 시작하세요.",
            ),
        }
    }
}
