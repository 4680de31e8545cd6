//! Tools: what the macro makes of a function, and what the server runs.

pub(crate) mod builder;
pub(crate) mod dynamic;
mod headers;
mod output;
#[cfg(test)]
pub(crate) mod tests;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

pub use dynamic::{DynamicTool, VerbatimSchema};
pub(crate) use headers::ParamHeader;
pub use output::{Json, ToolOutput};

use crate::RequestContext;
use crate::extract::Requirements;
use crate::function::Handler;
use crate::outcome::Call;
use crate::protocol::{Icon, ToolAnnotations};

/// A tool: what is published of it, and the function that it runs.
///
/// [`mcp_tool`](crate::mcp_tool) makes one of a function, and [`tools!`](crate::tools) lists them for a server.
/// Cheap to clone. Serialized, it is the entry of `tools/list`.
#[derive(Clone)]
pub struct Tool {
    definition: Arc<Definition>,
    handler: Handler,
}

/// All that is known of a tool before it is called.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Definition {
    name: Cow<'static, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<Cow<'static, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<Cow<'static, str>>,
    input_schema: Box<RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_schema: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "is_default")]
    annotations: ToolAnnotations,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    icons: Vec<Icon>,
    #[serde(rename = "_meta", skip_serializing_if = "Map::is_empty")]
    meta: Map<String, Value>,
    #[serde(skip)]
    scopes: Vec<Cow<'static, str>>,
    #[serde(skip)]
    hidden_without_scope: bool,
    #[serde(skip)]
    tasks: Tasks,
    #[serde(skip)]
    requirements: Requirements,
    #[serde(skip)]
    problems: Vec<String>,
    #[serde(skip)]
    headers: Vec<ParamHeader>,
}

/// Whether a call of the tool is answered with a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tasks {
    /// With its result, always.
    Never,
    /// With a task, where the client knows them.
    Possible,
    /// With a task, or not at all.
    Required,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Tool {
    /// The name that clients call it by.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.definition.name
    }

    /// The same, for what outlives the request.
    pub(crate) fn target(&self) -> Cow<'static, str> {
        self.definition.name.clone()
    }

    /// What it does, as the model reads it.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.definition.description.as_deref()
    }

    /// The JSON Schema of its arguments.
    #[must_use]
    pub fn input_schema(&self) -> &RawValue {
        &self.definition.input_schema
    }

    /// The JSON Schema of its `structuredContent`, where it gives any.
    #[must_use]
    pub fn output_schema(&self) -> Option<&RawValue> {
        self.definition.output_schema.as_deref()
    }

    /// The scopes that a caller must have been granted.
    pub(crate) fn scopes(&self) -> &[Cow<'static, str>] {
        &self.definition.scopes
    }

    /// Whether a caller who lacks one of the scopes is not told of it.
    pub(crate) fn hidden_without_scope(&self) -> bool {
        self.definition.hidden_without_scope
    }

    /// Whether its calls are answered with tasks.
    pub(crate) fn tasks(&self) -> Tasks {
        self.definition.tasks
    }

    /// What its extractors need of the server.
    pub(crate) fn requirements(&self) -> &Requirements {
        &self.definition.requirements
    }

    /// Mistakes of its author that only `build()` can tell, each a sentence.
    pub(crate) fn problems(&self) -> &[String] {
        &self.definition.problems
    }

    /// The arguments that a header repeats (MCP 2026-07-28, `x-mcp-header`).
    pub(crate) fn headers(&self) -> &[ParamHeader] {
        &self.definition.headers
    }

    /// Runs it; `arguments` is a JSON object, or empty where there were none.
    pub(crate) fn call(&self, context: Box<RequestContext>, arguments: Bytes) -> Call {
        (self.handler)(context, arguments)
    }
}

impl Serialize for Tool {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.definition.serialize(serializer)
    }
}

impl fmt::Debug for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tool").field("name", &self.definition.name).finish_non_exhaustive()
    }
}

/// What `#[mcp_tool]` makes of a function: a type of the function's name that knows the tool.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no tool",
    label = "not made by `#[mcp_tool]`",
    note = "write `#[mcp_tool]` above the function"
)]
pub trait ToolFn {
    /// The name that clients call it by.
    const NAME: &'static str;

    /// The tool.
    fn tool() -> Tool;
}
