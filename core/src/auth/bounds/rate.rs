//! How often something may happen, for each key, in bounded memory.
//!
//! The algorithm is GCRA, the leaky bucket that needs one time per key. Times are monotonic.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How many keys are told apart at once; the others share one budget.
pub(crate) const MAX_KEYS: usize = 10_000;
/// How often at most a full map is searched for keys that have their whole budget again.
const SWEEP_EVERY: Duration = Duration::from_secs(1);

/// So many at once, and then one more every so often.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rate {
    /// How many at once.
    pub(crate) burst: u32,
    /// How long until there is one more.
    pub(crate) every: Duration,
}

/// It was too often; after this time it may happen again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooOften(pub(crate) Duration);

impl TooOften {
    /// For `Retry-After`: whole seconds, at least one.
    pub(crate) fn seconds(self) -> u32 {
        u32::try_from(self.0.as_secs()).unwrap_or(u32::MAX).saturating_add(1)
    }
}

/// A [`Rate`] for each key.
#[derive(Debug)]
pub(crate) struct RateLimit<K> {
    rate: Rate,
    max_keys: usize,
    state: Mutex<State<K>>,
}

#[derive(Debug)]
struct State<K> {
    /// When the budget of a key is whole again. A key whose time has passed is as good as absent.
    whole_at: HashMap<K, Instant>,
    /// The same for all keys that found no place.
    others: Option<Instant>,
    swept_at: Option<Instant>,
}

impl<K: Eq + Hash> RateLimit<K> {
    pub(crate) fn new(rate: Rate) -> Self {
        Self::with_max_keys(rate, MAX_KEYS)
    }

    fn with_max_keys(rate: Rate, max_keys: usize) -> Self {
        let state = State { whole_at: HashMap::new(), others: None, swept_at: None };
        Self { rate, max_keys, state: Mutex::new(state) }
    }

    /// Counts one event of this key, unless it is one too many.
    pub(crate) fn spend(&self, key: K) -> Result<(), TooOften> {
        let (mut state, now) = (self.lock(), Instant::now());
        let state = &mut *state;
        if !state.whole_at.contains_key(&key) && state.whole_at.len() >= self.max_keys {
            if state.swept_at.is_none_or(|swept| now.duration_since(swept) >= SWEEP_EVERY) {
                state.swept_at = Some(now);
                state.whole_at.retain(|_, whole_at| *whole_at > now);
            }
            if state.whole_at.len() >= self.max_keys {
                let whole_at = self.after(state.others.unwrap_or(now), now)?;
                state.others = Some(whole_at);
                return Ok(());
            }
        }
        let whole_at = self.after(state.whole_at.get(&key).copied().unwrap_or(now), now)?;
        state.whole_at.insert(key, whole_at);
        Ok(())
    }

    /// When the budget is whole again after one more event.
    fn after(&self, whole_at: Instant, now: Instant) -> Result<Instant, TooOften> {
        let whole_at = whole_at.max(now);
        let most = self.rate.every.saturating_mul(self.rate.burst.saturating_sub(1));
        let owed = whole_at.duration_since(now);
        if owed > most { Err(TooOften(owed - most)) } else { Ok(whole_at + self.rate.every) }
    }

    fn lock(&self) -> MutexGuard<'_, State<K>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const RATE: Rate = Rate { burst: 3, every: Duration::from_secs(10) };

    #[tokio::test(start_paused = true)]
    async fn a_burst_and_then_one_every_so_often() {
        let limit = RateLimit::new(RATE);
        for _ in 0..3 {
            assert_eq!(limit.spend("a"), Ok(()));
        }
        assert_eq!(limit.spend("a"), Err(TooOften(SECOND * 10)));
        assert_eq!(limit.spend("b"), Ok(()), "others have a budget of their own");
        advance(SECOND * 9).await;
        assert_eq!(limit.spend("a"), Err(TooOften(SECOND)));
        assert_eq!(TooOften(SECOND).seconds(), 2);
        advance(SECOND).await;
        assert_eq!(limit.spend("a"), Ok(()));
        assert!(limit.spend("a").is_err());
        advance(SECOND * 1000).await;
        for _ in 0..3 {
            assert_eq!(limit.spend("a"), Ok(()), "no more than a burst is saved up");
        }
        assert!(limit.spend("a").is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn keys_are_bounded_and_known_ones_keep_their_budget_reg_08() {
        let limit = RateLimit::with_max_keys(RATE, 100);
        for _ in 0..3 {
            limit.spend(0).unwrap();
        }
        let passed = (1..100_000).filter(|key| limit.spend(*key).is_ok()).count();
        assert_eq!(limit.lock().whole_at.len(), 100);
        assert_eq!(passed, 99 + 3, "those without a place share one budget");
        assert!(limit.spend(0).is_err(), "a flood of new keys does not make anybody's debt forgotten");
        advance(SECOND * 60).await;
        assert_eq!(limit.spend(100_000), Ok(()));
        assert_eq!(limit.lock().whole_at.len(), 1, "who has the whole budget needs no place");
    }
}
