//! Proof Key for Code Exchange, the client's half of it (RFC 7636), with `S256` and nothing else.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// The SHA-256 of the secret a client will show when it redeems its code (RFC 7636 §4.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CodeChallenge([u8; 32]);

/// Why an authorization request's PKCE parameters were refused (`invalid_request`, RFC 7636 §4.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PkceError {
    /// No `code_challenge`.
    #[error("code_challenge is missing: this server requires PKCE with the method S256")]
    Missing,
    /// Another method, or none, which means `plain` (RFC 7636 §4.3).
    #[error("code_challenge_method must be S256")]
    NotS256,
    /// No SHA-256 value.
    #[error("code_challenge must be the base64url form, without padding, of a SHA-256 hash: 43 characters")]
    NotSha256,
}

impl CodeChallenge {
    /// Reads `code_challenge` and `code_challenge_method` of an authorization request.
    pub(crate) fn parse(challenge: Option<&str>, method: Option<&str>) -> Result<Self, PkceError> {
        let challenge = challenge.ok_or(PkceError::Missing)?;
        if method != Some("S256") {
            return Err(PkceError::NotS256);
        }
        Self::from_base64url(challenge).ok_or(PkceError::NotSha256)
    }

    fn from_base64url(challenge: &str) -> Option<Self> {
        let hash = URL_SAFE_NO_PAD.decode(challenge).ok()?;
        Some(Self(hash.try_into().ok()?))
    }

    /// Whether this `code_verifier` is the one the challenge was made of (RFC 7636 §4.6), in constant time.
    ///
    /// A text outside the verifier's grammar (§4.1) never is.
    pub(crate) fn verify(&self, verifier: &str) -> bool {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
        (43..=128).contains(&verifier.len())
            && verifier.bytes().all(legal)
            && bool::from(Sha256::digest(verifier).as_slice().ct_eq(&self.0))
    }
}

impl Serialize for CodeChallenge {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl<'de> Deserialize<'de> for CodeChallenge {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::from_base64url(&text).ok_or_else(|| serde::de::Error::custom(PkceError::NotSha256))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // The pair of RFC 7636 appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn missing_challenge_pkce_01() {
        for method in [None, Some("S256"), Some("plain")] {
            assert_eq!(CodeChallenge::parse(None, method), Err(PkceError::Missing));
        }
    }

    #[test]
    fn only_s256_pkce_02() {
        for method in [None, Some("plain"), Some("s256"), Some("S256 "), Some("S512")] {
            assert_eq!(CodeChallenge::parse(Some(CHALLENGE), method), Err(PkceError::NotS256), "{method:?}");
        }
    }

    #[test]
    fn challenge_that_is_no_sha_256_pkce_03() {
        let padded = format!("{CHALLENGE}=");
        let long = format!("{CHALLENGE}A");
        let plain_alphabet = CHALLENGE.replace('-', "+");
        // The last character has two bits too many: no encoder writes it.
        let stray_bits = format!("{}N", &CHALLENGE[..42]);
        for challenge in ["", "abc", &CHALLENGE[..42], &padded, &long, &plain_alphabet, &stray_bits, VERIFIER_NOT_ASCII]
        {
            let parsed = CodeChallenge::parse(Some(challenge), Some("S256"));
            assert_eq!(parsed, Err(PkceError::NotSha256), "{challenge}");
        }
    }
    const VERIFIER_NOT_ASCII: &str = "가가가가가가가가가가가가가가가가";

    #[test]
    fn right_wrong_and_illegal_verifiers_pkce_04_05() {
        let challenge = CodeChallenge::parse(Some(CHALLENGE), Some("S256")).unwrap();
        assert!(challenge.verify(VERIFIER));
        let other = VERIFIER.replace('d', "e");
        for wrong in ["", CHALLENGE, &other, &VERIFIER[..42]] {
            assert!(!challenge.verify(wrong), "{wrong}");
        }
        let of = |verifier: &str| CodeChallenge(Sha256::digest(verifier).into());
        for (verifier, legal) in [
            ("a".repeat(42), false),
            ("a".repeat(43), true),
            ("~._-".repeat(32), true),
            ("a".repeat(129), false),
            (format!("{} ", "a".repeat(43)), false),
            (format!("{}+", "a".repeat(43)), false),
        ] {
            assert_eq!(of(&verifier).verify(&verifier), legal, "{verifier}");
        }
    }

    #[test]
    fn serde_is_the_parameter() {
        let challenge = CodeChallenge::parse(Some(CHALLENGE), Some("S256")).unwrap();
        let json = serde_json::to_string(&challenge).unwrap();
        assert_eq!(json, format!("\"{CHALLENGE}\""));
        assert_eq!(serde_json::from_str::<CodeChallenge>(&json).unwrap(), challenge);
        assert!(serde_json::from_str::<CodeChallenge>("\"short\"").is_err());
    }
}
