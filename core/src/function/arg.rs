//! One argument as the macro describes it, and the schema that comes of it.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::completer::Completer;
use crate::schema::check::{self, Check};
use crate::schema::{self, fault};

/// A value that a macro attribute gives, as JSON, or why it is none.
pub type Constant = Result<Value, String>;

/// A literal, which the macro wrote as JSON.
pub fn literal(json: &'static str) -> Constant {
    serde_json::from_str(json).map_err(|error| error.to_string())
}

/// The value of any other expression.
pub fn constant<T: Serialize + ?Sized>(value: &T) -> Constant {
    serde_json::to_value(value).map_err(|error| error.to_string())
}

/// The value that a default is made as.
pub fn published<T: Serialize>(default: Option<fn() -> T>) -> Constant {
    default.map_or(Ok(Value::Null), |default| constant(&default()))
}

/// What is said of an argument: its name, its doc comment and its `#[arg(..)]`.
#[derive(Debug, Default)]
pub struct Arg {
    pub(crate) name: &'static str,
    description: Option<&'static str>,
    /// Schema keywords, each with the `#[arg]` key that gave it.
    keywords: Vec<(&'static str, &'static str, Constant)>,
    length: Vec<(Bound, Constant)>,
    default: Option<Constant>,
    examples: Vec<Constant>,
    header: Option<&'static str>,
    pub(crate) completer: Option<Completer>,
}

/// Which end of a length.
#[derive(Clone, Copy, Debug)]
enum Bound {
    Min,
    Max,
}

impl Arg {
    /// An argument of this name.
    #[must_use]
    pub fn named(name: &'static str) -> Self {
        Self { name, ..Self::default() }
    }

    /// What it is for.
    #[must_use]
    pub fn description(mut self, text: &'static str) -> Self {
        self.description = Some(text);
        self
    }

    /// The start of `range`.
    #[must_use]
    pub fn minimum(self, bound: Constant) -> Self {
        self.keyword("minimum", "range", bound)
    }

    /// The end of `range`, itself allowed.
    #[must_use]
    pub fn maximum(self, bound: Constant) -> Self {
        self.keyword("maximum", "range", bound)
    }

    /// The end of `range`, itself not allowed.
    #[must_use]
    pub fn below(self, bound: Constant) -> Self {
        self.keyword("exclusiveMaximum", "range", bound)
    }

    /// The start of `length`.
    #[must_use]
    pub fn min_length(mut self, bound: Constant) -> Self {
        self.length.push((Bound::Min, bound));
        self
    }

    /// The end of `length`, itself allowed.
    #[must_use]
    pub fn max_length(mut self, bound: Constant) -> Self {
        self.length.push((Bound::Max, bound));
        self
    }

    /// `pattern`
    #[must_use]
    pub fn pattern(self, regex: &'static str) -> Self {
        self.keyword("pattern", "pattern", Ok(regex.into()))
    }

    /// `default`, as it is published.
    #[must_use]
    pub fn default_value(mut self, value: Constant) -> Self {
        self.default = Some(value);
        self
    }

    /// One of `examples`.
    #[must_use]
    pub fn example(mut self, value: Constant) -> Self {
        self.examples.push(value);
        self
    }

    /// `header`
    #[must_use]
    pub fn header(mut self, name: &'static str) -> Self {
        self.header = Some(name);
        self
    }

    /// `complete`
    #[must_use]
    pub fn complete(mut self, completer: Completer) -> Self {
        self.completer = Some(completer);
        self
    }

    fn keyword(mut self, keyword: &'static str, key: &'static str, value: Constant) -> Self {
        self.keywords.push((keyword, key, value));
        self
    }
}

