//! The timer of a connection's heads: one for all of them.
//!
//! hyper asks for a new one with each request, and nearly all are given up before their time. So the one before is kept,
//! as it is set, and when it rings too early it is set anew.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use hyper::rt::{Sleep, Timer};

/// The timer of one HTTP/1 connection, which waits for one head at a time.
#[derive(Clone, Default)]
pub(super) struct HeadTimer(Arc<Mutex<Option<Clock>>>);

/// What rings for one head after the other.
type Clock = Pin<Box<tokio::time::Sleep>>;

/// The time that one head has.
struct HeadSleep {
    deadline: Instant,
    timer: HeadTimer,
}

impl Timer for HeadTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.sleep_until(self.now() + duration)
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        Box::pin(HeadSleep { deadline, timer: self.clone() })
    }

    fn now(&self) -> Instant {
        tokio::time::Instant::now().into()
    }
}

impl Sleep for HeadSleep {}

impl Future for HeadSleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let deadline = self.deadline.into();
        let mut clock = self.timer.0.lock().unwrap_or_else(PoisonError::into_inner);
        let clock = clock.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        if clock.deadline() > deadline {
            clock.as_mut().reset(deadline);
        }
        loop {
            ready!(clock.as_mut().poll(context));
            if clock.deadline() >= deadline {
                return Poll::Ready(());
            }
            clock.as_mut().reset(deadline);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn each_head_has_its_own_time() {
        let timer = HeadTimer::default();
        let begun = timer.now();
        let mut first = timer.sleep(30 * SECOND);
        assert!(futures_util::poll!(&mut first).is_pending());
        tokio::time::advance(20 * SECOND).await;
        drop(first);

        timer.sleep(30 * SECOND).await;
        assert_eq!(timer.now() - begun, 50 * SECOND, "what is kept rings at 30, and is set anew");
        timer.sleep(30 * SECOND).await;
        assert_eq!(timer.now() - begun, 80 * SECOND, "what has rung serves again");

        let mut long = timer.sleep(30 * SECOND);
        assert!(futures_util::poll!(&mut long).is_pending());
        drop(long);
        timer.sleep(SECOND).await;
        assert_eq!(timer.now() - begun, 81 * SECOND, "a shorter time does not wait for a longer one");
    }
}
