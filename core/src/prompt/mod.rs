//! Prompts: what the macro makes of a function, and what the server fills in.

pub(crate) mod builder;
mod output;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Value};

pub use output::PromptOutput;

use crate::RequestContext;
use crate::extract::Requirements;
use crate::function::Handler;
use crate::function::completer::Completions;
use crate::outcome::Call;
use crate::protocol::Icon;

/// A prompt: what is published of it, and the function that fills it in.
///
/// [`mcp_prompt`](crate::mcp_prompt) makes one of a function, and [`prompts!`](crate::prompts) lists them for a server.
/// Cheap to clone. Serialized, it is the entry of `prompts/list`.
///
/// ```
/// use dari::TestClient;
/// use dari::prelude::*;
/// use serde_json::json;
///
/// /// Summarizes a text.
/// #[mcp_prompt]
/// fn summarize(text: String, #[arg(default = 3, range = 1..=10)] sentences: u8) -> String {
///     format!("Summarize in {sentences} sentences: {text}")
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let client = TestClient::new(McpServer::new("writer", "1.0.0").prompts(prompts![summarize]))?;
/// let prompt = client.get_prompt("summarize", json!({ "text": "…", "sentences": "2" })).await?;
/// assert_eq!(prompt.text(), "Summarize in 2 sentences: …");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Prompt {
    definition: Arc<Definition>,
    handler: Handler,
}

/// All that is known of a prompt before it is asked for.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Definition {
    name: Cow<'static, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<Cow<'static, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<Cow<'static, str>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    arguments: Vec<PromptArgument>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    icons: Vec<Icon>,
    #[serde(rename = "_meta", skip_serializing_if = "Map::is_empty")]
    meta: Map<String, Value>,
    #[serde(skip)]
    scopes: Vec<Cow<'static, str>>,
    #[serde(skip)]
    hidden_without_scope: bool,
    #[serde(skip)]
    requirements: Requirements,
    #[serde(skip)]
    completions: Completions,
    #[serde(skip)]
    problems: Vec<String>,
}

/// An argument of a prompt, as clients see it.
#[derive(Serialize)]
struct PromptArgument {
    name: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    required: bool,
}

impl Prompt {
    /// The name that clients ask for it by.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.definition.name
    }

    /// The same, for what outlives the request.
    pub(crate) fn target(&self) -> Cow<'static, str> {
        self.definition.name.clone()
    }

    /// What it is for.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.definition.description.as_deref()
    }

    /// The scopes that a caller must have been granted.
    pub(crate) fn scopes(&self) -> &[Cow<'static, str>] {
        &self.definition.scopes
    }

    /// Whether a caller who lacks one of the scopes is not told of it.
    pub(crate) fn hidden_without_scope(&self) -> bool {
        self.definition.hidden_without_scope
    }

    /// What its extractors need of the server.
    pub(crate) fn requirements(&self) -> &Requirements {
        &self.definition.requirements
    }

    /// What its arguments may be.
    pub(crate) fn completions(&self) -> &Completions {
        &self.definition.completions
    }

    /// Mistakes of its author that only `build()` can tell, each a sentence.
    pub(crate) fn problems(&self) -> &[String] {
        &self.definition.problems
    }

    /// Fills it in; `arguments` is a JSON object, or empty where there were none.
    pub(crate) fn call(&self, context: Box<RequestContext>, arguments: Bytes) -> Call {
        (self.handler)(context, arguments)
    }
}

impl Serialize for Prompt {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.definition.serialize(serializer)
    }
}

impl fmt::Debug for Prompt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prompt").field("name", &self.name()).finish_non_exhaustive()
    }
}

/// The type beside a function that `#[mcp_prompt]` makes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no prompt",
    label = "not a function with `#[mcp_prompt]`",
    note = "write `#[mcp_prompt]` above the function"
)]
pub trait PromptFn {
    /// The name that clients ask for it by.
    const NAME: &'static str;

    /// The prompt.
    fn prompt() -> Prompt;
}
