//! A call from its raw arguments to its result: the one place for timeouts and panics.

use std::future::{Future, ready};
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::Arc;

use futures_util::FutureExt as _;
use tokio::task::spawn_blocking;
use tokio_util::task::AbortOnDropHandle;

use super::arguments::Reader;
use super::failure::Call;
use super::param::Params;
use super::{Definition, Handler, Outcome};
use crate::RequestContext;
use crate::extract::{Refused, Rejection};
use crate::protocol::CallToolResult;
use crate::tool_error::ToolError;

type Converted = Result<CallToolResult, ToolError>;

pub(super) fn asynchronous<P, F, Fut, O>(
    definition: Arc<Definition>,
    params: P,
    convert: fn(O) -> Converted,
    function: F,
) -> Handler
where
    P: Params,
    F: Fn(P::Values) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = O> + Send + 'static,
    O: 'static,
{
    handler(definition, params, move |values| function(values).map(convert))
}

/// Once it runs, a function on the blocking pool cannot be stopped: after its timeout it runs on, and its result is
/// dropped. While it waits for a thread it can, and is.
pub(super) fn blocking<P, F, O>(
    definition: Arc<Definition>,
    params: P,
    convert: fn(O) -> Converted,
    function: F,
) -> Handler
where
    P: Params,
    F: Fn(P::Values) -> O + Send + Sync + 'static,
    O: 'static,
{
    let function = Arc::new(function);
    handler(definition, params, move |values| {
        let (function, span) = (Arc::clone(&function), tracing::Span::current());
        let call = AbortOnDropHandle::new(spawn_blocking(move || span.in_scope(|| convert(function(values)))));
        call.map(|ended| match ended.map_err(|error| error.try_into_panic()) {
            Ok(converted) => converted,
            Err(Ok(panic)) => resume_unwind(panic),
            Err(Err(cancelled)) => Err(cancelled.into()),
        })
    })
}

pub(super) fn inline<P, F, O>(
    definition: Arc<Definition>,
    params: P,
    convert: fn(O) -> Converted,
    function: F,
) -> Handler
where
    P: Params,
    F: Fn(P::Values) -> O + Send + Sync + 'static,
    O: 'static,
{
    handler(definition, params, move |values| ready(convert(function(values))))
}

/// The way of every call: its arguments, its extractors, its function.
fn handler<P, F, Fut>(definition: Arc<Definition>, params: P, function: F) -> Handler
where
    P: Params,
    F: Fn(P::Values) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Converted> + Send + 'static,
{
    let all = Arc::new((definition, params, function));
    Arc::new(move |context, arguments| {
        let all = Arc::clone(&all);
        Box::pin(async move {
            let (definition, params, function) = &*all;
            let work = async {
                let values = values(definition, params, &arguments, &context).await?;
                Ok(function(values).await?)
            };
            guarded(definition, &context, work).await
        })
    })
}

/// The values for the parameters.
async fn values<P: Params>(
    definition: &Definition,
    params: &P,
    arguments: &[u8],
    context: &RequestContext,
) -> Result<P::Values, Rejection> {
    let read = {
        let mut reader = Reader::new(&definition.arguments, arguments, context.shared.strict_arguments)?;
        let read = params.read(&mut reader);
        reader.finish()?;
        read
    };
    // Where nothing was read a fault was noted, and the reader has said so.
    let read = read.ok_or_else(|| ToolError::new("Invalid arguments"))?;
    P::fill(read, context).await
}

/// Runs a call under the tool's timeout; a panic ends the call and nothing else.
async fn guarded(
    definition: &Definition,
    context: &RequestContext,
    work: impl Future<Output = Result<CallToolResult, Rejection>> + Send,
) -> Outcome {
    let call = Call { tool: &definition.name, context };
    let work = AssertUnwindSafe(work).catch_unwind();
    let ended = match definition.timeout {
        None => work.await,
        Some(limit) => match tokio::time::timeout(limit, work).await {
            Ok(ended) => ended,
            Err(_) => return Ok(Ok(call.timed_out(limit))),
        },
    };
    match ended {
        Ok(Ok(result)) => Ok(Ok(result)),
        Ok(Err(Rejection::Tool(error))) => Ok(Ok(call.failed(error))),
        Ok(Err(Rejection::Protocol(error))) => Ok(Err(error)),
        Ok(Err(Rejection::LoginRequired)) => Err(Refused::LoginRequired),
        Ok(Err(Rejection::ProviderUnavailable { retry_after })) => Err(Refused::ProviderUnavailable { retry_after }),
        Err(panic) => Ok(Ok(call.panicked(&*panic))),
    }
}
