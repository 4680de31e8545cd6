//! Why the store did not answer.

use std::error::Error as Cause;
use std::sync::Arc;

/// A failure of the store; "there is no such record" is not one.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The store cannot work now: the disk is full, read-only or away, another process holds the
    /// file, the process is ending. Answer 503; what was stored before is intact.
    ///
    /// After it a write *may* have been done: the fault may lie between the record and the answer.
    #[error("the store {store} is not available: {reason}; {mend}")]
    Unavailable {
        /// The file, or the name of the backend.
        store: String,
        /// What went wrong.
        reason: String,
        /// What the operator can do about it.
        mend: &'static str,
        /// The underlying failure.
        #[source]
        source: Option<Arc<dyn Cause + Send + Sync>>,
    },
    /// What is stored cannot be right: cut off, overwritten, altered, or not a store at all.
    /// Never answered with an empty store, that would log every user out in silence.
    #[error(
        "the store {store} is damaged ({reason}): restore it from a backup, or move it away to begin with an empty one, where every user has to sign in again"
    )]
    Damaged {
        /// The file, or the name of the backend.
        store: String,
        /// What was found.
        reason: String,
    },
    /// The records were sealed with a secret that is not in the key ring. No record was changed.
    #[error(
        "wrong key for the store {store}: its records were sealed under key {sealed_under}, which none of the configured secrets gives; \
         configure the secret it was made with (after a change of secrets: the old one behind the new one), or move the store away to begin with an empty one"
    )]
    WrongKey {
        /// The file, or the name of the backend.
        store: String,
        /// The public id of the missing key.
        sealed_under: String,
    },
    /// A value could not be written as JSON, or sealed: a fault of the program, not of the store.
    #[error("a record of the collection `{collection}` cannot be stored: {reason}")]
    Unstorable {
        /// The collection of the record.
        collection: &'static str,
        /// What is wrong with the value.
        reason: &'static str,
    },
}

impl StoreError {
    /// Whether trying again later may help: the caller answers 503, and never takes it for "absent".
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }

    /// Whether another process has the store's file open.
    #[cfg(feature = "auth")]
    pub(crate) fn is_in_use(&self) -> bool {
        let Self::Unavailable { source: Some(source), .. } = self else { return false };
        matches!(source.downcast_ref(), Some(redb::Error::DatabaseAlreadyOpen))
    }

    #[cfg(feature = "auth")]
    pub(crate) fn unavailable(
        store: impl Into<String>,
        mend: &'static str,
        source: impl Into<Box<dyn Cause + Send + Sync>>,
    ) -> Self {
        let source: Arc<dyn Cause + Send + Sync> = Arc::from(source.into());
        Self::Unavailable { store: store.into(), reason: source.to_string(), mend, source: Some(source) }
    }
}
