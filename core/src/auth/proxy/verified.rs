//! Access tokens that were verified before: a client sends the same one with every call for an hour.
//!
//! What is remembered is what never changes: whose token it is, and from when to when it is good. Whether its login still
//! holds is asked anew each time. What was refused, as for want of a scope, is not remembered.

use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use memchr::memrchr;
use quick_cache::UnitWeighter;
use quick_cache::sync::{Cache, DefaultLifecycle};
use siphasher::sip128::SipHasher24;

use crate::auth::Principal;
use crate::auth::login::grants::LiveGrant;
use crate::auth::tokens::access_token::Claims;

/// How many tokens a process remembers; any other is verified again.
const REMEMBERED: usize = 10_000;

/// A token, by a digest of its signature that nobody without the key of this process can compute.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct TokenDigest(u128);

/// Hashes a digest, which is a hash already.
#[derive(Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.0 ^= u64::from_le_bytes(word);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Whom a token lets in.
pub(super) struct Verified {
    /// All of the token but its signature: what lies in memory opens nothing.
    signed: Box<[u8]>,
    pub(super) claims: Claims,
    /// The grant as this process knew it when the principal was made.
    pub(super) live: Arc<LiveGrant>,
    pub(super) principal: Principal,
}

/// The tokens that are remembered.
pub(crate) struct VerifiedTokens {
    /// Of `SipHash-2-4`, a MAC of short messages that costs a tenth of SHA-256.
    key: [u8; 16],
    cache: Cache<TokenDigest, Arc<Verified>, UnitWeighter, BuildHasherDefault<AsItIs>>,
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
        let (hashes, lifecycle) = (BuildHasherDefault::default(), DefaultLifecycle::default());
        Ok(Self { key, cache: Cache::with(REMEMBERED, REMEMBERED as u64, UnitWeighter, hashes, lifecycle) })
    }

    pub(super) fn get(&self, token: &[u8]) -> Option<Arc<Verified>> {
        let (signed, digest) = self.parts(token)?;
        self.cache.get(&digest).filter(|verified| *verified.signed == *signed)
    }

    pub(super) fn remember(&self, token: &[u8], claims: Claims, live: Arc<LiveGrant>, principal: Principal) {
        let Some((signed, digest)) = self.parts(token) else { return };
        self.cache.insert(digest, Arc::new(Verified { signed: signed.into(), claims, live, principal }));
    }

    /// What is signed, and the signature (RFC 7515 §3.1). The signature is short, and nobody can make one for something
    /// else.
    fn parts<'t>(&self, token: &'t [u8]) -> Option<(&'t [u8], TokenDigest)> {
        let (signed, signature) = token.split_at(memrchr(b'.', token)?);
        Some((signed, TokenDigest(SipHasher24::new_with_key(&self.key).hash(signature).into())))
    }
}
