//! How arguments are read, mended and refused.
#![expect(dead_code, reason = "the fields are looked at through `Debug`")]

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::{call_with, fault, text, tool};
use crate::context::Shared;
use crate::extract::Rejection;
use crate::{ClientInfo, FromContext, HttpHeaders, RequestContext, RequestMeta, Requirements, State, mcp_tool};

#[mcp_tool]
async fn search(
    query: String,
    #[arg(default = 10, range = 1..=100)] display: u32,
    sort: Option<String>,
    #[arg(default = "ko")] language: String,
) -> String {
    format!("{query} {display} {sort:?} {language}")
}

#[tokio::test]
async fn optional_arguments_may_be_left_out() {
    let search = tool(search {});
    assert_eq!(text(&search, json!({ "query": "q" })).await, "q 10 None ko");
    assert_eq!(
        text(&search, json!({ "query": "q", "display": 3, "sort": "date", "language": "en" })).await,
        "q 3 Some(\"date\") en"
    );
    assert_eq!(text(&search, json!({ "query": "q", "display": null, "sort": null })).await, "q 10 None ko");
}

#[tokio::test]
async fn all_faults_are_told_together_and_missing_is_not_null() {
    let search = tool(search {});
    assert_eq!(
        fault(&search, json!({ "display": 1000, "sort": 5, "page": 2 })).await,
        "Invalid arguments: `query`: missing; `display`: 1000 is greater than the maximum 100; \
         `sort`: invalid type: integer `5`, expected a string; \
         `page`: unknown, the tool takes `query`, `display`, `sort`, `language`"
    );
    assert_eq!(
        fault(&search, json!({ "query": null, "display": -1 })).await,
        "Invalid arguments: `query`: invalid type: null, expected a string; \
         `display`: invalid value: integer `-1`, expected an integer from 0 to 4294967295"
    );
}

#[tokio::test]
async fn an_argument_given_twice_is_refused() {
    let result =
        call_with(&tool(search {}), Shared::default(), r#"{"query":"a","query":"b"}"#).await.expect("a result");
    assert_eq!(result.content, [crate::Content::text("Invalid arguments: `query`: given twice")]);
}

#[tokio::test]
async fn long_values_are_cut() {
    let told = fault(&tool(search {}), json!({ "query": "q", "display": "x".repeat(5000) })).await;
    assert_eq!(
        told,
        format!(
            "Invalid arguments: `display`: invalid type: string \"{}…\", expected an integer from 0 to 4294967295",
            "x".repeat(60)
        )
    );
    let told = fault(&tool(search {}), json!({ "query": "q", "y".repeat(5000): 1 })).await;
    assert!(told.len() < 200, "{told}");
}

#[tokio::test]
async fn a_flood_of_faults_is_cut_too() {
    let arguments: BTreeMap<String, u32> = (0..1000).map(|index| (format!("n{index}"), index)).collect();
    let told = fault(&tool(search {}), json!(arguments)).await;
    assert!(told.len() < 2000 && told.contains("; and "), "{told}");
}

#[mcp_tool]
async fn no_arguments() -> &'static str {
    "ran"
}

