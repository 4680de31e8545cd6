//! Forms: flat schemas, in the few words that every client understands (MCP 2026-07-28, Elicitation, Requested Schema).

use schemars::JsonSchema;
use serde_json::{Map, Value, json};

use super::AskError;
use crate::schema;
use crate::schema::check::{self, Check};

/// The formats of strings that clients know.
const FORMATS: [&str; 4] = ["email", "uri", "date", "date-time"];

/// A schema that a client can show as a form, and what it demands.
pub(super) struct Form {
    pub(super) schema: Value,
    check: Check,
}

impl Form {
    /// The form of a flat struct.
    pub(super) fn of<T: JsonSchema>() -> Result<Self, AskError> {
        let mut schema = schema::of_input::<T>();
        let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else {
            return Err(AskError::Form(format!("`{}` is no struct with named fields", T::schema_name())));
        };
        for property in properties.values_mut() {
            flatten(property);
        }
        let properties = std::mem::take(properties);
        let mut form = Map::new();
        form.insert("type".into(), "object".into());
        form.insert("properties".into(), properties.into());
        if let Some(required) = schema.get("required") {
            form.insert("required".into(), required.clone());
        }
        Self::new(form.into())
    }

    /// The form of this schema.
    pub(super) fn new(schema: Value) -> Result<Self, AskError> {
        let properties = schema.get("properties").and_then(Value::as_object);
        let Some(properties) = properties.filter(|_| schema::is_object(&schema)) else {
            return Err(AskError::Form("the schema of a form is an object with `properties`".into()));
        };
        for (name, property) in properties {
            if !is_primitive(property) {
                return Err(AskError::Form(format!(
                    "the field `{name}` is neither text, number, boolean, enum nor a list of enums: forms are flat"
                )));
            }
        }
        let mut problems = Vec::new();
        let check = check::compile(&schema, &mut problems);
        if !problems.is_empty() {
            return Err(AskError::Form(problems.join("; ")));
        }
        Ok(Self { schema, check })
    }

    /// What is wrong with a filled-in form.
    pub(super) fn check(&self, content: &Value) -> Result<(), String> {
        let Value::Object(members) = content else { return Err("`content` is no object".into()) };
        for name in schema::names(self.schema.get("required")) {
            if !members.contains_key(name) {
                return Err(format!("`{name}` is missing"));
            }
        }
        for (name, value) in members {
            let property = self.schema.get("properties").and_then(|properties| properties.get(name));
            let Some(property) = property else { continue };
            if !check::is_of_types(value, &schema::types(property)) {
                return Err(format!("`{name}` is {value}, expected {}", schema::types(property).join(" or ")));
            }
            let chosen = value.as_array().map_or_else(|| std::slice::from_ref(value), Vec::as_slice);
            let options = options(property.get("items").unwrap_or(property));
            if let Some(stray) =
                chosen.iter().find(|one| options.as_ref().is_some_and(|options| !options.contains(one)))
            {
                return Err(format!("`{name}`: {stray} is none of its values"));
            }
        }
        let mut faults = Vec::new();
        self.check.run(content, "content", &check::Definitions::new(), &mut faults);
        match faults.as_slice() {
            [] => Ok(()),
            faults => {
                Err(faults.iter().map(|(path, fault)| format!("`{path}`: {fault}")).collect::<Vec<_>>().join("; "))
            }
        }
    }
}

/// Writes the schema of a field in the words of forms: schemars says the same in others.
fn flatten(property: &mut Value) {
    schema::strip_null(property);
    let Value::Object(object) = property else { return };
    titled(object, "oneOf");
    if let Some(Value::Object(items)) = object.get_mut("items") {
        titled(items, "anyOf");
    }
    // A set is a list to a form.
    object.remove("uniqueItems");
    if object.get("format").and_then(Value::as_str).is_some_and(|format| !FORMATS.contains(&format)) {
        object.remove("format");
    }
}

/// Enums: a choice between named values becomes a list of values, with titles where there are any.
fn titled(object: &mut Map<String, Value>, key: &str) {
    let Some(Value::Array(branches)) = object.get("oneOf") else { return };
    let values: Option<Vec<(Value, Option<Value>)>> = branches.iter().map(value_and_title).collect();
    let Some(values) = values else { return };
    object.remove("oneOf");
    if values.iter().any(|(_, title)| title.is_some()) {
        let options: Vec<Value> = values
            .into_iter()
            .map(|(value, title)| {
                let title = title.unwrap_or_else(|| value.clone());
                json!({ "const": value, "title": title })
            })
            .collect();
        object.insert(key.into(), options.into());
    } else {
        object.insert("enum".into(), values.into_iter().map(|(value, _)| value).collect());
    }
    if key == "oneOf" || object.contains_key("enum") {
        object.insert("type".into(), "string".into());
    } else {
        object.remove("type");
    }
}

