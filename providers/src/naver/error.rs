//! The one error of all calls to Naver, whatever form Naver gave it.

mod reply;

use std::error::Error;
use std::fmt;

use dari::ModelMessage;

pub(crate) use reply::{CallAuth, classify};
pub use reply::{ErrorReply, Outage};

use super::kst::ReversedPeriodError;
use super::open_api::{InvalidQuery, InvalidSchedule};

/// Why a call to Naver failed: [`kind`](Self::kind) tells the cases apart.
///
/// `Display` is for the operator's log. The language model gets [`model_message`](Self::model_message), which also is what
/// a tool answers when this error leaves it by `?`. Neither holds a secret, a token or a raw body.
#[derive(Debug)]
pub struct NaverError {
    kind: Box<NaverErrorKind>,
    told: ModelMessage,
}

impl NaverError {
    /// Which failure it is.
    pub fn kind(&self) -> &NaverErrorKind {
        &self.kind
    }

    /// A sentence for the language model that says what to do.
    ///
    /// It holds nothing of Naver's reply except a code: no message, no body, no id of the application, no secret.
    pub fn model_message(&self) -> String {
        self.told.to_string()
    }

    /// What Naver answered, where it answered with an error object.
    pub fn reply(&self) -> Option<&ErrorReply> {
        self.kind.reply()
    }

    /// Whether the same call may succeed if it is made again a little later.
    pub fn is_transient(&self) -> bool {
        self.kind.is_transient()
    }

    /// An error of the HTTP client. The URL is taken out of it: it may hold what the user searched for.
    pub(crate) fn transport(error: reqwest::Error) -> Self {
        let error = error.without_url();
        let kind = if error.is_timeout() { NaverErrorKind::Timeout(error) } else { NaverErrorKind::Transport(error) };
        kind.into()
    }

    pub(crate) fn garbage(status: u16, what: &'static str) -> Self {
        NaverErrorKind::Unavailable(Outage::garbage(status, what)).into()
    }
}

impl fmt::Display for NaverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)?;
        // `source` leads to the words for the model, so what led to the failure is said here.
        let mut link = self.kind.source();
        while let Some(error) = link {
            write!(f, ": {error}")?;
            link = error.source();
        }
        Ok(())
    }
}

impl Error for NaverError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.told)
    }
}

impl<K: Into<NaverErrorKind>> From<K> for NaverError {
    fn from(kind: K) -> Self {
        let kind = Box::new(kind.into());
        Self { told: ModelMessage::new(kind.model_message()), kind }
    }
}

