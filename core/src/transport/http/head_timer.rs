//! The timer of a connection's heads: one for all of them.
//!
//! hyper asks for a new one with each request, and nearly all are given up before their time. So the one before is kept,
//! as it is set, and when it rings too early it is set anew.
//!
//! It is no timer of tokio's: while one of those is set, a worker without work sets a timer of the system's each time that
//! it goes to sleep, which is a tenth of a call that comes alone.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use futures_timer::Delay;
use hyper::rt::{Sleep, Timer};

/// The timer of one connection.
#[derive(Clone, Default)]
pub(super) struct HeadTimer(Arc<Mutex<Option<Clock>>>);

/// What rings for one head after the other.
struct Clock {
    delay: Delay,
    rings: Instant,
}

/// The time that one head has.
struct HeadSleep {
    deadline: Instant,
    timer: HeadTimer,
}

impl Timer for HeadTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.sleep_until(Instant::now() + duration)
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        Box::pin(HeadSleep { deadline, timer: self.clone() })
    }
}

impl Clock {
    fn new(rings: Instant) -> Self {
        Self { delay: Delay::new(rings.saturating_duration_since(Instant::now())), rings }
    }

    fn set(&mut self, rings: Instant) {
        self.delay.reset(rings.saturating_duration_since(Instant::now()));
        self.rings = rings;
    }
}

impl Sleep for HeadSleep {}

impl Future for HeadSleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let deadline = self.deadline;
        let mut clock = self.timer.0.lock().unwrap_or_else(PoisonError::into_inner);
        let clock = clock.get_or_insert_with(|| Clock::new(deadline));
        if clock.rings > deadline {
            clock.set(deadline);
        }
        loop {
            ready!(Pin::new(&mut clock.delay).poll(context));
            if clock.rings >= deadline {
                return Poll::Ready(());
            }
            clock.set(deadline);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_millis(20);

    #[tokio::test]
    async fn each_head_has_its_own_time() {
        let timer = HeadTimer::default();
        let begun = Instant::now();
        let mut first = timer.sleep(3 * SHORT);
        assert!(futures_util::poll!(&mut first).is_pending());
        tokio::time::sleep(2 * SHORT).await;
        drop(first);

        timer.sleep(3 * SHORT).await;
        assert!(begun.elapsed() >= 5 * SHORT, "what is kept rings at 3, and is set anew");
        timer.sleep(3 * SHORT).await;
        assert!(begun.elapsed() >= 8 * SHORT, "what has rung serves again");

        let mut long = timer.sleep(Duration::from_secs(3600));
        assert!(futures_util::poll!(&mut long).is_pending());
        drop(long);
        let short = tokio::time::timeout(Duration::from_secs(60), timer.sleep(SHORT)).await;
        assert!(short.is_ok(), "a shorter time does not wait for a longer one");
    }
}
