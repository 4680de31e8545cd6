//! A call from its raw arguments to its result: the one place for timeouts and panics.

use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;

use super::arguments::Reader;
use super::error::internal;
use super::param::Params;
use super::{Definition, Handler, Outcome, ToolError};
use crate::RequestContext;
use crate::extract::Rejection;
use crate::protocol::CallToolResult;

type Converted = Result<CallToolResult, ToolError>;

/// A function with all that a call of it needs.
struct Function<P, F, O> {
    definition: Arc<Definition>,
    params: P,
    convert: fn(O) -> Converted,
    function: F,
}

impl<P: Params, F, O> Function<P, F, O> {
    /// The values for the parameters.
    async fn values(&self, arguments: &[u8], context: &RequestContext) -> Result<P::Values, Rejection> {
        let read = {
            let strict = context.shared.strict_arguments;
            let mut reader = Reader::new(&self.definition.arguments, arguments, strict)?;
            let read = self.params.read(&mut reader);
            reader.finish()?;
            read
        };
        // Where nothing was read a fault was noted, and the reader has said so.
        let read = read.ok_or_else(|| ToolError::new("Invalid arguments"))?;
        P::fill(read, context).await
    }
}

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
    let function = Arc::new(Function { definition, params, convert, function });
    Arc::new(move |context, arguments| {
        let function = Arc::clone(&function);
        Box::pin(async move {
            let work = async {
                let values = function.values(&arguments, &context).await?;
                let output = (function.function)(values).await;
                Ok((function.convert)(output)?)
            };
            guarded(&function.definition, &context, work).await
        })
    })
}

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
    let function = Arc::new(Function { definition, params, convert, function });
    Arc::new(move |context, arguments| {
        let function = Arc::clone(&function);
        Box::pin(async move {
            let work = async {
                let values = function.values(&arguments, &context).await?;
                let call = Arc::clone(&function);
                let span = tracing::Span::current();
                let call = move || span.in_scope(|| (call.convert)((call.function)(values)));
                match tokio::task::spawn_blocking(call).await {
                    Ok(result) => Ok(result?),
                    Err(error) => match error.try_into_panic() {
                        Ok(panic) => Ok(panicked(&function.definition, &context, &*panic)),
                        Err(error) => Err(ToolError::from(error).into()),
                    },
                }
            };
            guarded(&function.definition, &context, work).await
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
    let function = Arc::new(Function { definition, params, convert, function });
    Arc::new(move |context, arguments: Bytes| {
        let function = Arc::clone(&function);
        Box::pin(async move {
            let work = async {
                let values = function.values(&arguments, &context).await?;
                Ok((function.convert)((function.function)(values))?)
            };
            guarded(&function.definition, &context, work).await
        })
    })
}

/// Runs a call under the tool's timeout; a panic ends the call and nothing else.
///
/// A function on the blocking pool cannot be stopped: after its timeout it runs on, and its result is dropped.
async fn guarded(
    definition: &Definition,
    context: &RequestContext,
    work: impl Future<Output = Result<CallToolResult, Rejection>> + Send,
) -> Outcome {
    let work = AssertUnwindSafe(work).catch_unwind();
    let ended = match definition.timeout {
        None => work.await,
        Some(limit) => match tokio::time::timeout(limit, work).await {
            Ok(ended) => ended,
            Err(_) => return Ok(timed_out(definition, context, limit)),
        },
    };
    match ended {
        Ok(Err(Rejection::Tool(error))) => Ok(error.into_result(&definition.name, context)),
        Ok(outcome) => outcome,
        Err(panic) => Ok(panicked(definition, context, &*panic)),
    }
}

fn timed_out(definition: &Definition, context: &RequestContext, limit: Duration) -> CallToolResult {
    tracing::warn!(tool = %definition.name, request = %context.id(), ?limit, "a tool ran into its timeout");
    CallToolResult::error(format!("the tool did not finish within {limit:?}"))
}

fn panicked(definition: &Definition, context: &RequestContext, panic: &(dyn Any + Send)) -> CallToolResult {
    let said = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    tracing::error!(tool = %definition.name, request = %context.id(), panic = said.unwrap_or("?"), "a tool panicked");
    internal(context)
}
