//! One task, from its first moment to its last.

use std::convert::Infallible;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use super::Tasks;
use super::live::{Live, Place};
use super::record::{End, TaskRecord};
use crate::exchange::Exchange;
use crate::outcome::{Answer, Call};
use crate::store::StoreError;

/// How long a call that listens for it has to come to its end when it is cancelled ([`Cancelled`](crate::Cancelled)).
const GRACE: Duration = Duration::from_secs(5);

/// The least time between two writes of what a task says; what it said last is written.
const BETWEEN_WRITES: Duration = Duration::from_millis(500);

/// The longest wait for a store that is away.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// A call without its request.
pub(super) struct Work {
    call: Call,
    exchange: Arc<Exchange>,
}

/// What comes of it.
enum Event {
    /// Its questions or its words have changed.
    Changed,
    /// It has ended.
    Ended(Answer),
}

impl Work {
    pub(super) const fn new(call: Call, exchange: Arc<Exchange>) -> Self {
        Self { call, exchange }
    }

    async fn next(&mut self) -> Event {
        poll_fn(|context| self.poll_next(context)).await
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Event> {
        if let Poll::Ready(answer) = self.call.as_mut().poll(context) {
            return Poll::Ready(Event::Ended(answer));
        }
        self.exchange.poll_changed(context).map(|()| Event::Changed)
    }

    /// Cancels the call: it is dropped, or told where it listens for that.
    async fn cancel(mut self) {
        if !self.exchange.cancel() {
            return;
        }
        let to_its_end = async { while !matches!(self.next().await, Event::Ended(_)) {} };
        if tokio::time::timeout(GRACE, to_its_end).await.is_err() {
            tracing::warn!("a cancelled task did not come to its end within {GRACE:?} and is dropped");
        }
    }
}

/// Whoever runs a task.
pub(super) struct Runner {
    pub(super) tasks: Arc<Tasks>,
    pub(super) task: Arc<Live>,
    /// Given up at last, when the end is written: until then the task is told to run.
    pub(super) place: Place,
}

impl Runner {
    /// Runs the task to its end.
    pub(super) async fn run(self, work: Work) {
        let end = tokio::select! {
            end = self.end_of(work) => end,
            never = self.keep_written() => match never {},
        };
        self.write_end(&end).await;
        drop(self.place);
    }

    /// Runs the call, and gives back how the task ends. By then the call is gone.
    async fn end_of(&self, mut work: Work) -> End {
        let Self { tasks, task, .. } = self;
        loop {
            tokio::select! {
                biased;
                () = task.cancelled.cancelled() => {
                    work.cancel().await;
                    return End::Cancelled;
                }
                () = tasks.stop.cancelled() => return End::stopped(),
                event = work.next() => match event {
                    Event::Changed => task.touch(tasks.now()),
                    Event::Ended(answer) => {
                        return End::of(answer, &tasks.server_info, tasks.settings.max_result_bytes);
                    }
                },
            }
        }
    }

    /// Writes what the task says for those who read its record, and before its time is over that it still runs.
    async fn keep_written(&self) -> Infallible {
        let Self { tasks, task, .. } = self;
        loop {
            tokio::select! {
                () = task.changed.notified() => {}
                () = tokio::time::sleep(tasks.settings.ttl / 3) => {}
            }
            let told = self.write(|seen, now| task.told(seen, now, tasks.settings.ttl)).await;
            match told {
                Ok(Some(told)) => task.written(&told),
                Ok(None) => {
                    // Somebody else has ended it: this process was taken for gone, or its time was over.
                    tracing::warn!("a task is over for its client before it has ended");
                    task.cancelled.cancel();
                }
                // What is not written now is with the next words, or with the end.
                Err(error) => tracing::error!("a task could not be written down: {error}"),
            }
            tokio::time::sleep(BETWEEN_WRITES.min(tasks.settings.ttl / 6)).await;
        }
    }

    /// Writes the end. A store that is away is waited for as long as the task is kept.
    async fn write_end(&self, end: &End) {
        let Self { tasks, task, .. } = self;
        let message = task.exchange.status_message();
        let began = tokio::time::Instant::now();
        let mut wait = Duration::from_millis(250);
        loop {
            let written = self.write(|seen, now| seen.ended(end, message.clone(), now, tasks.settings.ttl)).await;
            match written {
                Ok(_) => return,
                Err(error) if error.is_unavailable() && began.elapsed() < tasks.settings.ttl => {
                    tracing::error!("the end of a task could not be written down, and will be: {error}");
                }
                Err(error) => return tracing::error!("the end of a task could not be written down: {error}"),
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }

    /// Replaces the record by what is made of it; `None` where there is none, or nothing is made of it.
    async fn write(
        &self,
        make: impl Fn(&TaskRecord, u64) -> Option<TaskRecord>,
    ) -> Result<Option<TaskRecord>, StoreError> {
        self.tasks.rewrite(&self.task.key, make).await
    }
}
