//! A request in, a result out. Every request has the shape of the current revision here; the transports see to that.

mod complete;
mod list;
mod listen;
mod registry;
mod request_state;
mod running;
mod tasks;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;

pub(crate) use self::listen::{Listening, too_many};
pub(crate) use self::registry::{Offer, Registry};
use self::request_state::Binding;
pub(crate) use self::running::{Event, Running};
pub use self::tasks::TaskSettings;
pub(crate) use self::tasks::Tasks;
use crate::RequestContext;
use crate::auth::Principal;
use crate::exchange::{Answers, AskedCall};
use crate::extract::Refused;
use crate::outcome::{Answer, Call, Outcome};
use crate::protocol::{ErrorCode, MethodParams, ReadResourceResult, RpcError};
use crate::resource;
use crate::trace::Trace;

/// One request.
pub(crate) struct Request<'a> {
    pub(crate) method: Method,
    pub(crate) params: MethodParams<'a>,
    pub(crate) context: Box<RequestContext>,
}

/// The methods that are served here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    /// `server/discover`
    Discover,
    /// `tools/list`
    ListTools,
    /// `tools/call`
    CallTool,
    /// `prompts/list`
    ListPrompts,
    /// `prompts/get`
    GetPrompt,
    /// `resources/list`
    ListResources,
    /// `resources/templates/list`
    ListResourceTemplates,
    /// `resources/read`
    ReadResource,
    /// `completion/complete`
    Complete,
    /// `tasks/get`
    GetTask,
    /// `tasks/update`
    UpdateTask,
    /// `tasks/cancel`
    CancelTask,
    /// `subscriptions/listen`
    Listen,
    /// Any other.
    Unknown(Box<str>),
}

impl Method {
    pub(crate) fn parse(name: &str) -> Self {
        match name {
            "server/discover" => Self::Discover,
            "tools/list" => Self::ListTools,
            "tools/call" => Self::CallTool,
            "prompts/list" => Self::ListPrompts,
            "prompts/get" => Self::GetPrompt,
            "resources/list" => Self::ListResources,
            "resources/templates/list" => Self::ListResourceTemplates,
            "resources/read" => Self::ReadResource,
            "completion/complete" => Self::Complete,
            "tasks/get" => Self::GetTask,
            "tasks/update" => Self::UpdateTask,
            "tasks/cancel" => Self::CancelTask,
            "subscriptions/listen" => Self::Listen,
            unknown => Self::Unknown(unknown.chars().take(64).collect()),
        }
    }

    /// The name, for what is told of a request: what a stranger calls a method is not.
    const fn name(&self) -> &'static str {
        match self {
            Self::Discover => "server/discover",
            Self::ListTools => "tools/list",
            Self::CallTool => "tools/call",
            Self::ListPrompts => "prompts/list",
            Self::GetPrompt => "prompts/get",
            Self::ListResources => "resources/list",
            Self::ListResourceTemplates => "resources/templates/list",
            Self::ReadResource => "resources/read",
            Self::Complete => "completion/complete",
            Self::GetTask => "tasks/get",
            Self::UpdateTask => "tasks/update",
            Self::CancelTask => "tasks/cancel",
            Self::Listen => "subscriptions/listen",
            Self::Unknown(_) => "unknown",
        }
    }
}

/// What dispatch makes of a request.
pub(crate) enum Dispatched {
    /// There was nothing to wait for.
    Answered(Answer),
    /// A function runs.
    Running(Box<Running>),
    /// The client is told of changes from here on.
    Listening(Listening),
}

impl Dispatched {
    fn outcome(outcome: Outcome) -> Self {
        Self::Answered(Ok(outcome))
    }

    fn error(error: RpcError) -> Self {
        Self::outcome(Outcome::Error(error))
    }

    fn not_found(method: &str) -> Self {
        Self::error(RpcError::new(ErrorCode::MethodNotFound, format!("Method not found: {method}")))
    }
}

impl Registry {
    /// Serves one request.
    pub(crate) fn dispatch(&self, request: Request<'_>) -> Dispatched {
        let mut trace = Trace::start(request.method.name(), &request.context);
        match self.route(request) {
            Dispatched::Answered(answer) => {
                trace.finish(&answer);
                Dispatched::Answered(answer)
            }
            Dispatched::Listening(listening) => {
                // What is observed is that it was opened, and not that it lasts.
                trace.finish(&Ok(Outcome::Empty));
                Dispatched::Listening(listening)
            }
            Dispatched::Running(mut running) => {
                if let Some(target) = running.target() {
                    trace.target(target);
                }
                running.trace(trace);
                Dispatched::Running(running)
            }
        }
    }

    fn route(&self, request: Request<'_>) -> Dispatched {
        let Request { method, mut params, context } = request;
        let principal = context.principal.as_ref();
        match method {
            Method::Discover => Dispatched::outcome(Outcome::Static(self.discover.clone())),
            Method::ListTools if self.has_tools() => {
                Dispatched::outcome(self.tool_list.answer(params.cursor(), principal))
            }
            Method::CallTool if self.has_tools() => self.call_tool(&mut params, context),
            Method::ListPrompts if self.has_prompts() => {
                Dispatched::outcome(self.prompt_list.answer(params.cursor(), principal))
            }
            Method::GetPrompt if self.has_prompts() => self.get_prompt(&mut params, context),
            Method::ListResources if self.has_resources() => {
                Dispatched::outcome(self.resource_list.answer(params.cursor(), principal))
            }
            Method::ListResourceTemplates if self.has_resources() => {
                Dispatched::outcome(self.template_list.answer(params.cursor(), principal))
            }
            Method::ReadResource if self.has_resources() => self.read_resource(&mut params, context),
            Method::Complete if self.has_completions => self.complete(params, context),
            Method::GetTask | Method::UpdateTask | Method::CancelTask if self.has_tasks() => {
                self.about_task(method, params, context)
            }
            Method::Listen if self.tells_anything() => self.listen(&params, &context),
            Method::Unknown(name) => Dispatched::not_found(&name),
            method => Dispatched::not_found(method.name()),
        }
    }

