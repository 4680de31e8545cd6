//! The constraints of a schema, compiled once and enforced at every call.
//!
//! Types, required members and the variants of an enum are serde's to check; this is what serde does not know of.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use regex_lite::{Regex, RegexBuilder};
use serde_json::{Map, Number, Value};

use super::fault::show;
use super::{names, types};

/// How much memory one compiled pattern may take, in bytes: a search takes no longer than its size times the text's.
const PATTERN_SIZE: usize = 1 << 20;

/// What the schemas under `$defs` demand, by name.
pub(crate) type Definitions = HashMap<String, Check>;

/// What one schema demands of a value.
#[derive(Debug, Default)]
pub(crate) struct Check {
    rules: Vec<Rule>,
    /// Tells the alternatives of `anyOf` and `oneOf` apart: the types, and the values that are named one by one.
    types: Vec<String>,
    values: Option<Vec<Value>>,
    required: Vec<String>,
    properties: Vec<Property>,
    additional: Option<Box<Check>>,
    items: Option<Box<Check>>,
    prefix: Vec<Check>,
    all: Vec<Check>,
    alternatives: Vec<Vec<Check>>,
    reference: Option<String>,
}

#[derive(Debug)]
struct Property {
    name: String,
    /// It may be left out, and then `null` means the same.
    optional: bool,
    check: Check,
}

#[derive(Debug)]
enum Rule {
    Minimum(Number),
    Maximum(Number),
    Above(Number),
    Below(Number),
    MultipleOf(Number),
    MinLength(u64),
    MaxLength(u64),
    Pattern(Regex),
    MinItems(u64),
    MaxItems(u64),
    Unique,
    MinProperties(u64),
    MaxProperties(u64),
    OneOf(Vec<Value>),
}

/// Compiles a schema; what is wrong with it is added to `problems`.
pub(crate) fn compile(schema: &Value, problems: &mut Vec<String>) -> Check {
    Check::compile(schema, false, problems)
}

impl Check {
    fn compile(schema: &Value, in_alternative: bool, problems: &mut Vec<String>) -> Self {
        let Value::Object(object) = schema else { return Self::default() };
        let required: Vec<String> = names(object.get("required")).map(str::to_owned).collect();
        let mut sub =
            |key: &str| object.get(key).map(|schema| Box::new(Self::compile(schema, in_alternative, problems)));
        let additional = sub("additionalProperties");
        let items = sub("items");
        let mut list = |key: &str, in_alternative| -> Vec<Self> {
            let schemas = object.get(key).and_then(Value::as_array).into_iter().flatten();
            schemas.map(|schema| Self::compile(schema, in_alternative, problems)).collect()
        };
        let prefix = list("prefixItems", in_alternative);
        let all = list("allOf", in_alternative);
        let alternatives = vec![list("anyOf", true), list("oneOf", true)];
        let properties = object.get("properties").and_then(Value::as_object).into_iter().flatten();
        let properties = properties.map(|(name, schema)| Property {
            name: name.clone(),
            optional: !required.contains(name),
            check: Self::compile(schema, in_alternative, problems),
        });
        Self {
            properties: properties.collect(),
            types: types(schema).into_iter().map(str::to_owned).collect(),
            values: values(object),
            required,
            additional,
            items,
            prefix,
            all,
            alternatives,
            reference: object
                .get("$ref")
                .and_then(Value::as_str)
                .and_then(|path| path.strip_prefix("#/$defs/"))
                .map(str::to_owned),
            rules: rules(object, in_alternative, problems),
        }
    }

    /// The rule on the values of this schema itself, if serde turns out to enforce it.
    pub(crate) fn drop_values_rule(&mut self) {
        self.rules.retain(|rule| !matches!(rule, Rule::OneOf(_)));
    }

    /// Whether there is anything to enforce; a reference counts if any definition has something.
    pub(crate) fn enforces(&self, definitions: &Definitions) -> bool {
        self.has_rules() || (self.has_reference() && definitions.values().any(Self::has_rules))
    }

    fn has_rules(&self) -> bool {
        !self.rules.is_empty() || self.children().any(Self::has_rules)
    }

    fn has_reference(&self) -> bool {
        self.reference.is_some() || self.children().any(Self::has_reference)
    }

    fn children(&self) -> impl Iterator<Item = &Self> {
        let properties = self.properties.iter().map(|property| &property.check);
        let single = self.additional.as_deref().into_iter().chain(self.items.as_deref());
        properties.chain(single).chain(&self.prefix).chain(&self.all).chain(self.alternatives.iter().flatten())
    }

