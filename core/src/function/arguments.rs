//! The arguments of a call: one walk over the raw object, then each value straight into its parameter.

use std::borrow::Cow;

use serde::de::value::Error as ValueError;
use serde::de::{self, DeserializeOwned, Deserializer, Visitor};
use serde_json::{Map, Value};
use smallvec::{SmallVec, smallvec};

use super::Kind;
use super::completer::Completer;
use crate::extract::Rejection;
use crate::protocol::{Json, RpcError, Walk};
use crate::schema::check::{Check, Definitions};
use crate::schema::fault::{self, Faults};
use crate::schema::lenient;
use crate::schema::whole::Whole;
use crate::tool_error::ToolError;

/// What a tool takes.
#[derive(Debug, Default)]
pub(crate) struct Arguments {
    pub(crate) list: Vec<Argument>,
    /// `$defs` of the input schema: what recursive types point at.
    pub(crate) definitions: Value,
    pub(crate) checks: Definitions,
    /// A schema of the author's own, which judges them first.
    pub(crate) whole: Option<Whole>,
}

/// One argument.
#[derive(Debug)]
pub(crate) struct Argument {
    pub(crate) name: &'static str,
    /// Its property in the input schema.
    pub(crate) schema: Value,
    pub(crate) required: bool,
    /// `None` where serde checks all there is to check.
    pub(crate) check: Option<Check>,
    /// What completes it while a user types.
    pub(crate) completer: Option<Completer>,
}

/// The arguments of one call while they are read.
pub struct Reader<'a> {
    arguments: &'a Arguments,
    slots: SmallVec<[Slot<'a>; 4]>,
    faults: Faults,
    unknown: Vec<Cow<'a, str>>,
    strict: bool,
}

#[derive(Clone, Copy)]
enum Slot<'a> {
    Absent,
    Given(Json<'a>),
    Doubled,
}

impl Arguments {
    /// The arguments as their own schema understands them, and whether that is not what was written.
    pub(crate) fn judge(whole: &Whole, json: &[u8], strict: bool) -> Result<(Value, bool), Rejection> {
        let given = match json {
            b"" | b"null" => Some(Value::Object(Map::new())),
            json => serde_json::from_slice(json).ok().filter(Value::is_object),
        };
        let given = given.ok_or_else(|| RpcError::invalid_params("`params.arguments` must be an object"))?;
        whole.check(given, strict).map_err(|faults| ToolError::new(faults).into())
    }
}

impl<'a> Reader<'a> {
    /// Sorts the members of `json` into slots; no text at all and `null` are `{}`.
    pub(crate) fn new(arguments: &'a Arguments, json: &'a [u8], strict: bool) -> Result<Self, RpcError> {
        let mut reader = Self {
            arguments,
            slots: smallvec![Slot::Absent; arguments.list.len()],
            faults: Faults::default(),
            unknown: Vec::new(),
            strict,
        };
        if !json.is_empty() && json != b"null" {
            let read = std::str::from_utf8(json).ok().and_then(|json| {
                Walk::whole(json, |walk| walk.object(|walk, name| walk.value().map(|value| reader.take(name, value))))
            });
            read.ok_or_else(|| {
                RpcError::invalid_params(match json {
                    [b'{', ..] => "`params.arguments` is nested too deep, or names a member by what is no Unicode",
                    _ => "`params.arguments` must be an object",
                })
            })?;
        }
        Ok(reader)
    }

    /// Puts a member into its slot.
    fn take(&mut self, name: Cow<'a, str>, value: Json<'a>) {
        match self.arguments.list.iter().position(|argument| argument.name == name) {
            Some(index) => {
                let slot = &mut self.slots[index];
                *slot = if matches!(slot, Slot::Absent) { Slot::Given(value) } else { Slot::Doubled };
            }
            None if self.unknown.len() < 32 && !self.unknown.contains(&name) => self.unknown.push(name),
            None => {}
        }
    }

