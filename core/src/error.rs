//! What can go wrong before the first request.

use std::fmt;

/// Why a server could not be built or started.
///
/// `Debug` prints the same as `Display`, so that `fn main() -> Result<(), dari::Error>` ends in words for people.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The server's description has mistakes; all of them are listed.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// A setting is missing or wrong.
    #[error("{0}")]
    Config(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The address could not be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address as it was given.
        address: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The listener cannot be used.
    #[error("the listener cannot be used: {0}")]
    Serve(#[source] std::io::Error),
    /// A standard stream cannot be used.
    #[error("stdin and stdout cannot be used: {0}")]
    Stdio(#[source] std::io::Error),
}

impl Error {
    /// A setting that is missing or wrong, as another crate found it.
    pub fn config(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Config(source.into())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The mistakes in a server's description, all at once.
#[derive(Debug, thiserror::Error)]
pub struct BuildError {
    problems: Vec<String>,
}

impl BuildError {
    pub(crate) const fn new(problems: Vec<String>) -> Self {
        Self { problems }
    }

    /// What is wrong, one sentence a mistake.
    #[must_use]
    pub fn problems(&self) -> &[String] {
        &self.problems
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problems.as_slice() {
            [only] => write!(f, "the server cannot be built: {only}"),
            problems => {
                write!(f, "the server cannot be built, for {} reasons:", problems.len())?;
                for problem in problems {
                    write!(f, "\n  - {problem}")?;
                }
                Ok(())
            }
        }
    }
}
