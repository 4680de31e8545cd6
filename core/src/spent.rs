//! What may be used once and has been: the states of requests that were sent again ([`Ask::once`](crate::Ask::once)).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How many are remembered in a process; past it, the oldest are forgotten before their time.
const LIMIT: usize = 100_000;

/// The id of what is spent.
pub(crate) type SpentId = [u8; 16];

/// Where it is remembered.
pub(crate) enum Spent {
    /// In this process: for a server without a store, which is a single one.
    Process(Mutex<HashMap<SpentId, Instant>>),
    /// In the store of the login, for all replicas.
    #[cfg(feature = "auth")]
    Store(crate::store::Sealed),
}

impl Default for Spent {
    fn default() -> Self {
        Self::Process(Mutex::default())
    }
}

impl Spent {
    /// Spends an id, which is remembered for this long; false if it was spent before.
    ///
    /// # Errors
    ///
    /// The store is away.
    #[cfg_attr(
        not(feature = "auth"),
        expect(clippy::unused_async, reason = "without a store there is nothing to wait for")
    )]
    pub(crate) async fn spend(&self, id: SpentId, remembered: Duration) -> Result<bool, Unknown> {
        match self {
            Self::Process(spent) => {
                let now = Instant::now();
                let mut spent = spent.lock().unwrap_or_else(PoisonError::into_inner);
                if spent.len() >= LIMIT {
                    spent.retain(|_, until| *until > now);
                    if spent.len() >= LIMIT
                        && let Some(oldest) = spent.iter().min_by_key(|(_, until)| **until).map(|(id, _)| *id)
                    {
                        spent.remove(&oldest);
                    }
                }
                let before = spent.insert(id, now + remembered);
                Ok(before.is_none_or(|until| until <= now))
            }
            #[cfg(feature = "auth")]
            Self::Store(store) => {
                use base64::Engine as _;
                use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;

                use crate::store::{Collection, Key, Put};

                const SPENT: Collection = Collection::new("spent-request-state");
                let put = Put::default().with_ttl(remembered);
                store.put_if_absent(&Key::new(SPENT, BASE64.encode(id)), &(), put).await.map_err(|error| {
                    tracing::error!("whether a request's state was used before cannot be said: {error}");
                    Unknown
                })
            }
        }
    }
}

/// Whether it was spent cannot be said now.
#[derive(Debug)]
pub(crate) struct Unknown;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_id_is_spent_once() {
        let spent = Spent::default();
        let hour = Duration::from_secs(3600);
        assert!(spent.spend([1; 16], hour).await.is_ok_and(|first| first));
        assert!(spent.spend([1; 16], hour).await.is_ok_and(|first| !first));
        assert!(spent.spend([2; 16], Duration::ZERO).await.is_ok_and(|first| first));
        assert!(spent.spend([2; 16], hour).await.is_ok_and(|first| first), "its time is over");
    }
}
