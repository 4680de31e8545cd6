//! Why a question has no answer.

use std::borrow::Cow;
use std::error::Error;

use crate::protocol::RpcError;
use crate::tool_error::ModelMessage;

/// Why a question has no answer.
///
/// With `?` in a tool, what concerns the user reaches the model in these words, and what concerns the client reaches the
/// client as a JSON-RPC error.
#[derive(Debug)]
#[non_exhaustive]
pub enum AskError {
    /// The user said no.
    Declined,
    /// The user closed the question without an answer.
    Cancelled,
    /// The client cannot ask this: `-32021`, which names what it lacks.
    MissingCapability(RpcError),
    /// The client's answer is not what was asked for: `-32602`, which says what is wrong.
    Invalid(RpcError),
    /// The client answered with an error, in these words.
    Refused(ModelMessage),
    /// Nobody is there to answer any more.
    Gone,
    /// These answers were used before ([`Ask::once`](super::Ask::once)): `-32602`.
    Spent(RpcError),
    /// Whether the answers were used before cannot be said now, for the store is away: `-32603`.
    Unavailable(RpcError),
    /// The question itself is wrong, such as a form that is not flat: a mistake of the author.
    Form(String),
}

static DECLINED: ModelMessage = ModelMessage(Cow::Borrowed("the user declined to answer"));
static CANCELLED: ModelMessage = ModelMessage(Cow::Borrowed("the user closed the question without an answer"));
static GONE: ModelMessage = ModelMessage(Cow::Borrowed("the question was not answered in time"));

impl std::fmt::Display for AskError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Declined => DECLINED.fmt(f),
            Self::Cancelled => CANCELLED.fmt(f),
            Self::Gone => GONE.fmt(f),
            Self::MissingCapability(error) | Self::Invalid(error) | Self::Spent(error) | Self::Unavailable(error) => {
                error.fmt(f)
            }
            Self::Refused(message) => write!(f, "the client did not answer: {message}"),
            Self::Form(fault) => write!(f, "the question cannot be asked: {fault}"),
        }
    }
}

/// The source is what [`ToolError`](crate::ToolError) makes of it.
impl Error for AskError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Declined => Some(&DECLINED),
            Self::Cancelled => Some(&CANCELLED),
            Self::Gone => Some(&GONE),
            Self::MissingCapability(error) | Self::Invalid(error) | Self::Spent(error) | Self::Unavailable(error) => {
                Some(error)
            }
            Self::Refused(message) => Some(message),
            Self::Form(_) => None,
        }
    }
}
