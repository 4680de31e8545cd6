//! One header of a request, however often it was sent.

use http::{HeaderMap, HeaderName, HeaderValue};

/// The values of one header.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sent<'h> {
    first: Option<&'h HeaderValue>,
    is_repeated: bool,
}

impl<'h> Sent<'h> {
    pub(crate) fn of(headers: &'h HeaderMap, name: &HeaderName) -> Self {
        let mut sent = Self::default();
        headers.get_all(name).iter().for_each(|value| sent.add(value));
        sent
    }

    /// One more value.
    pub(crate) const fn add(&mut self, value: &'h HeaderValue) {
        if self.first.is_some() {
            self.is_repeated = true;
        } else {
            self.first = Some(value);
        }
    }

    /// The value, or the first of several.
    pub(crate) const fn first(self) -> Option<&'h HeaderValue> {
        self.first
    }

    /// The value, where there is no other.
    pub(crate) fn once(self) -> Option<&'h HeaderValue> {
        self.first.filter(|_| !self.is_repeated)
    }

    pub(crate) const fn is_repeated(self) -> bool {
        self.is_repeated
    }

    pub(crate) const fn is_absent(self) -> bool {
        self.first.is_none()
    }
}
