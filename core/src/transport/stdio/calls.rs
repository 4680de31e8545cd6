//! The calls that run, by their ids: how a client finds the one that it cancels.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use crate::protocol::RequestId;

/// How many calls of a client run at once.
pub(super) const LIMIT: usize = 1000;

/// How long the next call waits for one of them to end. It is short, for what ends them may be in the lines after it: an
/// answer, or a cancellation. Then the client is told, and may try again.
const WAIT: Duration = Duration::from_millis(500);

/// The running calls of a connection.
#[derive(Clone)]
pub(super) struct Calls {
    running: Arc<Mutex<HashMap<RequestId, CancellationToken>>>,
    places: Arc<Semaphore>,
    all: CancellationToken,
}

/// One running call; when it is dropped, the call is no longer found.
pub(super) struct Registered {
    calls: Calls,
    id: RequestId,
    cancelled: CancellationToken,
    _place: OwnedSemaphorePermit,
}

/// Why a call may not run.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Turned {
    /// Another one has its id.
    SameId,
    /// There are too many.
    TooMany,
}

impl Calls {
    /// No calls; those to come are cancelled with `all`.
    pub(super) fn new(all: CancellationToken) -> Self {
        Self { running: Arc::default(), places: Arc::new(Semaphore::new(LIMIT)), all }
    }

    /// Finds a call by this id from here on.
    pub(super) async fn register(&self, id: &RequestId) -> Result<Registered, Turned> {
        let place = tokio::time::timeout(WAIT, Arc::clone(&self.places).acquire_owned()).await;
        let Ok(Ok(place)) = place else { return Err(Turned::TooMany) };
        let mut running = self.running();
        if running.contains_key(id) {
            return Err(Turned::SameId);
        }
        let cancelled = self.all.child_token();
        running.insert(id.clone(), cancelled.clone());
        drop(running);
        Ok(Registered { calls: self.clone(), id: id.clone(), cancelled, _place: place })
    }

    /// Cancels the call of this id; one that is unknown may have ended meanwhile.
    pub(super) fn cancel(&self, id: &RequestId) {
        if let Some(cancelled) = self.running().get(id) {
            cancelled.cancel();
        }
    }

    fn running(&self) -> MutexGuard<'_, HashMap<RequestId, CancellationToken>> {
        // A panic inside the lock leaves nothing half done.
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Registered {
    /// Waits until the call is cancelled.
    pub(super) async fn cancelled(&self) {
        self.cancelled.cancelled().await;
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        self.calls.running().remove(&self.id);
    }
}
