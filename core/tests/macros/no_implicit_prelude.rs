//! Nothing that the macros write depends on what is in scope.
#![no_implicit_prelude]
#![deny(warnings)]

/// Names that would be taken for the standard ones.
#[derive(Clone, Copy)]
pub(crate) struct Option;
#[derive(Clone, Copy)]
pub(crate) struct Result;

/// With arguments.
#[::dari::mcp_tool(title = "All", scopes("a"), timeout = "1s", icons("https://example.com/a"), meta("a" = true))]
async fn asynchronous(
    #[arg(default = "a", length = ..5, pattern = "a", examples("a"))] tool: ::std::string::String,
    #[arg(default = 1 + 1, range = 0..=5)] param0: u8,
    #[arg(default)] output: bool,
    ::dari::State(_state): ::dari::State<Option>,
    value0: ::std::option::Option<u8>,
) -> ::std::result::Result<(), ::dari::ToolError> {
    let _ = (tool, param0, output, value0);
    ::std::result::Result::Ok(())
}

#[::dari::mcp_tool]
fn blocking() {}

#[::dari::mcp_tool(inline)]
fn inline() {}

fn completion(typed: ::std::string::String) -> ::std::vec::Vec<::std::string::String> {
    ::std::vec![typed]
}

#[::dari::mcp_prompt(title = "All", hidden_without_scope, scopes("a"), timeout = "1s", meta("a" = true))]
async fn prompt(
    #[arg(complete = completion, length = ..5)] item: ::std::string::String,
    #[arg(default = 1)] about: u8,
    value1: ::std::option::Option<u8>,
    ::dari::State(_state): ::dari::State<Option>,
) -> ::std::string::String {
    let _ = (about, value1);
    item
}

#[::dari::mcp_resource(uri = "test://a/{item}/{+path}{?q,r}", mime = "text/plain", ttl = "1s", public)]
fn resource(
    item: ::std::string::String,
    #[arg(complete = completion)] path: ::std::string::String,
    q: ::std::option::Option<u8>,
    #[arg(default)] r: u8,
    signature: ::dari::State<Option>,
) -> ::std::result::Result<::std::string::String, ::dari::ToolError> {
    let _ = (path, q, r, signature);
    ::std::result::Result::Ok(item)
}

#[::dari::mcp_resource(uri = "test://b")]
fn exact() -> ::std::string::String {
    ::std::string::String::new()
}

#[::core::prelude::v1::test]
fn it_compiles_and_runs() {
    let tools = ::dari::tools![asynchronous, blocking, self::inline];
    ::std::assert_eq!(tools.len(), 3);
    ::std::assert_eq!(::dari::prompts![prompt].len(), 1);
    ::std::assert_eq!(::dari::resources![resource, self::exact].len(), 2);
    let _ = (Option, Result);
}
