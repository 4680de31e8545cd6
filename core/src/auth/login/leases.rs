//! Leases: the right to do what only one may do at a time, in this server and among all that share its store.
//!
//! A server knows of its own leases whether they are held. Of another's only the end is known, by which it has died or
//! is done; and on a store that no other uses now, another's is one of an earlier process and void.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::records::Lease;
use crate::auth::random::random_id;
use crate::clock::Clock;
use crate::store::Sealed;

/// The leases of a server.
pub(crate) struct Leases {
    /// Random, anew at each start.
    server: String,
    is_shared: bool,
    clock: Clock,
    next: AtomicU64,
    held: Mutex<HashSet<u64>>,
}

/// A lease that is held until this is dropped.
pub(super) struct Held<'a> {
    lease: Lease,
    leases: &'a Leases,
}

impl Leases {
    /// # Errors
    /// When the operating system has no randomness to give.
    pub(crate) fn new(store: &Sealed) -> Result<Self, getrandom::Error> {
        Ok(Self {
            server: random_id()?,
            is_shared: store.is_shared(),
            clock: store.clock().clone(),
            next: AtomicU64::default(),
            held: Mutex::default(),
        })
    }

    /// A new lease for this long at most, which counts once it is written where the others look.
    pub(super) fn give(&self, time: Duration) -> Held<'_> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        self.lock().insert(number);
        Held { lease: Lease { server: self.server.clone(), number, until: self.end(time) }, leases: self }
    }

    /// Whether somebody holds this lease, which was given for this long at most.
    pub(super) fn is_held(&self, lease: &Lease, time: Duration) -> bool {
        if lease.server == self.server {
            return self.lock().contains(&lease.number);
        }
        // One that reaches further than any can is left from before the clock was set back.
        self.is_shared && lease.until > self.clock.unix_millis() && lease.until <= self.end(time)
    }

    fn end(&self, time: Duration) -> u64 {
        self.clock.unix_millis().saturating_add(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<u64>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held<'_> {
    /// What the others see of it.
    pub(super) const fn lease(&self) -> &Lease {
        &self.lease
    }

    /// Whether this is the lease that was written there; once it has run out, it may be another's.
    pub(super) fn is(&self, lease: Option<&Lease>) -> bool {
        lease == Some(&self.lease)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.leases.lock().remove(&self.lease.number);
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::clock::ManualClock;

    const TIME: Duration = Duration::from_secs(10);

    fn leases(server: &str, hand: &ManualClock, is_shared: bool) -> Leases {
        let (next, held) = (AtomicU64::default(), Mutex::default());
        Leases { server: server.to_owned(), is_shared, clock: hand.clock(), next, held }
    }

    #[test]
    fn anothers_is_held_to_its_end_where_there_can_be_another() {
        let (_, hand) = Clock::manual(SystemTime::now());
        let one = leases("one", &hand, true);
        let (two, alone) = (leases("two", &hand, true), leases("three", &hand, false));
        let held = one.give(TIME);
        assert!(two.is_held(held.lease(), TIME));
        assert!(!alone.is_held(held.lease(), TIME), "it is from before the last start");
        hand.advance(TIME);
        assert!(!two.is_held(held.lease(), TIME));
        let held = one.give(TIME * 2);
        assert!(!two.is_held(held.lease(), TIME), "no lease reaches so far: the clock was set back");
    }

    #[test]
    fn ones_own_is_held_until_it_is_dropped() {
        let (_, hand) = Clock::manual(SystemTime::now());
        for is_shared in [false, true] {
            let leases = leases("one", &hand, is_shared);
            let (held, other) = (leases.give(TIME), leases.give(TIME));
            let seen = held.lease().clone();
            assert!(held.is(Some(&seen)) && !other.is(Some(&seen)) && !other.is(None));
            hand.advance(TIME);
            assert!(leases.is_held(&seen, TIME));
            drop(held);
            assert!(!leases.is_held(&seen, TIME));
        }
    }
}
