//! The one thread that writes: it gathers what concurrent callers ask for into one transaction, so that
//! they share one fsync, and it sweeps.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::file::File;
use super::tables::{self, Tables};
use crate::clock::Clock;
use crate::store::StoreError;

/// The most operations in one transaction.
const BATCH: usize = 256;
/// The most records one sweep removes; a bigger backlog takes several, with writes in between.
const SWEEP_LIMIT: usize = 1000;

/// The thread; dropping this lets it finish what it was given, and waits for it.
pub(super) struct Writer {
    jobs: Option<Sender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
}

/// One operation on its way through a transaction.
trait Job: Send {
    fn run(&mut self, tables: &mut Tables<'_>, now: u64) -> tables::Result<()>;
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

struct Task<W, T> {
    work: Option<W>,
    result: Option<T>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<W, T> Job for Task<W, T>
where
    W: FnOnce(&mut Tables<'_>, u64) -> tables::Result<T> + Send,
    T: Send,
{
    fn run(&mut self, tables: &mut Tables<'_>, now: u64) -> tables::Result<()> {
        if let Some(work) = self.work.take() {
            self.result = Some(work(tables, now)?);
        }
        Ok(())
    }

    fn answer(self: Box<Self>, committed: Result<(), StoreError>) {
        let outcome = match (committed, self.result) {
            (Ok(()), Some(result)) => Ok(result),
            (Ok(()), None) => Err(ended()),
            (Err(error), _) => Err(error),
        };
        // Nobody listens any more if the caller hung up; the work is done all the same.
        let _ = self.reply.send(outcome);
    }
}

impl Writer {
    pub(super) fn start(file: Arc<File>, clock: Clock, sweep_every: Duration) -> Result<Self, StoreError> {
        let (jobs, inbox) = mpsc::channel();
        let store = file.path().to_string_lossy().into_owned();
        let thread = std::thread::Builder::new()
            .name("dari-store".to_owned())
            .spawn(move || run(&file, &clock, &inbox, sweep_every))
            .map_err(|error| StoreError::unavailable(store, "raise the limit of threads of this user", error))?;
        let (jobs, thread) = (Some(jobs), Some(thread));
        Ok(Self { jobs, thread })
    }

    /// Hands work to the thread, and waits until it is committed. The work is done even if nobody waits.
    pub(super) async fn submit<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Tables<'_>, u64) -> tables::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let task = Task { work: Some(work), result: None, reply };
        let sent = self.jobs.as_ref().map(|jobs| jobs.send(Box::new(task)));
        match sent {
            Some(Ok(())) => answer.await.unwrap_or_else(|_| Err(ended())),
            _ => Err(ended()),
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been reported by the panic hook already.
            let _ = thread.join();
        }
    }
}

fn run(file: &File, clock: &Clock, inbox: &Receiver<Box<dyn Job>>, sweep_every: Duration) {
    let mut next_sweep = Instant::now() + sweep_every;
    loop {
        match inbox.recv_timeout(next_sweep.saturating_duration_since(Instant::now())) {
            Ok(first) => {
                let mut batch = vec![first];
                batch.extend(inbox.try_iter().take(BATCH - 1));
                write(file, clock, batch);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        if Instant::now() >= next_sweep {
            let full = sweep(file, clock);
            next_sweep = Instant::now() + if full { Duration::ZERO } else { sweep_every };
        }
    }
}

/// All of a batch, or nothing of it.
fn write(file: &File, clock: &Clock, mut batch: Vec<Box<dyn Job>>) {
    let now = clock.unix_millis();
    let committed = file.write(|database| {
        let txn = database.begin_write()?;
        let mut tables = Tables::open(&txn)?;
        for job in &mut batch {
            job.run(&mut tables, now)?;
        }
        let changed = tables.changed();
        drop(tables);
        if changed {
            txn.commit()?;
        } else {
            txn.abort()?;
        }
        Ok(())
    });
    for job in batch {
        job.answer(committed.clone());
    }
}

/// Removes expired records. True if there may be more.
fn sweep(file: &File, clock: &Clock) -> bool {
    let now = clock.unix_millis();
    if !matches!(file.read(|database| tables::any_expired(database, now)), Ok(true)) {
        return false;
    }
    let swept = file.write(|database| {
        let txn = database.begin_write()?;
        let swept = Tables::open(&txn)?.sweep(now, SWEEP_LIMIT)?;
        txn.commit()?;
        Ok(swept)
    });
    // A failure has been logged; the next sweep tries again.
    swept.is_ok_and(|swept| swept == SWEEP_LIMIT)
}

fn ended() -> StoreError {
    StoreError::unavailable("on disk", "start the server again", "its writing thread has ended")
}
