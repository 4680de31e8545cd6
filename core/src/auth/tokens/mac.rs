//! Message authentication codes under keys of the ring.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::store::KeyRing;

/// HMAC-SHA256 for one purpose: the first key makes codes, all of them verify.
pub(crate) struct Authenticator {
    first: Zeroizing<[u8; 32]>,
    older: Vec<Zeroizing<[u8; 32]>>,
}

impl Authenticator {
    /// For the purpose that the label names.
    pub(crate) fn new(keys: &KeyRing, label: &str) -> Self {
        let older = keys.ids().skip(1).filter_map(|id| keys.derive_for(id, label)).collect();
        Self { first: keys.derive(label), older }
    }

    /// The code of these parts, in base64url.
    pub(crate) fn code(&self, parts: &[&str]) -> String {
        URL_SAFE_NO_PAD.encode(mac(&self.first, parts).finalize().into_bytes())
    }

    /// Whether this is the code of these parts, in constant time.
    pub(crate) fn verify(&self, parts: &[&str], code: &str) -> bool {
        let Ok(code) = URL_SAFE_NO_PAD.decode(code) else { return false };
        std::iter::once(&self.first).chain(&self.older).any(|key| mac(key, parts).verify_slice(&code).is_ok())
    }
}

/// Each part goes in with its length, so that no two lists are alike.
fn mac(key: &[u8; 32], parts: &[&str]) -> Hmac<Sha256> {
    // HMAC itself fills a key up to a block with zeros (RFC 2104 §2); a whole block cannot be refused.
    let mut block = Zeroizing::new([0; 64]);
    block[..key.len()].copy_from_slice(key);
    let mut mac = Hmac::<Sha256>::new((&*block).into());
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part.as_bytes());
    }
    mac
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Secret;

    #[test]
    fn it_is_hmac_sha256() {
        let key = [7; 32];
        let mut plain = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        plain.update(&2_u64.to_be_bytes());
        plain.update(b"ab");
        assert_eq!(mac(&key, &["ab"]).finalize().into_bytes(), plain.finalize().into_bytes());
    }

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
