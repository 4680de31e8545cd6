//! What is kept of a task, and how it may change.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::auth::Principal;
use crate::protocol::{DetailedTask, TaskStatus, timestamp};
use crate::store::{Collection, Key};

const TASKS: Collection = Collection::new("task");

/// The id of a task. Whoever has it and is its caller may see the task, so it is random, and its record is filed under its
/// hash.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct TaskId(Box<str>);

/// Whose task it is: no other caller is told of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Owner {
    subject: Box<str>,
    client_id: Box<str>,
}

/// A task as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct TaskRecord {
    pub(super) owner: Option<Owner>,
    /// The process that runs it.
    pub(super) runner: Box<str>,
    /// Moments are in milliseconds since 1970.
    pub(super) created: u64,
    pub(super) updated: u64,
    pub(super) expires: u64,
    pub(super) message: Option<String>,
    pub(super) state: State,
}

/// Where a task is. From the first two it may go anywhere, from the others nowhere.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum State {
    Working,
    /// With the questions that wait for an answer.
    InputRequired(Box<RawValue>),
    Over(End),
}

/// How a task ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum End {
    /// With the result of its request.
    Completed(Box<RawValue>),
    /// With a JSON-RPC error, and the same in words.
    Failed {
        error: Box<RawValue>,
        message: String,
    },
    Cancelled,
}

impl TaskId {
    /// A new one, of 192 random bits.
    pub(super) fn random() -> Result<Self, getrandom::Error> {
        let mut id = [0; 24];
        getrandom::fill(&mut id)?;
        Ok(Self(BASE64.encode(id).into()))
    }

    pub(super) fn of(text: &str) -> Self {
        Self(text.into())
    }

    pub(super) fn key(&self) -> Key {
        Key::hashed(TASKS, &self.0)
    }

    /// How many tasks are kept, in a store of them.
    pub(super) const fn collection() -> Collection {
        TASKS
    }
}

impl Owner {
    pub(super) fn of(principal: &Principal) -> Self {
        Self { subject: principal.subject().into(), client_id: principal.client_id().into() }
    }

    /// A name for the store, in which no two owners are alike.
    pub(super) fn name(&self) -> String {
        format!("{}:{}{}", self.subject.len(), self.subject, self.client_id)
    }
}

impl TaskRecord {
    /// A task that begins.
    pub(super) fn begin(owner: Option<Owner>, runner: &str, message: Option<String>, now: u64, ttl: Duration) -> Self {
        let expires = now.saturating_add(millis(ttl));
        Self { owner, runner: runner.into(), created: now, updated: now, expires, message, state: State::Working }
    }

    pub(super) const fn is_over(&self) -> bool {
        matches!(self.state, State::Over(_))
    }

    /// What is told of a task that runs; `None` once it is over.
    pub(super) fn told(
        &self,
        questions: Option<Box<RawValue>>,
        message: Option<String>,
        updated: u64,
        now: u64,
        ttl: Duration,
    ) -> Option<Self> {
        if self.is_over() {
            return None;
        }
        let mut told = self.clone();
        told.state = questions.map_or(State::Working, State::InputRequired);
        told.message = message;
        told.updated = updated.max(self.updated);
        told.expires = now.saturating_add(millis(ttl)).max(self.expires);
        Some(told)
    }

    /// The task with its end; `None` if it was over before.
    pub(super) fn ended(&self, end: &End, message: Option<String>, now: u64, ttl: Duration) -> Option<Self> {
        let mut ended = self.told(None, message.or_else(|| self.message.clone()), now, now, ttl)?;
        match end {
            End::Completed(_) => {}
            End::Failed { message, .. } => ended.message = Some(message.clone()),
            End::Cancelled => ended.message = Some("cancelled by the client".to_owned()),
        }
        ended.state = State::Over(end.clone());
        Some(ended)
    }

    /// How long it is kept from now on.
    pub(super) const fn ttl_from(&self, now: u64) -> Duration {
        Duration::from_millis(self.expires.saturating_sub(now))
    }

    /// The task as its client sees it.
    pub(super) fn view(&self, id: &TaskId, poll_interval: Duration) -> DetailedTask {
        let mut task = DetailedTask {
            task_id: id.0.clone(),
            status: TaskStatus::Working,
            status_message: self.message.clone(),
            created_at: timestamp(self.created),
            last_updated_at: timestamp(self.updated),
            ttl_ms: self.expires.saturating_sub(self.created),
            poll_interval_ms: millis(poll_interval),
            input_requests: None,
            result: None,
            error: None,
        };
        match &self.state {
            State::Working => {}
            State::InputRequired(questions) => {
                (task.status, task.input_requests) = (TaskStatus::InputRequired, Some(questions.clone()));
            }
            State::Over(End::Completed(result)) => {
                (task.status, task.result) = (TaskStatus::Completed, Some(result.clone()));
            }
            State::Over(End::Failed { error, .. }) => {
                (task.status, task.error) = (TaskStatus::Failed, Some(error.clone()));
            }
            State::Over(End::Cancelled) => task.status = TaskStatus::Cancelled,
        }
        task
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl fmt::Debug for TaskId {
    /// Whoever has the whole id may see the task, so a log has its start only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start: String = self.0.chars().take(6).collect();
        write!(f, "{start}…")
    }
}
