//! One run for all who ask at the same time, which ends even if none of them waits for it.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use tokio::sync::oneshot;
use tokio::time::{Duration, Instant, timeout_at};

/// How long anybody waits for a run, counted from its start: clients give up after about a minute.
const PATIENCE: Duration = Duration::from_secs(30);

/// What several callers await.
pub(crate) type Run<T> = Shared<BoxFuture<'static, Option<T>>>;

/// The place where callers meet: the first starts the work, the others join it.
pub(crate) struct Flight<T: Clone>(Arc<Mutex<Option<Run<T>>>>);

impl<T: Clone> Default for Flight<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T: Clone + Send + Sync + 'static> Flight<T> {
    /// The result of the run that is under way, or of a new one. The work is a task of its own: neither dropping what
    /// is returned here nor the end of patience stops it. `None`: there will be no result within 30 s of the start.
    pub(crate) fn join<F>(&self, work: impl FnOnce() -> F) -> Run<T>
    where
        F: Future<Output = T> + Send + 'static,
    {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(run) = slot.as_ref() {
            return run.clone();
        }
        let (sender, result) = oneshot::channel();
        let landing = Landing { slot: self.0.clone(), result: Some(sender) };
        let deadline = Instant::now() + PATIENCE;
        let run = async move { timeout_at(deadline, result).await.ok()?.ok() }.boxed().shared();
        *slot = Some(run.clone());
        // A runtime that is shutting down drops the task where it is spawned, and the landing takes the lock.
        drop(slot);
        let work = work();
        tokio::spawn(async move {
            let outcome = work.await;
            landing.end(outcome);
        });
        run
    }
}

/// Clears the place at the end of a run, also of one that panics or never begins: who comes later starts anew.
struct Landing<T: Clone> {
    slot: Arc<Mutex<Option<Run<T>>>>,
    result: Option<oneshot::Sender<T>>,
}

impl<T: Clone> Landing<T> {
    fn end(mut self, outcome: T) {
        let result = self.result.take();
        drop(self);
        // Nobody may be waiting any more.
        let _ = result.map(|result| result.send(outcome));
    }
}

impl<T: Clone> Drop for Landing<T> {
    fn drop(&mut self) {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[tokio::test]
    async fn callers_share_a_run_and_later_ones_start_another() {
        let (flight, runs) = (Flight::default(), Arc::new(AtomicU32::new(0)));
        let join = || {
            let runs = runs.clone();
            flight.join(|| async move {
                tokio::time::sleep(Duration::from_millis(20)).await;
                runs.fetch_add(1, Ordering::SeqCst)
            })
        };
        assert_eq!(tokio::join!(join(), join(), join()), (Some(0), Some(0), Some(0)));
        assert_eq!(join().await, Some(1));
    }

    #[tokio::test]
    async fn a_run_ends_though_nobody_waits_and_leaves_no_old_result() {
        let (flight, runs) = (Flight::default(), Arc::new(AtomicU32::new(0)));
        let counted = runs.clone();
        drop(flight.join(|| async move { counted.fetch_add(1, Ordering::SeqCst) }));
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert_eq!(runs.load(Ordering::SeqCst), 1);
        assert_eq!(flight.join(|| async { 7 }).await, Some(7));
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_longer_than_thirty_seconds_and_the_work_goes_on() {
        let (flight, runs) = (Flight::default(), Arc::new(AtomicU32::new(0)));
        let counted = runs.clone();
        let begun = Instant::now();
        let work = || async move {
            tokio::time::sleep(Duration::from_secs(100)).await;
            counted.fetch_add(1, Ordering::SeqCst)
        };
        assert_eq!(flight.join(work).await, None);
        assert_eq!(begun.elapsed().as_secs(), 30);
        assert_eq!(flight.join(|| async { 7 }).await, None, "the run is still under way, and its time is up");
        assert_eq!(begun.elapsed().as_secs(), 30);
        tokio::time::sleep(Duration::from_secs(71)).await;
        assert_eq!(runs.load(Ordering::SeqCst), 1);
        assert_eq!(flight.join(|| async { 7 }).await, Some(7));
    }

    #[test]
    fn a_runtime_that_shuts_down_is_no_deadlock() {
        let (done, ended) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
            let handle = runtime.handle().clone();
            drop(runtime);
            let _inside = handle.enter();
            let flight = Flight::default();
            drop(flight.join(|| async { 1 }));
            drop(flight.join(|| async { 2 }));
            done.send(()).unwrap();
        });
        ended.recv_timeout(Duration::from_secs(5)).unwrap();
    }

    #[tokio::test]
    async fn a_panic_is_nobody_elses() {
        let flight = Flight::<u32>::default();
        assert_eq!(flight.join(|| async { panic!("in the flight") }).await, None);
        assert_eq!(flight.join(|| async { 1 }).await, Some(1));
    }
}
