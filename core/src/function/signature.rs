//! The parameters of a function, while the macro declares them one by one.

use schemars::{JsonSchema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::arg::{self, Arg};
use super::arguments::{Argument, Arguments, left_out};
use crate::extract::Requirements;
use crate::schema;
use crate::schema::check::{self, Check};

/// What the parameters of one function are, and need.
pub struct Signature {
    pub(crate) requirements: Requirements,
    schemas: SchemaGenerator,
    arguments: Vec<Argument>,
    problems: Vec<String>,
}

/// All parameters, declared.
pub(crate) struct Declared {
    pub(crate) arguments: Arguments,
    pub(crate) requirements: Requirements,
    /// Mistakes of the author that only `build()` can tell, each a sentence.
    pub(crate) problems: Vec<String>,
}

impl Signature {
    /// A function without parameters.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "only the macros make one")]
    pub fn new() -> Self {
        Self {
            requirements: Requirements::default(),
            schemas: schema::generator(),
            arguments: Vec::new(),
            problems: Vec::new(),
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

        let Arg { name, completer, .. } = arg;
        if let Some(completer) = &completer {
            let mut requirements = Requirements::default();
            (completer.requires)(&mut requirements);
            if requirements.asks {
                problems.push(
                    "its completion function takes `Ask`, but nobody is asked anything while a user types".to_owned(),
                );
            }
            self.requirements.add(requirements);
        }
        self.problems.extend(problems.into_iter().map(|problem| format!("argument `{name}`: {problem}")));
        self.arguments.push(Argument { name, schema: property, required, check: Some(check), completer });
        self.arguments.len() - 1
    }

    /// Ends the declaration.
    pub(crate) fn finish(mut self) -> Declared {
        let (definitions, checks) = self.definitions();
        for argument in &mut self.arguments {
            argument.check = argument.check.take().filter(|check| check.enforces(&checks));
        }
        Declared {
            arguments: Arguments { list: self.arguments, definitions: definitions.into(), checks, whole: None },
            requirements: self.requirements,
            problems: self.problems,
        }
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
}