/// The values to choose from, where the choice is between named ones.
fn options(schema: &Value) -> Option<Vec<&Value>> {
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        return Some(values.iter().collect());
    }
    let branches = schema.get("oneOf").or_else(|| schema.get("anyOf"))?.as_array()?;
    branches.iter().map(|branch| branch.get("const")).collect()
}

/// One value of an enum, with its title, or its doc comment in place of one.
fn value_and_title(branch: &Value) -> Option<(Value, Option<Value>)> {
    let value = branch.get("const").filter(|value| value.is_string())?;
    let title = branch.get("title").or_else(|| branch.get("description"));
    Some((value.clone(), title.cloned()))
}

fn is_primitive(property: &Value) -> bool {
    let is_enum = |schema: &Value| ["enum", "oneOf", "anyOf"].iter().any(|key| schema.get(key).is_some());
    match schema::types(property).as_slice() {
        ["string" | "number" | "integer" | "boolean"] => property.get("anyOf").is_none(),
        ["array"] => property.get("items").is_some_and(is_enum),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize, JsonSchema, PartialEq, Eq, PartialOrd, Ord)]
    #[serde(rename_all = "lowercase")]
    enum Plain {
        Red,
        Green,
    }

    #[derive(Deserialize, JsonSchema, PartialEq, Eq, PartialOrd, Ord)]
    enum Titled {
        #[schemars(title = "빨강")]
        Red,
        /// Green as grass
        Green,
    }

    #[derive(Deserialize, JsonSchema)]
    #[expect(dead_code, reason = "only its schema is looked at")]
    struct Everything {
        /// Your name
        #[schemars(length(min = 1, max = 20), title = "Name")]
        name: String,
        #[serde(default = "thirty")]
        age: u8,
        score: Option<f64>,
        #[serde(default)]
        verified: bool,
        plain: Plain,
        titled: Option<Titled>,
        many: Vec<Plain>,
        many_titled: BTreeSet<Titled>,
    }

    fn thirty() -> u8 {
        30
    }

    #[test]
    fn a_struct_becomes_a_flat_form() {
        let form = Form::of::<Everything>().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(
            form.schema,
            json!({
                "type": "object",
                "properties": {
                    "name": { "type": "string", "title": "Name", "description": "Your name", "minLength": 1, "maxLength": 20 },
                    "age": { "type": "integer", "minimum": 0, "maximum": 255, "default": 30 },
                    "score": { "type": "number" },
                    "verified": { "type": "boolean", "default": false },
                    "plain": { "type": "string", "enum": ["red", "green"] },
                    "titled": { "type": "string", "oneOf": [
                        { "const": "Red", "title": "빨강" }, { "const": "Green", "title": "Green as grass" },
                    ] },
                    "many": { "type": "array", "items": { "type": "string", "enum": ["red", "green"] } },
                    "many_titled": { "type": "array", "items": { "anyOf": [
                        { "const": "Red", "title": "빨강" }, { "const": "Green", "title": "Green as grass" },
                    ] } },
                },
                "required": ["name", "plain", "many", "many_titled"],
            })
        );
    }

    #[test]
    fn what_is_filled_in_is_checked() {
        let form = Form::of::<Everything>().unwrap_or_else(|error| panic!("{error}"));
        let fill = |changes: Value| {
            let mut content = json!({ "name": "Kim", "plain": "red", "many": ["red"], "many_titled": [] });
            if let (Value::Object(content), Value::Object(changes)) = (&mut content, changes) {
                content.extend(changes);
            }
            form.check(&content)
        };
        assert_eq!(fill(json!({})), Ok(()));
        assert_eq!(fill(json!({ "score": 1, "titled": "Green", "unasked": [] })), Ok(()));
        for wrong in [
            json!({ "name": "" }),
            json!({ "name": 5 }),
            json!({ "age": 30.5 }),
            json!({ "age": 256 }),
            json!({ "plain": "blue" }),
            json!({ "titled": "Blue" }),
            json!({ "many": ["blue"] }),
            json!({ "many_titled": ["Blue"] }),
            json!({ "verified": "yes" }),
        ] {
            assert!(fill(wrong.clone()).is_err(), "{wrong}");
        }
        assert!(form.check(&json!({})).is_err());
        assert!(form.check(&json!(12345)).is_err());
    }

    #[test]
    fn what_is_not_flat_is_no_form() {
        #[derive(Deserialize, JsonSchema)]
        #[expect(dead_code, reason = "only its schema is looked at")]
        struct Nested {
            inner: Everything,
        }
        assert!(matches!(Form::of::<Nested>(), Err(AskError::Form(_))));
        assert!(matches!(Form::of::<String>(), Err(AskError::Form(_))));
        assert!(matches!(Form::of::<Vec<u8>>(), Err(AskError::Form(_))));
    }
}
