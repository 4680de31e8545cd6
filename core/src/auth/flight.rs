//! One run for all who ask at the same time, which ends even if none of them waits for it.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};

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
    /// The result of the run that is under way, or of a new one. The work is a task of its own: dropping what is
    /// returned here does not stop it. `None`: the work panicked.
    pub(crate) fn join<F>(&self, work: impl FnOnce() -> F) -> Run<T>
    where
        F: Future<Output = T> + Send + 'static,
    {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(run) = slot.as_ref() {
            return run.clone();
        }
        let landing = Landing(self.0.clone());
        let work = work();
        let task = tokio::spawn(async move {
            let _landing = landing;
            work.await
        });
        let run = async move { task.await.ok() }.boxed().shared();
        *slot = Some(run.clone());
        run
    }
}

/// Clears the place at the end of a run, also of one that panics: who comes later starts anew.
struct Landing<T: Clone>(Arc<Mutex<Option<Run<T>>>>);

impl<T: Clone> Drop for Landing<T> {
    fn drop(&mut self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    use super::*;

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

    #[tokio::test]
    async fn a_panic_is_nobody_elses() {
        let flight = Flight::<u32>::default();
        assert_eq!(flight.join(|| async { panic!("in the flight") }).await, None);
        assert_eq!(flight.join(|| async { 1 }).await, Some(1));
    }
}
