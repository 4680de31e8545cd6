//! A JSON Schema of an author's own (2020-12 unless its `$schema` says otherwise): published as it is, and enforced
//! as a whole before its function runs.
//!
//! Nothing is fetched: a `$ref` leads inside the schema, or the server does not build. Patterns are matched in time that
//! grows with the text and no faster.

#[cfg(feature = "json-schema")]
pub(crate) use with_feature::Whole;
#[cfg(not(feature = "json-schema"))]
pub(crate) use without_feature::Whole;

#[cfg(feature = "json-schema")]
mod with_feature {
    use std::fmt;

    use jsonschema::{PatternOptions, Validator};
    use serde_json::Value;

    use crate::schema::fault::Faults;
    use crate::schema::lenient;

    /// How much is told of one fault, in characters: a schema may have long lists.
    const TOLD: usize = 300;

    /// A schema, ready to judge.
    pub(crate) struct Whole {
        schema: Value,
        validator: Validator,
    }

    impl Whole {
        /// Makes a schema ready; why it is none is told.
        pub(crate) fn compile(schema: Value) -> Result<Self, String> {
            let options = jsonschema::options().should_validate_formats(true);
            let validator = options.with_pattern_options(PatternOptions::regex()).build(&schema);
            match validator {
                Ok(validator) => Ok(Self { schema, validator }),
                Err(error) => Err(format!("it is no JSON Schema: {error}")),
            }
        }

        /// The arguments if they fit; else, unless `strict`, what they mean if that fits; else what is wrong with them.
        /// The second value is whether anything was changed.
        pub(crate) fn check(&self, mut arguments: Value, strict: bool) -> Result<(Value, bool), String> {
            if self.validator.is_valid(&arguments) {
                return Ok((arguments, false));
            }
            let definitions = self.schema.get("$defs").unwrap_or(&Value::Null);
            let mended = !strict && lenient::mend(&mut arguments, &self.schema, definitions);
            if mended && self.validator.is_valid(&arguments) {
                return Ok((arguments, true));
            }
            Err(self.faults(&arguments))
        }

        fn faults(&self, arguments: &Value) -> String {
            let mut faults = Faults::default();
            for error in self.validator.iter_errors(arguments) {
                let fault: String = error.masked_with("the value").to_string().chars().take(TOLD).collect();
                faults.add(&place(error.instance_path().as_str()), &fault);
            }
            faults.text().unwrap_or_else(|| "Invalid arguments".to_owned())
        }
    }

    /// A JSON pointer (RFC 6901) in the form in which faults name members.
    fn place(pointer: &str) -> String {
        let mut place = String::new();
        for step in pointer.split('/').skip(1) {
            let step = step.replace("~1", "/").replace("~0", "~");
            if step.bytes().all(|byte| byte.is_ascii_digit()) {
                place.push_str(&format!("[{step}]"));
            } else {
                place.push_str(if place.is_empty() { "" } else { "." });
                place.push_str(&step);
            }
        }
        if place.is_empty() { "arguments".to_owned() } else { place }
    }

    impl fmt::Debug for Whole {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.debug_tuple("Whole").field(&self.schema).finish()
        }
    }

    #[cfg(test)]
    mod tests {
        use serde_json::json;

        use super::*;

        #[test]
        fn nothing_is_fetched() {
            for reference in ["https://example.com/schema.json", "file:///etc/passwd", "#/$defs/missing"] {
                let schema = json!({ "type": "object", "properties": { "a": { "$ref": reference } } });
                assert!(Whole::compile(schema).is_err(), "{reference}");
            }
        }

        #[test]
        fn a_pattern_cannot_keep_the_server_busy() {
            let schema = json!({ "type": "object", "properties": { "a": { "type": "string", "pattern": "^(a+)+$" } } });
            let whole = Whole::compile(schema).unwrap();
            assert!(whole.check(json!({ "a": format!("{}b", "a".repeat(50_000)) }), true).is_err());
            assert!(Whole::compile(json!({ "pattern": "(?=a)" })).is_err(), "look-around takes more than that");
        }

        #[test]
        fn what_was_meant_is_understood_unless_that_is_not_wanted() {
            let schema = json!({
                "$defs": { "count": { "type": "integer", "minimum": 1 } },
                "type": "object", "properties": { "count": { "$ref": "#/$defs/count" }, "list": { "type": "array" } },
                "required": ["count"],
            });
            let whole = Whole::compile(schema).unwrap();
            assert_eq!(whole.check(json!({ "count": 2 }), false), Ok((json!({ "count": 2 }), false)));
            let meant = json!({ "count": "2", "list": "[1]" });
            assert_eq!(whole.check(meant.clone(), false), Ok((json!({ "count": 2, "list": [1] }), true)));
            assert!(whole.check(meant, true).is_err());
            let fault = whole.check(json!({ "count": "0", "list": 5 }), false).unwrap_err();
            assert!(fault.contains("`count`: the value is less than"), "{fault}");
            assert!(fault.contains("`list`: the value is not of type"), "{fault}");
        }
    }
}

#[cfg(not(feature = "json-schema"))]
mod without_feature {
    use serde_json::Value;

    /// There is none.
    #[derive(Debug)]
    pub(crate) enum Whole {}

    impl Whole {
        pub(crate) fn compile(_: Value) -> Result<Self, String> {
            Err("it needs the feature `json-schema` of `dari`".to_owned())
        }

        pub(crate) fn check(&self, _: Value, _: bool) -> Result<(Value, bool), String> {
            match *self {}
        }
    }
}
