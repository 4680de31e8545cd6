//! Levels of log messages to the client.

use serde::de::IntoDeserializer as _;
use serde::de::value::Error;
use serde::{Deserialize, Serialize};

/// How grave a log message is (`LoggingLevel` in the schema; the levels are those of RFC 5424 §6.2.1).
///
/// The order is from the least to the gravest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LoggingLevel {
    /// For who looks for a fault.
    Debug,
    /// What happens.
    Info,
    /// What happens, and is worth a look.
    Notice,
    /// Something that may become an error.
    Warning,
    /// Something failed.
    Error,
    /// A part of the server fails.
    Critical,
    /// Somebody has to act at once.
    Alert,
    /// The server cannot be used.
    Emergency,
}

impl LoggingLevel {
    /// The level of this name.
    pub(crate) fn parse(name: &str) -> Result<Self, Error> {
        Self::deserialize(name.into_deserializer())
    }
}
