//! What of the protocol is about tasks.

use std::sync::Arc;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::json;

use super::Tasks;
use crate::RequestContext;
use crate::dispatch::{Dispatched, Method, Registry, Running};
use crate::exchange::{Answers, Begins};
use crate::outcome::Outcome;
use crate::protocol::{self, MethodParams, RpcError};
use crate::tool::{self, Tool};

impl Registry {
    /// The tasks of which the call of a tool may become one; it was told so. The server decides, and does so by the tool
    /// alone (SEP-2663, Capability Negotiation).
    pub(in crate::dispatch) fn tasks_for(
        &self,
        tool: &Tool,
        context: &RequestContext,
    ) -> Result<Option<Arc<Tasks>>, RpcError> {
        match tool.tasks() {
            tool::Tasks::Never => return Ok(None),
            tool::Tasks::Possible if !context.knows_tasks() => return Ok(None),
            tool::Tasks::Required if !context.knows_tasks() => return Err(missing_extension()),
            tool::Tasks::Possible | tool::Tasks::Required => {}
        }
        let says_itself = tool.requirements().task;
        context.exchange.offer_task(if says_itself { Begins::WithinTheFunction } else { Begins::BeforeTheFunction });
        Ok(Some(Arc::clone(&self.tasks)))
    }

    /// Whether a client may subscribe to what it wants to: to tasks only if it knows them. It is told of none, and asks
    /// (SEP-2663, Task Status Notifications).
    pub(in crate::dispatch) fn check_subscription(
        &self,
        params: &MethodParams<'_>,
        context: &RequestContext,
    ) -> Result<(), RpcError> {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Wanted {
            #[serde(rename = "taskIds")]
            task_ids: Option<IgnoredAny>,
        }
        #[derive(Deserialize)]
        struct Params {
            notifications: Wanted,
        }
        if !self.has_tasks() {
            return Ok(());
        }
        let Params { notifications } = params.read()?;
        if notifications.task_ids.is_some() && !context.knows_tasks() { Err(missing_extension()) } else { Ok(()) }
    }

    /// `tasks/get`, `tasks/update` and `tasks/cancel`.
    pub(in crate::dispatch) fn about_task(
        &self,
        method: Method,
        mut params: MethodParams<'_>,
        context: Box<RequestContext>,
    ) -> Dispatched {
        if !context.knows_tasks() {
            return Dispatched::error(missing_extension());
        }
        let Some(id) = params.task_id.take() else {
            return Dispatched::error(RpcError::invalid_params("`params.taskId` is missing: it names the task"));
        };
        let id = id.into_owned();
        let answers = if method == Method::UpdateTask { answers(&params) } else { Ok(Answers::new()) };
        let RequestContext { principal, exchange, .. } = *context;
        let tasks = Arc::clone(&self.tasks);
        let call = async move {
            let caller = principal.as_ref();
            match method {
                Method::UpdateTask => tasks.update(&id, answers?, caller).await.map(|()| Outcome::Empty),
                Method::CancelTask => tasks.cancel(&id, caller).await.map(|()| Outcome::Empty),
                _ => tasks.get(&id, caller).await.map(|task| Outcome::Task(Box::new(task))),
            }
        };
        let call = Box::pin(async move { Ok(call.await.unwrap_or_else(Outcome::Error)) });
        Dispatched::Running(Box::new(Running::quiet(call, exchange)))
    }
}

fn answers(params: &MethodParams<'_>) -> Result<Answers, RpcError> {
    if params.input_responses.is_empty() {
        return Err(RpcError::invalid_params("`params.inputResponses` is missing: it holds the answers by their keys"));
    }
    params.input_responses()
}

fn missing_extension() -> RpcError {
    RpcError::missing_capability(&json!({ "extensions": { protocol::TASKS: {} } }))
}
