//! Completion functions: what an argument may be, given what the user has typed (MCP 2026-07-28, Completion).

use std::collections::BTreeMap;
use std::fmt;
use std::future::{Future, ready};
use std::panic::resume_unwind;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::task::spawn_blocking;
use tokio_util::task::AbortOnDropHandle;

use super::arguments::{Argument, Arguments};
use super::failure::Failing;
use super::run::guarded;
use super::{Callee, Kind};
use crate::RequestContext;
use crate::extract::{FromContext, Rejection, Requirements};
use crate::outcome::{Call, Outcome};
use crate::protocol::Completion;
use crate::tool_error::ToolError;

/// What a completion function gave, or why it did not.
type Completed = Result<Completion, Rejection>;

/// What runs a completion function, given what the user has typed.
type Run = dyn for<'c> Fn(&'c RequestContext, String) -> BoxFuture<'c, Completed> + Send + Sync;

/// A completion function, whatever extractors it takes.
#[derive(Clone)]
pub struct Completer {
    pub(super) requires: fn(&mut Requirements),
    run: Arc<Run>,
}

impl fmt::Debug for Completer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Completer").finish_non_exhaustive()
    }
}

/// The completer of a function.
pub fn completer<F: CompletionFn<M>, M>(function: F) -> Completer {
    Completer { requires: F::requires, run: Arc::new(move |context, typed| function.complete(context, typed)) }
}

/// A type that a completion function may return.
///
/// `Vec<String>`, `Vec<&'static str>` and [`Completion`], and a `Result` around any of them.
///
/// ```
/// use dari::prelude::*;
///
/// async fn cities(typed: String) -> Result<Completion, ToolError> {
///     let all = ["Busan", "Incheon", "Seoul", "Suwon"];
///     Ok(Completion::new(all.into_iter().filter(|city| city.starts_with(&*typed))))
/// }
///
/// /// The weather in a city.
/// #[mcp_resource(uri = "weather://{city}")]
/// async fn weather(#[arg(complete = cities)] city: String) -> String {
///     format!("sunny in {city}")
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the result of a completion function",
    label = "no completion",
    note = "return `Vec<String>`, `Vec<&'static str>` or `Completion`, or a `Result` of one of them"
)]
pub trait CompletionOutput: Send + 'static {
    /// What the argument may be.
    ///
    /// # Errors
    ///
    /// It cannot be told.
    fn into_completion(self) -> Result<Completion, ToolError>;
}

impl CompletionOutput for Completion {
    fn into_completion(self) -> Result<Completion, ToolError> {
        Ok(self)
    }
}

impl CompletionOutput for Vec<String> {
    fn into_completion(self) -> Result<Completion, ToolError> {
        Ok(self.into())
    }
}

impl CompletionOutput for Vec<&'static str> {
    fn into_completion(self) -> Result<Completion, ToolError> {
        Ok(self.into())
    }
}

#[diagnostic::do_not_recommend]
impl<T: CompletionOutput, E: Into<ToolError> + Send + 'static> CompletionOutput for Result<T, E> {
    fn into_completion(self) -> Result<Completion, ToolError> {
        self.map_err(Into::into)?.into_completion()
    }
}

/// A function that completes an argument; `M` is inferred from its parameters and its result.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no completion function",
    label = "no completion function",
    note = "write `fn name(typed: String) -> Vec<String>`, `async` or not: the first parameter is what the user has typed, and up to six extractors may follow it",
    note = "it returns `Vec<String>`, `Vec<&'static str>` or `Completion`, or a `Result` of one of them"
)]
pub trait CompletionFn<M>: Send + Sync + 'static {
    /// What its extractors need of the server.
    fn requires(requirements: &mut Requirements);

    /// Completes what the user has typed.
    fn complete<'c>(&self, context: &'c RequestContext, typed: String) -> BoxFuture<'c, Completed>;
}

/// How a completion function runs, as markers.
pub mod way {
    /// Where the request is served.
    #[derive(Debug)]
    pub enum Asynchronous {}
    /// On the blocking pool.
    #[derive(Debug)]
    pub enum Blocking {}
}

