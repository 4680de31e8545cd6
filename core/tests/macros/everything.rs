//! Every form that the macros take.
#![deny(warnings)]
#![expect(unreachable_pub, reason = "a tool has any visibility")]

use ::dari::{Content, Icon, Image, Json, State, ToolError, mcp_tool, tools};
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
    ::std::mem::drop(find(String::new(), 1, String::new(), true, Vec::new(), Option::None, State(""), State(1)));
}
