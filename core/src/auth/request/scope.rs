//! Scopes: names of permissions (RFC 6749 §3.3).

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::params::printable;

/// The most scopes in one set, and bytes in one scope: far above what a provider knows.
const MAX_SCOPES: usize = 100;
const MAX_BYTES: usize = 200;

/// A set of scopes in the order in which they were first named.
///
/// Written, also by serde, as one string with single spaces between. Two sets are equal when they have the same members.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scopes(Vec<Box<str>>);

/// Why a text is no set of scopes (`invalid_scope`).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ScopeError {
    /// A character outside of RFC 6749 §3.3, or a scope that is far too long.
    #[error("{scope} is not a scope: visible ASCII without quotes and backslashes, at most {MAX_BYTES} characters")]
    BadScope {
        /// The offender, made printable.
        scope: String,
    },
    /// More scopes than any provider knows.
    #[error("too many scopes: at most {MAX_SCOPES} at a time")]
    TooMany,
}

impl Scopes {
    /// Reads a space-separated list; an empty one is the empty set.
    pub(crate) fn parse(text: &str) -> Result<Self, ScopeError> {
        Self::from_tokens(text.split(' ').filter(|token| !token.is_empty()))
    }

    /// The set of these scopes, one scope an item.
    pub(crate) fn from_tokens(tokens: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Self, ScopeError> {
        let mut scopes = Self::default();
        for token in tokens {
            let token = token.as_ref();
            let legal = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
            if token.is_empty() || token.len() > MAX_BYTES || !token.bytes().all(legal) {
                return Err(ScopeError::BadScope { scope: printable(token) });
            }
            scopes.insert(token);
            if scopes.len() > MAX_SCOPES {
                return Err(ScopeError::TooMany);
            }
        }
        Ok(scopes)
    }

    fn insert(&mut self, scope: &str) {
        if !self.contains(scope) {
            self.0.push(scope.into());
        }
    }

    /// The scopes in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(AsRef::as_ref)
    }

    /// How many scopes there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this scope is a member.
    pub(crate) fn contains(&self, scope: &str) -> bool {
        self.iter().any(|member| member == scope)
    }

    /// Whether every member is also in `other`.
    pub(crate) fn is_subset(&self, other: &Self) -> bool {
        self.iter().all(|scope| other.contains(scope))
    }

    /// The members of both, this set's first.
    #[must_use]
    pub(crate) fn union(&self, other: &Self) -> Self {
        let mut union = self.clone();
        other.iter().for_each(|scope| union.insert(scope));
        union
    }

    /// The members that are also in `other`, in this set's order.
    #[must_use]
    pub(crate) fn intersection(&self, other: &Self) -> Self {
        Self(self.0.iter().filter(|scope| other.contains(scope)).cloned().collect())
    }
}

impl PartialEq for Scopes {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.is_subset(other)
    }
}

impl Eq for Scopes {}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}

impl Serialize for Scopes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Scopes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scopes(text: &str) -> Scopes {
        Scopes::parse(text).unwrap()
    }

    #[test]
    fn order_is_kept_and_members_are_unique() {
        for (text, written) in [
            ("", ""),
            ("   ", ""),
            ("b a b", "b a"),
            (" calendar.write  profile ", "calendar.write profile"),
            ("https://example.com/auth/mail", "https://example.com/auth/mail"),
        ] {
            assert_eq!(scopes(text).to_string(), written);
        }
        assert_eq!(scopes("a b"), scopes("b a"));
        assert_ne!(scopes("a b"), scopes("a c"));
    }

    #[test]
    fn only_the_characters_of_rfc_6749_3_3() {
        for text in ["a\"b", "a\\b", "a\tb", "a\nb", "캘린더", "<b>\u{7f}", &"x".repeat(201)] {
            let error = Scopes::parse(text).unwrap_err().to_string();
            assert!(error.bytes().all(|byte| matches!(byte, 0x20 | 0x21 | 0x23..=0x5b | 0x5d..=0x7e)), "{error}");
        }
        assert!(Scopes::from_tokens(["a b"]).is_err());
        assert!(Scopes::from_tokens([""]).is_err());
        let many: Vec<String> = (0..101).map(|n| n.to_string()).collect();
        assert_eq!(Scopes::from_tokens(&many), Err(ScopeError::TooMany));
    }

    #[test]
    fn sets() {
        let (ab, bc) = (scopes("a b"), scopes("b c"));
        assert_eq!(ab.union(&bc).to_string(), "a b c");
        assert_eq!(ab.intersection(&bc).to_string(), "b");
        assert!(scopes("b").is_subset(&ab) && scopes("").is_subset(&ab) && !ab.is_subset(&bc));
        assert!(ab.contains("a") && !ab.contains("A") && !ab.contains(""));
        assert!(scopes("").is_empty() && ab.len() == 2);
    }

    #[test]
    fn serde_is_the_string() {
        assert_eq!(serde_json::to_string(&scopes("a b")).unwrap(), r#""a b""#);
        assert_eq!(serde_json::from_str::<Scopes>(r#""b \u0061""#).unwrap(), scopes("a b"));
        assert!(serde_json::from_str::<Scopes>(r#""a\nb""#).is_err());
    }
}
