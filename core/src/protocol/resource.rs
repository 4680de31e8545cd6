//! What `resources/read` answers.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value};

use super::ResourceContents;

/// What a resource holds (`ReadResourceResult` in the schema).
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ReadResourceResult {
    /// The contents: one, or several where the resource is a folder.
    pub contents: Vec<ResourceContents>,
    /// How long clients may keep it (`ttlMs`).
    #[serde(skip)]
    pub ttl: Duration,
    /// Whether it is the same for every caller (`cacheScope`).
    #[serde(skip)]
    pub public: bool,
    /// Metadata of the author's own.
    #[serde(skip)]
    pub meta: Option<Map<String, Value>>,
}

impl ReadResourceResult {
    /// These contents.
    #[must_use]
    pub fn new(contents: Vec<ResourceContents>) -> Self {
        Self { contents, ..Self::default() }
    }
}
