//! The route that Naver tells when a user disconnects the application under "connected services".
//!
//! Source: the guide's section on the unlink webhook (developers.naver.com, Naver Login, 4.4). Naver sends a form with
//! `clientId`, `encryptUniqueId`, `timestamp` (seconds since 1970) and `signature`, wants 204, and does not send it again:
//! what is lost here is noticed when the login next asks Naver whose token it has.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aes::Aes128;
use axum::Router;
use axum::extract::rejection::RawFormRejection;
use axum::extract::{RawForm, State};
use axum::http::StatusCode;
use axum::routing::post;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, KeyIvInit};
use dari::auth::{Sessions, log_refusal};
use hmac::{Hmac, KeyInit, Mac};
use md5::{Digest, Md5};
use secrecy::{ExposeSecret, SecretBox, SecretString};
use sha2::Sha256;

/// The path of the route, below that of the provider's routes.
const PATH: &str = "/unlink";

/// What Naver has in common with this application.
#[derive(Clone)]
pub(crate) struct UnlinkKey {
    client_id: String,
    key: Arc<SecretBox<[u8; 16]>>,
}

/// A user who disconnected the application.
#[derive(Debug, PartialEq, Eq)]
struct Unlinked {
    user_id: String,
    at: SystemTime,
}

/// Why a message is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refused {
    /// It is not the form that Naver sends.
    Form,
    /// It is for another application.
    ForeignClient,
    /// Its signature is not Naver's.
    Signature,
}

impl Refused {
    /// Its code in the log and the metrics.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Form => "unlink_form_invalid",
            Self::ForeignClient => "unlink_client_foreign",
            Self::Signature => "unlink_signature_invalid",
        }
    }

    const fn status(self) -> StatusCode {
        match self {
            Self::Form => StatusCode::BAD_REQUEST,
            Self::ForeignClient | Self::Signature => StatusCode::FORBIDDEN,
        }
    }
}

/// The route, which ends the sessions of whoever disconnected the application.
pub(crate) fn routes(key: UnlinkKey, sessions: Sessions) -> Router {
    Router::new().route(PATH, post(unlink)).with_state((key, sessions))
}

