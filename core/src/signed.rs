//! Strings which the client keeps for us: what is in them is for anybody to read, and only for us to write.
//!
//! They are session ids and the state of requests that are to be sent again. All that is in them came from the client
//! itself, so they are signed and not encrypted, and work on a server without a store or a secret.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Signs strings for one purpose, and knows its own again.
#[derive(Clone, Default)]
pub(crate) struct Signer {
    /// The first signs, all verify; each has its key and the purpose mixed in already.
    keys: Vec<Hmac<Sha256>>,
}

impl Signer {
    /// A signer with the newest key first. What was signed for one `purpose` is nothing for another.
    pub(crate) fn new(keys: &[[u8; 32]], purpose: &str) -> Self {
        let keyed = |key: &[u8; 32]| keyed(&keyed(key).chain_update(purpose).finalize().into_bytes().into());
        Self { keys: keys.iter().map(keyed).collect() }
    }

    /// A string of URL-safe characters that holds `payload`, and is good for this `context` only.
    pub(crate) fn sign(&self, context: &[u8], payload: &[u8]) -> Option<String> {
        let mut text = BASE64.encode(payload);
        let signature = mac(self.keys.first()?, context, text.as_bytes()).finalize().into_bytes();
        text.push('.');
        BASE64.encode_string(signature, &mut text);
        Some(text)
    }

    /// The payload of a string that was signed for this context.
    pub(crate) fn verify(&self, context: &[u8], text: &str) -> Option<Vec<u8>> {
        let (payload, signature) = text.split_once('.')?;
        let signature = BASE64.decode(signature).ok()?;
        // `verify_slice` compares in constant time.
        self.keys.iter().find(|key| mac(key, context, payload.as_bytes()).verify_slice(&signature).is_ok())?;
        BASE64.decode(payload).ok()
    }
}

fn mac(key: &Hmac<Sha256>, context: &[u8], payload: &[u8]) -> Hmac<Sha256> {
    // The length in front keeps the two apart.
    key.clone().chain_update((context.len() as u64).to_be_bytes()).chain_update(context).chain_update(payload)
}

/// HMAC under this key. A key shorter than a block is filled up with zeros (RFC 2104 §2), so this cannot fail.
fn keyed(key: &[u8; 32]) -> Hmac<Sha256> {
    let mut block = [0; 64];
    block[..32].copy_from_slice(key);
    Hmac::new(&block.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_keys_purpose_and_context_know_it_again() {
        let signer = Signer::new(&[[7; 32]], "a");
        let text = signer.sign(b"context", "페이로드".as_bytes()).unwrap();
        assert!(text.bytes().all(|byte| byte.is_ascii_graphic()));
        assert_eq!(signer.verify(b"context", &text).as_deref(), Some("페이로드".as_bytes()));
        assert!(Signer::new(&[[1; 32], [7; 32]], "a").verify(b"context", &text).is_some(), "an older key");
        assert!(signer.verify(b"other", &text).is_none());
        assert!(signer.verify(b"", &text).is_none());
        assert!(Signer::new(&[[7; 32]], "b").verify(b"context", &text).is_none());
        assert!(Signer::new(&[[8; 32]], "a").verify(b"context", &text).is_none());
        for garbage in ["", ".", "a.b", "a", "한글.한글", &text[1..], &format!("{text}x"), &format!("{text}-TAMPERED")]
        {
            assert!(signer.verify(b"context", garbage).is_none(), "{garbage}");
        }
    }
}
