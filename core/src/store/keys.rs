//! The secrets everything else is derived from.

mod file;

use std::fmt;
use std::path::Path;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, URL_SAFE_NO_PAD};
use hkdf::Hkdf;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;
use zeroize::Zeroizing;

/// The least length of a secret, in bytes: the strength of the keys derived from it.
const LEAST: usize = 32;

/// Why there is no usable secret. No message shows any of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The secret is too short to be a key. A passphrase is not stretched into one.
    #[error(
        "the secret has {length} bytes, but needs at least {LEAST} random ones; make one with `openssl rand -base64 32`"
    )]
    Short {
        /// How many bytes it has.
        length: usize,
    },
    /// The list of secrets is empty.
    #[error("no secret is configured; make one with `openssl rand -base64 32`")]
    None,
    /// The file with the secret cannot be read or made.
    #[error(
        "the secret file {path} cannot be used: {source}; make it readable and its folder writable for this user, or configure a secret"
    )]
    File {
        /// The file.
        path: String,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The file with the secret does not hold one.
    #[error(
        "the secret file {path} holds no usable secret ({reason}); restore it, without it what was stored cannot be read"
    )]
    Content {
        /// The file.
        path: String,
        /// What is wrong.
        reason: String,
    },
    /// The operating system gives no random bytes.
    #[error("the system's random generator failed: {0}")]
    Random(#[from] getrandom::Error),
    /// Something could not be sealed.
    #[error("cannot be sealed: {0}")]
    Seal(&'static str),
}

/// A root secret of at least 32 bytes. It is wiped from memory on drop, and never printed.
#[derive(Clone)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Reads a secret as an operator writes it. White space around it is ignored.
    ///
    /// Hexadecimal, base64 and base64url are decoded where they give at least 32 bytes, tried in that
    /// order; any other text of at least 32 bytes is taken as it is.
    ///
    /// # Errors
    /// [`KeyError::Short`].
    pub fn parse(text: &SecretString) -> Result<Self, KeyError> {
        let text = text.expose_secret().trim();
        let decoded = [decode_hex(text), decode_base64(text)].map(|bytes| bytes.map(Zeroizing::new));
        let mut decoded = decoded.into_iter().flatten();
        match decoded.find(|bytes| bytes.len() >= LEAST) {
            Some(bytes) => Ok(Self(bytes)),
            None => Self::from_bytes(text.as_bytes().to_vec()),
        }
    }

    /// Takes raw bytes, for instance from a key service.
    ///
    /// # Errors
    /// [`KeyError::Short`].
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, KeyError> {
        let bytes = Zeroizing::new(bytes);
        let length = bytes.len();
        if length < LEAST {
            return Err(KeyError::Short { length });
        }
        Ok(Self(bytes))
    }

    /// Makes a new one from the system's random generator.
    ///
    /// # Errors
    /// [`KeyError::Random`].
    pub fn random() -> Result<Self, KeyError> {
        let mut bytes = Zeroizing::new(vec![0; LEAST]);
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    fn derive(&self, label: &str) -> Zeroizing<[u8; 32]> {
        let mut key = Zeroizing::new([0; 32]);
        Hkdf::<Sha256>::new(None, &self.0)
            .expand(label.as_bytes(), &mut *key)
            .expect("HKDF gives up to 8160 bytes (RFC 5869 §2.3), and these are 32");
        key
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret([REDACTED])")
    }
}

/// The public name of a root secret: it lies in front of what was sealed, and is the `kid` of a token.
/// Nothing about the secret can be learned from it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyId([u8; Self::LEN]);

impl KeyId {
    pub(super) const LEN: usize = 8;

    pub(super) fn bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }

    pub(super) fn from_slice(bytes: &[u8]) -> Self {
        let mut id = [0; Self::LEN];
        id.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        Self(id)
    }

    fn of(secret: &Secret) -> Self {
        Self::from_slice(secret.derive("dari/key-id").as_slice())
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

/// Root secrets: the first seals, all of them open.
///
/// To change the secret without logging anybody out, put the new one in front and keep the old one for
/// as long as what it sealed shall live. For each purpose a key of its own is derived by HKDF-SHA256
/// (RFC 5869) with the purpose as its label: none of them tells anything about another.
#[derive(Clone)]
pub struct KeyRing {
    first: (KeyId, Secret),
    older: Vec<(KeyId, Secret)>,
}

impl KeyRing {
    /// A ring of these secrets, the newest first.
    ///
    /// # Errors
    /// [`KeyError::None`] if there is none.
    pub fn new(secrets: impl IntoIterator<Item = Secret>) -> Result<Self, KeyError> {
        let mut secrets = secrets.into_iter().map(|s| (KeyId::of(&s), s));
        let first = secrets.next().ok_or(KeyError::None)?;
        let older = secrets.collect();
        Ok(Self { first, older })
    }

    /// A ring of configured secrets, the newest first, each read by [`Secret::parse`].
    ///
    /// # Errors
    /// [`KeyError::None`] if there is none, [`KeyError::Short`] if one is too short.
    pub fn parse<'a>(secrets: impl IntoIterator<Item = &'a SecretString>) -> Result<Self, KeyError> {
        let secrets = secrets.into_iter().map(Secret::parse);
        Self::new(secrets.collect::<Result<Vec<_>, _>>()?)
    }

    /// A random ring that dies with the process, and with it whatever it sealed.
    ///
    /// # Errors
    /// [`KeyError::Random`].
    pub fn ephemeral() -> Result<Self, KeyError> {
        Self::new([Secret::random()?])
    }

    /// The ring of the secret in this file, which is made if there is none: mode 0600, in folders of
    /// mode 0700, in one step, so that two processes that start together get the same one. This blocks.
    ///
    /// For servers without a configured secret; the place is
    /// [`default_secret_path`](super::default_secret_path), never the folder of the data.
    ///
    /// # Errors
    /// [`KeyError::File`] if the file cannot be read or made, [`KeyError::Content`] if it holds something else.
    pub fn load_or_create(path: impl AsRef<Path>) -> Result<Self, KeyError> {
        Self::new([file::load_or_create(path.as_ref())?])
    }

    /// The id of the first key, which seals.
    pub fn id(&self) -> KeyId {
        self.first.0
    }

    /// The ids of all keys, the first first.
    pub fn ids(&self) -> impl Iterator<Item = KeyId> + '_ {
        self.all().map(|(id, _)| *id)
    }

    /// The first key for a purpose, named by a label such as `dari/access-token`.
    pub fn derive(&self, label: &str) -> Zeroizing<[u8; 32]> {
        self.first.1.derive(label)
    }

    /// The key of this id for a purpose; `None` if the ring has no such key.
    pub fn derive_for(&self, id: KeyId, label: &str) -> Option<Zeroizing<[u8; 32]>> {
        let (_, secret) = self.all().find(|(its, _)| *its == id)?;
        Some(secret.derive(label))
    }

    fn all(&self) -> impl Iterator<Item = &(KeyId, Secret)> {
        std::iter::once(&self.first).chain(&self.older)
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.ids()).finish()
    }
}

fn decode_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    let value = |digit: u8| char::from(digit).to_digit(16);
    digits.chunks_exact(2).map(|pair| u8::try_from(value(pair[0])? * 16 + value(pair[1])?).ok()).collect()
}

fn decode_base64(text: &str) -> Option<Vec<u8>> {
    const PADDED_OR_NOT: GeneralPurposeConfig =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    [&alphabet::STANDARD, &alphabet::URL_SAFE]
        .into_iter()
        .find_map(|alphabet| GeneralPurpose::new(alphabet, PADDED_OR_NOT).decode(text).ok())
}

#[cfg(test)]
mod tests;
