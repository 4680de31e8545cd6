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

#[::core::prelude::v1::test]
fn it_compiles_and_runs() {
    let tools = ::dari::tools![asynchronous, blocking, self::inline];
    ::std::assert_eq!(tools.len(), 3);
    let _ = (Option, Result);
}
