//! Documents that were fetched and read, for as long as their headers say, within bounds.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;
use url::Url;

use super::fetcher::{FetchError, Fetcher};
use crate::auth::bounds::rate::TooOften;
use crate::clock::Clock;

/// The shortest time for which a document is kept, whatever its headers say: a login asks for it several times.
pub(crate) const FLOOR: Duration = Duration::from_secs(5 * 60);
/// The longest, so that what its owner withdraws is withdrawn here a day later at the latest.
pub(crate) const CEILING: Duration = Duration::from_secs(24 * 60 * 60);
/// How long a failure is kept.
pub(crate) const FAILED: Duration = Duration::from_secs(30);
/// The bytes that a cache may take, as they are counted here; with the least that an entry counts for, this also bounds
/// their number to 4096.
pub(crate) const MAX_BYTES: u64 = 4 * 1024 * 1024;
/// What an entry counts for beside its URL and its document: its own fields, and a failure's.
const ENTRY_BYTES: usize = 1024;

/// Why there is no document.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum DocumentError<E> {
    /// It was not fetched.
    #[error("it could not be fetched: {0}")]
    Fetch(FetchError),
    /// It says what it must not.
    #[error("{0}")]
    Invalid(E),
    /// Others are asked for too often.
    #[error("too many documents have to be fetched")]
    TooOften(TooOften),
}

impl<E> DocumentError<E> {
    /// Whether it says nothing of the document, which may be had later.
    pub(crate) fn is_outage(&self) -> bool {
        matches!(self, Self::Fetch(FetchError::Away(_)) | Self::TooOften(_))
    }
}

/// A cache of documents of one kind.
pub(crate) struct DocumentCache<T, E> {
    fetcher: Arc<Fetcher>,
    clock: Clock,
    limit: usize,
    entries: Cache<String, Entry<T, E>>,
}

struct Entry<T, E> {
    document: Result<Arc<T>, DocumentError<E>>,
    /// When the document was fetched, or the attempt failed, in seconds since 1970.
    fetched_at: u64,
    /// For how many seconds from then on nobody asks again.
    fresh_for: u64,
    bytes: u32,
}

impl<T, E: Clone> Clone for Entry<T, E> {
    fn clone(&self) -> Self {
        Self {
            document: self.document.clone(),
            fetched_at: self.fetched_at,
            fresh_for: self.fresh_for,
            bytes: self.bytes,
        }
    }
}

impl<T, E> Entry<T, E> {
    /// Whether it is younger than that. A clock that was set back makes it older, not younger.
    fn is_younger(&self, seconds: u64, now: u64) -> bool {
        now.checked_sub(self.fetched_at).is_some_and(|age| age < seconds)
    }

    fn is_fresh(&self, now: u64) -> bool {
        self.is_younger(self.fresh_for, now)
    }
}

