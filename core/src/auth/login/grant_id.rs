//! The name of a grant.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::auth::random::random_id;

/// The random id of a grant, 128 bits. It shows itself hashed, which is how logs name a grant.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct GrantId(String);

impl GrantId {
    /// A new id.
    ///
    /// # Errors
    /// When the operating system has no randomness to give.
    pub(crate) fn random() -> Result<Self, getrandom::Error> {
        random_id().map(Self)
    }

    /// The id itself, for a key or a claim.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for GrantId {
    /// From a key of the store.
    fn from(id: String) -> Self {
        Self(id)
    }
}

impl fmt::Display for GrantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hash = Sha256::digest(self.0.as_bytes());
        f.write_str(&URL_SAFE_NO_PAD.encode(&hash[..9]))
    }
}

impl fmt::Debug for GrantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GrantId({self})")
    }
}
