//! A tool in the making: what the macro emits calls these, once a tool.

use std::future::Future;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde::ser::{SerializeMap, Serializer};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};

use super::{Definition, Tasks, Tool, ToolOutput, headers};
use crate::RequestContext;
use crate::extract::Requirements;
use crate::function::about::About;
use crate::function::arguments::{Argument, Arguments};
use crate::function::param::Params;
use crate::function::run::{self, Converted};
use crate::function::signature::{Declared, Signature};
use crate::function::{Callee, Handler, Kind};
use crate::outcome::Outcome;
use crate::protocol::ToolAnnotations;
use crate::schema;
use crate::schema::whole::Whole;

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
    /// The author's own, published as it is.
    input_schema: Option<Value>,
}

impl ToolBuilder {
    /// A tool of which this is said, and which has these parameters.
    #[must_use]
    pub fn new(about: About, signature: Signature) -> Self {
        Self {
            about,
            declared: signature.finish(),
            annotations: ToolAnnotations::default(),
            tasks: Tasks::Never,
            input_schema: None,
        }
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

    /// A schema to publish as it is, instead of that of the parameters.
    pub fn input_schema(&mut self, schema: Value) {
        self.input_schema = Some(schema);
    }

    pub(super) fn about(&mut self) -> &mut About {
        &mut self.about
    }

    pub(super) fn requirements(&mut self) -> &mut Requirements {
        &mut self.declared.requirements
    }

    /// The tool around a closure that takes the arguments as a whole.
    pub(super) fn whole<A, F, Fut, O>(self, output: Output<O>, function: F) -> Tool
    where
        A: DeserializeOwned + Send + 'static,
        F: Fn(A, RequestContext) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = O> + Send + 'static,
        O: 'static,
    {
        let convert = output.convert;
        self.finish(output, |callee| run::whole(callee, convert, function))
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
        let Self { about, declared, annotations, tasks, input_schema } = self;
        let Declared { mut arguments, requirements, problems: mut mistakes } = declared;
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
        let input_schema = match input_schema {
            Some(schema) => {
                own_schema(&schema, &mut arguments, &mut problems);
                written(&schema, &mut problems)
            }
            None => {
                let input = InputSchema { arguments: &arguments.list, definitions: arguments.definitions.as_object() };
                written(&input, &mut problems)
            }
        };
        let headers = headers::declared(&serde_json::from_str(input_schema.get()).unwrap_or_default(), &mut problems);
        let callee = Arc::new(Callee { kind: Kind::Tool, name: about.name.clone(), timeout: about.timeout, arguments });
        let definition = Definition {
            name: about.name,
            title: about.title,
            description: about.description,
            annotations,
            icons: about.icons,
            meta: about.meta,
            scopes: about.scopes,
            hidden_without_scope: about.hidden_without_scope,
            input_schema,
            headers,
            output_schema,
            tasks,
            requirements,
            problems,
        };
        Tool { definition: Arc::new(definition), handler: handler(callee) }
    }
}

fn written(schema: &impl Serialize, problems: &mut Vec<String>) -> Box<RawValue> {
    to_raw_value(schema).unwrap_or_else(|error| {
        problems.push(format!("the input schema cannot be written: {error}"));
        RawValue::NULL.to_owned()
    })
}

/// Lets a schema of the author's own judge the arguments.
fn own_schema(schema: &Value, arguments: &mut Arguments, problems: &mut Vec<String>) {
    if !schema::is_object(schema) {
        problems.push("`input_schema` says no `\"type\": \"object\"` at its root, as MCP demands".to_owned());
    }
    if schema.get("additionalProperties") == Some(&Value::Bool(false)) {
        let has = |name: &str| schema.get("properties").is_some_and(|properties| properties.get(name).is_some());
        for argument in arguments.list.iter().filter(|argument| !has(argument.name)) {
            problems.push(format!(
                "argument `{}`: `input_schema` has no such property, and allows no others",
                argument.name
            ));
        }
    }
    match Whole::compile(schema.clone()) {
        Ok(whole) => arguments.whole = Some(whole),
        Err(error) => problems.push(format!("`input_schema`: {error}")),
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
