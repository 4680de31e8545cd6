//! Settings from the process environment and a `.env` file.
//!
//! The process environment wins, the file fills its gaps, and nothing is ever written back: changing the environment
//! of a running process is unsound as soon as there are threads.

use std::collections::HashMap;
use std::fmt;

use dari::store::{SettingError, secret_setting};
use secrecy::SecretString;

/// A reading of the environment: what providers configure themselves from.
///
/// A variable that is set but blank counts as not set, so that `NAVER_CLIENT_ID=` in a template is reported as missing.
/// In the file, put values with a `$` or a `#` in single quotes.
///
/// ```
/// use dari_providers::env::Env;
///
/// let env = Env::from_map([("NAVER_CLIENT_ID", "abc")]);
/// assert_eq!(env.get("NAVER_CLIENT_ID").as_deref(), Some("abc"));
/// ```
#[derive(Clone)]
pub struct Env {
    process: bool,
    values: HashMap<String, String>,
}

impl Env {
    /// The process environment, and behind it the `.env` file of the working directory or the nearest one above it.
    ///
    /// # Errors
    /// When there is a `.env` file but it can't be read, or a line of it is not `NAME=value`. Having no file is fine.
    pub fn load() -> Result<Self, EnvFileError> {
        let mut values = HashMap::new();
        match dotenvy::dotenv_iter() {
            Ok(entries) => read_entries(entries, &mut values)?,
            Err(error) if error.not_found() => {}
            Err(error) => return Err(EnvFileError::new(&error, None)),
        }
        Ok(Self { process: true, values })
    }

    /// Only the values given: the process environment and files are not looked at. For tests.
    pub fn from_map<N: Into<String>, V: Into<String>>(values: impl IntoIterator<Item = (N, V)>) -> Self {
        let values = values.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Self { process: false, values }
    }

    /// The value of a variable without surrounding white space; `None` where it is not set or blank.
    pub fn get(&self, name: &str) -> Option<String> {
        let process = if self.process { std::env::var(name).ok() } else { None };
        process
            .filter(|value| !value.trim().is_empty())
            .or_else(|| self.values.get(name).cloned())
            .map(|value| value.trim().to_owned())
            .filter(|value| !value.is_empty())
    }

    /// The same for a value that must not be printed; it may also be in the file that the variable `<name>_FILE` names.
    ///
    /// # Errors
    /// When both variables are set, or the file holds no secret.
    pub fn secret(&self, name: &str) -> Result<Option<SecretString>, SettingError> {
        secret_setting(name, |name| self.get(name))
    }

    /// Those of `names` that have no value: ask for all that is needed, and report all that lacks at once.
    pub fn missing(&self, names: &[&'static str]) -> Vec<&'static str> {
        names.iter().copied().filter(|name| self.get(name).is_none()).collect()
    }
}

/// Shows the names that were read from a file or a map; never a value.
impl fmt::Debug for Env {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut names: Vec<_> = self.values.keys().collect();
        names.sort();
        f.debug_struct("Env").field("process", &self.process).field("names", &names).finish_non_exhaustive()
    }
}

fn read_entries(
    entries: impl Iterator<Item = dotenvy::Result<(String, String)>>,
    values: &mut HashMap<String, String>,
) -> Result<(), EnvFileError> {
    let mut last = None;
    for entry in entries {
        let (name, value) = entry.map_err(|error| EnvFileError::new(&error, last.as_deref()))?;
        last = Some(name.clone());
        // As dotenvy does when it loads a file: of two lines for one name the first counts.
        values.entry(name).or_insert(value);
    }
    Ok(())
}

/// A `.env` file that is there but can't be used.
///
/// The faulty line itself is not shown, since it may hold a secret.
#[derive(Debug, thiserror::Error)]
#[error("the `.env` file can't be used: {reason}")]
pub struct EnvFileError {
    reason: String,
}

impl EnvFileError {
    fn new(error: &dotenvy::Error, after: Option<&str>) -> Self {
        let reason = match (error, after) {
            (dotenvy::Error::Io(error), _) => format!("it can't be read ({error})"),
            (_, Some(name)) => format!("the line after `{name}` is not NAME=value; quote values that hold spaces"),
            (_, None) => "its first line is not NAME=value; quote values that hold spaces".to_owned(),
        };
        Self { reason }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_is_missing_and_values_are_trimmed() {
        let env = Env::from_map([("A", " x "), ("B", "  ")]);
        assert_eq!(env.get("A").as_deref(), Some("x"));
        assert_eq!(env.missing(&["A", "B", "C"]), ["B", "C"]);
    }

    #[test]
    fn a_map_hides_the_process_environment() {
        assert!(std::env::var("PATH").is_ok());
        assert_eq!(Env::from_map::<&str, &str>([]).get("PATH"), None);
    }

    #[test]
    fn the_process_wins_over_the_file() {
        let env = Env { process: true, values: [("PATH".to_owned(), "from file".to_owned())].into() };
        assert_eq!(env.get("PATH"), std::env::var("PATH").ok());
    }

    #[test]
    fn debug_and_errors_show_no_value() {
        let env = Env::from_map([("NAVER_CLIENT_SECRET", "hunter2")]);
        assert!(!format!("{env:?}").contains("hunter2"));

        let file = "GOOD=1\nhunter2 without equals\n";
        let error = read_entries(dotenvy::from_read_iter(file.as_bytes()), &mut HashMap::new()).unwrap_err();
        assert!(error.to_string().contains("after `GOOD`"), "{error}");
        assert!(!format!("{error:?}").contains("hunter2"));
    }

    #[test]
    fn of_two_lines_the_first_counts() {
        let mut values = HashMap::new();
        read_entries(dotenvy::from_read_iter("A=1\nA=2\n".as_bytes()), &mut values).unwrap();
        assert_eq!(values["A"], "1");
    }
}
