//! Values nobody can guess.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// How long [`random_id`]s are, in characters.
pub(crate) const ID_LEN: usize = 22;

/// 128 bits of the operating system's generator (RFC 6749 §10.10), as 22 characters of base64url.
///
/// # Errors
/// When the operating system has no randomness to give, which a request cannot survive.
pub(crate) fn random_id() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// Whether a text could be a [`random_id`].
pub(crate) fn is_random_id(text: &str) -> bool {
    text.len() == ID_LEN && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_128_bits_and_differ_hyg_06() {
        let ids: std::collections::HashSet<String> = (0..1000).map(|_| random_id().unwrap()).collect();
        assert_eq!(ids.len(), 1000);
        assert!(ids.iter().all(|id| is_random_id(id) && URL_SAFE_NO_PAD.decode(id).unwrap().len() == 16));
        assert!(!is_random_id("") && !is_random_id("aaaaaaaaaaaaaaaaaaaaa;"));
    }
}