/// Writes what is said of an argument into its schema.
pub(crate) fn describe(property: &mut Value, arg: &Arg, problems: &mut Vec<String>) {
    let types: Vec<String> = schema::types(property).into_iter().map(str::to_owned).collect();
    let is = |name: &str| types.iter().any(|one| one == name);
    let Value::Object(object) = property else {
        problems.push("nothing fits its type".into());
        return;
    };
    if let Some(description) = arg.description {
        object.insert("description".into(), description.into());
    }
    for (keyword, key, value) in &arg.keywords {
        let Some(value) = known(value, key, problems) else { continue };
        let fits = match *key {
            "pattern" => is("string"),
            _ => is("integer") || is("number"),
        };
        if !fits {
            let wanted = if *key == "pattern" { "a string" } else { "a number" };
            problems.push(format!("`{key}` is for {wanted}, and the type is {}", described(&types)));
        } else if *key == "range" && !value.is_number() {
            problems.push(format!("`range` is bounded by numbers, not by {value}"));
        } else {
            tighten(object, keyword, value, problems);
        }
    }
    for (bound, value) in &arg.length {
        let Some(value) = known(value, "length", problems) else { continue };
        let keyword = match bound {
            Bound::Min if is("string") => "minLength",
            Bound::Max if is("string") => "maxLength",
            Bound::Min if is("array") => "minItems",
            Bound::Max if is("array") => "maxItems",
            Bound::Min if is("object") => "minProperties",
            Bound::Max if is("object") => "maxProperties",
            _ => {
                problems
                    .push(format!("`length` is for a string, a list or a map, and the type is {}", described(&types)));
                continue;
            }
        };
        if value.as_u64().is_some() {
            object.insert(keyword.into(), value);
        } else {
            problems.push(format!("`length` is bounded by whole numbers, not by {value}"));
        }
    }
    for (low, high, key) in [
        ("minimum", "maximum", "range"),
        ("minimum", "exclusiveMaximum", "range"),
        ("minLength", "maxLength", "length"),
        ("minItems", "maxItems", "length"),
        ("minProperties", "maxProperties", "length"),
    ] {
        if let (Some(Value::Number(low)), Some(Value::Number(high))) = (object.get(low), object.get(high))
            && check::compare(low, high).is_some_and(std::cmp::Ordering::is_gt)
        {
            problems.push(format!("no value is inside the `{key}` from {low} to {high}"));
        }
    }
    if let Some(value) = arg.default.as_ref().and_then(|value| known(value, "default", problems)) {
        object.insert("default".into(), value);
    }
    let examples: Vec<Value> = arg.examples.iter().filter_map(|value| known(value, "examples", problems)).collect();
    if !examples.is_empty() {
        object.insert("examples".into(), examples.into());
    }
    if let Some(header) = arg.header {
        let fits = ["integer", "string", "boolean"].iter().any(|name| types == [*name]);
        if !fits {
            problems.push(format!(
                "`header` is for an integer, a string or a boolean, and the type is {}",
                described(&types)
            ));
        }
        // Of what is no such type that has been said.
        if fits {
            object.insert("x-mcp-header".into(), header.into());
        }
    }
}

fn known(value: &Constant, key: &str, problems: &mut Vec<String>) -> Option<Value> {
    match value {
        Ok(value) => Some(value.clone()),
        Err(error) => {
            problems.push(format!("the value of `{key}` cannot be written as JSON: {error}"));
            None
        }
    }
}

pub(crate) fn described(types: &[String]) -> String {
    if types.is_empty() { "of no single JSON type".into() } else { types.join(" or ") }
}

/// Sets a bound; one that reaches beyond the type's own would promise what cannot be kept.
fn tighten(object: &mut Map<String, Value>, keyword: &str, value: Value, problems: &mut Vec<String>) {
    if let (Some(Value::Number(own)), Value::Number(given)) = (object.get(keyword), &value) {
        let beyond = match check::compare(given, own) {
            Some(order) if keyword == "minimum" => order.is_lt(),
            Some(order) => order.is_gt(),
            None => false,
        };
        if beyond {
            problems.push(format!("`range` reaches to {given}, but the type ends at {own}"));
        }
    }
    object.insert(keyword.into(), value);
}

/// Whether serde reads a string that is in no list into `T`.
pub(crate) fn reads_any_of_its_kind<T: DeserializeOwned>(property: &Value) -> bool {
    let strings_only = schema::names(property.get("enum")).count() > 0;
    !strings_only || serde_json::from_str::<T>("\"\\u0001 in no list\"").is_ok()
}

/// Finds a default or an example that the argument would refuse.
pub(crate) fn fits<T: DeserializeOwned>(property: &Value, check: &Check, problems: &mut Vec<String>) {
    let examples =
        property.get("examples").and_then(Value::as_array).into_iter().flatten().map(|value| ("example", value));
    for (what, value) in property.get("default").map(|value| ("default", value)).into_iter().chain(examples) {
        if let Err(error) = serde_json::from_str::<T>(&value.to_string()) {
            problems.push(format!("the {what} {value} does not fit the type: {}", fault::from_serde(&error)));
            continue;
        }
        let mut faults = Vec::new();
        check.run(value, "", &check::Definitions::new(), &mut faults);
        problems.extend(
            faults.into_iter().map(|(_, fault)| format!("the {what} {value} is outside the constraints: {fault}")),
        );
    }
}