#[tokio::test]
async fn no_arguments_at_all_are_an_empty_object() {
    let no_arguments = tool(no_arguments {});
    for arguments in ["", "null", "{}"] {
        let result = call_with(&no_arguments, Shared::default(), arguments).await.expect("a result");
        assert!(!result.is_error, "{arguments}");
    }
    assert_eq!(
        fault(&no_arguments, json!({ "a": 1 })).await,
        "Invalid arguments: `a`: unknown, the tool takes no arguments"
    );
    for arguments in ["[]", "5", "\"{}\""] {
        let refused = call_with(&no_arguments, Shared::default(), arguments).await;
        assert_eq!(refused.expect_err("no result").code(), crate::ErrorCode::InvalidParams, "{arguments}");
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Place {
    #[schemars(range(min = -90, max = 90))]
    latitude: f64,
    #[schemars(length(max = 3), inner(pattern("^[a-z]+$")))]
    tags: Option<Vec<String>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
enum CountOrWord {
    Count(u8),
    Word(String),
}

#[mcp_tool]
async fn typed(
    count: Option<i64>,
    ratio: Option<f64>,
    flag: Option<bool>,
    list: Option<Vec<u8>>,
    place: Option<Place>,
    text: Option<String>,
    either: Option<CountOrWord>,
) -> String {
    format!("{count:?} {ratio:?} {flag:?} {list:?} {place:?} {text:?} {either:?}")
}

#[tokio::test]
async fn values_in_the_wrong_type_are_understood() {
    let typed = tool(typed {});
    assert_eq!(
        text(
            &typed,
            json!({
                "count": "96230", "ratio": "1.5", "flag": "true", "list": "[1, \"2\"]",
                "place": { "latitude": "37.5", "tags": "[\"a\"]" },
            })
        )
        .await,
        "Some(96230) Some(1.5) Some(true) Some([1, 2]) Some(Place { latitude: 37.5, tags: Some([\"a\"]) }) None None"
    );
    let result = call_with(&typed, Shared::default(), r#"{"count": 96230.0, "place": "{\"latitude\": 1}"}"#)
        .await
        .expect("a result");
    assert_eq!(
        serde_json::to_value(result).expect("JSON")["content"][0]["text"],
        "Some(96230) None None None Some(Place { latitude: 1.0, tags: None }) None None"
    );
}

#[tokio::test]
async fn a_string_stays_a_string_where_strings_are_welcome() {
    let typed = tool(typed {});
    assert_eq!(
        text(&typed, json!({ "text": "10", "either": "10" })).await,
        "None None None None None Some(\"10\") Some(Word(\"10\"))"
    );
    assert_eq!(
        fault(&typed, json!({ "text": 10 })).await,
        "Invalid arguments: `text`: invalid type: integer `10`, expected a string"
    );
}

#[tokio::test]
async fn what_means_nothing_is_not_understood() {
    let typed = tool(typed {});
    for arguments in [
        json!({ "count": "ten" }),
        json!({ "count": 1.5 }),
        json!({ "count": "1.5" }),
        json!({ "count": "true" }),
        json!({ "flag": "yes" }),
        json!({ "flag": 1 }),
        json!({ "list": "1" }),
        json!({ "count": 1e300 }),
    ] {
        fault(&typed, arguments).await;
    }
}

#[tokio::test]
async fn a_strict_server_wants_the_exact_type() {
    let typed = tool(typed {});
    for arguments in [r#"{"count": "1"}"#, r#"{"count": 1.0}"#] {
        let strict = Shared { strict_arguments: true, ..Shared::default() };
        assert!(call_with(&typed, strict, arguments).await.expect("a result").is_error, "{arguments}");
    }
    let strict = Shared { strict_arguments: true, ..Shared::default() };
    assert!(
        call_with(&tool(search {}), strict, r#"{"query": "q", "display": null}"#).await.expect("a result").is_error
    );
}

#[tokio::test]
async fn constraints_inside_types_are_enforced() {
    let typed = tool(typed {});
    assert_eq!(
        fault(&typed, json!({ "place": { "latitude": 90.5, "tags": ["a", "B", "c", "d"] } })).await,
        "Invalid arguments: `place.latitude`: 90.5 is greater than the maximum 90; \
         `place.tags`: 4 items, the maximum is 3; `place.tags[1]`: \"B\" does not match the pattern `^[a-z]+$`"
    );
    assert!(text(&typed, json!({ "place": { "latitude": 90, "tags": null } })).await.contains("tags: None"));
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Sort {
    Date,
    #[serde(alias = "relevance")]
    Sim,
}

/// A string with a list of values that serde knows nothing of.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
struct Colour(#[schemars(extend("enum" = ["red", "blue"]))] String);

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Shape {
    Circle {
        #[schemars(range(min = 1))]
        radius: u32,
    },
    Square {
        #[schemars(range(min = 5))]
        side: u32,
    },
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Tree {
    #[schemars(length(min = 1))]
    name: String,
    #[serde(default)]
    children: Vec<Tree>,
}

#[mcp_tool]
async fn constrained(
    #[arg(length = 2..4)] word: Option<String>,
    #[arg(length = 1..=2)] list: Option<Vec<i32>>,
    #[arg(length = ..=1)] map: Option<BTreeMap<String, i32>>,
    #[arg(pattern = "^[0-9]{3}$")] code: Option<String>,
    #[arg(length = ..=3, pattern = r"^[가-힣\w]+$")] syllables: Option<String>,
    #[arg(range = 0.5..1.5)] ratio: Option<f64>,
    sort: Option<Sort>,
    colour: Option<Colour>,
    shape: Option<Shape>,
    tree: Option<Tree>,
    set: Option<BTreeSet<i32>>,
) -> String {
    format!("{word:?} {list:?} {map:?} {code:?} {syllables:?} {ratio:?} {sort:?} {colour:?} {shape:?} {tree:?} {set:?}")
}

#[tokio::test]
async fn every_constraint_is_enforced() {
    let constrained = tool(constrained {});
    for (arguments, told) in [
        (json!({ "word": "a" }), "`word`: 1 character long, the minimum is 2"),
        (json!({ "word": "네글자임" }), "`word`: 4 characters long, the maximum is 3"),
        (json!({ "list": [] }), "`list`: 0 items, the minimum is 1"),
        (json!({ "list": "[1,2,3]" }), "`list`: 3 items, the maximum is 2"),
        (json!({ "map": { "a": 1, "b": 2 } }), "`map`: 2 members, the maximum is 1"),
        (json!({ "code": "12" }), "`code`: \"12\" does not match the pattern `^[0-9]{3}$`"),
        (json!({ "syllables": "é" }), r#"`syllables`: "é" does not match the pattern `^[가-힣\w]+$`"#),
        // What is too long is not searched.
        (json!({ "syllables": "a  b" }), "`syllables`: 4 characters long, the maximum is 3"),
        (json!({ "set": [1, 2, 1] }), "`set`: 1 stands twice"),
        (json!({ "ratio": 1.5 }), "`ratio`: 1.5 is not less than 1.5"),
        (json!({ "ratio": "0.25" }), "`ratio`: 0.25 is less than the minimum 0.5"),
        (json!({ "sort": "size" }), "`sort`: unknown variant `size`, expected one of `date`, `relevance`, `sim`"),
        (json!({ "colour": "green" }), "`colour`: \"green\" is none of \"red\", \"blue\""),
        (json!({ "shape": { "kind": "circle", "radius": 0 } }), "`shape.radius`: 0 is less than the minimum 1"),
        (json!({ "shape": { "kind": "square", "side": 2 } }), "`shape.side`: 2 is less than the minimum 5"),
        (
            json!({ "tree": { "name": "a", "children": [{ "name": "" }] } }),
            "`tree.children[0].name`: 0 characters long, the minimum is 1",
        ),
    ] {
        assert_eq!(fault(&constrained, arguments).await, format!("Invalid arguments: {told}"));
    }
    for arguments in [
        json!({ "word": "세글자", "list": [1], "map": {}, "code": "123", "syllables": "한a1", "ratio": 0.5, "sort": "date" }),
        json!({ "sort": "relevance", "colour": "red", "shape": { "kind": "circle", "radius": 2 } }),
        json!({ "tree": { "name": "a", "children": [{ "name": "b" }] } }),
    ] {
        text(&constrained, arguments).await;
    }
}

/// An extractor of a user's own.
struct Team(String);

impl FromContext for Team {
    async fn from_context(context: &RequestContext) -> Result<Self, Rejection> {
        Ok(Self(context.meta().get("example.com/team").ok_or_else(|| crate::ToolError::new("no team"))?))
    }

    fn requires(requirements: &mut Requirements) {
        requirements.login();
    }
}

#[mcp_tool]
async fn injected(
    State(limit): State<u64>,
    first: u8,
    client: ClientInfo,
    who: Option<ClientInfo>,
    #[arg(rename = "type")] kind: String,
    headers: HttpHeaders,
    Team(team): Team,
    meta: RequestMeta,
) -> String {
    let host = headers.get("host").map(http::HeaderValue::to_str);
    format!("{limit} {first} {} {} {kind} {host:?} {team} {}", client.name, who.is_some(), meta.as_json())
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Limits {
    #[schemars(range(max = 10))]
    limit: u32,
}

#[mcp_tool]
async fn limited(filter: Option<Limits>) -> String {
    format!("{filter:?}")
}

#[tokio::test]
async fn what_is_in_no_type_does_not_lead_around_a_constraint() {
    let limited = tool(limited {});
    for (unknown, told) in [
        ("1", "`filter.limit`: 1000 is greater than the maximum 10"),
        ("1e999", "`filter`: number out of range"),
        (r#""\ud800""#, "`filter`: unexpected end of hex escape"),
    ] {
        let arguments = format!(r#"{{"filter":{{"limit":1000,"x":{unknown}}}}}"#);
        let result = call_with(&limited, Shared::default(), &arguments).await.expect("a result");
        assert_eq!(result.content, [crate::Content::text(format!("Invalid arguments: {told}"))], "{arguments}");
    }
}

#[tokio::test]
async fn depth_is_bounded_wherever_it_is() {
    let limited = tool(limited {});
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    for place in ["filter", "unknown"] {
        let arguments = format!(r#"{{"{place}":{deep}}}"#);
        let error = call_with(&limited, Shared::default(), &arguments).await.expect_err("an error");
        assert!(error.to_string().contains("too deep"), "{error}");
    }
}

#[tokio::test]
async fn extractors_stand_anywhere_and_are_no_arguments() {
    let injected = tool(injected {});
    let mut shared = Shared::default();
    shared.states.insert(5_u64);
    let result = call_with(&injected, shared, r#"{"first": 1, "type": "t"}"#).await.expect("a result");
    assert_eq!(
        serde_json::to_value(&result).expect("JSON")["content"][0]["text"],
        r#"5 1 tester true t Some(Ok("example.com")) search {"example.com/team":"search"}"#
    );
    let schema = super::input_schema(&injected);
    assert_eq!(schema["properties"].as_object().expect("an object").keys().collect::<Vec<_>>(), ["first", "type"]);
    assert!(injected.requirements().login);
    assert_eq!(injected.requirements().states.len(), 1);
}

#[tokio::test]
async fn a_tool_is_still_a_function() {
    assert_eq!(search("q".into(), 1, None, "ko".into()).await, "q 1 None ko");
}