    fn call_tool(&self, params: &mut MethodParams<'_>, context: Box<RequestContext>) -> Dispatched {
        let Some(name) = params.name.take() else { return missing("name", "it names the tool") };
        let Some(tool) = self.tool(&name) else { return unknown("tool", &name) };
        if let Err(refused) = check_scopes(tool.scopes(), context.principal.as_ref()) {
            return Dispatched::Answered(Err(refused));
        }
        let tasks = match self.tasks_for(tool, &context) {
            Ok(tasks) => tasks,
            Err(error) => return Dispatched::error(error),
        };
        let scopes = tool.scopes();
        run("tools/call", tool.target(), params, context, tasks, |context, arguments| {
            naming(scopes, tool.call(context, arguments))
        })
    }

    fn get_prompt(&self, params: &mut MethodParams<'_>, context: Box<RequestContext>) -> Dispatched {
        let Some(name) = params.name.take() else { return missing("name", "it names the prompt") };
        let Some(prompt) = self.prompt(&name) else { return unknown("prompt", &name) };
        if let Err(refused) = check_scopes(prompt.scopes(), context.principal.as_ref()) {
            return Dispatched::Answered(Err(refused));
        }
        let scopes = prompt.scopes();
        run("prompts/get", prompt.target(), params, context, None, |context, arguments| {
            naming(scopes, prompt.call(context, arguments))
        })
    }

    fn read_resource(&self, params: &mut MethodParams<'_>, context: Box<RequestContext>) -> Dispatched {
        let Some(uri) = params.uri.take() else { return missing("uri", "it names the resource") };
        let Some((resource, arguments)) = self.resource(&uri) else {
            return Dispatched::outcome(resource::not_found(&uri));
        };
        if let Err(refused) = check_scopes(resource.scopes(), context.principal.as_ref()) {
            return Dispatched::Answered(Err(refused));
        }
        let scopes = resource.scopes();
        let (is_retry, uri) = (params.is_retry(), uri.into_owned());
        let at = uri.clone().into();
        run("resources/read", uri.into(), params, context, None, |context, _| {
            let call = naming(scopes, resource.read(context, at, arguments));
            if is_retry { call.map(|answer| answer.map(uncached)).boxed() } else { call }
        })
    }
}

/// What came of answers is for who gave them, and for once (MCP 2026-07-28, Caching, Cache Key).
fn uncached(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Resource(result) => {
            Outcome::Resource(ReadResourceResult { ttl: Duration::ZERO, public: false, ..result })
        }
        outcome => outcome,
    }
}

/// Starts a function, with the answers that its client has given before.
fn run(
    method: &'static str,
    target: Cow<'static, str>,
    params: &mut MethodParams<'_>,
    context: Box<RequestContext>,
    tasks: Option<Arc<Tasks>>,
    start: impl FnOnce(Box<RequestContext>, Bytes) -> Call,
) -> Dispatched {
    let binding = Binding {
        shared: context.shared.clone(),
        principal: context.principal.clone(),
        method,
        target,
        arguments: params.arguments.clone(),
    };
    let exchange = context.exchange.clone();
    // Where the call waits for answers, they come another way.
    if params.is_retry() && exchange.retries() {
        match answers(params, &binding) {
            Ok((answers, call)) => exchange.give(answers, call),
            Err(error) => return Dispatched::error(error),
        }
    }
    let call = start(context, mem::take(&mut params.arguments));
    Dispatched::Running(Box::new(Running::new(call, exchange, binding, tasks)))
}

/// The answers that came with a request, and those of earlier rounds.
fn answers(params: &MethodParams<'_>, binding: &Binding) -> Result<(Answers, Option<AskedCall>), RpcError> {
    let (mut answers, call) = match params.request_state()? {
        Some(state) => binding.open(&state).map(|(answers, call)| (answers, Some(call)))?,
        None => (Answers::new(), None),
    };
    // What was answered once stays answered.
    for (key, answer) in params.input_responses::<Answers>()? {
        answers.entry(key).or_insert(answer);
    }
    Ok((answers, call))
}

/// The call, whose challenge names all scopes: those that it finds missing while it runs beside those it declared.
fn naming(scopes: &[Cow<'static, str>], call: Call) -> Call {
    if scopes.is_empty() {
        return call;
    }
    let scopes = scopes.to_vec();
    Box::pin(async move { call.await.map_err(|refused| refused.with_scopes(&scopes)) })
}

fn missing(member: &str, what: &str) -> Dispatched {
    Dispatched::error(RpcError::invalid_params(format!("`params.{member}` is missing: {what}")))
}

fn unknown(what: &str, name: &str) -> Dispatched {
    let shown: String = name.chars().take(128).collect();
    Dispatched::error(RpcError::invalid_params(format!("Unknown {what}: {shown}")))
}

/// Whether the caller was granted what a function asks for; nobody has no scopes.
fn check_scopes(scopes: &[Cow<'static, str>], principal: Option<&Principal>) -> Result<(), Refused> {
    if scopes.is_empty() {
        return Ok(());
    }
    let principal = principal.ok_or(Refused::LoginRequired)?;
    if scopes.iter().all(|scope| principal.has_scope(scope)) {
        return Ok(());
    }
    Err(Refused::InsufficientScope(scopes.iter().map(|scope| Box::from(&**scope)).collect()))
}
