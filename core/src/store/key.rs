//! What a record is filed under, and the terms it is kept on.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

/// A kind of record, such as `"client"` or `"refresh-token"`: ids are unique within one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Collection(&'static str);

impl Collection {
    /// A collection of this name, which is part of what lies on disk: renaming one loses its records.
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }

    /// The name.
    pub const fn name(self) -> &'static str {
        self.0
    }
}

impl fmt::Debug for Collection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Display for Collection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// The name of one record. It lies in clear on disk, so it never is a secret: see [`Key::hashed`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    collection: Collection,
    id: String,
}

impl Key {
    /// A record with a public id, such as a `client_id`.
    pub fn new(collection: Collection, id: impl Into<String>) -> Self {
        let id = id.into();
        Self { collection, id }
    }

    /// A record that is looked up by a secret (a code, a `state`, a refresh token): its id is the
    /// SHA-256 of the secret in base64url, from which nobody gets the secret back.
    ///
    /// No salt and no stretching: the secret must be a random value of at least 128 bits, not a password.
    pub fn hashed(collection: Collection, secret: &str) -> Self {
        let id = URL_SAFE_NO_PAD.encode(Sha256::digest(secret.as_bytes()));
        Self { collection, id }
    }

    /// The collection of the record.
    pub fn collection(&self) -> Collection {
        self.collection
    }

    /// The id within the collection.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Both parts in one byte string, no two keys alike: the associated data of a sealed record.
    #[cfg(feature = "auth")]
    pub(crate) fn associated_data(&self) -> Vec<u8> {
        super::aead::join(&[self.collection.0.as_bytes(), self.id.as_bytes()])
    }
}

/// The terms on which a record is kept. The default: no end, no owner.
///
/// ```
/// # use std::time::Duration;
/// # use dari::store::Put;
/// let ten_minutes = Put::default().with_ttl(Duration::from_secs(600)).with_owner("user-1");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Put {
    ttl: Option<Duration>,
    owner: Option<String>,
}

impl Put {
    /// Keeps the record for this long from now on, by the store's [`Clock`](crate::clock::Clock), in
    /// milliseconds.
    pub fn with_ttl(mut self, ttl: Duration) -> Self {
        self.ttl = Some(ttl);
        self
    }

    /// Files the record under an owner (a user), for [`Store::owned_by`](super::Store::owned_by).
    /// The empty name means no owner.
    pub fn with_owner(mut self, owner: impl Into<String>) -> Self {
        self.owner = Some(owner.into()).filter(|owner| !owner.is_empty());
        self
    }

    /// How long the record lives; `None` is without end.
    pub fn ttl(&self) -> Option<Duration> {
        self.ttl
    }

    /// Whom the record belongs to.
    pub fn owner(&self) -> Option<&str> {
        self.owner.as_deref()
    }
}

/// The moment a record ends, in milliseconds since 1970: the form in which backends keep it.
///
/// At that moment it has ended. [`NEVER`] stands for no end.
pub(crate) fn expiry(now_millis: u64, ttl: Option<Duration>) -> u64 {
    let Some(ttl) = ttl else { return NEVER };
    let ttl = u64::try_from(ttl.as_millis()).unwrap_or(NEVER);
    now_millis.saturating_add(ttl)
}

/// The expiry of a record that lives until it is deleted.
pub(crate) const NEVER: u64 = u64::MAX;

#[cfg(test)]
mod tests {
    use super::*;

    const CODES: Collection = Collection::new("code");

    #[test]
    fn a_hashed_key_is_the_sha256_and_not_the_secret() {
        let key = Key::hashed(CODES, "abc");
        assert_eq!(key.id(), "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0");
        assert_eq!(key.collection().name(), "code");
        assert!(!format!("{key:?}").contains("abc\""));
    }

    #[cfg(feature = "auth")]
    #[test]
    fn associated_data_differs_where_a_plain_join_would_not() {
        let one = Key::new(Collection::new("a"), "bc").associated_data();
        let two = Key::new(Collection::new("ab"), "c").associated_data();
        assert_ne!(one, two);
    }

    #[test]
    fn an_endless_ttl_does_not_overflow() {
        assert_eq!(expiry(5, Some(Duration::MAX)), NEVER);
        assert_eq!(expiry(5, Some(Duration::from_millis(10))), 15);
        assert_eq!(expiry(5, None), NEVER);
        assert_eq!(Put::default().with_owner("").owner(), None);
    }
}
