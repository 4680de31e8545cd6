//! That a process is alive, and what other processes have to tell it: for tasks in a store that several may use.
//!
//! A process that runs tasks keeps one record of itself for a short time, and renews it. Where that record is gone, so is
//! the process, and what it ran; a task that it left behind is told as failed. What a client sends to another process
//! than the one that runs its task is left for that one as mail, which it looks for every two seconds.

use std::sync::{Arc, Weak};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::Tasks;
use super::live::Lives;
use crate::exchange::Answers;
use crate::store::{Collection, Key, Put, Records, StoreError};

const RUNNERS: Collection = Collection::new("task-runner");
const MAIL: Collection = Collection::new("task-mail");

/// How long a process is taken for alive that says nothing.
const LEASE: Duration = Duration::from_secs(30);
/// How often it says that it is. The time between is measured by the monotonic clock.
const RENEWAL: Duration = Duration::from_secs(10);
/// How often it looks for mail.
const LOOK: Duration = Duration::from_secs(2);
/// How long mail waits to be looked for.
const MAIL_TTL: Duration = Duration::from_secs(600);
/// How much of it may wait for a process.
const MOST_MAIL: usize = 1000;

/// The lease of this process.
pub(super) struct Lease {
    /// The random name of the process.
    pub(super) runner: Box<str>,
    /// When it was last renewed. While it was, somebody keeps it; `None` while there are no tasks.
    renewed: Mutex<Option<Instant>>,
}

/// What a client sent to another process.
#[derive(Debug, Serialize, Deserialize)]
struct Mail {
    /// The id of the task's key.
    task: Box<str>,
    cancel: bool,
    answers: Answers,
}

impl Lease {
    pub(super) fn new() -> Self {
        let mut runner = [0; 16];
        // Without random numbers there are no ids, and so no tasks, either.
        let _ = getrandom::fill(&mut runner);
        Self { runner: BASE64.encode(runner).into(), renewed: Mutex::new(None) }
    }

    /// Renews the lease if it is time; gives back whether nobody keeps it yet.
    ///
    /// # Errors
    /// Those of the store.
    async fn hold(&self, records: &Records) -> Result<bool, StoreError> {
        let mut renewed = self.renewed.lock().await;
        if renewed.is_some_and(|renewed| renewed.elapsed() < RENEWAL) {
            return Ok(false);
        }
        let at = Instant::now();
        records.put(&self.key(), &(), Put::default().with_ttl(LEASE)).await?;
        Ok(renewed.replace(at).is_none())
    }

    /// Gives the lease up if nothing runs here any more; gives back whether it did. A task takes its place before it
    /// holds the lease, so none is left without.
    ///
    /// # Errors
    /// Those of the store.
    pub(super) async fn end(&self, records: &Records, lives: &Lives) -> Result<bool, StoreError> {
        let mut renewed = self.renewed.lock().await;
        if !lives.is_empty() {
            return Ok(false);
        }
        if renewed.is_some() {
            records.delete(&self.key()).await?;
            *renewed = None;
        }
        Ok(true)
    }

    fn key(&self) -> Key {
        Key::new(RUNNERS, &*self.runner)
    }
}

impl Tasks {
    /// Makes sure that others know that this process is alive, from before a task is kept until none runs.
    ///
    /// # Errors
    /// Those of the store.
    pub(super) async fn hold_lease(self: &Arc<Self>) -> Result<(), StoreError> {
        if !self.records.outlive_the_process() {
            return Ok(());
        }
        if self.lease.hold(&self.records).await? {
            tokio::spawn(keep(Arc::downgrade(self)));
        }
        Ok(())
    }

    /// Whether the process that is to run a task does not.
    ///
    /// # Errors
    /// Those of the store.
    pub(super) async fn is_gone(&self, runner: &str) -> Result<bool, StoreError> {
        // What ran here was looked for before.
        if runner == &*self.lease.runner || !self.records.outlive_the_process() {
            return Ok(true);
        }
        Ok(self.records.get::<()>(&Key::new(RUNNERS, runner)).await?.is_none())
    }

    /// Leaves answers, or the wish to cancel, for the process that runs a task; false where too much waits for it.
    ///
    /// # Errors
    /// Those of the store.
    pub(super) async fn mail(
        &self,
        runner: &str,
        task: &Key,
        answers: Answers,
        cancel: bool,
    ) -> Result<bool, StoreError> {
        if self.records.owned_by(MAIL, runner).await?.len() >= MOST_MAIL {
            return Ok(false);
        }
        let mut id = [0; 16];
        if getrandom::fill(&mut id).is_err() {
            return Err(StoreError::Unstorable {
                collection: MAIL.name(),
                reason: "the system gives no random numbers",
            });
        }
        let mail = Mail { task: task.id().into(), cancel, answers };
        let put = Put::default().with_ttl(MAIL_TTL).with_owner(runner);
        self.records.put(&Key::new(MAIL, BASE64.encode(id)), &mail, put).await?;
        Ok(true)
    }

    /// Hands out what others have left here.
    ///
    /// # Errors
    /// Those of the store.
    async fn look_for_mail(&self) -> Result<(), StoreError> {
        for id in self.records.owned_by(MAIL, &self.lease.runner).await? {
            let Some(mail) = self.records.take::<Mail>(&Key::new(MAIL, id)).await? else { continue };
            let Some(task) = self.lives.get_by_id(&mail.task) else { continue };
            task.answer(mail.answers, self.now());
            if mail.cancel {
                task.cancelled.cancel();
            }
        }
        Ok(())
    }
}

/// Renews the lease and looks for mail while there are tasks. A store that is away is asked again.
async fn keep(tasks: Weak<Tasks>) {
    let mut away = false;
    loop {
        tokio::time::sleep(LOOK).await;
        let Some(tasks) = tasks.upgrade() else { return };
        let kept = async {
            if tasks.lease.end(&tasks.records, &tasks.lives).await? {
                return Ok(true);
            }
            tasks.lease.hold(&tasks.records).await?;
            tasks.look_for_mail().await.map(|()| false)
        };
        match kept.await {
            Ok(true) => return,
            Ok(false) => away = false,
            Err(error) if !away => {
                away = true;
                tracing::error!("the store of the tasks is away; other replicas may take them for failed: {error}");
            }
            Err(_) => {}
        }
    }
}