macro_rules! completion_fn {
    ($($param:ident $value:ident),*) => {
        #[diagnostic::do_not_recommend]
        impl<F, Fut, O, $($param),*> CompletionFn<(way::Asynchronous, O, $($param,)*)> for F
        where
            F: Fn(String, $($param),*) -> Fut + Clone + Send + Sync + 'static,
            Fut: Future<Output = O> + Send,
            O: CompletionOutput,
            $($param: FromContext + 'static,)*
        {
            #[allow(unused_variables, reason = "a function without extractors needs nothing")]
            fn requires(requirements: &mut Requirements) {
                $($param::requires(requirements);)*
            }

            #[allow(unused_variables, reason = "a function without extractors needs nothing")]
            fn complete<'c>(&self, context: &'c RequestContext, typed: String) -> BoxFuture<'c, Completed> {
                let function = self.clone();
                Box::pin(async move {
                    $(let $value = $param::from_context(context).await?;)*
                    Ok(function(typed, $($value),*).await.into_completion()?)
                })
            }
        }

        #[diagnostic::do_not_recommend]
        impl<F, O, $($param),*> CompletionFn<(way::Blocking, O, $($param,)*)> for F
        where
            F: Fn(String, $($param),*) -> O + Clone + Send + Sync + 'static,
            O: CompletionOutput,
            $($param: FromContext + 'static,)*
        {
            #[allow(unused_variables, reason = "a function without extractors needs nothing")]
            fn requires(requirements: &mut Requirements) {
                $($param::requires(requirements);)*
            }

            #[allow(unused_variables, reason = "a function without extractors needs nothing")]
            fn complete<'c>(&self, context: &'c RequestContext, typed: String) -> BoxFuture<'c, Completed> {
                let function = self.clone();
                Box::pin(async move {
                    $(let $value = $param::from_context(context).await?;)*
                    let call = spawn_blocking(move || function(typed, $($value),*).into_completion());
                    match AbortOnDropHandle::new(call).await.map_err(|error| error.try_into_panic()) {
                        Ok(completed) => Ok(completed?),
                        Err(Ok(panic)) => resume_unwind(panic),
                        Err(Err(cancelled)) => Err(ToolError::from(cancelled).into()),
                    }
                })
            }
        }
    };
}
completion_fn!();
completion_fn!(A a);
completion_fn!(A a, B b);
completion_fn!(A a, B b, C c);
completion_fn!(A a, B b, C c, D d);
completion_fn!(A a, B b, C c, D d, E e);
completion_fn!(A a, B b, C c, D d, E e, G g);

/// The completions of one prompt or template: each of its arguments, with its function where it has one.
#[derive(Debug, Default)]
pub(crate) struct Completions(BTreeMap<&'static str, Option<(Arc<Callee>, Completer)>>);

impl Completions {
    /// Those of a function of this name and timeout, which has these arguments.
    pub(crate) fn of(arguments: &[Argument], name: &str, timeout: Option<Duration>) -> Self {
        let completer = |argument: &Argument| {
            let completer = argument.completer.clone()?;
            let name = format!("{name}.{}", argument.name).into();
            let callee = Callee { kind: Kind::Completion, name, timeout, arguments: Arguments::default() };
            Some((Arc::new(callee), completer))
        };
        Self(arguments.iter().map(|argument| (argument.name, completer(argument))).collect())
    }

    /// Whether any argument has a function.
    pub(crate) fn any(&self) -> bool {
        self.0.values().any(Option::is_some)
    }

    /// Whether there is an argument of this name.
    pub(crate) fn know(&self, argument: &str) -> bool {
        self.0.contains_key(argument)
    }

    /// Completes an argument: where it has no function, there is nothing to propose.
    pub(crate) fn complete(&self, argument: &str, typed: String, context: Box<RequestContext>) -> Call {
        let Some((callee, completer)) = self.0.get(argument).cloned().flatten() else {
            return ready(Ok(Outcome::Completion(Completion::default()))).boxed();
        };
        Box::pin(async move {
            let work = pin!(async { Ok(Outcome::Completion((completer.run)(&context, typed).await?.limited())) });
            guarded(Failing::new(&callee, &context), work).await
        })
    }
}