/// The ways in which a call to Naver fails.
///
/// Naver has five forms of error objects, some of them under status 200; all are read into [`ErrorReply`] and sorted
/// by what the caller can do about them.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NaverErrorKind {
    /// The query was refused before it was sent.
    #[error(transparent)]
    InvalidQuery(#[from] InvalidQuery),
    /// The schedule was refused before it was sent.
    #[error(transparent)]
    InvalidSchedule(#[from] InvalidSchedule),
    /// The user's token was refused: it expired, or the user or the application's settings do not permit this API.
    /// Naver answers 401 or 403 for either, and the two can't be told apart.
    #[error(
        "Naver refused the user's token ({0}): it expired or the permission is missing; tick the API in the application's settings, and have the user log in again and agree to it"
    )]
    PermissionDenied(ErrorReply),
    /// The application's own keys were refused, or the API is not ticked in its settings.
    #[error(
        "Naver refused the application ({0}): check its client id and secret, and that this API is ticked in its settings"
    )]
    ClientRejected(ErrorReply),
    /// Too many calls in a second. A short pause helps.
    #[error("Naver limits the rate of calls ({0}): call again after a second")]
    RateLimited(ErrorReply),
    /// The calls of the day are used up. Calling again today does not help.
    #[error("the application's daily quota at Naver is used up ({0})")]
    QuotaExhausted(ErrorReply),
    /// Naver did not like a parameter; for a search the code is `SE01` to `SE06`.
    #[error("Naver refused the request ({0})")]
    BadRequest(ErrorReply),
    /// There is no such API or thing, such as a calendar.
    #[error("Naver does not know what was asked for ({0})")]
    NotFound(ErrorReply),
    /// A login call (token, revoke) failed with an OAuth error object.
    #[error("Naver Login refused the request ({0})")]
    Login(ErrorReply),
    /// Naver has trouble: a 5xx, a redirect, or a reply that is not what its documentation promises.
    #[error("Naver is unavailable: {0}")]
    Unavailable(Outage),
    /// No answer came in time.
    #[error("Naver did not answer in time")]
    Timeout(#[source] reqwest::Error),
    /// Naver could not be reached, or the connection broke.
    #[error("the connection to Naver failed")]
    Transport(#[source] reqwest::Error),
}

impl NaverErrorKind {
    fn model_message(&self) -> String {
        match self {
            Self::InvalidQuery(error) => error.to_string(),
            Self::InvalidSchedule(error) => error.to_string(),
            Self::PermissionDenied(_) => "Naver did not permit this for the user: the login expired or the user has not agreed to this permission. Ask the user to log in with Naver again and to tick the permission on the consent page; a refusal is undone by disconnecting this service under \"connected services\" of the Naver account first.".to_owned(),
            Self::ClientRejected(_) => "Naver refused this server's own application, which only its operator can mend. Tell the user so; calling again does not help.".to_owned(),
            Self::RateLimited(_) => "Naver limits how often it may be called. Wait a second, then call again once.".to_owned(),
            Self::QuotaExhausted(_) => "This server's daily quota at Naver is used up. Do not call again today; tell the user so.".to_owned(),
            Self::BadRequest(reply) => match reply.code() {
                Some("SE01") => "Naver did not understand the query. Give a simpler, non-empty query.".to_owned(),
                Some("SE02") => "Naver did not accept the number of results. Ask for 1 to 100.".to_owned(),
                Some("SE03") => "Naver did not accept the start position. Give 1 to 1000.".to_owned(),
                Some("SE04") => "Naver did not accept the sort order. Leave it out.".to_owned(),
                Some("SE06") => "Naver could not read the text of the query. Give it in plain words.".to_owned(),
                code => format!("Naver refused the request{}. Check the arguments and change what may be wrong before calling again.", code_note(code)),
            },
            Self::NotFound(reply) => format!("Naver does not have what was asked for{}. Calling again with the same arguments does not help.", code_note(reply.code())),
            Self::Login(_) => "The login with Naver is no longer valid. Ask the user to log in with Naver again.".to_owned(),
            Self::Unavailable(_) | Self::Timeout(_) | Self::Transport(_) => "Naver is not reachable at the moment. Call again later, at most once or twice, else tell the user.".to_owned(),
        }
    }

    fn reply(&self) -> Option<&ErrorReply> {
        match self {
            Self::PermissionDenied(reply)
            | Self::ClientRejected(reply)
            | Self::RateLimited(reply)
            | Self::QuotaExhausted(reply)
            | Self::BadRequest(reply)
            | Self::NotFound(reply)
            | Self::Login(reply) => Some(reply),
            Self::Unavailable(outage) => outage.reply(),
            _ => None,
        }
    }

    fn is_transient(&self) -> bool {
        matches!(self, Self::RateLimited(_) | Self::Unavailable(_) | Self::Timeout(_) | Self::Transport(_))
    }
}

impl From<ReversedPeriodError> for NaverErrorKind {
    fn from(error: ReversedPeriodError) -> Self {
        Self::InvalidSchedule(error.into())
    }
}

fn code_note(code: Option<&str>) -> String {
    // Only codes of Naver's own kind are passed on: a short word.
    match code {
        Some(code) if code.len() <= 24 && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') => {
            format!(" (code {code})")
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests;
