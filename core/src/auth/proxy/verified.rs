//! Access tokens that were verified before: a client sends the same one with every call for an hour.
//!
//! What is remembered is what never changes: whose token it is, and from when to when it is good. Whether its login still
//! holds is asked anew each time. What was refused is not remembered.

use std::sync::Arc;

use moka::future::Cache;
use siphasher::sip128::SipHasher24;

use crate::auth::Principal;
use crate::auth::login::grants::LiveGrant;
use crate::auth::tokens::access_token::Claims;

/// How many tokens a process remembers; any other is verified again.
const REMEMBERED: u64 = 10_000;

/// A token, by what nobody without the key of this process can find a second one for: what lies in memory opens nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct TokenDigest(u128);

/// Whom a token lets in.
pub(super) struct Verified {
    pub(super) claims: Claims,
    /// The grant as this process knew it when the principal was made.
    live: Arc<LiveGrant>,
    principal: Principal,
}

impl Verified {
    pub(super) const fn new(claims: Claims, live: Arc<LiveGrant>, principal: Principal) -> Self {
        Self { claims, live, principal }
    }

    /// Who calls, if this is still what the process knows of the grant.
    pub(super) fn principal(&self, live: &Arc<LiveGrant>) -> Option<&Principal> {
        Arc::ptr_eq(&self.live, live).then_some(&self.principal)
    }
}

/// The tokens that are remembered.
pub(crate) struct VerifiedTokens {
    /// Of `SipHash-2-4`, a MAC of short messages that costs a tenth of SHA-256.
    key: [u8; 16],
    cache: Cache<TokenDigest, Arc<Verified>>,
}

impl VerifiedTokens {
    /// Remembers none yet.
    ///
    /// # Errors
    ///
    /// The system gives no random bytes.
    pub(super) fn new() -> Result<Self, getrandom::Error> {
        let mut key = [0; 16];
        getrandom::fill(&mut key)?;
        Ok(Self { key, cache: Cache::new(REMEMBERED) })
    }

    pub(super) fn digest(&self, token: &str) -> TokenDigest {
        TokenDigest(SipHasher24::new_with_key(&self.key).hash(token.as_bytes()).into())
    }

    pub(super) async fn get(&self, token: &TokenDigest) -> Option<Arc<Verified>> {
        self.cache.get(token).await
    }

    pub(super) async fn remember(&self, token: TokenDigest, verified: Verified) {
        self.cache.insert(token, Arc::new(verified)).await;
    }
}