    /// Adds to `faults` where and how `value` breaks a rule.
    pub(crate) fn run(&self, value: &Value, path: &str, definitions: &Definitions, faults: &mut Vec<(String, String)>) {
        for rule in &self.rules {
            if let Some(fault) = rule.fault(value) {
                faults.push((path.to_owned(), fault));
                if matches!(rule, Rule::MaxLength(_)) {
                    // A client does not choose how long a pattern is searched for.
                    break;
                }
            }
        }
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    match self.properties.iter().find(|property| property.name == *name) {
                        Some(property) if property.optional && member.is_null() => {}
                        Some(property) => property.check.run(member, &format!("{path}.{name}"), definitions, faults),
                        None => {
                            if let Some(check) = &self.additional {
                                check.run(member, &format!("{path}.{name}"), definitions, faults);
                            }
                        }
                    }
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    if let Some(check) = self.prefix.get(index).or(self.items.as_deref()) {
                        check.run(item, &format!("{path}[{index}]"), definitions, faults);
                    }
                }
            }
            _ => {}
        }
        for check in &self.all {
            check.run(value, path, definitions, faults);
        }
        for branches in &self.alternatives {
            faults.extend(best_of(branches, value, path, definitions));
        }
        if let Some(check) = self.reference.as_ref().and_then(|name| definitions.get(name)) {
            check.run(value, path, definitions, faults);
        }
    }

    /// Whether a value has the form of this schema, its rules left aside.
    fn fits(&self, value: &Value, definitions: &Definitions) -> bool {
        let type_fits = self.types.is_empty() || self.types.iter().any(|name| is_of_type(value, name));
        type_fits
            && self.values.as_ref().is_none_or(|values| values.iter().any(|one| same(one, value)))
            && self.required.iter().all(|name| value.as_object().is_none_or(|members| members.contains_key(name)))
            && self.properties.iter().all(|property| {
                let member = value.get(&property.name);
                member.is_none_or(|member| {
                    (property.optional && member.is_null()) || property.check.fits(member, definitions)
                })
            })
            && self
                .reference
                .as_ref()
                .and_then(|name| definitions.get(name))
                .is_none_or(|check| check.fits(value, definitions))
    }
}

/// The faults under the alternative that a value comes closest to; none where serde took a value that fits no alternative.
fn best_of(branches: &[Check], value: &Value, path: &str, definitions: &Definitions) -> Vec<(String, String)> {
    let fitting = branches.iter().filter(|branch| branch.fits(value, definitions));
    let faults = fitting.map(|branch| {
        let mut faults = Vec::new();
        branch.run(value, path, definitions, &mut faults);
        faults
    });
    faults.min_by_key(Vec::len).unwrap_or_default()
}

fn values(object: &Map<String, Value>) -> Option<Vec<Value>> {
    match (object.get("const"), object.get("enum")) {
        (Some(only), _) => Some(vec![only.clone()]),
        (None, Some(Value::Array(values))) => Some(values.clone()),
        _ => None,
    }
}

fn rules(object: &Map<String, Value>, in_alternative: bool, problems: &mut Vec<String>) -> Vec<Rule> {
    let number = |key: &str| match object.get(key) {
        Some(Value::Number(number)) => Some(number.clone()),
        _ => None,
    };
    let count = |key: &str| object.get(key).and_then(Value::as_u64);
    // The width of an integer type is serde's to check.
    let (lowest, highest) = object.get("format").and_then(Value::as_str).map_or((None, None), width);
    let mut rules = Vec::new();
    rules.extend(number("minimum").filter(|bound| Some(bound) != lowest.as_ref()).map(Rule::Minimum));
    rules.extend(number("maximum").filter(|bound| Some(bound) != highest.as_ref()).map(Rule::Maximum));
    rules.extend(number("exclusiveMinimum").map(Rule::Above));
    rules.extend(number("exclusiveMaximum").map(Rule::Below));
    rules.extend(number("multipleOf").map(Rule::MultipleOf));
    rules.extend(count("minLength").map(Rule::MinLength));
    rules.extend(count("maxLength").map(Rule::MaxLength));
    rules.extend(count("minItems").map(Rule::MinItems));
    rules.extend(count("maxItems").map(Rule::MaxItems));
    rules.extend(count("minProperties").map(Rule::MinProperties));
    rules.extend(count("maxProperties").map(Rule::MaxProperties));
    if object.get("uniqueItems") == Some(&Value::Bool(true)) {
        rules.push(Rule::Unique);
    }
    if let Some(pattern) = object.get("pattern").and_then(Value::as_str) {
        match RegexBuilder::new(pattern).size_limit(PATTERN_SIZE).build() {
            Ok(regex) => rules.push(Rule::Pattern(regex)),
            Err(error) => problems.push(format!("the pattern `{pattern}` cannot be used: {error}")),
        }
    }
    // Inside an alternative they tell it from the others, as the tag of an enum does, which serde has read.
    if !in_alternative {
        rules.extend(values(object).map(Rule::OneOf));
    }
    rules
}

