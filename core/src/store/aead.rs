//! XChaCha20-Poly1305 under a key ring.
//!
//! Layout of what is sealed: version (1 byte) ‖ key id (8) ‖ nonce (24) ‖ ciphertext and tag. The
//! nonce is random: with 192 bits that is safe without a counter.

use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use super::keys::{KeyId, KeyRing};

const VERSION: u8 = 1;
const HEAD: usize = 1 + KeyId::LEN;
const NONCE: usize = 24;

/// Why something sealed does not open.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unsealable {
    /// Its key is not in the ring.
    UnknownKey(KeyId),
    /// Cut off, altered, or sealed for another place.
    Altered,
}

/// The system's random generator, or the cipher, refused.
#[derive(Debug)]
pub(super) struct Refused(pub(super) &'static str);

/// Seals under the first key of the ring, for one purpose and bound to the associated data.
pub(super) fn seal(ring: &KeyRing, purpose: &str, associated: &[u8], plain: &[u8]) -> Result<Vec<u8>, Refused> {
    let mut nonce = [0; NONCE];
    getrandom::fill(&mut nonce).map_err(|_| Refused("the system gives no random bytes"))?;
    let id = ring.id();
    let associated = join(&[associated, id.bytes()]);
    let payload = Payload { msg: plain, aad: &associated };
    let sealed = cipher(&ring.derive(purpose))
        .encrypt(&XNonce::from(nonce), payload)
        .map_err(|_| Refused("it is too long to be sealed"))?;
    Ok([&[VERSION], id.bytes().as_slice(), &nonce, &sealed].concat())
}

/// Opens what [`seal`] made under any key of the ring.
pub(super) fn open(
    ring: &KeyRing,
    purpose: &str,
    associated: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Unsealable> {
    let (head, rest) = sealed.split_at_checked(HEAD).ok_or(Unsealable::Altered)?;
    let (nonce, sealed) = rest.split_first_chunk::<NONCE>().ok_or(Unsealable::Altered)?;
    let (VERSION, id) = (head[0], KeyId::from_slice(&head[1..])) else {
        return Err(Unsealable::Altered);
    };
    let key = ring.derive_for(id, purpose);
    let key = key.ok_or(Unsealable::UnknownKey(id))?;
    let associated = join(&[associated, id.bytes()]);
    let payload = Payload { msg: sealed, aad: &associated };
    cipher(&key).decrypt(&XNonce::from(*nonce), payload).map(Zeroizing::new).map_err(|_| Unsealable::Altered)
}

fn cipher(key: &[u8; 32]) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(key.into())
}

/// Byte strings one after another, each behind its length: no two lists give the same result.
pub(super) fn join(parts: &[&[u8]]) -> Vec<u8> {
    let mut joined = Vec::with_capacity(parts.iter().map(|part| 8 + part.len()).sum());
    for part in parts {
        joined.extend_from_slice(&(part.len() as u64).to_be_bytes());
        joined.extend_from_slice(part);
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Secret;

    #[test]
    fn opens_only_unaltered_and_in_its_place() {
        let ring = KeyRing::ephemeral().unwrap();
        let sealed = seal(&ring, "p", b"place", b"hello").unwrap();
        assert_eq!(*open(&ring, "p", b"place", &sealed).unwrap(), b"hello");
        assert_eq!(open(&ring, "p", b"other", &sealed), Err(Unsealable::Altered));
        assert_eq!(open(&ring, "q", b"place", &sealed), Err(Unsealable::Altered));
        for i in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[i] ^= 1;
            assert!(open(&ring, "p", b"place", &altered).is_err(), "byte {i}");
            assert!(open(&ring, "p", b"place", &sealed[..i]).is_err(), "cut at {i}");
        }
        assert_ne!(seal(&ring, "p", b"place", b"hello").unwrap(), sealed);
    }

    #[test]
    fn older_keys_open_and_the_first_seals() {
        let secret = |byte| Secret::from_bytes(vec![byte; 32]).unwrap();
        let old = KeyRing::new([secret(1)]).unwrap();
        let both = KeyRing::new([secret(2), secret(1)]).unwrap();
        let new = KeyRing::new([secret(2)]).unwrap();
        let sealed = seal(&old, "p", b"", b"x").unwrap();
        assert!(open(&both, "p", b"", &sealed).is_ok());
        assert_eq!(open(&new, "p", b"", &sealed), Err(Unsealable::UnknownKey(old.id())));
        let sealed = seal(&both, "p", b"", b"x").unwrap();
        assert!(open(&new, "p", b"", &sealed).is_ok());
    }
}
