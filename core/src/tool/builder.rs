//! A tool in the making: what the macro emits calls these, once a tool.

use std::future::Future;
use std::time::Duration;

use schemars::{JsonSchema, SchemaGenerator};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde::ser::{SerializeMap, Serializer};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};

use super::arg::{self, Arg, Constant};
use super::arguments::{Argument, Arguments, left_out};
use super::check::{self, Check};
use super::param::Params;
use super::{Definition, Tool, ToolOutput, run, schema};
use crate::extract::Requirements;
use crate::protocol::{CallToolResult, Icon, ToolAnnotations};
use crate::tool_error::ToolError;

/// How the result of a function becomes the result of a call.
pub struct Output<T> {
    schema: Option<schemars::Schema>,
    pub(super) convert: fn(T) -> Result<CallToolResult, ToolError>,
}

/// The way of a type that a tool may return.
pub fn output<T: ToolOutput>() -> Output<T> {
    Output { schema: T::output_schema(), convert: T::into_result }
}

/// A tool in the making.
pub struct ToolBuilder {
    name: &'static str,
    title: Option<&'static str>,
    description: Option<&'static str>,
    annotations: ToolAnnotations,
    icons: Vec<Icon>,
    meta: Map<String, Value>,
    scopes: Vec<&'static str>,
    timeout: Option<Duration>,
    pub(super) requirements: Requirements,
    problems: Vec<String>,
    schemas: SchemaGenerator,
    arguments: Vec<Argument>,
}

impl ToolBuilder {
    /// A tool of this name.
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            title: None,
            description: None,
            annotations: ToolAnnotations::default(),
            icons: Vec::new(),
            meta: Map::new(),
            scopes: Vec::new(),
            timeout: None,
            requirements: Requirements::default(),
            problems: Vec::new(),
            schemas: schema::generator(),
            arguments: Vec::new(),
        }
    }

    /// The name for people.
    pub fn title(&mut self, text: &'static str) {
        self.title = Some(text);
    }

    /// What the tool does.
    pub fn description(&mut self, text: &'static str) {
        self.description = Some(text);
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

    /// A scope that the caller must have been granted.
    pub fn scope(&mut self, scope: &'static str) {
        self.scopes.push(scope);
    }

    /// How long a call may take.
    pub fn timeout_ms(&mut self, milliseconds: u64) {
        self.timeout = Some(Duration::from_millis(milliseconds));
    }

    /// A picture for user interfaces.
    pub fn icon(&mut self, icon: Icon) {
        self.icons.push(icon);
    }

    /// An entry of `_meta`.
    pub fn meta(&mut self, key: &'static str, value: Constant) {
        match value {
            Ok(value) => {
                self.meta.insert(key.into(), value);
            }
            Err(error) => self.problems.push(format!("`meta`: the value of `{key}` is no JSON: {error}")),
        }
    }

    /// Adds an argument; gives back its place.
    pub(super) fn declare<T: DeserializeOwned + JsonSchema>(&mut self, arg: Arg, has_default: bool) -> usize {
        let required = !has_default && left_out::<T>().is_none();
        let mut property = self.schemas.subschema_for::<T>().to_value();
        schema::write_as_object(&mut property);
        schema::optional_not_nullable(&mut property);
        if !required {
            schema::strip_null(&mut property);
        }
        let mut problems = Vec::new();
        arg::describe(&mut property, &arg, &mut problems);

        let mut check = check::compile(&property, &mut problems);
        if !arg::reads_any_of_its_kind::<T>(&property) {
            check.drop_values_rule();
        }
        schema::tidy(&mut property);
        arg::fits::<T>(&property, &check, &mut problems);

        let name = arg.name;
        self.problems.extend(problems.into_iter().map(|problem| format!("argument `{name}`: {problem}")));
        self.arguments.push(Argument { name, schema: property, required, check: Some(check), header: arg.header });
        self.arguments.len() - 1
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
        self.finish(output, |definition| run::asynchronous(definition, params, convert, function))
    }

    /// The tool around a plain `fn`, which runs on the blocking pool.
    pub fn blocking<P, F, O>(self, params: P, output: Output<O>, function: F) -> Tool
    where
        P: Params,
        F: Fn(P::Values) -> O + Send + Sync + 'static,
        O: 'static,
    {
        let convert = output.convert;
        self.finish(output, |definition| run::blocking(definition, params, convert, function))
    }

    /// The tool around a plain `fn` that is quick enough to run in place.
    pub fn inline<P, F, O>(self, params: P, output: Output<O>, function: F) -> Tool
    where
        P: Params,
        F: Fn(P::Values) -> O + Send + Sync + 'static,
        O: 'static,
    {
        let convert = output.convert;
        self.finish(output, |definition| run::inline(definition, params, convert, function))
    }

    fn finish<O>(
        mut self,
        output: Output<O>,
        handler: impl FnOnce(std::sync::Arc<Definition>) -> super::Handler,
    ) -> Tool {
        let (definitions, checks) = self.definitions();
        for argument in &mut self.arguments {
            argument.check = argument.check.take().filter(|check| check.enforces(&checks));
        }
        let output_schema = output.schema.and_then(|schema| {
            let schema = schema.to_value();
            if !schema::is_object(&schema) {
                self.problems.push("the result `Json<T>` must be a JSON object: put the value into a struct".into());
            }
            self.json(&schema)
        });
        let input = InputSchema { arguments: &self.arguments, definitions: &definitions };
        let input_schema = to_raw_value(&input).unwrap_or_else(|error| {
            self.problems.push(format!("the input schema cannot be written: {error}"));
            RawValue::NULL.to_owned()
        });
        let definition = std::sync::Arc::new(Definition {
            name: self.name.into(),
            title: self.title.map(Into::into),
            description: self.description.map(Into::into),
            annotations: self.annotations,
            icons: self.icons,
            meta: self.meta,
            scopes: self.scopes.into_iter().map(Into::into).collect(),
            timeout: self.timeout,
            input_schema,
            output_schema,
            requirements: self.requirements,
            problems: self.problems,
            arguments: Arguments { list: self.arguments, definitions: definitions.into(), checks },
        });
        Tool { handler: handler(std::sync::Arc::clone(&definition)), definition }
    }

    /// What recursive types point at, and what it demands.
    fn definitions(&mut self) -> (Map<String, Value>, check::Definitions) {
        let mut definitions = self.schemas.take_definitions(false);
        let mut checks = check::Definitions::new();
        for (name, schema) in &mut definitions {
            schema::optional_not_nullable(schema);
            let check: Check = check::compile(schema, &mut self.problems);
            checks.insert(name.clone(), check);
            schema::tidy(schema);
        }
        (definitions, checks)
    }

    fn json(&mut self, value: &Value) -> Option<Box<RawValue>> {
        match to_raw_value(value) {
            Ok(json) => Some(json),
            Err(error) => {
                self.problems.push(format!("the output schema cannot be written: {error}"));
                None
            }
        }
    }
}

/// The input schema, its properties in the order of the parameters.
struct InputSchema<'a> {
    arguments: &'a [Argument],
    definitions: &'a Map<String, Value>,
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
        if !self.definitions.is_empty() {
            schema.serialize_entry("$defs", self.definitions)?;
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
