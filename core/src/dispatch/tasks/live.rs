//! The tasks that run in this process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::value::{RawValue, to_raw_value};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::record::{Owner, State, TaskRecord};
use crate::exchange::{Answers, Exchange};
use crate::protocol::{InputRequest, InputRequests};
use crate::store::Key;

/// One of them.
pub(super) struct Live {
    pub(super) key: Key,
    pub(super) owner: Option<Owner>,
    pub(super) exchange: Arc<Exchange>,
    /// Cancelled when its client cancels it.
    pub(super) cancelled: CancellationToken,
    /// Notified when there is something that the record does not have yet.
    pub(super) changed: Notify,
    /// The record as it was last written, but for what is said since.
    record: Mutex<TaskRecord>,
}

impl Live {
    pub(super) fn new(key: Key, record: TaskRecord, exchange: Arc<Exchange>) -> Self {
        Self {
            key,
            owner: record.owner.clone(),
            exchange,
            cancelled: CancellationToken::new(),
            changed: Notify::new(),
            record: Mutex::new(record),
        }
    }

    /// The task as it is now: questions and words are those of this moment, and not of the last write.
    pub(super) fn now(&self) -> TaskRecord {
        let questions = self.exchange.open_questions();
        let mut record = self.record().clone();
        record.message = self.exchange.status_message();
        record.state = written(&questions).map_or(State::Working, State::InputRequired);
        record
    }

    /// Notes that something was said at this moment, and has it written.
    pub(super) fn touch(&self, now: u64) {
        let mut record = self.record();
        record.updated = record.updated.max(now);
        drop(record);
        self.changed.notify_one();
    }

    /// What the record should be now; `seen` is what it is. `None` if it is over, which others may have made it.
    pub(super) fn told(&self, seen: &TaskRecord, now: u64, ttl: Duration) -> Option<TaskRecord> {
        let current = self.now();
        let questions = match current.state {
            State::InputRequired(questions) => Some(questions),
            State::Working | State::Over(_) => None,
        };
        seen.told(questions, current.message, current.updated, now, ttl)
    }

    /// Notes what was written.
    pub(super) fn written(&self, told: &TaskRecord) {
        let mut record = self.record();
        record.expires = told.expires;
        record.updated = record.updated.max(told.updated);
    }

    /// Gives the client's answers to the questions that they are for. Others, and those of questions that were answered
    /// before, are nothing (SEP-2663, Task Update Requests).
    pub(super) fn answer(&self, answers: Answers, now: u64) {
        let mut taken = false;
        for (key, answer) in answers {
            taken |= self.exchange.answer(&key, Ok(answer));
        }
        if taken {
            self.touch(now);
        }
    }

    fn record(&self) -> MutexGuard<'_, TaskRecord> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The questions as `inputRequests`; `None` where there are none.
fn written(questions: &[(String, InputRequest)]) -> Option<Box<RawValue>> {
    if questions.is_empty() {
        return None;
    }
    to_raw_value(&InputRequests(questions)).inspect_err(|error| tracing::error!("a question is no JSON: {error}")).ok()
}

/// All of them, by the ids of their keys, and how many there are.
#[derive(Default)]
pub(super) struct Lives(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    tasks: HashMap<Box<str>, Arc<Live>>,
    /// Those that are about to run are counted, too.
    places: usize,
    places_of: HashMap<Owner, usize>,
}

/// The place of one task among those that may run.
pub(super) struct Place {
    lives: Arc<Lives>,
    owner: Option<Owner>,
    /// The id of its key, once it runs.
    id: Option<Box<str>>,
}

/// There are as many as there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Full {
    Everywhere,
    ForCaller,
}

impl Lives {
    /// A place for a task of this caller.
    pub(super) fn reserve(self: &Arc<Self>, owner: Option<Owner>, max: usize, max_of: usize) -> Result<Place, Full> {
        let mut inner = self.inner();
        if inner.places >= max {
            return Err(Full::Everywhere);
        }
        if let Some(owner) = &owner {
            let places = inner.places_of.entry(owner.clone()).or_default();
            if *places >= max_of {
                return Err(Full::ForCaller);
            }
            *places += 1;
        }
        inner.places += 1;
        Ok(Place { lives: Arc::clone(self), owner, id: None })
    }

    pub(super) fn get(&self, key: &Key) -> Option<Arc<Live>> {
        self.inner().tasks.get(key.id()).cloned()
    }

    /// By the id of its key, as another process names it.
    pub(super) fn get_by_id(&self, id: &str) -> Option<Arc<Live>> {
        self.inner().tasks.get(id).cloned()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.inner().places == 0
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// The task runs from here on, until its place is given up.
    pub(super) fn take(&mut self, task: Arc<Live>) {
        let id: Box<str> = task.key.id().into();
        self.lives.inner().tasks.insert(id.clone(), task);
        self.id = Some(id);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut inner = self.lives.inner();
        if let Some(id) = &self.id {
            inner.tasks.remove(id);
        }
        inner.places = inner.places.saturating_sub(1);
        if let Some(owner) = self.owner.take()
            && let Some(places) = inner.places_of.get_mut(&owner)
        {
            *places = places.saturating_sub(1);
            if *places == 0 {
                inner.places_of.remove(&owner);
            }
        }
    }
}
