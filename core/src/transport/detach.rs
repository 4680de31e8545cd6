//! What becomes of a call whose client hangs up.

use std::task::{Context, Poll};
use std::time::Duration;

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
}

impl Held {
    pub(crate) const fn new(running: Box<Running>, hang_up: HangUp, tracker: TaskTracker) -> Self {
        Self { running: Some(running), hang_up, tracker }
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

    /// The call itself, for whoever runs it from here on.
    pub(crate) fn take(mut self) -> Option<Box<Running>> {
        self.running.take()
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let Some(mut running) = self.running.take() else { return };
        let limit = match self.hang_up {
            HangUp::Cancels if running.exchange().cancel() => Some(GRACE),
            HangUp::Cancels => return,
            HangUp::IsNothing => None,
        };
        if self.tracker.len() >= LIMIT {
            tracing::warn!("a call was cancelled: {LIMIT} calls already go on although their clients hung up");
            return;
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let to_its_end = async move { while !matches!(running.next().await, Event::Ended(_)) {} };
        self.tracker.spawn_on(
            async move {
                match limit {
                    None => to_its_end.await,
                    Some(limit) => {
                        if tokio::time::timeout(limit, to_its_end).await.is_err() {
                            tracing::warn!("a cancelled call did not come to its end within {limit:?} and is dropped");
                        }
                    }
                }
            },
            &runtime,
        );
    }
}
