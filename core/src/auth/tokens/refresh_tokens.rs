//! Refresh tokens: a chain per grant, each the HMAC of the one before (RFC 6749 §6, RFC 9700 §4.14.2).
//!
//! Nothing of a token is stored but its hash. A client whose answer was lost asks again with the same token and gets
//! the same successor, until that successor has been used; a use after that means that two hold the chain, and ends it.

use std::time::Duration;

use super::mac::Authenticator;
use crate::auth::login::records::{REFRESH_TOKENS, RefreshToken};
use crate::store::{Key, KeyRing, Put, Sealed, StoreError};

/// The refresh tokens of a server.
pub(crate) struct RefreshTokens {
    store: Sealed,
    chain: Authenticator,
}

/// What the use of a token means, by the newest one that was used before.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// The next of the chain, for the first time.
    Next,
    /// The newest once more: its answer was lost, or two asked at once.
    Retry,
    /// One whose successor was used.
    Reuse,
}

impl Use {
    /// Judges the use of the token with this index.
    pub(crate) fn of(index: u32, newest_used: Option<u32>) -> Self {
        match newest_used {
            Some(used) if index < used => Self::Reuse,
            Some(used) if index == used => Self::Retry,
            _ => Self::Next,
        }
    }
}

impl RefreshTokens {
    pub(crate) fn new(store: Sealed, keys: &KeyRing) -> Self {
        Self { store, chain: Authenticator::new(keys, "dari/refresh-token") }
    }

    /// The first token of a chain, always the same for a code: whoever has to ask twice with it gets one chain.
    pub(crate) fn first(&self, code: &str) -> String {
        self.chain.code(&["first", code])
    }

    /// The token after this one, always the same.
    pub(crate) fn successor(&self, token: &str) -> String {
        self.chain.code(&["next", token])
    }

    /// Makes a token known, for as long as its grant may rest.
    ///
    /// # Errors
    /// Those of the store.
    pub(crate) async fn put(&self, token: &str, record: &RefreshToken, ttl: Duration) -> Result<(), StoreError> {
        let put = Put::default().with_ttl(ttl).with_owner(record.grant.as_str());
        self.store.put(&Key::hashed(REFRESH_TOKENS, token), record, put).await
    }

    /// What is known of a token.
    ///
    /// # Errors
    /// Those of the store.
    pub(crate) async fn find(&self, token: &str) -> Result<Option<RefreshToken>, StoreError> {
        let record = self.store.get(&Key::hashed(REFRESH_TOKENS, token)).await?;
        Ok(record.map(crate::store::Record::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_retry_is_told_from_a_reuse() {
        assert_eq!(Use::of(0, None), Use::Next);
        assert_eq!(Use::of(0, Some(0)), Use::Retry);
        assert_eq!(Use::of(1, Some(0)), Use::Next);
        assert_eq!(Use::of(0, Some(1)), Use::Reuse);
    }
}
