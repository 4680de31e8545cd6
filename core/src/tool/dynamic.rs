//! Tools that are made while the program runs: of a schema and a closure.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::builder::{ToolBuilder, output};
use super::{Tool, ToolOutput};
use crate::RequestContext;
use crate::extract::FromContext;
use crate::function::about::About;
use crate::function::signature::Signature;
use crate::protocol::Icon;

/// What the schema of a tool may be written as: a [`serde_json::Value`], or what becomes one ([`Tool::from_schema`], and
/// `input_schema` of [`mcp_tool`](crate::mcp_tool)).
#[cfg_attr(
    feature = "json-schema",
    diagnostic::on_unimplemented(
        message = "`{Self}` is no JSON Schema",
        label = "no schema",
        note = "give a `serde_json::Value`, for instance by `serde_json::json!({{ … }})`"
    )
)]
#[cfg_attr(
    not(feature = "json-schema"),
    diagnostic::on_unimplemented(
        message = "a schema of one's own needs the feature `json-schema` of `dari`",
        label = "the feature `json-schema` is off",
        note = "in `Cargo.toml`: `dari = {{ version = \"…\", features = [\"json-schema\"] }}`"
    )
)]
pub trait VerbatimSchema {
    /// The schema.
    fn into_value(self) -> Value;
}

#[cfg(feature = "json-schema")]
#[diagnostic::do_not_recommend]
impl<T: Into<Value>> VerbatimSchema for T {
    fn into_value(self) -> Value {
        self.into()
    }
}

/// The schema that `#[mcp_tool(input_schema = …)]` gives.
pub fn verbatim<T: VerbatimSchema>(schema: T) -> Value {
    schema.into_value()
}

/// A tool that is made of a schema and a closure, while more is said of it: see [`Tool::from_schema`].
///
/// [`McpServer::tools`](crate::McpServer::tools) takes it as it is; `Tool::from` ends it.
#[must_use = "a tool does nothing until a server has it"]
pub struct DynamicTool {
    builder: ToolBuilder,
    finish: Box<dyn FnOnce(ToolBuilder) -> Tool + Send>,
}

impl Tool {
    /// A tool whose name and schema are known only when the program runs, for instance from a file or another API.
    ///
    /// The schema is published as it is, and the arguments are checked against it before the closure is called with them:
    /// as a [`serde_json::Value`], or as any type that they can be read into. Extractors are had from the context.
    ///
    /// Needs the feature `json-schema`.
    ///
    /// ```
    /// # #[cfg(feature = "json-schema")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use dari::prelude::*;
    /// use dari::{RequestContext, TestClient, Tool};
    /// use serde_json::{Value, json};
    ///
    /// let schema = json!({
    ///     "type": "object",
    ///     "properties": { "city": { "type": "string", "enum": ["Seoul", "Busan"] } },
    ///     "required": ["city"],
    /// });
    /// let weather = Tool::from_schema("weather", schema, |arguments: Value, context: RequestContext| async move {
    ///     let State(unit) = context.extract::<State<&'static str>>().await?;
    ///     Ok::<_, ToolError>(format!("21 {unit} in {}", arguments["city"]))
    /// });
    /// let weather = weather.description("The weather in a city.").read_only(true).extracts::<State<&'static str>>();
    ///
    /// let client = TestClient::new(McpServer::new("weather", "1.0.0").state("°C").tools([weather]))?;
    /// assert_eq!(client.call("weather", json!({ "city": "Seoul" })).await?.text(), r#"21 °C in "Seoul""#);
    /// assert!(client.call("weather", json!({ "city": "Paris" })).await?.is_error());
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "json-schema"))]
    /// # fn main() {}
    /// ```
    pub fn from_schema<A, F, Fut, O>(
        name: impl Into<Cow<'static, str>>,
        schema: impl VerbatimSchema,
        function: F,
    ) -> DynamicTool
    where
        A: DeserializeOwned + Send + 'static,
        F: Fn(A, RequestContext) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = O> + Send + 'static,
        O: ToolOutput + 'static,
    {
        let name = name.into();
        let fault = name_fault(&name);
        let mut builder = ToolBuilder::new(About::new(name), Signature::new());
        builder.about().problems.extend(fault);
        builder.input_schema(schema.into_value());
        DynamicTool { builder, finish: Box::new(|builder| builder.whole(output::<O>(), function)) }
    }
}

/// What is wrong with the name of a tool (MCP 2026-07-28, Tools, Tool Names).
fn name_fault(name: &str) -> Option<String> {
    let allowed = |character: char| character.is_ascii_alphanumeric() || "_-.".contains(character);
    if name.is_empty() || name.len() > 128 || !name.chars().all(allowed) {
        return Some("its name is not made of 1 to 128 characters of `A-Z a-z 0-9 _ - .`".to_owned());
    }
    None
}

impl DynamicTool {
    /// Its name for people.
    pub fn title(mut self, title: impl Into<Cow<'static, str>>) -> Self {
        self.builder.about().title(title);
        self
    }

    /// What it does, as the model reads it.
    pub fn description(mut self, description: impl Into<Cow<'static, str>>) -> Self {
        self.builder.about().description(description);
        self
    }

    /// Whether it changes nothing (`readOnlyHint`).
    pub fn read_only(mut self, hint: bool) -> Self {
        self.builder.read_only(hint);
        self
    }

    /// Whether what it changes may be lost (`destructiveHint`).
    pub fn destructive(mut self, hint: bool) -> Self {
        self.builder.destructive(hint);
        self
    }

    /// Whether calling it twice with the same arguments is the same as once (`idempotentHint`).
    pub fn idempotent(mut self, hint: bool) -> Self {
        self.builder.idempotent(hint);
        self
    }

    /// Whether it reaches beyond the server (`openWorldHint`).
    pub fn open_world(mut self, hint: bool) -> Self {
        self.builder.open_world(hint);
        self
    }

    /// Scopes that the caller must have been granted.
    pub fn scopes<S: Into<Cow<'static, str>>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        scopes.into_iter().for_each(|scope| self.builder.about().scope(scope));
        self
    }

    /// Does not list it for callers who lack one of the scopes.
    pub fn hidden_without_scope(mut self) -> Self {
        self.builder.about().hidden_without_scope();
        self
    }

    /// How long a call may take.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.builder.about().timeout = Some(limit);
        self
    }

    /// A call may be answered with a task (extension `io.modelcontextprotocol/tasks`).
    pub fn task(mut self) -> Self {
        self.builder.task(false);
        self
    }

    /// A call is answered with a task, and clients that know no tasks cannot call it.
    pub fn task_required(mut self) -> Self {
        self.builder.task(true);
        self
    }

    /// A picture for user interfaces.
    pub fn icon(mut self, icon: Icon) -> Self {
        self.builder.about().icon(icon);
        self
    }

    /// An entry of `_meta`.
    pub fn meta(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.builder.about().meta.insert(key.into(), value.into());
        self
    }

    /// Says that the closure takes this extractor from its context, so that `build()` sees whether the server has what
    /// it needs.
    pub fn extracts<T: FromContext>(mut self) -> Self {
        T::requires(self.builder.requirements());
        self
    }
}

impl From<DynamicTool> for Tool {
    fn from(tool: DynamicTool) -> Self {
        (tool.finish)(tool.builder)
    }
}

impl fmt::Debug for DynamicTool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DynamicTool").finish_non_exhaustive()
    }
}
