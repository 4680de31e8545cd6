//! The error objects of Naver's replies, and how they are sorted.

use std::fmt;

use serde_json::Value;

use super::{NaverError, NaverErrorKind};

/// How Naver failed on its own side.
#[derive(Debug)]
pub struct Outage(OutageKind);

#[derive(Debug)]
enum OutageKind {
    Reply(ErrorReply),
    Garbage { status: u16, what: &'static str },
}

impl Outage {
    pub(super) const fn garbage(status: u16, what: &'static str) -> Self {
        Self(OutageKind::Garbage { status, what })
    }

    /// The status of the reply.
    pub fn status(&self) -> u16 {
        match &self.0 {
            OutageKind::Reply(reply) => reply.status(),
            OutageKind::Garbage { status, .. } => *status,
        }
    }

    pub(super) fn reply(&self) -> Option<&ErrorReply> {
        match &self.0 {
            OutageKind::Reply(reply) => Some(reply),
            OutageKind::Garbage { .. } => None,
        }
    }
}

impl fmt::Display for Outage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            OutageKind::Reply(reply) => reply.fmt(f),
            OutageKind::Garbage { status, what } => write!(f, "status {status}, {what}"),
        }
    }
}

/// An error object of Naver, whichever of its forms it had.
///
/// | form | from |
/// |---|---|
/// | `{"errorMessage","errorCode"}` | Open APIs in common |
/// | `{"resultcode","message"}` | profile |
/// | `{"error":{"errorCode","message"}}` | NAVER API HUB |
/// | `{"error","error_description"}` | OAuth |
/// | `{"message":{"error":{"code","msg"}}}` | café |
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorReply {
    status: u16,
    form: Form,
    code: Option<String>,
    message: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Common,
    Profile,
    Hub,
    OAuth,
    Cafe,
    /// A failing status with no error object that we know.
    Bare,
}

impl ErrorReply {
    /// The HTTP status; it can be 200.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Naver's code as it was sent: digits with leading zeros (`024`), `SE01`, or an OAuth code (`invalid_request`).
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// Naver's message, shortened and without control characters. For logs, not for the model.
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// Finds the error object in a JSON reply, if it is one.
    fn find(status: u16, body: &Value) -> Option<Self> {
        let reply = |form, code: &Value, message: &Value| {
            Some(Self { status, form, code: scalar(code), message: scalar(message).map(|text| shorten(&text)) })
        };
        if !body["errorCode"].is_null() || !body["errorMessage"].is_null() {
            return reply(Form::Common, &body["errorCode"], &body["errorMessage"]);
        }
        if !body["resultcode"].is_null() {
            let ok = body["resultcode"] == "00";
            return if ok { None } else { reply(Form::Profile, &body["resultcode"], &body["message"]) };
        }
        match &body["error"] {
            Value::Object(error) => {
                return reply(Form::Hub, &error["errorCode"], error.get("message").unwrap_or(&Value::Null));
            }
            error @ Value::String(_) => return reply(Form::OAuth, error, &body["error_description"]),
            _ => {}
        }
        let cafe = &body["message"]["error"];
        if cafe.is_object() { reply(Form::Cafe, &cafe["code"], &cafe["msg"]) } else { None }
    }
}

impl fmt::Display for ErrorReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "status {}", self.status)?;
        if let Some(code) = &self.code {
            write!(f, ", code {code}")?;
        }
        if let Some(message) = &self.message {
            write!(f, ", \"{message}\"")?;
        }
        Ok(())
    }
}

/// Codes are strings, but a number is read too.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(shorten(text)),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn shorten(text: &str) -> String {
    text.chars().take(200).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Whose credential a call carries: it decides who can mend a 401.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CallAuth {
    /// The user's access token.
    User,
    /// The key pair of the application.
    Application,
}

/// Sorts a reply: `Ok` for success, else the error. `body` is `None` when it was not JSON.
pub(crate) fn classify(auth: CallAuth, status: u16, body: Option<Value>) -> Result<Value, NaverError> {
    let found = body.as_ref().and_then(|body| ErrorReply::find(status, body));
    let success = (200..300).contains(&status);
    match (found, body) {
        (Some(reply), _) => Err(sort(auth, reply).into()),
        (None, Some(body)) if success && body.is_object() => Ok(body),
        (None, _) if success => Err(NaverError::garbage(status, "the reply is not a JSON object")),
        (None, _) if (300..400).contains(&status) => {
            Err(NaverError::garbage(status, "the reply is a redirect, which is not followed"))
        }
        (None, _) => Err(sort(auth, ErrorReply { status, form: Form::Bare, code: None, message: None }).into()),
    }
}

fn sort(auth: CallAuth, reply: ErrorReply) -> NaverErrorKind {
    let denied = match auth {
        CallAuth::User => NaverErrorKind::PermissionDenied,
        CallAuth::Application => NaverErrorKind::ClientRejected,
    };
    let unavailable = |reply| NaverErrorKind::Unavailable(Outage(OutageKind::Reply(reply)));
    let code = reply.code.as_deref().unwrap_or_default();
    let by_code: Option<fn(ErrorReply) -> NaverErrorKind> = match (reply.form, code) {
        (Form::Common | Form::Profile, "010") => Some(NaverErrorKind::QuotaExhausted),
        (Form::Common | Form::Profile, "012") => Some(NaverErrorKind::RateLimited),
        (Form::Common | Form::Profile, "024" | "028") => Some(denied),
        (Form::Common, "1403") => Some(denied),
        (Form::Common, "1404" | "SE05") => Some(NaverErrorKind::NotFound),
        (Form::Common, "SE01" | "SE02" | "SE03" | "SE04" | "SE06") => Some(NaverErrorKind::BadRequest),
        (Form::Common, "1500" | "SE99") => Some(unavailable),
        (Form::Hub, "200" | "210") => Some(denied),
        (Form::Hub, "300") => Some(NaverErrorKind::NotFound),
        (Form::Hub, "400") => Some(NaverErrorKind::QuotaExhausted),
        (Form::Hub, "410" | "420") => Some(NaverErrorKind::RateLimited),
        (Form::Hub, "500" | "510" | "900") => Some(unavailable),
        (Form::Hub, "100" | "430") => Some(NaverErrorKind::BadRequest),
        (Form::OAuth, "temporarily_unavailable" | "server_error") => Some(unavailable),
        (Form::OAuth, _) => Some(NaverErrorKind::Login),
        _ => None,
    };
    if let Some(variant) = by_code {
        return variant(reply);
    }
    // The profile API repeats a status as its code, perhaps under status 200.
    let status = match reply.form {
        Form::Profile if reply.status < 300 => code.parse().unwrap_or(500),
        _ => reply.status,
    };
    match status {
        401 | 403 => denied(reply),
        404 => NaverErrorKind::NotFound(reply),
        408 => unavailable(reply),
        429 => NaverErrorKind::RateLimited(reply),
        // A failure under status 200 with a code that we do not know: nothing says that a retry would help.
        200..=499 => NaverErrorKind::BadRequest(reply),
        _ => unavailable(reply),
    }
}
