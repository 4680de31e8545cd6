//! A call that outlives its connection.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio_util::task::TaskTracker;

/// How many calls may go on without their clients. Past it, hanging up cancels: a client that calls and hangs up in a
/// loop must not pile up work without end.
const LIMIT: usize = 1000;

/// Runs a future in place, and to its end in a task of its own if it is dropped before.
///
/// In the handshake revisions a client that hangs up has not cancelled (MCP 2025-11-25, Transports).
pub(super) struct RunToEnd<F: Future + Send + 'static>
where
    F::Output: Send,
{
    future: Option<Pin<Box<F>>>,
    tracker: TaskTracker,
}

impl<F: Future + Send + 'static> RunToEnd<F>
where
    F::Output: Send,
{
    pub(super) fn new(future: F, tracker: TaskTracker) -> Self {
        Self { future: Some(Box::pin(future)), tracker }
    }
}

impl<F: Future + Send + 'static> Future for RunToEnd<F>
where
    F::Output: Send,
{
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let Some(future) = &mut self.future else { return Poll::Pending };
        let output = ready!(future.as_mut().poll(context));
        self.future = None;
        Poll::Ready(output)
    }
}

impl<F: Future + Send + 'static> Drop for RunToEnd<F>
where
    F::Output: Send,
{
    fn drop(&mut self) {
        let Some(future) = self.future.take() else { return };
        if self.tracker.len() >= LIMIT {
            tracing::warn!("a call was cancelled: {LIMIT} calls already go on although their clients hung up");
        } else if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            self.tracker.spawn_on(future, &runtime);
        }
    }
}
