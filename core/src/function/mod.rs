//! A function as the macros describe it: its parameters, the arguments that fill them, and the way of every call.
//!
//! Tools, prompts and resources are such functions; what is special to each is on the floors above. A completion
//! function, which has one argument and no schema, goes the last part of the same way.

pub(crate) mod about;
pub(crate) mod arg;
pub(crate) mod arguments;
pub(crate) mod completer;
mod failure;
pub(crate) mod param;
pub(crate) mod role;
pub(crate) mod run;
pub(crate) mod signature;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use self::arguments::Arguments;
use crate::RequestContext;
use crate::outcome::Call;

/// What runs a call, given the request and the arguments as JSON text.
pub(crate) type Handler = Arc<dyn Fn(Box<RequestContext>, Bytes) -> Call + Send + Sync>;

/// What the way of a call needs to know of its function.
#[derive(Debug)]
pub(crate) struct Callee {
    pub(crate) kind: Kind,
    /// What clients call it by.
    pub(crate) name: Cow<'static, str>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) arguments: Arguments,
}

/// What a function is to a client, which decides how a failure is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The model reads of it in a result with `isError`, and can mend its call.
    Tool,
    /// There is no model to read it: a failure is a JSON-RPC error.
    Prompt,
    /// As for a prompt.
    Resource,
    /// As for a prompt, whose argument it completes.
    Completion,
}

impl Kind {
    /// The word for people.
    pub(crate) const fn noun(self) -> &'static str {
        match self {
            Self::Tool => "tool",
            Self::Prompt => "prompt",
            Self::Resource => "resource",
            Self::Completion => "completion",
        }
    }
}
