//! The macros of `dari`: [`macro@mcp_tool`] makes a tool of a function, and [`tools!`] lists tools for a server.
//!
//! Use them through the crate `dari`, whose documentation shows them at work. What they write refers to nothing but
//! `::dari::…` (found under whatever name the crate is depended on), so no other dependency is needed.
//!
//! The way of a function: `ast` reads it, `attribute`, `tool_attribute` and `arg_attribute` read what is said of
//! it, `check` holds all rules, `expand` writes the code. Every mistake goes into one `sink`, so that all are told
//! at once; the function itself is always written, so that a mistake has no consequences elsewhere.

mod arg_attribute;
mod ast;
mod attribute;
mod check;
mod doc;
mod expand;
mod grammar;
mod literal;
mod paths;
mod sink;
mod tool_attribute;
mod tools;

use proc_macro::TokenStream;

/// Makes a tool of a function, which stays what it was and can be called as ever.
///
/// ```ignore
/// /// Finds pages on the web.
/// #[mcp_tool(title = "Web search", read_only, open_world)]
/// async fn web_search(
///     /// What to look for.
///     query: String,
///     /// How many pages to give.
///     #[arg(default = 10, range = 1..=100)]
///     display: u32,
///     State(api): State<SearchApi>,
/// ) -> Result<Json<Pages>, ToolError> {
///     Ok(Json(api.search(&query, display).await?))
/// }
/// ```
///
/// # The function
///
/// It is free, has no generics, and its parameters own their data. An `async fn` runs where the request is served, and
/// its future is `Send`. A plain `fn` runs on the blocking pool, or in place with `inline`.
///
/// The blocking pool is tokio's: it runs at most 512 functions at a time (`max_blocking_threads` of the runtime), and
/// more of them wait. Once it runs, a plain `fn` cannot be stopped: after its `timeout` it runs on, and its result is
/// dropped. A call that ends while it waits never runs it.
///
/// Beside the function stands a type of the same name, by which [`tools!`] finds it; so a tool shares its name with no
/// type, module or import in scope.
///
/// # Parameters
///
/// The type alone decides: one that implements `FromContext` is *injected* and never shows; any other is an *argument*
/// and must implement `serde::Deserialize` and `schemars::JsonSchema`. `Option<T>` and `default` make an argument
/// optional. Doc comments describe tool and arguments.
///
/// | `#[arg(..)]` | meaning |
/// |---|---|
/// | `default = 10` | the value where none is given; an expression is evaluated at each call |
/// | `default` | the same with `Default::default()` |
/// | `range = 1..=100` | bounds of a number |
/// | `length = 1..=50` | bounds of the characters of a string, or of the items of a list or map |
/// | `pattern = "^[a-z]+$"` | a regular expression for a string |
/// | `examples("a", "b")` | values to show |
/// | `rename = "from"` | the argument's name, where it cannot be the parameter's |
/// | `header = "Region"` | clients repeat it as a header (`x-mcp-header`) |
///
/// # The attribute
///
/// | `#[mcp_tool(..)]` | meaning |
/// |---|---|
/// | `name = "web.search"` | the tool's name, where it is not the function's |
/// | `title = "Web search"` | its name for people |
/// | `description = ".."` | instead of the doc comment |
/// | `read_only`, `destructive`, `idempotent`, `open_world` | hints; `read_only = false` denies one |
/// | `scopes("calendar.write")` | what the caller must have been granted |
/// | `timeout = "30s"` | how long a call may take: `ms`, `s` or `m` |
/// | `icons("https://example.com/icon.png")` | pictures: URLs, or expressions of type `Icon` |
/// | `meta("example.com/team" = "search")` | entries of `_meta` |
/// | `inline` | a plain `fn` is quick and runs in place |
#[proc_macro_attribute]
pub fn mcp_tool(attribute: TokenStream, item: TokenStream) -> TokenStream {
    expand::mcp_tool(attribute.into(), item.into()).into()
}

/// An array of tools, by the paths of their functions: `tools![web_search, calendar::create]`.
///
/// Two tools of one name do not compile.
#[proc_macro]
pub fn tools(paths: TokenStream) -> TokenStream {
    tools::expand(paths.into()).into()
}
