//! A time limit that costs nothing where nothing is waited for.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

/// What the work comes to; `None` if that takes longer. The timer is set when the work has to wait: most does not, and
/// keeps no room for it. Work that took too long is its owner's to drop.
pub(crate) async fn at_once_or_within<F: Future>(limit: Duration, mut work: Pin<&mut F>) -> Option<F::Output> {
    match poll_fn(|context| Poll::Ready(work.as_mut().poll(context))).await {
        Poll::Ready(done) => Some(done),
        Poll::Pending => Box::pin(tokio::time::timeout(limit, work)).await.ok(),
    }
}
