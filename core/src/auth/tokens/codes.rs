//! Authorization codes: made at the callback, used once at the token endpoint (RFC 6749 §4.1.2).
//!
//! A code is used in two steps, [`Codes::open`] and [`Codes::spend`], and whatever is written in between has to be
//! repeatable: a store that goes away there leaves a code that works.

use std::time::Duration;

use moka::future::Cache;

use crate::auth::login::grant_id::GrantId;
use crate::auth::login::records::{AuthorizationRequest, CODE_TTL, CODES, Code, USED_CODE_TTL};
use crate::auth::random::random_id;
use crate::auth::request::client::Client;
use crate::store::{Key, Put, Record, Sealed, StoreError};

/// How many codes are known whose answer may not have arrived.
const DOUBTFUL: u64 = 10_000;
/// How long such a code may be used again; no longer than one that was never used.
const DOUBT: Duration = CODE_TTL;

/// The codes of a server.
pub(crate) struct Codes {
    store: Sealed,
    /// Codes that are used, or may be, though their client got no answer.
    doubtful: Cache<String, ()>,
}

/// What a client presents with a code.
pub(crate) struct Presented<'a> {
    pub(crate) client: &'a Client,
    pub(crate) code: &'a str,
    pub(crate) redirect_uri: Option<&'a str>,
    pub(crate) verifier: &'a str,
}

/// A code that its own client presented, and that is not spent yet.
pub(crate) struct OpenCode {
    key: Key,
    record: Record<Code>,
}

/// Why a code gives nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RedeemError {
    #[error("the code is unknown or has expired")]
    Unknown,
    #[error("the code was issued for another client or redirect_uri")]
    Foreign(GrantId),
    #[error("code_verifier does not fit the code")]
    Verifier(GrantId),
    /// By the client it was issued to: the grant it made has to end (RFC 6749 §4.1.2).
    #[error("the code was used before")]
    Used(GrantId),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why there is no new code.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IssueError {
    #[error("no random bytes: {0}")]
    Random(#[from] getrandom::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Codes {
    pub(crate) fn new(store: Sealed) -> Self {
        Self { store, doubtful: Cache::builder().max_capacity(DOUBTFUL).time_to_live(DOUBT).build() }
    }

    /// Stores a new code for a grant.
    ///
    /// # Errors
    /// Those of the store.
    pub(crate) async fn issue(&self, grant: GrantId, request: AuthorizationRequest) -> Result<String, IssueError> {
        let code = random_id()?;
        let put = Put::default().with_ttl(CODE_TTL);
        self.store.put(&Key::hashed(CODES, &code), &Code { grant, request, used: false }, put).await?;
        Ok(code)
    }

    /// The code, if everything that was presented with it fits. Nothing changes yet.
    ///
    /// # Errors
    /// Only what fits in all learns that a code was used: of a used code that somebody else saw, nothing comes.
    pub(crate) async fn open(&self, presented: &Presented<'_>) -> Result<OpenCode, RedeemError> {
        let key = Key::hashed(CODES, presented.code);
        let record = self.store.get::<Code>(&key).await?.ok_or(RedeemError::Unknown)?;
        presented.check(&record)?;
        if record.used && !self.doubtful.contains_key(key.id()) {
            return Err(RedeemError::Used(record.grant.clone()));
        }
        Ok(OpenCode { key, record })
    }

    /// Spends a code. Of two that come at once, the second finds it used.
    ///
    /// # Errors
    /// [`RedeemError::Used`], and those of the store, after which the code can be opened again.
    pub(crate) async fn spend(&self, code: &OpenCode) -> Result<(), RedeemError> {
        if code.record.used {
            // Its answer did not arrive: now it does, and this was the last time.
            return match self.doubtful.remove(code.key.id()).await {
                Some(()) => Ok(()),
                None => Err(RedeemError::Used(code.grant().clone())),
            };
        }
        let used = Code { used: true, ..(*code.record).clone() };
        match self.store.swap(&code.key, &code.record, &used, Some(USED_CODE_TTL)).await {
            Ok(true) => {
                self.doubtful.invalidate(code.key.id()).await;
                Ok(())
            }
            Ok(false) => Err(RedeemError::Used(code.grant().clone())),
            Err(error) => {
                // It may have been written nevertheless.
                self.doubt(code).await;
                Err(error.into())
            }
        }
    }

    /// Opens a code again whose client hung up before its answer: it may come again, also to another replica.
    pub(crate) async fn reopen(&self, code: &OpenCode) {
        let reopened = async {
            let Some(record) = self.store.get::<Code>(&code.key).await? else { return Ok(true) };
            let open = Code { used: false, ..(*record).clone() };
            self.store.swap(&code.key, &record, &open, Some(CODE_TTL)).await
        };
        if !matches!(reopened.await, Ok::<bool, StoreError>(true)) {
            self.doubt(code).await;
        }
    }

    async fn doubt(&self, code: &OpenCode) {
        self.doubtful.insert(code.key.id().to_owned(), ()).await;
    }
}

impl OpenCode {
    pub(crate) fn grant(&self) -> &GrantId {
        &self.record.grant
    }

    /// Whether the client knows its scopes, since it has what it asked for.
    pub(crate) fn scopes_as_asked(&self) -> bool {
        self.record.request.scopes_as_asked
    }
}

impl Presented<'_> {
    fn check(&self, code: &Code) -> Result<(), RedeemError> {
        let Code { grant, request, .. } = code;
        let redirect_uri_fits = match self.redirect_uri {
            Some(redirect_uri) => redirect_uri == request.redirect_uri.as_str(),
            None => !request.redirect_uri_sent,
        };
        if self.client.client_id != request.client_id || !redirect_uri_fits {
            return Err(RedeemError::Foreign(grant.clone()));
        }
        if request.challenge.verify(self.verifier) { Ok(()) } else { Err(RedeemError::Verifier(grant.clone())) }
    }
}
