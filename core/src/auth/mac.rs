//! Message authentication codes under keys of the ring.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::store::KeyRing;

/// HMAC-SHA256 for one purpose: the first key makes codes, all of them verify.
pub(crate) struct Authenticator(Vec<Zeroizing<[u8; 32]>>);

impl Authenticator {
    /// For the purpose that the label names.
    pub(crate) fn new(keys: &KeyRing, label: &str) -> Self {
        Self(keys.ids().filter_map(|id| keys.derive_for(id, label)).collect())
    }

    /// The code of these parts, in base64url.
    pub(crate) fn code(&self, parts: &[&str]) -> String {
        let mac = self.0.first().and_then(|key| mac(key.as_slice(), parts));
        mac.map(|mac| URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())).unwrap_or_default()
    }

    /// Whether this is the code of these parts, in constant time.
    pub(crate) fn verify(&self, parts: &[&str], code: &str) -> bool {
        let Ok(code) = URL_SAFE_NO_PAD.decode(code) else { return false };
        self.0.iter().any(|key| mac(key.as_slice(), parts).is_some_and(|mac| mac.verify_slice(&code).is_ok()))
    }
}

/// Each part goes in with its length, so that no two lists are alike.
fn mac(key: &[u8], parts: &[&str]) -> Option<Hmac<Sha256>> {
    // HMAC takes keys of any length, so there always is one.
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part.as_bytes());
    }
    Some(mac)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Secret;

    #[test]
    fn codes_hold_for_their_parts_purpose_and_ring() {
        let (old, new) = (Secret::random().unwrap(), Secret::random().unwrap());
        let ring = KeyRing::new([old.clone()]).unwrap();
        let csrf = Authenticator::new(&ring, "csrf");
        let code = csrf.code(&["ab", "c"]);
        assert!(csrf.verify(&["ab", "c"], &code));
        assert!(!csrf.verify(&["a", "bc"], &code));
        assert!(!csrf.verify(&["ab", "c"], ""));
        assert!(!csrf.verify(&["ab", "c"], &format!("{code}A")));
        assert!(!Authenticator::new(&ring, "other").verify(&["ab", "c"], &code));
        let rotated = KeyRing::new([new, old]).unwrap();
        assert!(Authenticator::new(&rotated, "csrf").verify(&["ab", "c"], &code));
    }
}
