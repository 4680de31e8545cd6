//! Secrets as operators configure them: in an environment variable, or in a file that another one names.
//!
//! For a secret `NAME` both `NAME` and `NAME_FILE` are looked at, as container platforms mount secrets as files.

use std::fs::File;
use std::io::{self, Read as _};

use secrecy::SecretString;
use zeroize::Zeroizing;

/// The secret that seals and signs.
pub(crate) const SECRET: &str = "DARI_SECRET";
/// Those before it, which still open and verify.
pub(crate) const PREVIOUS: &str = "DARI_SECRET_PREVIOUS";

/// No secret is as long as this, in bytes.
const MOST: u64 = 64 * 1024;

/// Why a secret that is configured cannot be used. No message shows any of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingError {
    /// It is given twice.
    #[error("both {name} and {name}_FILE are set; leave one of them out")]
    Twice {
        /// The variable.
        name: String,
    },
    /// The file cannot be read.
    #[error("{name}_FILE names the file {path}, which cannot be read: {source}")]
    File {
        /// The variable, without `_FILE`.
        name: String,
        /// The file.
        path: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// The file holds nothing, or more than a secret.
    #[error("{name}_FILE names the file {path}, which {reason}; put the secret into it, and nothing else")]
    Content {
        /// The variable, without `_FILE`.
        name: String,
        /// The file.
        path: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// There are old secrets and no present one.
    #[error("{PREVIOUS} is set, but {SECRET} is not; put the present secret into {SECRET}")]
    OnlyPrevious,
}

/// The secret in the variable of this name, or in the file that `<name>_FILE` names. `get` reads a variable; a blank one
/// counts as not set. White space around the secret is dropped.
///
/// ```
/// use dari::store::secret_setting;
///
/// # fn main() -> Result<(), dari::store::SettingError> {
/// let secret = secret_setting("MY_API_KEY", |name| std::env::var(name).ok())?;
/// assert!(secret.is_none());
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// [`SettingError`], which names variable and file.
pub fn secret_setting(name: &str, get: impl Fn(&str) -> Option<String>) -> Result<Option<SecretString>, SettingError> {
    let value = |name: &str| {
        let text = Zeroizing::new(get(name)?);
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    };
    let (secret, path) = (value(name), value(&format!("{name}_FILE")));
    let name = name.to_owned();
    match (secret, path) {
        (None, None) => Ok(None),
        (Some(secret), None) => Ok(Some(secret.into())),
        (Some(secret), Some(_)) => {
            drop(Zeroizing::new(secret));
            Err(SettingError::Twice { name })
        }
        (None, Some(path)) => read(name, path).map(Some),
    }
}

fn read(name: String, path: String) -> Result<SecretString, SettingError> {
    let mut bytes = Zeroizing::new(Vec::new());
    let opened = File::open(&path).and_then(|file| file.take(MOST + 1).read_to_end(&mut bytes));
    let length = match opened {
        Ok(length) => length as u64,
        Err(source) => return Err(SettingError::File { name, path, source }),
    };
    let reason = match std::str::from_utf8(&bytes).map(str::trim) {
        Ok("") => "is empty",
        Ok(_) if length > MOST => "is longer than any secret",
        Ok(text) => return Ok(SecretString::from(text)),
        Err(_) => "is not text",
    };
    Err(SettingError::Content { name, path, reason })
}

/// The secrets of a login, the newest first: `DARI_SECRET`, then those of `DARI_SECRET_PREVIOUS`, one a line. Each may be
/// in a file instead (`DARI_SECRET_FILE`, `DARI_SECRET_PREVIOUS_FILE`). None at all is an empty list.
///
/// To change the secret without logging anybody out: put the old one into `DARI_SECRET_PREVIOUS` and a new one into
/// `DARI_SECRET`; drop the old one once everything it sealed has ended, by default after a month.
///
/// # Errors
///
/// [`SettingError`], all there are.
pub fn configured_secrets(get: impl Fn(&str) -> Option<String>) -> Result<Vec<SecretString>, Vec<SettingError>> {
    use secrecy::ExposeSecret as _;

    match (secret_setting(SECRET, &get), secret_setting(PREVIOUS, &get)) {
        (Ok(None), Ok(Some(_))) => Err(vec![SettingError::OnlyPrevious]),
        (Ok(first), Ok(previous)) => {
            let previous = previous.iter().flat_map(|text| text.expose_secret().lines());
            let previous = previous.map(str::trim).filter(|line| !line.is_empty()).map(SecretString::from);
            Ok(first.into_iter().chain(previous.collect::<Vec<_>>()).collect())
        }
        (first, previous) => Err([first.err(), previous.err()].into_iter().flatten().collect()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use secrecy::ExposeSecret as _;

    use super::*;

    fn secrets(variables: &[(&str, &str)]) -> Result<Vec<String>, String> {
        let variables: HashMap<&str, &str> = variables.iter().copied().collect();
        let secrets = configured_secrets(|name| variables.get(name).map(|value| (*value).to_owned()));
        secrets
            .map(|secrets| secrets.iter().map(|secret| secret.expose_secret().to_owned()).collect())
            .map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    }

    #[test]
    fn the_newest_comes_first_from_variables_or_files() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path.to_str().unwrap().to_owned()
        };
        assert_eq!(secrets(&[]).unwrap(), [""; 0]);
        assert_eq!(secrets(&[(SECRET, " new\n"), (PREVIOUS, "")]).unwrap(), ["new"]);
        assert_eq!(
            secrets(&[(SECRET, "new"), (PREVIOUS, "old, with a comma\n\n older \n")]).unwrap(),
            ["new", "old, with a comma", "older"]
        );
        let (new, old) = (file("new", "new\n"), file("old", "old\nolder\n"));
        let both = secrets(&[("DARI_SECRET_FILE", &new), ("DARI_SECRET_PREVIOUS_FILE", &old)]);
        assert_eq!(both.unwrap(), ["new", "old", "older"]);
    }

    #[test]
    fn mistakes_are_told_all_at_once_with_variable_and_file_and_without_the_secret() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let (empty, binary, long, gone) = (path("empty"), path("binary"), path("long"), path("gone"));
        std::fs::write(&empty, "\n").unwrap();
        std::fs::write(&binary, [0xff, 0xfe]).unwrap();
        std::fs::write(&long, "x".repeat(65 * 1024)).unwrap();
        for bad in [&empty, &binary, &long, &gone] {
            let text = secrets(&[("DARI_SECRET_FILE", bad), (PREVIOUS, "hunter2"), ("DARI_SECRET_PREVIOUS_FILE", "x")]);
            let text = text.unwrap_err();
            assert!(text.contains("DARI_SECRET_FILE") && text.contains(bad.as_str()), "{text}");
            assert!(text.contains("both DARI_SECRET_PREVIOUS and DARI_SECRET_PREVIOUS_FILE"), "{text}");
            assert!(!text.contains("hunter2"), "{text}");
        }
        assert!(secrets(&[(PREVIOUS, "old")]).unwrap_err().contains("DARI_SECRET is not"));
    }
}
