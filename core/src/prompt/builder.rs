//! A prompt in the making: what the macro emits calls these, once a prompt.

use std::future::Future;
use std::sync::Arc;

use super::{Definition, Prompt, PromptArgument, PromptOutput};
use crate::function::about::About;
use crate::function::arguments::Argument;
use crate::function::completer::Completions;
use crate::function::param::Params;
use crate::function::run::{self, Converted};
use crate::function::signature::{Declared, Signature};
use crate::function::{Callee, Handler, Kind};
use crate::outcome::Outcome;

/// How the result of a function becomes a prompt.
pub struct FilledIn<T>(fn(T) -> Converted);

/// The way of a type that a prompt may return.
pub fn filled_in<T: PromptOutput>() -> FilledIn<T> {
    FilledIn(|output| output.into_prompt().map(Outcome::Prompt))
}

/// A prompt in the making.
pub struct PromptBuilder {
    about: About,
    declared: Declared,
}

impl PromptBuilder {
    /// A prompt of which this is said, and which has these parameters.
    #[must_use]
    pub fn new(about: About, signature: Signature) -> Self {
        Self { about, declared: signature.finish() }
    }

    /// The prompt around an `async fn`.
    pub fn asynchronous<P, F, Fut, O>(self, params: P, output: FilledIn<O>, function: F) -> Prompt
    where
        P: Params,
        F: Fn(P::Values) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = O> + Send + 'static,
        O: 'static,
    {
        self.finish(|callee| run::asynchronous(callee, params, output.0, function))
    }

    /// The prompt around a plain `fn`, which runs on the blocking pool.
    pub fn blocking<P, F, O>(self, params: P, output: FilledIn<O>, function: F) -> Prompt
    where
        P: Params,
        F: Fn(P::Values) -> O + Send + Sync + 'static,
        O: 'static,
    {
        self.finish(|callee| run::blocking(callee, params, output.0, function))
    }

    /// The prompt around a plain `fn` that is quick enough to run in place.
    pub fn inline<P, F, O>(self, params: P, output: FilledIn<O>, function: F) -> Prompt
    where
        P: Params,
        F: Fn(P::Values) -> O + Send + Sync + 'static,
        O: 'static,
    {
        self.finish(|callee| run::inline(callee, params, output.0, function))
    }

    fn finish(self, handler: impl FnOnce(Arc<Callee>) -> Handler) -> Prompt {
        let Self { about, declared } = self;
        let Declared { arguments, requirements, problems: mut mistakes } = declared;
        let mut problems = about.problems;
        problems.append(&mut mistakes);
        let definition = Definition {
            name: about.name.clone(),
            title: about.title,
            description: about.description,
            arguments: arguments.list.iter().map(published).collect(),
            icons: about.icons,
            meta: about.meta,
            scopes: about.scopes,
            hidden_without_scope: about.hidden_without_scope,
            requirements,
            completions: Completions::of(&arguments.list, &about.name, about.timeout),
            problems,
        };
        let callee = Arc::new(Callee { kind: Kind::Prompt, name: about.name, timeout: about.timeout, arguments });
        Prompt { definition: Arc::new(definition), handler: handler(callee) }
    }
}

fn published(argument: &Argument) -> PromptArgument {
    let text = |key: &str| argument.schema.get(key).and_then(|text| text.as_str()).map(str::to_owned);
    PromptArgument {
        name: argument.name,
        title: text("title"),
        description: text("description"),
        required: argument.required,
    }
}
