//! JSON Schema 2020-12: made from types in the form that clients understand, and enforced on values.
//!
//! Subschemas are inlined, because many clients cannot follow a `$ref`. A recursive type cannot be: it alone keeps its
//! `$ref`, with the definition under `$defs` at the root of the tool's schema.

pub(crate) mod check;
pub(crate) mod fault;
pub(crate) mod lenient;
pub(crate) mod whole;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

/// The formats of JSON Schema 2020-12 (Validation, §7.3); schemars has others, such as `uint32`, that tell a model nothing.
const FORMATS: [&str; 19] = [
    "date-time",
    "date",
    "time",
    "duration",
    "email",
    "idn-email",
    "hostname",
    "idn-hostname",
    "ipv4",
    "ipv6",
    "uri",
    "uri-reference",
    "iri",
    "iri-reference",
    "uuid",
    "uri-template",
    "json-pointer",
    "relative-json-pointer",
    "regex",
];

fn settings() -> SchemaSettings {
    SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    })
}

/// The generator of one tool's arguments.
pub(crate) fn generator() -> SchemaGenerator {
    settings().into_generator()
}

/// The schema of what `T` is read from, its optional members without `null`.
pub(crate) fn of_input<T: JsonSchema>() -> Value {
    let mut schema = generator().into_root_schema_for::<T>().to_value();
    optional_not_nullable(&mut schema);
    tidy(&mut schema);
    schema
}

/// The schema of what `T` is serialized as.
pub(crate) fn of_output<T: JsonSchema>() -> Schema {
    let mut generator = settings().for_serialize().into_generator();
    let mut schema = generator.subschema_for::<T>();
    let definitions = generator.take_definitions(false);
    if !definitions.is_empty() {
        schema.insert("$defs".into(), definitions.into());
    }
    let mut value = schema.to_value();
    // A schema of a recursive type at the root says where it stands by a `$ref`; an object is asked for.
    resolve_root(&mut value);
    tidy(&mut value);
    state_object(&mut value);
    Schema::try_from(value).unwrap_or_default()
}

/// Puts what a root `$ref` points at in its place.
fn resolve_root(schema: &mut Value) {
    let Some(target) =
        schema.get("$ref").and_then(Value::as_str).and_then(|reference| definition(reference, schema.get("$defs")?))
    else {
        return;
    };
    let target = target.clone();
    if let (Value::Object(root), Value::Object(target)) = (schema, target) {
        root.remove("$ref");
        for (key, value) in target {
            root.entry(key).or_insert(value);
        }
    }
}

/// What a `$ref` into `$defs` points at.
pub(crate) fn definition<'a>(reference: &str, definitions: &'a Value) -> Option<&'a Value> {
    let name = reference.strip_prefix("#/$defs/")?;
    definitions.get(name).or_else(|| definitions.get(name.replace("~1", "/").replace("~0", "~")))
}

/// Whether a schema describes nothing but objects.
pub(crate) fn is_object(schema: &Value) -> bool {
    schema.get("type") == Some(&json!("object"))
}

/// Says `type: object` where every alternative is an object, as for an enum of structs.
fn state_object(schema: &mut Value) {
    let all_objects = ["oneOf", "anyOf"].iter().any(|key| {
        let branches = schema.get(key).and_then(Value::as_array);
        branches.is_some_and(|branches| !branches.is_empty() && branches.iter().all(is_object))
    });
    if let Value::Object(schema) = schema
        && all_objects
    {
        schema.entry("type").or_insert_with(|| json!("object"));
    }
}

/// Takes out what tells a reader nothing, and writes every property as an object: clients of the revisions before
/// 2026-07-28 refuse `true` and `false` there, though JSON Schema knows them.
pub(crate) fn tidy(schema: &mut Value) {
    walk(schema, &mut |object| {
        if let Some(Value::Object(properties)) = object.get_mut("properties") {
            properties.values_mut().for_each(write_as_object);
        }
        if object.get("format").and_then(Value::as_str).is_some_and(|format| !FORMATS.contains(&format)) {
            object.remove("format");
        }
    });
}

/// Writes `true` and `false` as the objects that mean the same (JSON Schema 2020-12 Core, §4.3.2).
pub(crate) fn write_as_object(schema: &mut Value) {
    match schema {
        Value::Bool(true) => *schema = json!({}),
        Value::Bool(false) => *schema = json!({ "not": {} }),
        _ => {}
    }
}

/// Makes members that may be left out just that: not in `required`, and no `null` in their schema.
pub(crate) fn optional_not_nullable(schema: &mut Value) {
    walk(schema, &mut |object| {
        let required: Vec<String> = names(object.get("required")).map(str::to_owned).collect();
        if let Some(Value::Object(properties)) = object.get_mut("properties") {
            for (name, property) in properties {
                if !required.contains(name) {
                    strip_null(property);
                }
            }
        }
    });
}

/// The strings of a list.
pub(crate) fn names(list: Option<&Value>) -> impl Iterator<Item = &str> {
    list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// The values of `type`, whether it is one or several.
pub(crate) fn types(schema: &Value) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(one)) => vec![one],
        several => names(several).collect(),
    }
}

/// Takes `null` out of what a schema allows.
pub(crate) fn strip_null(schema: &mut Value) {
    let Value::Object(object) = schema else { return };
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [_] = types.as_slice()
            && let Some(only) = types.pop()
        {
            object.insert("type".into(), only);
        }
    }
    if let Some(Value::Array(values)) = object.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    if object.get("default") == Some(&Value::Null) {
        object.remove("default");
    }
    for key in ["anyOf", "oneOf"] {
        let Some(Value::Array(branches)) = object.get_mut(key) else { continue };
        branches
            .retain(|branch| branch.get("type") != Some(&json!("null")) && branch.get("const") != Some(&Value::Null));
        if let [_] = branches.as_slice()
            && let Some(Value::Object(only)) = branches.pop()
        {
            object.remove(key);
            for (key, value) in only {
                object.entry(key).or_insert(value);
            }
        }
    }
}

/// Visits a schema and all schemas inside it; never the instances in `default`, `examples`, `enum` and `const`.
pub(crate) fn walk(schema: &mut Value, visit: &mut impl FnMut(&mut Map<String, Value>)) {
    let Value::Object(object) = schema else { return };
    for key in ["properties", "patternProperties", "$defs", "definitions", "dependentSchemas"] {
        if let Some(Value::Object(schemas)) = object.get_mut(key) {
            schemas.values_mut().for_each(|schema| walk(schema, visit));
        }
    }
    for key in ["anyOf", "oneOf", "allOf", "prefixItems"] {
        if let Some(Value::Array(schemas)) = object.get_mut(key) {
            schemas.iter_mut().for_each(|schema| walk(schema, visit));
        }
    }
    for key in [
        "items",
        "additionalProperties",
        "unevaluatedProperties",
        "unevaluatedItems",
        "contains",
        "propertyNames",
        "not",
        "if",
        "then",
        "else",
    ] {
        if let Some(schema) = object.get_mut(key) {
            walk(schema, visit);
        }
    }
    visit(object);
}
