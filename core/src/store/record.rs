//! A record together with the version that was read.

use std::fmt;
use std::ops::Deref;

use bytes::Bytes;

/// What was read from a store. It remembers the bytes that the backend has, which are ciphertext in a
/// [`Sealed`](super::Sealed) one, so that a [`swap`](super::Sealed::swap) replaces exactly the version that was read.
#[derive(Clone)]
pub struct Record<T> {
    value: T,
    stored: Bytes,
}

impl<T> Record<T> {
    pub(super) fn new(value: T, stored: Bytes) -> Self {
        Self { value, stored }
    }

    /// The value alone.
    pub fn into_inner(self) -> T {
        self.value
    }

    pub(super) fn stored(&self) -> &[u8] {
        &self.stored
    }
}

impl<T> Deref for Record<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> fmt::Debug for Record<T> {
    /// Shows that there is a record, and nothing of it: records hold tokens.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Record([REDACTED])")
    }
}
