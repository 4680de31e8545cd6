//! A call from its raw arguments to its result: the one place for timeouts and panics.

use std::future::{Future, ready};
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;

use futures_util::FutureExt as _;
use serde::de::DeserializeOwned;
use tokio::task::spawn_blocking;
use tokio_util::task::AbortOnDropHandle;

use super::arguments::{Arguments, Reader};
use super::failure::Failing;
use super::param::Params;
use super::{Callee, Handler, Kind};
use crate::RequestContext;
use crate::extract::{Refused, Rejection};
use crate::outcome::{Answer, Outcome};
use crate::protocol::RpcError;
use crate::schema::fault;
use crate::tool_error::ToolError;
use crate::within::at_once_or_within;

/// Whether a function can wait for something.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Waits {
    /// An `async fn`.
    Yes,
    /// A plain one.
    No,
}

/// What a function returned, as a result of its kind.
pub(crate) type Converted = Result<Outcome, ToolError>;

pub(crate) fn asynchronous<P, F, Fut, O>(
    callee: Arc<Callee>,
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
    handler(callee, params, Waits::Yes, move |values| function(values).map(convert))
}

/// Once it runs, a function on the blocking pool cannot be stopped: after its timeout it runs on, and its result is
/// dropped. While it waits for a thread it can, and is.
pub(crate) fn blocking<P, F, O>(callee: Arc<Callee>, params: P, convert: fn(O) -> Converted, function: F) -> Handler
where
    P: Params,
    F: Fn(P::Values) -> O + Send + Sync + 'static,
    O: 'static,
{
    let function = Arc::new(function);
    handler(callee, params, Waits::No, move |values| {
        let (function, span) = (Arc::clone(&function), tracing::Span::current());
        let call = AbortOnDropHandle::new(spawn_blocking(move || span.in_scope(|| convert(function(values)))));
        call.map(|ended| match ended.map_err(|error| error.try_into_panic()) {
            Ok(converted) => converted,
            Err(Ok(panic)) => resume_unwind(panic),
            Err(Err(cancelled)) => Err(cancelled.into()),
        })
    })
}

pub(crate) fn inline<P, F, O>(callee: Arc<Callee>, params: P, convert: fn(O) -> Converted, function: F) -> Handler
where
    P: Params,
    F: Fn(P::Values) -> O + Send + Sync + 'static,
    O: 'static,
{
    handler(callee, params, Waits::No, move |values| ready(convert(function(values))))
}

/// The way of every call: its arguments, its extractors, its function. It may become a task on that way, at the earliest
/// when there is nothing left that the answer to its request would have to tell.
fn handler<P, F, Fut>(callee: Arc<Callee>, params: P, waits: Waits, function: F) -> Handler
where
    P: Params,
    F: Fn(P::Values) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Converted> + Send + 'static,
{
    let all = Arc::new((callee, params, function));
    Arc::new(move |context, arguments| {
        let all = Arc::clone(&all);
        Box::pin(async move {
            let (callee, params, function) = &*all;
            let work = pin!(async {
                let values = values(callee, params, &arguments, &context).await?;
                context.exchange.before_the_function(waits == Waits::Yes).await;
                Ok(function(values).await?)
            });
            guarded(Failing::new(callee, &context), work).await
        })
    })
}

/// A call whose function takes the arguments as a whole, and the request with them.
pub(crate) fn whole<A, F, Fut, O>(callee: Arc<Callee>, convert: fn(O) -> Converted, function: F) -> Handler
where
    A: DeserializeOwned + Send + 'static,
    F: Fn(A, RequestContext) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = O> + Send + 'static,
    O: 'static,
{
    let all = Arc::new((callee, function));
    Arc::new(move |context, arguments| {
        let all = Arc::clone(&all);
        Box::pin(async move {
            let (callee, function) = &*all;
            let failing = Failing::new(callee, &context);
            let work = pin!(async {
                // Without its schema a tool is not built.
                let whole = callee.arguments.whole.as_ref().ok_or_else(RpcError::internal)?;
                let (arguments, _) = Arguments::judge(whole, &arguments, context.shared.strict_arguments)?;
                let arguments = serde_json::from_value(arguments)
                    .map_err(|error| ToolError::new(format!("Invalid arguments: {}", fault::from_serde(&error))))?;
                Ok(convert(function(arguments, *context).await)?)
            });
            guarded(failing, work).await
        })
    })
}

/// The values for the parameters.
async fn values<P: Params>(
    callee: &Callee,
    params: &P,
    arguments: &[u8],
    context: &RequestContext,
) -> Result<P::Values, Rejection> {
    let read = {
        let strict = context.shared.strict_arguments;
        let meant = match &callee.arguments.whole {
            Some(whole) => Some(Arguments::judge(whole, arguments, strict)?).filter(|(_, is_mended)| *is_mended),
            None => None,
        };
        let meant = meant.map(|(meant, _)| meant.to_string());
        let arguments = meant.as_deref().map_or(arguments, str::as_bytes);
        // Prompts and URIs know strings only, so what they mean is for the parameter's type to say.
        let strict = callee.kind == Kind::Tool && strict;
        let mut reader = Reader::new(&callee.arguments, arguments, strict)?;
        let read = params.read(&mut reader);
        reader.finish(callee.kind)?;
        read
    };
    // Where nothing was read a fault was noted, and the reader has said so.
    let read = read.ok_or_else(|| ToolError::new("Invalid arguments"))?;
    P::fill(read, context).await
}

/// Runs a call under its timeout, in the place where it is; a panic ends the call and nothing else.
pub(crate) async fn guarded(
    failing: Failing<'_>,
    work: Pin<&mut (impl Future<Output = Result<Outcome, Rejection>> + Send)>,
) -> Answer {
    let work = AssertUnwindSafe(work).catch_unwind();
    let ended = match failing.callee.timeout {
        None => work.await,
        Some(limit) => match at_once_or_within(limit, pin!(work)).await {
            Some(ended) => ended,
            None => return Ok(failing.timed_out(limit)),
        },
    };
    match ended {
        Ok(Ok(result)) => Ok(result),
        Ok(Err(rejection)) => match (rejection.needed_scopes(), &failing.principal) {
            // In a box, as what is rare.
            (Some(scopes), Some(principal)) => Err(Box::pin(Refused::after_the_fact(principal, scopes)).await),
            _ => failing.rejected(rejection),
        },
        Err(panic) => Ok(failing.panicked(&*panic)),
    }
}
