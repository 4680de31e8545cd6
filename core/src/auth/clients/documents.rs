//! Clients that describe themselves (client-id metadata documents), and the keys that some of them have elsewhere.

use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::ClientError;
use crate::auth::bounds::rate::{Rate, RateLimit, TooOften};
use crate::auth::bounds::source::Source;
use crate::auth::fetch::cache::{DocumentCache, DocumentError};
use crate::auth::fetch::fetcher::Fetcher;
use crate::auth::request::client::{Client, ClientKeys};
use crate::auth::request::client_document::{self, ClientDocumentError};
use crate::auth::request::document_url::{client_id_url, fetchable};
use crate::auth::request::key_set::{KeySet, KeySetError};
use crate::auth::request::redirect_policy::RedirectPolicy;
use crate::clock::Clock;

/// The most bytes of a document (CIMD §6.6).
const MAX_DOCUMENT: usize = 5 * 1024;
/// The most bytes of a key set: a few RSA keys with their certificates are more than a document may have.
const MAX_KEY_SET: usize = 16 * 1024;
/// How often one source may make us fetch.
const FETCHES_PER_SOURCE: Rate = Rate { burst: 20, every: Duration::from_secs(5) };
/// How often all of them together may.
const FETCHES: Rate = Rate { burst: 100, every: Duration::from_millis(200) };
/// A key set older than this, in seconds, is fetched anew for a key that is not in it: clients change their keys.
const NEW_KEYS_AFTER: u64 = 60;

/// Why a client's document is of no use.
pub(crate) type DocumentRefusal = DocumentError<ClientDocumentError>;
/// Why a client's keys are.
pub(crate) type KeysRefusal = DocumentError<KeySetError>;

/// The documents of clients.
pub(crate) struct ClientDocuments {
    policy: RedirectPolicy,
    documents: DocumentCache<Client, ClientDocumentError>,
    key_sets: DocumentCache<KeySet, KeySetError>,
    per_source: RateLimit<Source>,
    together: RateLimit<()>,
}

impl ClientDocuments {
    pub(crate) fn new(fetcher: Fetcher, policy: RedirectPolicy, clock: &Clock) -> Self {
        let fetcher = Arc::new(fetcher);
        Self {
            policy,
            documents: DocumentCache::new(fetcher.clone(), clock.clone(), MAX_DOCUMENT),
            key_sets: DocumentCache::new(fetcher, clock.clone(), MAX_KEY_SET),
            per_source: RateLimit::new(FETCHES_PER_SOURCE),
            together: RateLimit::new(FETCHES),
        }
    }

    pub(super) async fn find(&self, client_id: &str, source: Option<Source>) -> Result<Arc<Client>, ClientError> {
        let url = client_id_url(client_id)?;
        let read = |document: &[u8]| client_document::read(&url, document, &self.policy);
        self.documents.get(&url, read, || self.may_fetch(source)).await.map_err(ClientError::Document)
    }

    /// The keys of a client as they are known.
    pub(super) async fn keys(&self, keys: &ClientKeys, source: Option<Source>) -> Result<Arc<KeySet>, KeysRefusal> {
        match keys {
            ClientKeys::Inline(set) => KeySet::parse(set).map(Arc::new).map_err(DocumentError::Invalid),
            ClientKeys::At(uri) => {
                let url = key_set_url(uri)?;
                self.key_sets.get(&url, KeySet::parse_document, || self.may_fetch(source)).await
            }
        }
    }

    /// The keys of a client as they are now, for a signature that none of the known keys made. `None`: they are known to
    /// be the same.
    pub(super) async fn newer_keys(
        &self,
        keys: &ClientKeys,
        source: Option<Source>,
    ) -> Result<Option<Arc<KeySet>>, KeysRefusal> {
        let ClientKeys::At(uri) = keys else { return Ok(None) };
        let url = key_set_url(uri)?;
        let read = KeySet::parse_document;
        self.key_sets.get_younger(&url, NEW_KEYS_AFTER, read, || self.may_fetch(source)).await.map(Some)
    }

    fn may_fetch(&self, source: Option<Source>) -> Result<(), TooOften> {
        if let Some(source) = source {
            self.per_source.spend(source)?;
        }
        self.together.spend(())
    }
}

fn key_set_url(uri: &str) -> Result<Url, KeysRefusal> {
    // It was read once when the client's document was.
    fetchable(uri).map_err(|_| DocumentError::Invalid(KeySetError::NotKeySet))
}
