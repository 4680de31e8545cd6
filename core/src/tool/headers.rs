//! The arguments that clients repeat in headers, as an input schema declares them (MCP 2026-07-28, `x-mcp-header`).

use http::HeaderName;
use serde_json::Value;

use crate::schema;

const KEYWORD: &str = "x-mcp-header";

/// An argument that a header repeats.
#[derive(Debug)]
pub(crate) struct ParamHeader {
    /// The properties that lead to it.
    pub(crate) path: Vec<Box<str>>,
    /// The header, `Mcp-Param-` and all.
    pub(crate) header: HeaderName,
}

/// The headers that a schema declares; of those that no client would take, a problem.
pub(super) fn declared(input_schema: &Value, problems: &mut Vec<String>) -> Vec<ParamHeader> {
    let mut headers = Vec::new();
    reach(input_schema, &mut Vec::new(), &mut headers, problems);

    // What was reached is taken out; what is left cannot be.
    let mut rest = input_schema.clone();
    take_out(&mut rest);
    let mut unreached = Vec::new();
    schema::walk(&mut rest, &mut |object| unreached.extend(object.get(KEYWORD).cloned()));
    for name in unreached {
        problems.push(format!(
            "`{KEYWORD}` {name} stands where no client reaches it: from the root of the schema only `properties` may lead \
             to it, no list, `$ref`, `$defs`, `allOf` or condition"
        ));
    }
    headers
}

fn reach<'s>(schema: &'s Value, path: &mut Vec<&'s str>, headers: &mut Vec<ParamHeader>, problems: &mut Vec<String>) {
    let Some(Value::Object(properties)) = schema.get("properties") else { return };
    for (name, property) in properties {
        path.push(name);
        if let Some(given) = property.get(KEYWORD) {
            let header = given.as_str().filter(|name| !name.is_empty());
            let header = header.and_then(|name| HeaderName::try_from(format!("mcp-param-{name}")).ok());
            let place = path.join(".");
            match header {
                None => problems.push(format!(
                    "`{KEYWORD}` of `{place}` is {given}, which names no header: it is made of letters, digits and \
                     `!#$%&'*+-.^_|~` or a backtick (RFC 9110 §5.6.2)"
                )),
                Some(header) if headers.iter().any(|earlier| earlier.header == header) => {
                    problems.push(format!("`{KEYWORD}` {given} is declared twice; upper and lower case are the same"))
                }
                Some(header) => {
                    if !["integer", "string", "boolean"]
                        .iter()
                        .any(|name| property.get("type") == Some(&(*name).into()))
                    {
                        problems.push(format!(
                            "`{KEYWORD}` {given} is for an integer, a string or a boolean, and `{place}` is none"
                        ));
                    }
                    headers.push(ParamHeader { path: path.iter().map(|name| Box::from(*name)).collect(), header });
                }
            }
        }
        reach(property, path, headers, problems);
        path.pop();
    }
}

/// Takes out the keyword wherever `reach` finds it.
fn take_out(schema: &mut Value) {
    let Some(Value::Object(properties)) = schema.get_mut("properties") else { return };
    for property in properties.values_mut() {
        if let Value::Object(property) = property {
            property.remove(KEYWORD);
        }
        take_out(property);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(schema: &Value) -> (Vec<String>, Vec<String>) {
        let mut problems = Vec::new();
        let headers = declared(schema, &mut problems);
        (headers.iter().map(|header| format!("{}: {}", header.path.join("."), header.header)).collect(), problems)
    }

    #[test]
    fn properties_lead_to_headers_however_deep() {
        let schema = json!({
            "type": "object",
            "properties": {
                "region": { "type": "string", "x-mcp-header": "Region" },
                "to": { "type": "object", "properties": { "zone": { "type": "integer", "x-mcp-header": "Zone" } } },
                "x-mcp-header": { "type": "string" },
                "note": { "type": "string", "examples": [{ "x-mcp-header": "No" }], "default": { "x-mcp-header": "No" } },
            },
        });
        let (headers, problems) = found(&schema);
        assert_eq!(headers, ["region: mcp-param-region", "to.zone: mcp-param-zone"]);
        assert_eq!(problems, [] as [String; 0]);
    }

    #[test]
    fn what_clients_would_refuse_is_a_problem() {
        let a = json!({ "type": "string", "x-mcp-header": "A" });
        for (schema, said) in [
            (json!({ "x-mcp-header": "A" }), "no client reaches"),
            (json!({ "properties": { "l": { "items": a } } }), "no client reaches"),
            (json!({ "allOf": [{ "properties": { "a": a } }] }), "no client reaches"),
            (json!({ "if": { "properties": { "a": a } } }), "no client reaches"),
            (json!({ "$defs": { "d": a }, "properties": { "a": { "$ref": "#/$defs/d" } } }), "no client reaches"),
            (json!({ "properties": { "a": a, "b": { "anyOf": [a] } } }), "no client reaches"),
            (json!({ "properties": { "a": { "type": "string", "x-mcp-header": "" } } }), "names no header"),
            (json!({ "properties": { "a": { "type": "string", "x-mcp-header": "A B" } } }), "names no header"),
            (json!({ "properties": { "a": { "type": "string", "x-mcp-header": "A\r\nB" } } }), "names no header"),
            (json!({ "properties": { "a": { "type": "string", "x-mcp-header": 5 } } }), "names no header"),
            (json!({ "properties": { "a": { "type": "number", "x-mcp-header": "A" } } }), "`a` is none"),
            (json!({ "properties": { "a": { "type": ["string", "null"], "x-mcp-header": "A" } } }), "`a` is none"),
            (json!({ "properties": { "a": a, "b": { "type": "string", "x-mcp-header": "a" } } }), "twice"),
        ] {
            let (_, problems) = found(&schema);
            assert_eq!(problems.len(), 1, "{schema}: {problems:?}");
            assert!(problems[0].contains(said), "{schema}: {problems:?}");
        }
    }
}
