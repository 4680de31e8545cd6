//! Sealed strings which the other side keeps for us: cookies, session ids.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::aead;
use super::key::NEVER;
use super::keys::KeyRing;

/// The length of the expiry in front of the bytes.
const EXPIRY: usize = 8;

impl KeyRing {
    /// Seals bytes into a string of base64url characters (visible ASCII, fit for a header, a cookie, a
    /// URL) which only this ring opens, and only with the same label and context.
    ///
    /// The `label` names the purpose, such as `dari/cookie`, and chooses the key; the `context` is what
    /// the string must not be carried away from (a user, a client), it need not be secret. From `expires`
    /// on it does not open any more; `None` is without end. The string can be used more than once: for
    /// once only, keep a record and [`take`](super::Store::take) it.
    ///
    /// ```
    /// # use std::time::{Duration, SystemTime};
    /// # use dari::store::KeyRing;
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let (ring, now) = (KeyRing::ephemeral()?, SystemTime::now());
    /// let cookie = ring.seal_token("cookie", b"user-1", b"hello", Some(now + Duration::from_secs(60)))?;
    /// assert_eq!(ring.open_token("cookie", b"user-1", &cookie, now).as_deref(), Some(&b"hello".to_vec()));
    /// assert!(ring.open_token("cookie", b"user-2", &cookie, now).is_none());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`KeyError::Seal`](super::KeyError::Seal) if the system gives no random bytes.
    pub fn seal_token(
        &self,
        label: &str,
        context: &[u8],
        bytes: &[u8],
        expires: Option<SystemTime>,
    ) -> Result<String, super::KeyError> {
        let expires = expires.map_or(NEVER, millis).to_be_bytes();
        let plain = Zeroizing::new([&expires, bytes].concat());
        let sealed = aead::seal(self, &purpose(label), context, &plain);
        let sealed = sealed.map_err(|refused| super::KeyError::Seal(refused.0))?;
        Ok(URL_SAFE_NO_PAD.encode(sealed))
    }

    /// Opens what [`seal_token`](Self::seal_token) made; `None` if it did not, if it is altered, expired,
    /// or of another label, context or ring.
    pub fn open_token(&self, label: &str, context: &[u8], token: &str, now: SystemTime) -> Option<Zeroizing<Vec<u8>>> {
        let sealed = URL_SAFE_NO_PAD.decode(token).ok()?;
        let plain = aead::open(self, &purpose(label), context, &sealed).ok()?;
        let (expires, bytes) = plain.split_first_chunk::<EXPIRY>()?;
        let live = u64::from_be_bytes(*expires) > millis(now);
        live.then(|| Zeroizing::new(bytes.to_vec()))
    }
}

/// Apart from the labels of [`KeyRing::derive`]: no token can pass for a record, whatever its label.
fn purpose(label: &str) -> String {
    format!("dari/token:{label}")
}

fn millis(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    let millis = since.unwrap_or(Duration::ZERO).as_millis();
    // One below, for `NEVER` stands for no expiry at all.
    u64::try_from(millis).unwrap_or(NEVER).min(NEVER - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn opens_with_its_label_context_and_ring_until_it_expires() {
        let (ring, now) = (KeyRing::ephemeral().unwrap(), SystemTime::now());
        let token = ring.seal_token("a", b"ctx", b"hi", Some(now + SECOND)).unwrap();
        assert!(token.bytes().all(|byte| byte.is_ascii_graphic()));
        let open = |label, context: &[u8], now| ring.open_token(label, context, &token, now);
        assert_eq!(**open("a", b"ctx", now).unwrap(), *b"hi");
        assert!(open("b", b"ctx", now).is_none());
        assert!(open("a", b"other", now).is_none());
        assert!(open("a", b"ctx", now + SECOND).is_none());
        let stranger = KeyRing::ephemeral().unwrap();
        assert!(stranger.open_token("a", b"ctx", &token, now).is_none());
        for garbage in ["", "x", "한글", &token[1..], &format!("{token}=")] {
            assert!(ring.open_token("a", b"ctx", garbage, now).is_none());
        }
    }

    #[test]
    fn without_expiry_it_opens_for_ever() {
        let ring = KeyRing::ephemeral().unwrap();
        let token = ring.seal_token("a", b"", b"", None).unwrap();
        let late = SystemTime::now() + SECOND * 1_000_000_000;
        assert!(ring.open_token("a", b"", &token, late).is_some());
    }
}
