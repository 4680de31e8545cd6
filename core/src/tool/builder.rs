//! A tool in the making: what the macro emits calls these, once a tool.

use std::future::Future;
use std::sync::Arc;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};

use super::{Definition, Tasks, Tool, ToolOutput};
use crate::function::about::About;
use crate::function::arguments::Argument;
use crate::function::param::Params;
use crate::function::run::{self, Converted};
use crate::function::signature::{Declared, Signature};
use crate::function::{Callee, Handler, Kind};
use crate::outcome::Outcome;
use crate::protocol::ToolAnnotations;
use crate::schema;

/// How the result of a function becomes the result of a call.
pub struct Output<T> {
    schema: Option<schemars::Schema>,
    convert: fn(T) -> Converted,
}

/// The way of a type that a tool may return.
pub fn output<T: ToolOutput>() -> Output<T> {
    Output { schema: T::output_schema(), convert: |output| output.into_result().map(Outcome::Tool) }
}

/// A tool in the making.
pub struct ToolBuilder {
    about: About,
    declared: Declared,
    annotations: ToolAnnotations,
    tasks: Tasks,
}

impl ToolBuilder {
    /// A tool of which this is said, and which has these parameters.
    #[must_use]
    pub fn new(about: About, signature: Signature) -> Self {
        Self { about, declared: signature.finish(), annotations: ToolAnnotations::default(), tasks: Tasks::Never }
    }

    /// `readOnlyHint`
    pub fn read_only(&mut self, hint: bool) {
        self.annotations.read_only = Some(hint);
    }

    /// `destructiveHint`
    pub fn destructive(&mut self, hint: bool) {
        self.annotations.destructive = Some(hint);
    }

    /// `idempotentHint`
    pub fn idempotent(&mut self, hint: bool) {
        self.annotations.idempotent = Some(hint);
    }

    /// `openWorldHint`
    pub fn open_world(&mut self, hint: bool) {
        self.annotations.open_world = Some(hint);
    }

    /// A call may be answered with a task; if it is `required`, a client that knows no tasks cannot call it.
    pub fn task(&mut self, required: bool) {
        self.tasks = if required { Tasks::Required } else { Tasks::Possible };
    }

    /// The tool around an `async fn`.
    pub fn asynchronous<P, F, Fut, O>(self, params: P, output: Output<O>, function: F) -> Tool
    where
        P: Params,
        F: Fn(P::Values) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = O> + Send + 'static,
        O: 'static,
    {
        let convert = output.convert;
        self.finish(output, |callee| run::asynchronous(callee, params, convert, function))
    }

    /// The tool around a plain `fn`, which runs on the blocking pool.
    pub fn blocking<P, F, O>(self, params: P, output: Output<O>, function: F) -> Tool
    where
        P: Params,
        F: Fn(P::Values) -> O + Send + Sync + 'static,
        O: 'static,
    {
        let convert = output.convert;
        self.finish(output, |callee| run::blocking(callee, params, convert, function))
    }

    /// The tool around a plain `fn` that is quick enough to run in place.
    pub fn inline<P, F, O>(self, params: P, output: Output<O>, function: F) -> Tool
    where
        P: Params,
        F: Fn(P::Values) -> O + Send + Sync + 'static,
        O: 'static,
    {
        let convert = output.convert;
        self.finish(output, |callee| run::inline(callee, params, convert, function))
    }

    fn finish<O>(self, output: Output<O>, handler: impl FnOnce(Arc<Callee>) -> Handler) -> Tool {
        let Self { about, declared, annotations, tasks } = self;
        let Declared { arguments, requirements, problems: mut mistakes } = declared;
        let mut problems = about.problems;
        problems.append(&mut mistakes);

        if requirements.task && tasks == Tasks::Never {
            problems.push("it takes a `Task`, but may not be one: write `#[mcp_tool(task)]`".into());
        }
        let output_schema = output.schema.and_then(|schema| {
            let schema = schema.to_value();
            if !schema::is_object(&schema) {
                problems.push("the result `Json<T>` must be a JSON object: put the value into a struct".into());
            }
            let written = to_raw_value(&schema);
            written.map_err(|error| problems.push(format!("the output schema cannot be written: {error}"))).ok()
        });
        let input = InputSchema { arguments: &arguments.list, definitions: arguments.definitions.as_object() };
        let input_schema = to_raw_value(&input).unwrap_or_else(|error| {
            problems.push(format!("the input schema cannot be written: {error}"));
            RawValue::NULL.to_owned()
        });
        let callee = Arc::new(Callee { kind: Kind::Tool, name: about.name.into(), timeout: about.timeout, arguments });
        let definition = Definition {
            name: about.name.into(),
            title: about.title.map(Into::into),
            description: about.description.map(Into::into),
            annotations,
            icons: about.icons,
            meta: about.meta,
            scopes: about.scopes.into_iter().map(Into::into).collect(),
            hidden_without_scope: about.hidden_without_scope,
            input_schema,
            output_schema,
            tasks,
            requirements,
            problems,
            callee: Arc::clone(&callee),
        };
        Tool { definition: Arc::new(definition), handler: handler(callee) }
    }
}

/// The input schema, its properties in the order of the parameters.
struct InputSchema<'a> {
    arguments: &'a [Argument],
    definitions: Option<&'a Map<String, Value>>,
}

impl Serialize for InputSchema<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut schema = serializer.serialize_map(None)?;
        schema.serialize_entry("type", "object")?;
        schema.serialize_entry("properties", &Properties(self.arguments))?;
        let required = self.arguments.iter().filter(|argument| argument.required).map(|argument| argument.name);
        let required: Vec<&str> = required.collect();
        if !required.is_empty() {
            schema.serialize_entry("required", &required)?;
        }
        schema.serialize_entry("additionalProperties", &false)?;
        if let Some(definitions) = self.definitions.filter(|definitions| !definitions.is_empty()) {
            schema.serialize_entry("$defs", definitions)?;
        }
        schema.end()
    }
}

struct Properties<'a>(&'a [Argument]);

impl Serialize for Properties<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|argument| (argument.name, &argument.schema)))
    }
}
