//! What the macros make of functions and lists.

use dari::prelude::*;
use serde_json::{Value, json};

/// Adds two numbers.
///
/// The sum is exact.
#[mcp_tool(read_only)]
fn add(
    /// The first
    a: i64,
    /** The second
    of them */
    b: i64,
) -> String {
    (a + b).to_string()
}

mod texts {
    use super::*;

    /// Shouts.
    #[mcp_tool(name = "text.shout", description = "Writes in capitals.")]
    pub(super) async fn shout(mut text: String, #[arg(default = '!')] mark: char) -> String {
        text = text.to_uppercase();
        text.push(mark);
        text
    }
}

#[mcp_tool]
#[cfg(any())]
async fn left_out() {}

#[test]
fn a_list_has_the_tools_in_order() {
    let tools = tools![add, texts::shout,];
    assert_eq!(tools.each_ref().map(|tool| tool.name().to_owned()), ["add", "text.shout"]);
    assert_eq!(tools![].len(), 0);
}

#[test]
fn comments_are_descriptions_and_an_attribute_overrides_them() {
    let [add, shout] = tools![add, texts::shout];
    assert_eq!(add.description(), Some("Adds two numbers.\n\nThe sum is exact."));
    assert_eq!(shout.description(), Some("Writes in capitals."));
    let schema: Value = serde_json::from_str(add.input_schema().get()).unwrap();
    assert_eq!(schema["properties"]["a"], json!({ "type": "integer", "description": "The first" }));
    assert_eq!(schema["properties"]["b"]["description"], "The second\nof them");
    let schema: Value = serde_json::from_str(shout.input_schema().get()).unwrap();
    assert_eq!(schema["properties"]["mark"]["default"], "!");
    assert_eq!(schema["required"], json!(["text"]));
}

#[tokio::test]
async fn a_tool_is_called_like_any_function() {
    assert_eq!(add(1, 2), "3");
    assert_eq!(texts::shout("hey".into(), '?').await, "HEY?");
}
