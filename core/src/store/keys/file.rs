//! A secret in a file of its own.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::SecretString;
use zeroize::Zeroizing;

use super::{KeyError, Secret};
use crate::store::files;

pub(super) fn load_or_create(path: &Path) -> Result<Secret, KeyError> {
    let fail = |source| KeyError::File { path: path.to_string_lossy().into_owned(), source };
    if let Some(secret) = load(path)? {
        return Ok(secret);
    }
    files::private_parent(path).map_err(fail)?;
    let secret = Secret::random()?;
    let text = Zeroizing::new(STANDARD.encode(&*secret.0) + "\n");
    let made = files::publish(path, |draft| {
        let mut file = fs::OpenOptions::new().write(true).open(draft)?;
        file.write_all(text.as_bytes())
    });
    if made.map_err(fail)? {
        return Ok(secret);
    }
    // Another process was faster: its secret is the one.
    load(path)?.ok_or_else(|| fail(io::ErrorKind::NotFound.into()))
}

fn load(path: &Path) -> Result<Option<Secret>, KeyError> {
    let name = || path.to_string_lossy().into_owned();
    let text = match fs::read_to_string(path) {
        Ok(text) => SecretString::from(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            let (path, reason) = (name(), "it is not text".to_owned());
            return Err(KeyError::Content { path, reason });
        }
        Err(source) => {
            let path = name();
            return Err(KeyError::File { path, source });
        }
    };
    warn_if_open_to_others(path);
    let secret = Secret::parse(&text).map_err(|error| KeyError::Content { path: name(), reason: error.to_string() })?;
    Ok(Some(secret))
}

fn warn_if_open_to_others(path: &Path) {
    #[cfg(unix)]
    if let Ok(data) = fs::metadata(path)
        && std::os::unix::fs::PermissionsExt::mode(&data.permissions()) & 0o077 != 0
    {
        let path = path.display();
        tracing::warn!("other users may read the secret file {path}; run `chmod 600 {path}`");
    }
    #[cfg(not(unix))]
    let _ = path;
}
