//! Every form that the macros take.
#![deny(warnings)]
#![expect(unreachable_pub, reason = "a tool has any visibility")]

use ::dari::{
    Content, Icon, Image, Json, PromptMessage, State, ToolError, mcp_prompt, mcp_resource, mcp_tool, prompts,
    resources, tools,
};
use ::std::option::Option;
use ::std::result::Result::{self, Ok};
use ::std::string::String;
use ::std::vec::Vec;

#[derive(::serde::Deserialize, ::serde::Serialize, ::schemars::JsonSchema)]
pub struct Place {
    pub name: String,
}

const MOST: u32 = 20;

/// Finds places.
#[mcp_tool(
    name = "places.find",
    title = "Find places",
    description = "Finds places on the map.",
    read_only,
    destructive = false,
    idempotent,
    open_world,
    scopes("places.read"),
    timeout = "30s",
    icons("https://example.com/icon.png", Icon::new("https://example.com/other.png")),
    meta("example.com/team" = "map"),
)]
pub async fn find(
    /// What to look for
    #[arg(length = 1..=50, pattern = "^[^<]", examples("tea", "coffee"))]
    mut query: String,
    #[arg(default = 10, range = 1..=MOST)] display: u32,
    #[arg(default = "ko", header = "Language")] language: String,
    #[arg(default)] verbose: bool,
    #[arg(default = Vec::new())] near: Vec<Place>,
    #[arg(rename = "type")] kind: Option<String>,
    State(api): State<&'static str>,
    _: State<u8>,
) -> Result<Json<Place>, ToolError> {
    query.push_str(api);
    let _ = (display, language, verbose, near, kind);
    Ok(Json(Place { name: query }))
}

#[mcp_tool]
fn plain(r#match: u8) -> (String, Image) {
    (::std::string::ToString::to_string(&r#match), Image::new(b"", "image/png"))
}

#[mcp_tool(inline)]
fn quick() -> Vec<Content> {
    Vec::new()
}

#[mcp_tool]
async fn r#loop() {}

fn completed(typed: String) -> Vec<&'static str> {
    if typed == "t" { ::std::vec!["tea"] } else { Vec::new() }
}

async fn completed_with(
    _typed: String,
    State(api): State<&'static str>,
    _: State<u8>,
) -> Result<::dari::Completion, ToolError> {
    Ok(::dari::Completion::new([api]))
}

/// Asks for a text.
#[mcp_prompt(
    name = "write it",
    title = "Write",
    description = "Asks for a text.",
    scopes("texts"),
    hidden_without_scope,
    timeout = "1m",
    icons("https://example.com/icon.png"),
    meta("example.com/team" = "texts"),
)]
pub async fn write(
    /// About what
    #[arg(complete = completed, length = 1..=50)]
    mut topic: String,
    #[arg(complete = self::completed_with, rename = "as")] kind: Option<String>,
    #[arg(default = 100)] words: u32,
    _: State<u8>,
) -> Result<Vec<PromptMessage>, ToolError> {
    topic.push_str(&kind.unwrap_or_default());
    Ok(Vec::from([PromptMessage::user(topic), PromptMessage::assistant(::std::format!("{words} words"))]))
}

#[mcp_prompt(inline)]
fn short() -> &'static str {
    "short"
}

#[mcp_resource(
    uri = "test://notes/{folder}{/as}{?words}",
    name = "A note",
    title = "Note",
    description = "What was noted.",
    mime = "text/plain; charset=utf-8",
    ttl = "250ms",
    public,
    scopes("notes"),
    hidden_without_scope = false,
    timeout = "1m",
    icons("https://example.com/icon.png"),
    meta("example.com/team" = "texts"),
)]
pub async fn note(
    #[arg(complete = completed, pattern = "^[a-z]+$")] folder: String,
    #[arg(rename = "as")] kind: Option<String>,
    #[arg(default = 100, range = 1..)] words: u32,
    State(api): State<&'static str>,
    other: State<u8>,
) -> Result<Option<String>, ToolError> {
    let _ = (kind, words, api, other);
    Ok(Some(folder))
}

#[mcp_resource(uri = "test://r/{type}", inline)]
fn r#type(r#type: String) -> Vec<u8> {
    r#type.into_bytes()
}

mod inner {
    /// In a module.
    #[::dari::mcp_tool]
    pub(super) async fn nested() -> &'static str {
        "nested"
    }
}

#[test]
fn it_compiles_and_runs() {
    #[mcp_tool]
    async fn local() {}

    let tools = tools![find, plain, quick, r#loop, self::inner::nested, local];
    ::std::assert_eq!(tools[0].name(), "places.find");
    ::std::assert_eq!(tools[3].name(), "loop");
    let none = tools![];
    ::std::assert_eq!(none.len(), 0);
    let prompts = prompts![write, short];
    ::std::assert_eq!(prompts[0].name(), "write it");
    let resources = resources![note, r#type];
    ::std::assert_eq!((resources[0].name(), resources[1].name()), ("A note", "type"));
    ::std::assert!(resources[0].is_template());
    ::std::assert_eq!(r#type("a".into()), b"a");
    ::std::mem::drop(find(String::new(), 1, String::new(), true, Vec::new(), Option::None, State(""), State(1)));
}
