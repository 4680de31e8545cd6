//! Tasks: calls that go on without their requests (extension `io.modelcontextprotocol/tasks`, SEP-2663).
//!
//! A call that becomes a task is taken from its request as it stands and run on by this process ([`runner`]). Its record
//! ([`record`]) is in the server's memory, or with a login in its store, where every replica finds it and a later process
//! finds what came of it. Whoever runs a task answers from what it knows at this moment ([`live`]); everybody else
//! answers from the record, as long as the process that runs the task shows that it is alive ([`lease`]).

mod end;
mod lease;
mod live;
mod methods;
mod record;
mod runner;
mod settings;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

use self::lease::Lease;
use self::live::{Full, Live, Lives, Place};
use self::record::{End, Owner, TaskId, TaskRecord};
use self::runner::{Runner, Work};
pub use self::settings::TaskSettings;
use crate::auth::Principal;
use crate::exchange::{Answers, Exchange};
use crate::outcome::{Call, Outcome};
use crate::protocol::{DetailedTask, ErrorCode, RpcError};
use crate::store::{Key, Put, Records, StoreError};

/// How long the ends of tasks may take to be written when the server stops.
const LAST_WRITES: Duration = Duration::from_secs(5);

/// The tasks of a server.
pub(crate) struct Tasks {
    settings: TaskSettings,
    records: Records,
    lives: Arc<Lives>,
    lease: Lease,
    /// `serverInfo`, which every result names.
    server_info: Value,
    running: TaskTracker,
    /// Cancelled when the server stops and waits no longer.
    stop: CancellationToken,
}

/// A task that is kept, and whose call is still to go on.
pub(super) struct Created {
    tasks: Arc<Tasks>,
    place: Place,
    id: TaskId,
    record: TaskRecord,
}

impl Tasks {
    pub(super) fn new(settings: TaskSettings, records: Records, server_info: Value) -> Self {
        Self {
            settings,
            records,
            lives: Arc::default(),
            lease: Lease::new(),
            server_info,
            running: TaskTracker::new(),
            stop: CancellationToken::new(),
        }
    }