    /// The value of one argument; `None` where there is a fault, which is then noted.
    pub(crate) fn read<T: DeserializeOwned>(&mut self, index: usize, default: Option<fn() -> T>) -> Option<T> {
        let argument = &self.arguments.list[index];
        let json = match (self.slots[index], default) {
            (Slot::Doubled, _) => {
                self.faults.add(argument.name, "given twice");
                return None;
            }
            (Slot::Given(json), Some(default)) if json.is_null() && !self.strict => return Some(default()),
            (Slot::Given(json), _) => json,
            (Slot::Absent, Some(default)) => return Some(default()),
            (Slot::Absent, None) => {
                let value = if argument.required { None } else { left_out() };
                if value.is_none() {
                    self.faults.add(argument.name, "missing");
                }
                return value;
            }
        };
        let (value, tree) = match self.understand(argument, json) {
            Ok(understood) => understood,
            Err(error) => {
                self.faults.add(argument.name, &fault::from_serde(&error));
                return None;
            }
        };
        let passes = match (&argument.check, tree) {
            (Some(check), Some(tree)) => self.check(argument, check, &tree),
            _ => true,
        };
        passes.then_some(value)
    }

    /// A value, and as a tree where there is anything to check.
    fn understand<T: DeserializeOwned>(
        &self,
        argument: &Argument,
        json: Json<'_>,
    ) -> Result<(T, Option<Value>), serde_json::Error> {
        match json.read() {
            // A type passes over what it does not know, unread; a tree holds all of it, and may be impossible.
            Ok(value) => match &argument.check {
                Some(_) => Ok((value, Some(json.read()?))),
                None => Ok((value, None)),
            },
            Err(error) if self.strict => Err(error),
            Err(error) => self.mend(argument, json).map(|(value, tree)| (value, Some(tree))).ok_or(error),
        }
    }

    fn mend<T: DeserializeOwned>(&self, argument: &Argument, json: Json<'_>) -> Option<(T, Value)> {
        let mut tree: Value = json.read().ok()?;
        if !lenient::mend(&mut tree, &argument.schema, &self.arguments.definitions) {
            return None;
        }
        let value = serde_json::from_str(&tree.to_string()).ok()?;
        Some((value, tree))
    }

    fn check(&mut self, argument: &Argument, check: &Check, tree: &Value) -> bool {
        // An argument that may be left out may be `null` too.
        if tree.is_null() && !argument.required {
            return true;
        }
        let mut faults = Vec::new();
        check.run(tree, argument.name, &self.arguments.checks, &mut faults);
        for (path, fault) in &faults {
            self.faults.add(path, fault);
        }
        faults.is_empty()
    }

    /// Ends the reading: all faults together, in one text.
    pub(crate) fn finish(mut self, kind: Kind) -> Result<(), Rejection> {
        // A schema of the author's own has said whether there may be others.
        let unknown = self.unknown.iter().filter(|_| self.arguments.whole.is_none());
        for name in unknown {
            let names: Vec<String> =
                self.arguments.list.iter().map(|argument| format!("`{}`", argument.name)).collect();
            let noun = kind.noun();
            let known = match names.as_slice() {
                [] => format!("the {noun} takes no arguments"),
                names => format!("the {noun} takes {}", names.join(", ")),
            };
            self.faults.add(name, &format!("unknown, {known}"));
        }
        match (self.faults.text(), kind) {
            (None, _) => Ok(()),
            // The model reads it, and mends its call.
            (Some(text), Kind::Tool) => Err(ToolError::new(text).into()),
            (Some(text), Kind::Prompt | Kind::Resource | Kind::Completion) => {
                Err(RpcError::invalid_params(text).into())
            }
        }
    }
}

/// The value of an argument that was left out, for a type that has one: `None` of an `Option`.
pub(crate) fn left_out<T: DeserializeOwned>() -> Option<T> {
    T::deserialize(LeftOut).ok()
}

/// The deserializer of what is not there: an option is none, and anything else fails.
struct LeftOut;

impl<'de> Deserializer<'de> for LeftOut {
    type Error = ValueError;

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, ValueError> {
        Err(de::Error::custom("missing"))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        visitor.visit_none()
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}