async fn unlink(
    State((key, sessions)): State<(UnlinkKey, Sessions)>,
    form: Result<RawForm, RawFormRejection>,
) -> StatusCode {
    let form = match form {
        Ok(RawForm(form)) => form,
        Err(rejection) => {
            log_refusal(Refused::Form.as_str());
            return rejection.status();
        }
    };
    let unlinked = match key.read(&form) {
        Ok(unlinked) => unlinked,
        Err(refused) => {
            log_refusal(refused.as_str());
            return refused.status();
        }
    };
    // A task of its own: Naver does not send it again, so it is done though Naver hangs up.
    let work = tokio::spawn(async move { sessions.consent_withdrawn(&unlinked.user_id, unlinked.at).await });
    match work.await {
        Ok(Ok(ended)) => {
            tracing::info!(ended, "a user disconnected the application at Naver");
            StatusCode::NO_CONTENT
        }
        Ok(Err(error)) => {
            tracing::error!(%error, "a user disconnected the application at Naver, but the sessions could not be ended");
            StatusCode::SERVICE_UNAVAILABLE
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl UnlinkKey {
    /// The key is the MD5 of the client secret, as Naver has it.
    pub(crate) fn new(client_id: &str, client_secret: &SecretString) -> Self {
        let key = Md5::digest(client_secret.expose_secret().as_bytes());
        Self { client_id: client_id.to_owned(), key: Arc::new(SecretBox::new(Box::new(key.into()))) }
    }

    /// What a message says, once its signature is found to be Naver's. An old message does no harm: it tells nothing of
    /// sessions that began after it.
    fn read(&self, form: &[u8]) -> Result<Unlinked, Refused> {
        let mut pairs = url::form_urlencoded::parse(form).into_owned().collect::<Vec<_>>();
        let mut take = |name: &str| {
            let at = pairs.iter().position(|(known, _)| known == name).ok_or(Refused::Form)?;
            let (_, value) = pairs.swap_remove(at);
            // Of two values one could be signed and the other be read.
            if pairs.iter().any(|(known, _)| known == name) { Err(Refused::Form) } else { Ok(value) }
        };
        let (client_id, encrypted) = (take("clientId")?, take("encryptUniqueId")?);
        let (timestamp, signature) = (take("timestamp")?, take("signature")?);
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| Refused::Form)?;
        self.mac(&client_id, &encrypted, &timestamp).verify_slice(&signature).map_err(|_| Refused::Signature)?;
        if client_id != self.client_id {
            return Err(Refused::ForeignClient);
        }
        let seconds = timestamp.parse().map_err(|_| Refused::Form)?;
        let at = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds)).ok_or(Refused::Form)?;
        let user_id = self.decrypt(&encrypted).ok_or(Refused::Form)?;
        Ok(Unlinked { user_id, at })
    }

    fn mac(&self, client_id: &str, encrypted: &str, timestamp: &str) -> Hmac<Sha256> {
        // HMAC itself fills a key up to a block with zeros (RFC 2104 §2); a whole block cannot be refused.
        let mut block = [0; 64];
        block[..16].copy_from_slice(self.key.expose_secret());
        let signed = format!("clientId={client_id}&encryptUniqueId={encrypted}&timestamp={timestamp}");
        Hmac::<Sha256>::new((&block).into()).chain_update(signed)
    }

    fn decrypt(&self, encrypted: &str) -> Option<String> {
        let bytes = URL_SAFE_NO_PAD.decode(encrypted).ok()?;
        let (iv, text) = bytes.split_first_chunk::<16>()?;
        let cipher = cbc::Decryptor::<Aes128>::new(self.key.expose_secret().into(), iv.into());
        String::from_utf8(cipher.decrypt_padded_vec::<Pkcs7>(text).ok()?).ok().filter(|id| !id.is_empty())
    }

    /// A message as Naver writes it, for the sandbox.
    #[cfg(feature = "sandbox")]
    pub(crate) fn write(&self, user_id: &str, iv: [u8; 16], seconds: i64) -> [(&'static str, String); 4] {
        use cbc::cipher::BlockModeEncrypt;

        let cipher = cbc::Encryptor::<Aes128>::new(self.key.expose_secret().into(), (&iv).into());
        let encrypted = [&iv[..], &cipher.encrypt_padded_vec::<Pkcs7>(user_id.as_bytes())].concat();
        let (encrypted, timestamp) = (URL_SAFE_NO_PAD.encode(encrypted), seconds.to_string());
        let signature = self.mac(&self.client_id, &encrypted, &timestamp).finalize().into_bytes();
        [
            ("clientId", self.client_id.clone()),
            ("signature", URL_SAFE_NO_PAD.encode(signature)),
            ("encryptUniqueId", encrypted),
            ("timestamp", timestamp),
        ]
    }
}

impl fmt::Debug for UnlinkKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnlinkKey").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Made with openssl and Python from the description alone, not by this code.
    const FORM: &str = "clientId=my-client&encryptUniqueId=AAECAwQFBgcICQoLDA0OD4yPT_rokfJUQ2xO5QKXnCQ\
        &timestamp=1790000000&signature=U_AXrIEgNRSyOrtdtJQlaJ_vJOhU0ZR9TXLGwQjC8-k";

    fn key() -> UnlinkKey {
        UnlinkKey::new("my-client", &"hunter2-hunter2".into())
    }

    #[test]
    fn it_reads_what_another_program_wrote() {
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000);
        assert_eq!(key().read(FORM.as_bytes()), Ok(Unlinked { user_id: "aB3fakeId_xyz".to_owned(), at }));
        assert!(!format!("{:?}", key()).contains("hunter2"));
    }

    #[test]
    fn whatever_is_changed_is_refused() {
        let read = |form: &str| key().read(form.as_bytes()).unwrap_err();
        assert_eq!(read(&FORM.replace("timestamp=179", "timestamp=180")), Refused::Signature);
        assert_eq!(read(&FORM.replace("clientId=my", "clientId=your")), Refused::Signature);
        assert_eq!(read(&FORM.replace("encryptUniqueId=", "encryptUniqueId=A")), Refused::Signature);
        assert_eq!(read(&format!("{FORM}&timestamp=1")), Refused::Form);
        assert_eq!(read(&FORM.replace("signature=", "sig=")), Refused::Form);
        assert_eq!(read(""), Refused::Form);
        let other = UnlinkKey::new("my-client", &"another-secret".into());
        assert_eq!(other.read(FORM.as_bytes()).unwrap_err(), Refused::Signature);
        let other = UnlinkKey::new("your-client", &"hunter2-hunter2".into());
        assert_eq!(other.read(FORM.as_bytes()).unwrap_err(), Refused::ForeignClient);
    }
}
