//! What comes of a request: made by the functions and by dispatch, written by the transports.

use bytes::Bytes;
use futures_util::future::BoxFuture;

use crate::extract::Refused;
use crate::protocol::{
    CallToolResult, Completion, DetailedTask, GetPromptResult, InputRequired, ReadResourceResult, RpcError,
};

/// A result, or why the transport has to refuse the request.
pub(crate) type Answer = Result<Outcome, Refused>;

/// A request that is being served.
pub(crate) type Call = BoxFuture<'static, Answer>;

/// What came of a request.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// A result that was serialized before, most of them at `build()`.
    Static(StaticResult),
    /// Done, with nothing to tell.
    Empty,
    /// A tool ran, or told the model why it did not.
    Tool(CallToolResult),
    /// A prompt, filled in.
    Prompt(GetPromptResult),
    /// What a resource holds.
    Resource(ReadResourceResult),
    /// What an argument may be.
    Completion(Completion),
    /// The call goes on as a task (`CreateTaskResult` in the tasks extension).
    TaskCreated(Box<DetailedTask>),
    /// How a task is.
    Task(Box<DetailedTask>),
    /// The client is asked first, and then tries again.
    InputRequired(InputRequired),
    /// The request could not be served.
    Error(RpcError),
}

/// A result in the forms of both eras, as JSON.
#[derive(Clone, Debug)]
pub(crate) struct StaticResult {
    pub(crate) modern: Bytes,
    pub(crate) legacy: Bytes,
}
