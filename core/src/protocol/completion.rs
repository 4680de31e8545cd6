//! What `completion/complete` answers.

use serde::Serialize;

/// The most values that one answer may hold (MCP 2026-07-28, Completion).
const MOST: usize = 100;

/// What an argument may be, the likeliest first (`CompleteResult.completion` in the schema).
///
/// Of more than 100 values the first 100 are sent, and the client is told that there are more.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Completion {
    /// The values.
    pub values: Vec<String>,
    /// How many there are in all, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// Whether there are more than these.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub has_more: bool,
}

impl Completion {
    /// All values that there are.
    #[must_use]
    pub fn new(values: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let values: Vec<String> = values.into_iter().map(Into::into).collect();
        Self { total: Some(values.len() as u64), values, has_more: false }.limited()
    }

    /// No more values than one answer may hold.
    pub(crate) fn limited(mut self) -> Self {
        self.has_more |= self.values.len() > MOST;
        self.values.truncate(MOST);
        self
    }
}

impl<T: Into<String>> From<Vec<T>> for Completion {
    fn from(values: Vec<T>) -> Self {
        Self::new(values)
    }
}