/// The bounds that schemars writes for an integer type.
fn width(format: &str) -> (Option<Number>, Option<Number>) {
    let (lowest, highest): (i64, Option<i64>) = match format {
        "uint8" => (0, Some(u8::MAX.into())),
        "uint16" => (0, Some(u16::MAX.into())),
        "int8" => (i8::MIN.into(), Some(i8::MAX.into())),
        "int16" => (i16::MIN.into(), Some(i16::MAX.into())),
        "uint32" | "uint64" | "uint128" | "uint" => (0, None),
        _ => return (None, None),
    };
    (Some(lowest.into()), highest.map(Into::into))
}

impl Rule {
    /// What is wrong with a value; a rule on another type than the value's says nothing of it.
    fn fault(&self, value: &Value) -> Option<String> {
        match (self, value) {
            (Self::Minimum(bound), Value::Number(number)) => (compare(number, bound) == Some(Ordering::Less))
                .then(|| format!("{number} is less than the minimum {bound}")),
            (Self::Maximum(bound), Value::Number(number)) => (compare(number, bound) == Some(Ordering::Greater))
                .then(|| format!("{number} is greater than the maximum {bound}")),
            (Self::Above(bound), Value::Number(number)) => (compare(number, bound) != Some(Ordering::Greater))
                .then(|| format!("{number} is not greater than {bound}")),
            (Self::Below(bound), Value::Number(number)) => {
                (compare(number, bound) != Some(Ordering::Less)).then(|| format!("{number} is not less than {bound}"))
            }
            (Self::MultipleOf(step), Value::Number(number)) => {
                (!is_multiple(number, step)).then(|| format!("{number} is not a multiple of {step}"))
            }
            (Self::MinLength(bound), Value::String(text)) => {
                let length = text.chars().count();
                ((length as u64) < *bound)
                    .then(|| format!("{} long, the minimum is {bound}", counted(length, "character")))
            }
            (Self::MaxLength(bound), Value::String(text)) => {
                let length = text.chars().count();
                ((length as u64) > *bound)
                    .then(|| format!("{} long, the maximum is {bound}", counted(length, "character")))
            }
            (Self::Pattern(regex), Value::String(text)) => {
                (!regex.is_match(text)).then(|| format!("{} does not match the pattern `{regex}`", show(value)))
            }
            (Self::MinItems(bound), Value::Array(items)) => ((items.len() as u64) < *bound)
                .then(|| format!("{}, the minimum is {bound}", counted(items.len(), "item"))),
            (Self::MaxItems(bound), Value::Array(items)) => ((items.len() as u64) > *bound)
                .then(|| format!("{}, the maximum is {bound}", counted(items.len(), "item"))),
            (Self::Unique, Value::Array(items)) => {
                let mut seen = HashSet::with_capacity(items.len());
                let doubled = items.iter().find(|item| !seen.insert(*item));
                doubled.map(|item| format!("{} stands twice", show(item)))
            }
            (Self::MinProperties(bound), Value::Object(members)) => ((members.len() as u64) < *bound)
                .then(|| format!("{}, the minimum is {bound}", counted(members.len(), "member"))),
            (Self::MaxProperties(bound), Value::Object(members)) => ((members.len() as u64) > *bound)
                .then(|| format!("{}, the maximum is {bound}", counted(members.len(), "member"))),
            (Self::OneOf(values), _) => (!values.iter().any(|one| same(one, value))).then(|| {
                let values: Vec<String> = values.iter().map(Value::to_string).collect();
                format!("{} is none of {}", show(value), values.join(", "))
            }),
            _ => None,
        }
    }
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => compare(left, right) == Some(Ordering::Equal),
        _ => left == right,
    }
}

fn integer(number: &Number) -> Option<i128> {
    number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from))
}

pub(crate) fn compare(left: &Number, right: &Number) -> Option<Ordering> {
    match (integer(left), integer(right)) {
        (Some(left), Some(right)) => Some(left.cmp(&right)),
        _ => left.as_f64()?.partial_cmp(&right.as_f64()?),
    }
}

fn is_multiple(number: &Number, step: &Number) -> bool {
    if let (Some(number), Some(step)) = (integer(number), integer(step)) {
        return step == 0 || number % step == 0;
    }
    let (Some(number), Some(step)) = (number.as_f64(), step.as_f64()) else { return true };
    let quotient = number / step;
    // 0.3 is three steps of 0.1, whatever binary fractions say.
    step == 0.0 || (quotient - quotient.round()).abs() <= f64::EPSILON * quotient.abs().max(1.0)
}

/// Whether a value is of one of these types; of no type at all is any.
pub(crate) fn is_of_types(value: &Value, types: &[&str]) -> bool {
    types.is_empty() || types.iter().any(|name| is_of_type(value, name))
}

fn is_of_type(value: &Value, name: &str) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "number" => value.is_number(),
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        _ => true,
    }
}
