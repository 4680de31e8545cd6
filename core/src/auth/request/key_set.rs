//! The public keys of a client (RFC 7517), for `private_key_jwt`.

use jsonwebtoken::jwk::{Jwk, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::Value;

/// The algorithms that a client may sign with: asymmetric ones, chosen here and never by a token (RFC 8725 §3.1).
pub(crate) const ALGORITHMS: [(Algorithm, &str); 9] = [
    (Algorithm::ES256, "ES256"),
    (Algorithm::ES384, "ES384"),
    (Algorithm::EdDSA, "EdDSA"),
    (Algorithm::PS256, "PS256"),
    (Algorithm::PS384, "PS384"),
    (Algorithm::PS512, "PS512"),
    (Algorithm::RS256, "RS256"),
    (Algorithm::RS384, "RS384"),
    (Algorithm::RS512, "RS512"),
];
/// The most keys that are looked at.
const MAX_KEYS: usize = 20;

/// The usable keys of a set.
#[derive(Clone, Debug)]
pub(crate) struct KeySet(Vec<Key>);

#[derive(Clone, Debug)]
struct Key {
    id: Option<String>,
    /// The one algorithm it is for, if it says so.
    algorithm: Option<Algorithm>,
    key: DecodingKey,
}

/// Why a key set is of no use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum KeySetError {
    /// RFC 7517 §5.
    #[error("it is not a JSON Web Key Set")]
    NotKeySet,
    /// None for signatures with the algorithms above.
    #[error("it has no public key for signatures that is usable here")]
    NoKey,
}

impl KeySet {
    /// Reads a set. A key of another kind is passed over (RFC 7517 §5): one odd key must not lock a client out.
    pub(crate) fn parse(set: &Value) -> Result<Self, KeySetError> {
        let keys = set.get("keys").and_then(Value::as_array).ok_or(KeySetError::NotKeySet)?;
        let keys: Vec<Key> = keys.iter().take(MAX_KEYS).filter_map(Key::parse).collect();
        if keys.is_empty() { Err(KeySetError::NoKey) } else { Ok(Self(keys)) }
    }

    /// Reads a document.
    pub(crate) fn parse_document(document: &[u8]) -> Result<Self, KeySetError> {
        Self::parse(&serde_json::from_slice(document).map_err(|_| KeySetError::NotKeySet)?)
    }

    /// The keys that may have made a signature with this algorithm; those with the id, where one is named.
    pub(crate) fn candidates(&self, algorithm: Algorithm, id: Option<&str>) -> impl Iterator<Item = &DecodingKey> {
        let fits = move |key: &&Key| {
            key.key.family() == algorithm.family()
                && key.algorithm.is_none_or(|only| only == algorithm)
                && id.is_none_or(|id| key.id.as_deref() == Some(id))
        };
        self.0.iter().filter(fits).map(|key| &key.key)
    }
}

impl Key {
    fn parse(key: &Value) -> Option<Self> {
        // A set with private or symmetric keys in it is a leak, and nobody's proof.
        if key.get("d").is_some() || key.get("kty").is_none_or(|kind| kind == "oct") {
            return None;
        }
        let key: Jwk = serde_json::from_value(key.clone()).ok()?;
        let signs = key.common.public_key_use.as_ref().is_none_or(|kind| *kind == PublicKeyUse::Signature)
            && key.common.key_operations.as_ref().is_none_or(|all| all.contains(&KeyOperations::Verify));
        let algorithm = match key.common.key_algorithm {
            Some(algorithm) => Some(Algorithm::try_from(algorithm).ok()?),
            None => None,
        };
        let known = algorithm.is_none_or(is_allowed);
        (signs && known).then_some(())?;
        Some(Self { id: key.common.key_id.clone(), algorithm, key: DecodingKey::from_jwk(&key).ok()? })
    }
}

/// Whether a client may sign with it.
pub(crate) fn is_allowed(algorithm: Algorithm) -> bool {
    ALGORITHMS.iter().any(|(allowed, _)| *allowed == algorithm)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn ec(changes: Value) -> Value {
        let mut key = json!({
            "kty": "EC", "crv": "P-256", "kid": "1",
            "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        });
        for (name, value) in changes.as_object().unwrap() {
            key[name] = value.clone();
        }
        key
    }

    #[test]
    fn usable_keys_are_found_among_odd_ones() {
        let set = json!({ "keys": [
            { "kty": "quantum", "kid": "0" },
            { "kty": "oct", "k": "c2VjcmV0", "alg": "HS256" },
            5,
            ec(json!({})),
            ec(json!({ "kid": "2", "use": "enc" })),
            ec(json!({ "kid": "3", "alg": "ES384" })),
        ] });
        let set = KeySet::parse(&set).unwrap();
        assert_eq!(set.candidates(Algorithm::ES256, Some("1")).count(), 1);
        assert_eq!(set.candidates(Algorithm::ES256, None).count(), 1);
        assert_eq!(set.candidates(Algorithm::ES384, None).count(), 2);
        for id in ["0", "2", "4", ""] {
            assert_eq!(set.candidates(Algorithm::ES256, Some(id)).count(), 0, "{id}");
        }
        assert_eq!(set.candidates(Algorithm::RS256, None).count(), 0);
        assert_eq!(set.candidates(Algorithm::HS256, None).count(), 0);
    }

    #[test]
    fn sets_without_a_usable_key() {
        for (set, error) in [
            (json!({}), KeySetError::NotKeySet),
            (json!([]), KeySetError::NotKeySet),
            (json!({ "keys": {} }), KeySetError::NotKeySet),
            (json!({ "keys": [] }), KeySetError::NoKey),
            (json!({ "keys": [ec(json!({ "d": "private" }))] }), KeySetError::NoKey),
            (json!({ "keys": [ec(json!({ "key_ops": ["sign"] }))] }), KeySetError::NoKey),
            (json!({ "keys": [ec(json!({ "alg": "HS256" }))] }), KeySetError::NoKey),
            (json!({ "keys": [{ "kty": "oct", "k": "c2VjcmV0" }] }), KeySetError::NoKey),
        ] {
            assert_eq!(KeySet::parse(&set).unwrap_err(), error, "{set}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = KeySet::parse_document(&bytes);
        }

        #[test]
        fn no_member_of_a_key_makes_a_panic(x in "\\PC{0,50}", crv in "(P-256|P-384|Ed25519|x)", kty in "(EC|RSA|OKP)") {
            let key = json!({ "kty": kty, "crv": crv, "x": x, "y": x, "n": x, "e": x });
            let _ = KeySet::parse(&json!({ "keys": [key] }));
        }
    }
}
