//! What is published of a tool.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{input_schema, tool};
use crate::tool::ToolFn;
use crate::{Icon, Json, State, mcp_tool};

#[derive(Deserialize, JsonSchema)]
#[expect(dead_code, reason = "only its schema is looked at")]
struct Filter {
    /// The first day.
    from: Option<String>,
    #[serde(default)]
    size: u32,
    unit: Option<Unit>,
    nested: Vec<Option<i32>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Unit {
    Day,
    Week,
}

const MOST: u32 = 20;

fn one() -> u32 {
    1
}

/// Finds things.
///
/// Everywhere.
#[mcp_tool(
    name = "things.find",
    title = "Find",
    read_only,
    destructive = false,
    idempotent,
    open_world = false,
    scopes("things.read", "things.list"),
    timeout = "1500ms",
    icons("https://example.com/a.png", Icon::new("https://example.com/b.png")),
    meta("example.com/team" = "search", "example.com/level" = MOST)
)]
async fn find(
    /// What to look for
    #[arg(length = 1..=50, pattern = "^[^<]", examples("tea", "coffee"), header = "Query")]
    zebra: String,
    #[arg(default = one(), range = 1..=MOST)] apple: u32,
    /// Which ones
    filter: Option<Filter>,
    #[arg(default)] flag: bool,
    #[arg(default = -1.5)] number: f64,
) -> String {
    let _ = (filter, flag, number);
    format!("{zebra}{apple}")
}

#[test]
fn a_tool_is_published_as_it_was_described() {
    let tool = tool(find {});
    let filter = json!({
        "type": "object",
        "description": "Which ones",
        "properties": {
            "from": { "type": "string", "description": "The first day." },
            "size": { "type": "integer", "minimum": 0, "default": 0 },
            "unit": { "type": "string", "enum": ["day", "week"] },
            "nested": { "type": "array", "items": { "type": ["integer", "null"] } },
        },
        "required": ["nested"],
    });
    assert_eq!(
        serde_json::to_value(&tool).expect("JSON"),
        json!({
            "name": "things.find",
            "title": "Find",
            "description": "Finds things.\n\nEverywhere.",
            "inputSchema": {
                "type": "object",
                "properties": {
                    "zebra": {
                        "type": "string", "description": "What to look for", "minLength": 1, "maxLength": 50,
                        "pattern": "^[^<]", "examples": ["tea", "coffee"], "x-mcp-header": "Query",
                    },
                    "apple": { "type": "integer", "minimum": 1, "maximum": 20, "default": 1 },
                    "filter": filter,
                    "flag": { "type": "boolean", "default": false },
                    "number": { "type": "number", "default": -1.5 },
                },
                "required": ["zebra"],
                "additionalProperties": false,
            },
            "annotations": {
                "readOnlyHint": true, "destructiveHint": false, "idempotentHint": true, "openWorldHint": false,
            },
            "icons": [{ "src": "https://example.com/a.png" }, { "src": "https://example.com/b.png" }],
            "_meta": { "example.com/team": "search", "example.com/level": 20 },
        })
    );
    assert_eq!(tool.scopes(), ["things.read", "things.list"]);
    let [header] = tool.headers() else { panic!("one header") };
    assert_eq!((&*header.path, header.header.as_str()), (&["zebra".into()][..], "mcp-param-query"));
    // The order is that of the parameters, not the alphabet.
    let text = tool.input_schema().get();
    assert!(
        text.find("\"zebra\"") < text.find("\"apple\"") && text.find("\"flag\"") < text.find("\"number\""),
        "{text}"
    );
}

#[mcp_tool]
fn bare(State(_state): State<u8>) {}

