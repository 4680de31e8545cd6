//! Values that mean the right thing in the wrong JSON type, as models send them.
//!
//! A string that holds a number, a boolean, an array or an object is taken for it where the schema wants that and no
//! string; a number without a fraction is taken for an integer. Nothing is ever turned into a string.

use serde_json::{Number, Value};

use super::{definition, types};

/// How deep schemas are followed; a recursive one has no end of its own.
const DEPTH: usize = 32;

/// Mends a value after its schema; gives back whether anything was changed.
pub(crate) fn mend(value: &mut Value, schema: &Value, definitions: &Value) -> bool {
    mend_at(value, schema, definitions, DEPTH)
}

fn mend_at(value: &mut Value, schema: &Value, definitions: &Value, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
        return definition(target, definitions).is_some_and(|schema| mend_at(value, schema, definitions, depth));
    }
    let mut changed = retype(value, &types(schema));
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let own = schema.get("properties").and_then(|properties| properties.get(name));
                if let Some(schema) = own.or_else(|| schema.get("additionalProperties")) {
                    changed |= mend_at(member, schema, definitions, depth);
                }
            }
        }
        Value::Array(items) => {
            let prefix = schema.get("prefixItems").and_then(Value::as_array);
            for (index, item) in items.iter_mut().enumerate() {
                let schema = prefix.and_then(|prefix| prefix.get(index)).or_else(|| schema.get("items"));
                if let Some(schema) = schema {
                    changed |= mend_at(item, schema, definitions, depth);
                }
            }
        }
        _ => {}
    }
    for schema in branches(schema, "allOf") {
        changed |= mend_at(value, schema, definitions, depth);
    }
    for key in ["anyOf", "oneOf"] {
        let takes_strings =
            value.is_string() && branches(schema, key).any(|schema| takes_string(schema, definitions, depth));
        if !takes_strings {
            changed |= branches(schema, key).any(|schema| mend_at(value, schema, definitions, depth));
        }
    }
    changed
}

fn branches<'a>(schema: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    schema.get(key).and_then(Value::as_array).into_iter().flatten()
}

/// Whether some string fits this schema, or might.
fn takes_string(schema: &Value, definitions: &Value, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return true };
    if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
        return definition(target, definitions).is_none_or(|schema| takes_string(schema, definitions, depth));
    }
    if let Some(only) = schema.get("const") {
        return only.is_string();
    }
    let types = types(schema);
    if types.is_empty() {
        let mut nested = branches(schema, "anyOf").chain(branches(schema, "oneOf")).peekable();
        return nested.peek().is_none() || nested.any(|schema| takes_string(schema, definitions, depth));
    }
    types.contains(&"string")
}

/// Gives a value one of these types, if it has another and means one of them.
fn retype(value: &mut Value, types: &[&str]) -> bool {
    if types.is_empty() || types.contains(&"string") {
        return false;
    }
    let mut changed = false;
    if let Value::String(text) = value {
        let Ok(inner) = serde_json::from_str::<Value>(text.trim()) else { return false };
        let fits = match &inner {
            Value::Number(_) => types.contains(&"integer") || types.contains(&"number"),
            Value::Bool(_) => types.contains(&"boolean"),
            Value::Array(_) => types.contains(&"array"),
            Value::Object(_) => types.contains(&"object"),
            Value::Null | Value::String(_) => false,
        };
        if !fits {
            return false;
        }
        *value = inner;
        changed = true;
    }
    if let Value::Number(number) = value
        && types.contains(&"integer")
        && !types.contains(&"number")
        && let Some(integer) = without_fraction(number)
    {
        *value = integer.into();
        changed = true;
    }
    changed
}

/// The integer that a number written with a point is, if it is one exactly.
fn without_fraction(number: &Number) -> Option<i64> {
    /// Above it a float skips integers.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let float = number.as_f64().filter(|float| number.is_f64() && float.fract() == 0.0 && float.abs() < EXACT)?;
    #[expect(clippy::cast_possible_truncation, reason = "it has no fraction and was found to be small enough")]
    Some(float as i64)
}