impl<T, E> DocumentCache<T, E>
where
    T: Send + Sync + 'static,
    E: Clone + Display + Send + Sync + 'static,
{
    /// A cache of documents of at most `limit` bytes.
    pub(crate) fn new(fetcher: Arc<Fetcher>, clock: Clock, limit: usize) -> Self {
        let entries = Cache::builder()
            .max_capacity(MAX_BYTES)
            .weigher(|_, entry: &Entry<T, E>| entry.bytes)
            .time_to_live(CEILING)
            .build();
        Self { fetcher, clock, limit, entries }
    }

    /// The document: from the cache while it is fresh, else fetched, once for all who ask. `may_fetch` is asked before a
    /// fetch. While the document's server is away, the last one serves until it is [`CEILING`] old.
    pub(crate) async fn get(
        &self,
        url: &Url,
        read: impl FnOnce(&[u8]) -> Result<T, E> + Send,
        may_fetch: impl FnOnce() -> Result<(), TooOften>,
    ) -> Result<Arc<T>, DocumentError<E>> {
        self.get_younger(url, u64::MAX, read, may_fetch).await
    }

    /// The document as [`get`](Self::get) gives it, but none that was fetched longer ago than that, in seconds.
    pub(crate) async fn get_younger(
        &self,
        url: &Url,
        seconds: u64,
        read: impl FnOnce(&[u8]) -> Result<T, E> + Send,
        may_fetch: impl FnOnce() -> Result<(), TooOften>,
    ) -> Result<Arc<T>, DocumentError<E>> {
        let known = self.entries.get(url.as_str()).await;
        let serves = |entry: &Entry<T, E>| {
            let now = self.clock.unix();
            entry.is_fresh(now) && entry.is_younger(seconds, now)
        };
        if let Some(entry) = known.as_ref().filter(|entry| serves(entry)) {
            return entry.document.clone();
        }
        let last =
            known.filter(|entry| entry.document.is_ok() && entry.is_younger(CEILING.as_secs(), self.clock.unix()));
        if let Err(too_often) = may_fetch() {
            return last.map_or(Err(DocumentError::TooOften(too_often)), |entry| entry.document);
        }
        let entry = self.entries.entry_by_ref(url.as_str());
        let entry = entry.or_insert_with_if(self.fetch(url, read, last), |entry| !serves(entry)).await;
        entry.into_value().document
    }

    async fn fetch(
        &self,
        url: &Url,
        read: impl FnOnce(&[u8]) -> Result<T, E>,
        last: Option<Entry<T, E>>,
    ) -> Entry<T, E> {
        let fetched = self.fetcher.fetch(url, self.limit).await;
        let now = self.clock.unix();
        let entry = |document, fresh_for: Duration, bytes: usize| Entry {
            document,
            fetched_at: now,
            fresh_for: fresh_for.as_secs(),
            bytes: u32::try_from(url.as_str().len() + ENTRY_BYTES + bytes).unwrap_or(u32::MAX),
        };
        match fetched {
            Ok(fetched) => match read(&fetched.body) {
                // What was read of it takes more than its text does: each member is a string of its own.
                Ok(document) => {
                    entry(Ok(Arc::new(document)), fetched.fresh_for.clamp(FLOOR, CEILING), fetched.body.len() * 2)
                }
                Err(error) => {
                    log(url, &error);
                    entry(Err(DocumentError::Invalid(error)), FAILED, 0)
                }
            },
            Err(error) => {
                log(url, &error);
                match last {
                    Some(last) if matches!(error, FetchError::Away(_)) => {
                        let age = now.saturating_sub(last.fetched_at);
                        let fresh_for = (age + FAILED.as_secs()).min(CEILING.as_secs());
                        Entry { fresh_for, ..last }
                    }
                    _ => entry(Err(DocumentError::Fetch(error)), FAILED, 0),
                }
            }
        }
    }
}

/// For the operator, whom a client's maker may ask. A URL that was fetched is in its normal form, which is plain ASCII.
fn log(url: &Url, error: &dyn Display) {
    tracing::info!(target: "dari::auth", %url, %error, "a client's document is of no use");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_flood_of_urls_takes_a_bounded_place_cimd_07() {
        let clock = Clock::system();
        let fetcher = Arc::new(Fetcher::new(None, clock.clone()).unwrap());
        let cache = DocumentCache::<(), String>::new(fetcher, clock, 1);
        for n in 0..10_000 {
            // Refused before anything is dialled, and kept as a failure.
            let url = Url::parse(&format!("https://10.0.0.1/{n}")).unwrap();
            let answer = cache.get(&url, |_| Ok(()), || Ok(())).await;
            assert!(matches!(answer, Err(DocumentError::Fetch(FetchError::Away(_)))));
        }
        cache.entries.run_pending_tasks().await;
        assert!(cache.entries.entry_count() <= 4096, "{}", cache.entries.entry_count());
        assert!(cache.entries.weighted_size() <= MAX_BYTES);
        assert!(cache.entries.entry_count() > 3000, "it is a cache, too");
    }

    #[tokio::test]
    async fn where_no_fetch_is_allowed_nothing_is_kept() {
        let clock = Clock::system();
        let fetcher = Arc::new(Fetcher::new(None, clock.clone()).unwrap());
        let cache = DocumentCache::<(), String>::new(fetcher, clock, 1);
        let url = Url::parse("https://10.0.0.1/").unwrap();
        let wait = TooOften(Duration::from_secs(1));
        let answer = cache.get(&url, |_| Ok(()), || Err(wait)).await;
        assert!(matches!(answer, Err(DocumentError::TooOften(_))));
        let answer = cache.get(&url, |_| Ok(()), || Ok(())).await;
        assert!(matches!(answer, Err(DocumentError::Fetch(FetchError::Away(_)))));
    }
}