#[test]
fn a_tool_without_arguments_takes_an_empty_object() {
    assert_eq!(
        serde_json::to_value(tool(bare {})).expect("JSON"),
        json!({
            "name": "bare",
            "inputSchema": { "type": "object", "properties": {}, "additionalProperties": false },
        })
    );
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct Tree {
    name: String,
    children: Vec<Tree>,
}

#[mcp_tool]
async fn plant(tree: Tree) -> Json<Tree> {
    Json(tree)
}

#[test]
fn a_recursive_type_keeps_its_reference() {
    let tool = tool(plant {});
    let schema = input_schema(&tool);
    let children = json!({ "type": "array", "items": { "$ref": "#/$defs/Tree" } });
    assert_eq!(schema["properties"]["tree"]["properties"]["children"], children);
    assert_eq!(schema["$defs"]["Tree"]["properties"]["children"], children);
    let output: Value = serde_json::from_str(tool.output_schema().expect("a schema").get()).expect("JSON");
    assert_eq!((&output["type"], &output["properties"]["children"]), (&json!("object"), &children));
    assert_eq!(output["$defs"]["Tree"]["type"], "object");
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct Anything {
    any: Value,
    nested: Option<Box<Nested>>,
    #[schemars(schema_with = "nothing")]
    never: Option<u8>,
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct Nested {
    any: Value,
}

fn nothing(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    false.into()
}

#[mcp_tool]
async fn anything(argument: Anything, any: Value) -> Json<Anything> {
    let _ = any;
    Json(argument)
}

/// The revisions before 2026-07-28 want an object as the schema of each property.
#[test]
fn a_property_is_written_as_an_object_even_if_it_may_be_anything() {
    let tool = tool(anything {});
    let input = input_schema(&tool);
    assert_eq!(input["properties"]["any"], json!({}));
    let output: Value = serde_json::from_str(tool.output_schema().expect("a schema").get()).expect("JSON");
    let nested = &output["properties"]["nested"];
    let nested = nested.get("anyOf").map_or(nested, |branches| &branches[0]);
    assert_eq!(nested["properties"]["any"], json!({}), "{output}");
    assert_eq!(input["properties"]["argument"]["properties"]["nested"]["properties"]["any"], json!({}), "{input}");
    for schema in [&output, &input["properties"]["argument"]] {
        assert_eq!(schema["properties"]["any"], json!({}));
        assert_eq!(schema["properties"]["never"], json!({ "not": {} }));
    }
}

mod mistakes {
    use super::{Deserialize, Json, JsonSchema, mcp_tool};

    #[derive(Deserialize, JsonSchema)]
    pub(super) struct Point {
        #[expect(dead_code, reason = "only its schema is looked at")]
        x: i32,
    }

    #[mcp_tool]
    pub(super) async fn constraints(
        #[arg(range = 1..)] range: String,
        #[arg(pattern = "a")] pattern: u8,
        #[arg(length = 1..)] length: bool,
        #[arg(pattern = "(")] regex: String,
        #[arg(pattern = r"\p{Hangul}")] class: String,
        #[arg(range = 1..=300)] wide: u8,
        #[arg(default = 0, range = 1..=3)] default: u8,
        #[arg(examples(5, "a"), range = ..=4)] examples: u8,
        #[arg(header = "Point")] header: Point,
    ) -> Json<Vec<u8>> {
        let _ = (range, pattern, length, regex, class, wide, header);
        Json(vec![default, examples])
    }
}

#[test]
fn mistakes_that_only_the_types_tell_are_problems() {
    let tool = mistakes::constraints::tool();
    assert_eq!(
        tool.problems(),
        [
            "argument `range`: `range` is for a number, and the type is string",
            "argument `pattern`: `pattern` is for a string, and the type is integer",
            "argument `length`: `length` is for a string, a list or a map, and the type is boolean",
            "argument `regex`: the pattern `(` cannot be used: found open group without closing ')'",
            r"argument `class`: the pattern `\p{Hangul}` cannot be used: Unicode character classes are not supported",
            "argument `wide`: `range` reaches to 300, but the type ends at 255",
            "argument `default`: the default 0 is outside the constraints: 0 is less than the minimum 1",
            "argument `examples`: the example 5 is outside the constraints: 5 is greater than the maximum 4",
            "argument `examples`: the example \"a\" does not fit the type: invalid type: string \"a\", expected an integer from 0 to 255",
            "argument `header`: `header` is for an integer, a string or a boolean, and the type is object",
            "the result `Json<T>` must be a JSON object: put the value into a struct",
        ]
    );
}