    /// Keeps a new task of this caller. It is there for everybody to ask for once this is ready.
    pub(super) fn create(
        self: &Arc<Self>,
        caller: Option<&Principal>,
        message: Option<String>,
    ) -> BoxFuture<'static, Result<Created, RpcError>> {
        let (tasks, owner) = (Arc::clone(self), caller.map(Owner::of));
        Box::pin(async move {
            let TaskSettings { ttl, max_tasks, max_tasks_per_caller, .. } = tasks.settings;
            let place = tasks.lives.reserve(owner.clone(), max_tasks, max_tasks_per_caller);
            let place = place.map_err(|full| tasks.full(full))?;
            let id = TaskId::random().map_err(|_| RpcError::internal())?;
            let record = TaskRecord::begin(owner, &tasks.lease.runner, message, tasks.now(), ttl);
            match tasks.keep(&id, &record).await {
                Ok(None) => Ok(Created { tasks, place, id, record }),
                Ok(Some(full)) => Err(tasks.full(full)),
                Err(error) => Err(away(&error)),
            }
        })
    }

    /// Writes a new record, if there is a place for it.
    async fn keep(self: &Arc<Self>, id: &TaskId, record: &TaskRecord) -> Result<Option<Full>, StoreError> {
        let at_most = |limit: usize| u64::try_from(limit).unwrap_or(u64::MAX);
        if self.records.count(TaskId::collection()).await? >= at_most(self.settings.max_tasks) {
            return Ok(Some(Full::Everywhere));
        }
        let mut put = Put::default().with_ttl(record.ttl_from(record.created));
        if let Some(owner) = record.owner.as_ref().map(Owner::name) {
            let kept = self.records.owned_by(TaskId::collection(), &owner).await?;
            if kept.len() >= self.settings.max_tasks_per_caller {
                return Ok(Some(Full::ForCaller));
            }
            put = put.with_owner(owner);
        }
        self.hold_lease().await?;
        self.records.put(&id.key(), record, put).await?;
        Ok(None)
    }

    fn full(&self, full: Full) -> RpcError {
        let TaskSettings { max_tasks, max_tasks_per_caller, .. } = self.settings;
        let message = match full {
            Full::Everywhere => {
                tracing::warn!(max_tasks, "a call was refused: there are as many tasks as there may be");
                "Too many tasks: this server keeps no more now, try again later".to_owned()
            }
            Full::ForCaller => format!(
                "Too many tasks: {max_tasks_per_caller} of this caller are kept, running or for their results; try again later"
            ),
        };
        RpcError::new(ErrorCode::InternalError, message)
    }

    /// How a task is (`tasks/get`).
    pub(super) async fn get(&self, id: &str, caller: Option<&Principal>) -> Result<DetailedTask, RpcError> {
        let id = TaskId::of(id);
        let record = match self.find(&id, caller).await? {
            Found::Here(task) => task.now(),
            Found::Kept(record) => record,
        };
        Ok(record.view(&id, self.settings.poll_interval))
    }

    /// Gives answers to the questions of a task (`tasks/update`). Those of a task that runs here are given when this is
    /// ready.
    pub(super) async fn update(&self, id: &str, answers: Answers, caller: Option<&Principal>) -> Result<(), RpcError> {
        let id = TaskId::of(id);
        match self.find(&id, caller).await? {
            Found::Here(task) => task.answer(answers, self.now()),
            Found::Kept(record) if record.is_over() => {}
            Found::Kept(record) => self.pass_on(&record.runner, &id, answers, false).await?,
        }
        Ok(())
    }

    /// Cancels a task (`tasks/cancel`), unless it is over.
    pub(super) async fn cancel(&self, id: &str, caller: Option<&Principal>) -> Result<(), RpcError> {
        let id = TaskId::of(id);
        match self.find(&id, caller).await? {
            Found::Here(task) => task.cancelled.cancel(),
            Found::Kept(record) if record.is_over() => {}
            Found::Kept(record) => self.pass_on(&record.runner, &id, Answers::new(), true).await?,
        }
        Ok(())
    }

    /// Passes something on to the process that runs a task.
    async fn pass_on(&self, runner: &str, id: &TaskId, answers: Answers, cancel: bool) -> Result<(), RpcError> {
        match self.mail(runner, &id.key(), answers, cancel).await {
            Ok(true) => Ok(()),
            Ok(false) => {
                let message = "The replica that runs this task has too much to read: try again";
                Err(RpcError::new(ErrorCode::InternalError, message))
            }
            Err(error) => Err(away(&error)),
        }
    }

    /// A task of this caller. One whose process is gone is over from here on.
    async fn find(&self, id: &TaskId, caller: Option<&Principal>) -> Result<Found, RpcError> {
        let (key, owner) = (id.key(), caller.map(Owner::of));
        if let Some(task) = self.lives.get(&key) {
            return if task.owner == owner { Ok(Found::Here(task)) } else { Err(unknown()) };
        }
        let record = self.records.get::<TaskRecord>(&key).await.map_err(|error| away(&error))?;
        let record = record.filter(|record| record.owner == owner).ok_or_else(unknown)?;
        if record.is_over() || !self.is_gone(&record.runner).await.map_err(|error| away(&error))? {
            return Ok(Found::Kept(record.into_inner()));
        }
        let gone = End::gone();
        let ended = self.rewrite(&key, |seen, now| seen.ended(&gone, None, now, self.settings.ttl)).await;
        match ended.map_err(|error| away(&error))? {
            Some(ended) => {
                tracing::warn!("a task was left behind by the process that ran it");
                Ok(Found::Kept(ended))
            }
            // Somebody else was faster.
            None => {
                let record = self.records.get::<TaskRecord>(&key).await.map_err(|error| away(&error))?;
                record.map(|record| Found::Kept(record.into_inner())).ok_or_else(unknown)
            }
        }
    }

    /// Replaces a record by what is made of it; `None` where there is none, or nothing is made of it.
    async fn rewrite(
        &self,
        key: &Key,
        make: impl Fn(&TaskRecord, u64) -> Option<TaskRecord>,
    ) -> Result<Option<TaskRecord>, StoreError> {
        loop {
            let Some(seen) = self.records.get::<TaskRecord>(key).await? else { return Ok(None) };
            let now = self.now();
            let Some(new) = make(&seen, now) else { return Ok(None) };
            if self.records.swap(key, &seen, &new, Some(new.ttl_from(now))).await? {
                return Ok(Some(new));
            }
        }
    }

    /// Waits until no task runs.
    pub(crate) async fn finish(&self) {
        self.running.close();
        self.running.wait().await;
    }

    /// Ends the tasks that still run, as failed, and waits until that is written. None can begin after it.
    pub(crate) async fn abandon(&self) {
        self.stop.cancel();
        if tokio::time::timeout(LAST_WRITES, self.finish()).await.is_err() {
            tracing::error!(
                "the ends of some tasks could not be written in time; they are told when their lease is over"
            );
            return;
        }
        // So that nobody has to wait for it to run out.
        if let Err(error) = self.lease.end(&self.records, &self.lives).await {
            tracing::error!("the lease of this process could not be given up: {error}");
        }
    }

    fn now(&self) -> u64 {
        self.records.clock().unix_millis()
    }
}

/// Where a task is.
enum Found {
    /// It runs in this process.
    Here(Arc<Live>),
    /// It is over, or runs elsewhere.
    Kept(TaskRecord),
}

impl Created {
    /// Lets the call go on as this task, and tells its client so.
    pub(super) fn go_on(self, call: Call, exchange: &Arc<Exchange>) -> Outcome {
        let Self { tasks, mut place, id, record } = self;
        let view = record.view(&id, tasks.settings.poll_interval);
        let task = Arc::new(Live::new(id.key(), record, Arc::clone(exchange)));
        place.take(Arc::clone(&task));
        exchange.task_begun();
        let work = Work::new(call, Arc::clone(exchange));
        let running = tasks.running.clone();
        let span = tracing::info_span!(parent: None, "mcp.task");
        span.follows_from(tracing::Span::current());
        running.spawn(Runner { tasks, task, place }.run(work).instrument(span));
        Outcome::TaskCreated(Box::new(view))
    }
}

/// There is no such task, or it is none of the caller's business: which of the two, nobody is told.
fn unknown() -> RpcError {
    RpcError::invalid_params("Unknown task: it has expired, or never was one of this caller's")
}

fn away(error: &StoreError) -> RpcError {
    tracing::error!("the store of the tasks is away: {error}");
    RpcError::new(ErrorCode::InternalError, "The tasks of this server are not available now: try again")
}
