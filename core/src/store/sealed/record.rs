use std::fmt;
use std::ops::Deref;

use bytes::Bytes;

/// What was read from a [`Sealed`](super::Sealed) store. It remembers its ciphertext, so that
/// [`Sealed::swap`](super::Sealed::swap) replaces exactly the version that was read.
#[derive(Clone)]
pub struct Record<T> {
    value: T,
    sealed: Bytes,
}

impl<T> Record<T> {
    pub(super) fn new(value: T, sealed: Bytes) -> Self {
        Self { value, sealed }
    }

    /// The value alone.
    pub fn into_inner(self) -> T {
        self.value
    }

    pub(super) fn sealed(&self) -> &[u8] {
        &self.sealed
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
