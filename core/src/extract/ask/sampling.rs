//! Sampling: what the client's language model is asked to write.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::protocol::{Content, PromptMessage};

/// What the client's language model is to write (`CreateMessageRequestParams` in the schema).
///
/// The revision 2026-07-28 deprecates sampling: a new server had better call a model by itself.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Sampling {
    /// The conversation so far.
    pub messages: Vec<PromptMessage>,
    /// The most tokens that it may write.
    pub max_tokens: u32,
    /// What the model is told of its role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system_prompt: Option<String>,
    /// How freely it writes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// Where it stops.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stop_sequences: Vec<String>,
    /// Which model is wanted (`ModelPreferences` in the schema).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_preferences: Option<Value>,
    /// What the provider of the model is told beyond this.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub metadata: Map<String, Value>,
}

impl Sampling {
    /// One message of the user, and how many tokens the answer may have.
    #[must_use]
    pub fn new(prompt: impl Into<Content>, max_tokens: u32) -> Self {
        Self {
            messages: vec![PromptMessage::user(prompt)],
            max_tokens,
            system_prompt: None,
            temperature: None,
            stop_sequences: Vec::new(),
            model_preferences: None,
            metadata: Map::new(),
        }
    }
}

/// What the client's language model wrote (`CreateMessageResult` in the schema).
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Sampled {
    /// The model that wrote it.
    pub model: String,
    /// Why it stopped, such as `endTurn`.
    #[serde(default)]
    pub stop_reason: Option<String>,
    /// What it wrote, as it was sent: one block of content, or several.
    pub content: Value,
}

impl Sampled {
    /// The text of what was written.
    #[must_use]
    pub fn text(&self) -> String {
        let text = |block: &Value| block.get("text").and_then(Value::as_str).map(str::to_owned);
        match &self.content {
            Value::Array(blocks) => blocks.iter().filter_map(text).collect::<Vec<_>>().join("\n"),
            block => text(block).unwrap_or_default(),
        }
    }
}
