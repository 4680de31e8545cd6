//! What has to be done when time passes and nothing else happens: one task, while there is something to take care of.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::endpoint::Endpoint;

/// How often it is looked whether something is due.
const ROUND: Duration = Duration::from_secs(10);

/// Whether the task runs.
#[derive(Default)]
pub(super) struct Caretaker(AtomicBool);

impl Endpoint {
    /// There is something to take care of.
    pub(super) fn take_care(self: &Arc<Self>) {
        if self.caretaker.0.swap(true, Ordering::AcqRel) {
            return;
        }
        let (endpoint, shutdown) = (Arc::downgrade(self), self.shutdown.clone());
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    () = tokio::time::sleep(ROUND) => {}
                    () = shutdown.cancelled() => return,
                }
                let Some(endpoint) = endpoint.upgrade() else { return };
                if endpoint.round() {
                    continue;
                }
                endpoint.caretaker.0.store(false, Ordering::Release);
                // Something may have come up since it was looked.
                if !endpoint.round() || endpoint.caretaker.0.swap(true, Ordering::AcqRel) {
                    return;
                }
            }
        });
    }

    /// Does what is due; whether there will be more.
    fn round(&self) -> bool {
        let subscriptions = self.shared.changes.hang_up_on_stalled();
        self.live.sweep() || subscriptions
    }
}
