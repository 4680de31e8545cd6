//! `completion/complete`: what an argument of a prompt or template may be (MCP 2026-07-28, Completion).

use serde::Deserialize;

use super::{Dispatched, Registry, check_scopes, run, unknown};
use crate::RequestContext;
use crate::extract::ResolvedArguments;
use crate::protocol::MethodParams;

/// `CompleteRequestParams` in the schema.
#[derive(Deserialize)]
struct CompleteParams {
    r#ref: Reference,
    argument: Typed,
    #[serde(default)]
    context: Option<CompletionContext>,
}

/// What the argument is one of.
#[derive(Deserialize)]
#[serde(tag = "type")]
enum Reference {
    #[serde(rename = "ref/prompt")]
    Prompt { name: Box<str> },
    /// A URI or a template of URIs.
    #[serde(rename = "ref/resource")]
    Resource { uri: Box<str> },
}

/// An argument, as far as the user has typed it.
#[derive(Deserialize)]
struct Typed {
    name: String,
    value: String,
}

#[derive(Deserialize)]
struct CompletionContext {
    #[serde(default)]
    arguments: Option<ResolvedArguments>,
}

impl Registry {
    pub(super) fn complete(&self, mut params: MethodParams<'_>, mut context: Box<RequestContext>) -> Dispatched {
        let CompleteParams { r#ref, argument, context: resolved } = match params.read() {
            Ok(read) => read,
            Err(error) => return Dispatched::error(error),
        };
        let (target, scopes, completions) = match r#ref {
            Reference::Prompt { name } => match self.prompt(&name) {
                Some(prompt) => (name, prompt.scopes(), prompt.completions()),
                None => return unknown("prompt", &name),
            },
            Reference::Resource { uri } => match self.template(&uri) {
                Some(template) => (uri, template.scopes(), template.completions()),
                None => return unknown("resource template", &uri),
            },
        };
        if let Err(refused) = check_scopes(scopes, context.principal.as_ref()) {
            return Dispatched::Answered(Err(refused));
        }
        context.resolved = resolved.and_then(|context| context.arguments).unwrap_or_default();
        let Typed { name, value } = argument;
        if !completions.know(&name) {
            return unknown("argument", &name);
        }
        run("completion/complete", String::from(target).into(), &mut params, context, None, |context, _| {
            completions.complete(&name, value, context)
        })
    }
}
