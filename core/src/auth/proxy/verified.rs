//! Access tokens that were verified before: a client sends the same one with every call for an hour.
//!
//! What is remembered is what never changes: whose token it is, and from when to when it is good. Whether its login still
//! holds is asked anew each time. What was refused is not remembered.

use std::sync::Arc;

use moka::future::Cache;
use sha2::{Digest as _, Sha256};

use crate::auth::Principal;
use crate::auth::login::grants::LiveGrant;
use crate::auth::tokens::access_token::Claims;

/// How many tokens a process remembers; any other is verified again.
const REMEMBERED: u64 = 10_000;

/// A token, by its digest: what lies in memory opens nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct TokenDigest([u8; 32]);

impl TokenDigest {
    pub(super) fn of(token: &str) -> Self {
        Self(Sha256::digest(token).into())
    }
}

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
pub(crate) struct VerifiedTokens(Cache<TokenDigest, Arc<Verified>>);

impl Default for VerifiedTokens {
    fn default() -> Self {
        Self(Cache::new(REMEMBERED))
    }
}

impl VerifiedTokens {
    pub(super) async fn get(&self, token: &TokenDigest) -> Option<Arc<Verified>> {
        self.0.get(token).await
    }

    pub(super) async fn remember(&self, token: TokenDigest, verified: Verified) {
        self.0.insert(token, Arc::new(verified)).await;
    }
}
