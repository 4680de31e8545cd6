//! Where the time comes from: every expiry in this crate is judged by one [`Clock`].
//!
//! The system's clock is read here and nowhere else, so a test can hold the time still and move it:
//!
//! ```
//! # use std::time::{Duration, SystemTime};
//! # use dari::clock::Clock;
//! let (clock, hand) = Clock::manual(SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000));
//! hand.advance(Duration::from_secs(60));
//! assert_eq!(clock.unix(), 1_800_000_060);
//! ```
//!
//! This is wall-clock time, for what outlives the process (expiry of tokens and records).
//! Timeouts and intervals use the monotonic [`std::time::Instant`] instead.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

/// A source of wall-clock time; clones tell the same time.
#[derive(Clone, Default)]
pub struct Clock(Source);

#[derive(Clone, Default)]
enum Source {
    #[default]
    System,
    Manual(Arc<Mutex<SystemTime>>),
}

impl Clock {
    /// The clock of the operating system.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands at `start` until its [`ManualClock`] moves it, for tests of expiry.
    pub fn manual(start: SystemTime) -> (Self, ManualClock) {
        let time = Arc::new(Mutex::new(start));
        (Self(Source::Manual(time.clone())), ManualClock(time))
    }

    /// The present time.
    pub fn now(&self) -> SystemTime {
        match &self.0 {
            Source::System => SystemTime::now(),
            Source::Manual(time) => *lock(time),
        }
    }

    /// The present time in whole seconds since 1970-01-01 UTC, as in the JWT claims `iat` and `exp`
    /// (`NumericDate`, RFC 7519 §2); 0 when the clock stands before that day.
    pub fn unix(&self) -> u64 {
        self.since_epoch().as_secs()
    }

    /// The present time in milliseconds since 1970-01-01 UTC; 0 when the clock stands before that day.
    pub fn unix_millis(&self) -> u64 {
        u64::try_from(self.since_epoch().as_millis()).unwrap_or(u64::MAX)
    }

    fn since_epoch(&self) -> Duration {
        self.now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Source::System => f.write_str("Clock::system"),
            Source::Manual(time) => f.debug_tuple("Clock::manual").field(&*lock(time)).finish(),
        }
    }
}

/// The hand that moves a [`Clock::manual`]; clones move the same clock.
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<Mutex<SystemTime>>);

impl ManualClock {
    /// The clock this hand moves.
    pub fn clock(&self) -> Clock {
        Clock(Source::Manual(self.0.clone()))
    }

    /// Moves the clock forward; past the end of the representable time it stays where it is.
    pub fn advance(&self, by: Duration) {
        let mut time = lock(&self.0);
        *time = time.checked_add(by).unwrap_or(*time);
    }

    /// Sets the clock, backward too: operators and NTP do so.
    pub fn set(&self, to: SystemTime) {
        *lock(&self.0) = to;
    }
}

fn lock(time: &Mutex<SystemTime>) -> MutexGuard<'_, SystemTime> {
    // A `SystemTime` cannot be half written: a poisoned lock still holds a valid one.
    time.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manual_clock_moves_all_its_clones() {
        let (clock, hand) = Clock::manual(SystemTime::UNIX_EPOCH + Duration::from_secs(10));
        let clone = clock.clone();
        hand.advance(Duration::from_millis(1500));
        assert_eq!((clone.unix(), clone.unix_millis()), (11, 11_500));
        hand.clone().set(SystemTime::UNIX_EPOCH + Duration::from_secs(5));
        assert_eq!((clock.unix(), hand.clock().unix()), (5, 5));
    }

    #[test]
    fn no_panic_at_the_ends_of_time() {
        let (clock, hand) = Clock::manual(SystemTime::UNIX_EPOCH - Duration::from_secs(3600));
        assert_eq!(clock.unix(), 0);
        hand.advance(Duration::MAX);
        assert_eq!(clock.unix_millis(), 0);
    }

    #[test]
    fn the_system_clock_is_the_default_and_past_2023() {
        assert!(Clock::default().unix() > 1_700_000_000);
        assert_eq!(format!("{:?}", Clock::system()), "Clock::system");
    }
}
