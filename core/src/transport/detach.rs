//! What becomes of a call whose client hangs up.

use std::any::Any;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::dispatch::{Event, Running};

/// How many calls may go on without their clients. Past it, hanging up cancels: a client that calls and hangs up in a
/// loop must not pile up work without end.
const LIMIT: usize = 1000;

/// How long a call that is told of it ([`Cancelled`](crate::Cancelled)) has to come to its end.
const GRACE: Duration = Duration::from_secs(5);

/// What hanging up means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HangUp {
    /// It cancels (MCP 2026-07-28, Cancellation): the call is dropped, or told where it listens.
    Cancels,
    /// It means nothing (MCP 2025-11-25, Transports): the call runs to its end.
    IsNothing,
}

/// A running call in the hands of its connection.
pub(crate) struct Held {
    running: Option<Box<Running>>,
    hang_up: HangUp,
    tracker: TaskTracker,
    by_message: Option<ByMessage>,
}

/// How the client cancels a call by a message of its own (`notifications/cancelled`).
struct ByMessage {
    cancelled: CancellationToken,
    /// What the message finds the call by, which goes when the call does.
    _found_by: Box<dyn Any + Send + Sync>,
}

impl Held {
    pub(crate) const fn new(running: Box<Running>, hang_up: HangUp, tracker: TaskTracker) -> Self {
        Self { running: Some(running), hang_up, tracker, by_message: None }
    }

    /// The client may cancel it by a message, too, as long as it runs: when it hung up as well. While the call is held,
    /// its holder is who listens for that.
    pub(crate) fn cancelled_by(&mut self, cancelled: CancellationToken, found_by: impl Any + Send + Sync) {
        self.by_message = Some(ByMessage { cancelled, _found_by: Box::new(found_by) });
    }

    /// Cancels the call: it is dropped, or told where it listens.
    pub(crate) fn cancel(mut self) {
        self.hang_up = HangUp::Cancels;
    }

    /// The next event of the call; none comes after its end.
    pub(crate) async fn next(&mut self) -> Event {
        std::future::poll_fn(|context| self.poll_next(context)).await
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Event> {
        let Some(running) = &mut self.running else { return Poll::Pending };
        let event = running.poll_next(context);
        if matches!(event, Poll::Ready(Event::Ended(_))) {
            self.running = None;
        }
        event
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let Some(running) = self.running.take() else { return };
        let listens = self.hang_up == HangUp::Cancels && running.exchange().cancel();
        if self.hang_up == HangUp::Cancels && !listens {
            return;
        }
        if self.tracker.len() >= LIMIT {
            tracing::warn!("a call was cancelled: {LIMIT} calls already go on although their clients hung up");
            return;
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let by_message = self.by_message.take();
        self.tracker.spawn_on(
            async move {
                if listens {
                    within_grace(running).await;
                } else {
                    to_its_end(running, by_message).await;
                }
            },
            &runtime,
        );
    }
}

/// Runs a call on that nobody hears, unless it is cancelled after all.
async fn to_its_end(mut running: Box<Running>, by_message: Option<ByMessage>) {
    running.exchange().desert();
    let cancelled = async {
        match &by_message {
            Some(by_message) => by_message.cancelled.cancelled().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = unheard(&mut running) => return,
        () = cancelled => {}
    }
    if running.exchange().cancel() {
        within_grace(running).await;
    }
}

/// Gives a call that was told that it is cancelled the time to end.
async fn within_grace(mut running: Box<Running>) {
    running.exchange().desert();
    if tokio::time::timeout(GRACE, unheard(&mut running)).await.is_err() {
        tracing::warn!("a cancelled call did not come to its end within {GRACE:?} and is dropped");
    }
}

async fn unheard(running: &mut Running) {
    while !matches!(running.next().await, Event::Ended(_)) {}
}
