//! The macros of `dari`: [`macro@mcp_tool`], [`macro@mcp_prompt`] and [`macro@mcp_resource`] make a tool, prompt or
//! resource of a function, and `tools![]`, `prompts![]` and `resources![]` list them for a server.
//!
//! Use them through the crate `dari`, whose documentation shows them at work. What they write refers to nothing but
//! `::dari::…`, so no other dependency is needed. Where the crate is depended on under another name, or comes with a
//! framework that re-exports it, the key `crate` says where it is: `#[mcp_tool(crate = my_framework::dari)]`. The lists
//! find it by themselves.
//!
//! The way of a function, the same for all three: `ast` reads it; `about_attribute`, `arg_attribute` and the file of its
//! kind read what is said of it; `check` holds all rules; `expand` writes the code, `declare` that of each parameter.
//! Every mistake goes into one `sink`, so that all are told at once; the function itself is always written, so that a
//! mistake has no consequences elsewhere.

mod about_attribute;
mod arg_attribute;
mod ast;
mod attribute;
mod check;
mod declare;
mod doc;
mod expand;
mod grammar;
mod kind;
mod list;
mod literal;
mod paths;
mod prompt;
mod resource;
mod sink;
mod tool;
mod types;
mod uri;

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
/// Beside the function stands a type of the same name, by which `tools![]` finds it; so a tool shares its name with no
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
/// | `pattern = "^[a-z]+$"` | a regular expression for a string; `\d`, `\w` and `\b` know ASCII only, as in ECMA 262, and there are no Unicode classes: `[가-힣]` instead of `\p{Hangul}` |
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
/// | `hidden_without_scope` | who lacks a scope does not find it in lists, where others learn from it what to ask for |
/// | `timeout = "30s"` | how long a call may take: `ms`, `s` or `m` |
/// | `icons("https://example.com/icon.png")` | pictures: URLs, or expressions of type `Icon` |
/// | `meta("example.com/team" = "search")` | entries of `_meta` |
/// | `inline` | a plain `fn` is quick and runs in place |
/// | `task` | a call may be answered with a task (extension `io.modelcontextprotocol/tasks`) |
/// | `task = "required"` | the same, and clients that know no tasks cannot call it |
/// | `input_schema = SCHEMA.clone()` | a `serde_json::Value` that is published as it is, and enforced before the function runs; the arguments are still read by their names (feature `json-schema`) |
/// | `crate = my_framework::dari` | where the crate `dari` is, if not at `::dari`: it was renamed, or is re-exported |
#[proc_macro_attribute]
pub fn mcp_tool(attribute: TokenStream, item: TokenStream) -> TokenStream {
    expand::expand::<tool::ToolAttribute>(attribute.into(), item.into()).into()
}

/// Makes a prompt of a function: messages that a person picks from a menu and fills in (MCP 2026-07-28, Prompts).
///
/// ```ignore
/// /// Summarizes a text.
/// #[mcp_prompt(title = "Summarize")]
/// fn summarize(
///     /// The text.
///     text: String,
///     /// In how many sentences.
///     #[arg(default = 3, range = 1..=10)]
///     sentences: u8,
/// ) -> String {
///     format!("Summarize this in {sentences} sentences:\n\n{text}")
/// }
/// ```
///
/// Function and parameters are as for [`macro@mcp_tool`]. Clients send the arguments of a prompt as strings, which are
/// read into the parameter's type: `"3"` into a number, `"true"` into a `bool`. It returns what a `PromptOutput` is:
/// `String`, `PromptMessage`, `Vec<PromptMessage>`, `GetPromptResult`, or a `Result` of one of them.
///
/// # Parameters
///
/// `#[arg(..)]` is as for a tool, without `header` and with one key more:
///
/// | `#[arg(..)]` | meaning |
/// |---|---|
/// | `complete = cities` | a function that completes what the user has typed |
///
/// A completion function is a function without attribute: `fn cities(typed: String) -> Vec<String>`. It may be `async`,
/// takes extractors after its first parameter (among them `ResolvedArguments`, the arguments that are filled in
/// already), and returns `Vec<String>`, `Vec<&'static str>`, `Completion`, or a `Result` of one of them.
///
/// # The attribute
///
/// | `#[mcp_prompt(..)]` | meaning |
/// |---|---|
/// | `name`, `title`, `description`, `scopes`, `hidden_without_scope`, `timeout`, `icons`, `meta`, `inline`, `crate` | as for a tool |
#[proc_macro_attribute]
pub fn mcp_prompt(attribute: TokenStream, item: TokenStream) -> TokenStream {
    expand::expand::<prompt::PromptAttribute>(attribute.into(), item.into()).into()
}

/// Makes a resource of a function: contents at a URI, or at every URI of a template (MCP 2026-07-28, Resources).
///
/// ```ignore
/// /// A note.
/// #[mcp_resource(uri = "notes://{folder}/{id}", mime = "text/markdown")]
/// async fn note(folder: String, id: u64, State(notes): State<Notes>) -> Result<Option<String>, ToolError> {
///     Ok(notes.find(&folder, id).await?)
/// }
/// ```
///
/// The function is as for [`macro@mcp_tool`]. It returns what a `ResourceOutput` is: `String`, `Vec<u8>`, `Json<T>`,
/// `ResourceContents`, lists of these, an `Option` (`None` is "not found"), or a `Result` of one of them.
///
/// # URI templates
///
/// A `uri` with braces is a template (RFC 6570). Each variable is an argument, a parameter of the same name, and no other
/// parameter is one; this is checked when the function is compiled.
///
/// | in `uri` | holds |
/// |---|---|
/// | `{id}` | one segment: no slash, not even an encoded one, and neither `.` nor `..` |
/// | `{+path}` | one or more segments with slashes between them, none of them `.` or `..`; no slash at its start |
/// | `{/id}` | a slash and one segment, or nothing: then the argument is `None` or its `default` |
/// | `{?q,page}` | at the end: a query with any of these, in any order; what is not there is `None` or its `default` |
///
/// Values are percent-decoded UTF-8; a null character or a backslash is refused outside of a query. What is refused is no
/// URI of the template: the client is told that there is no such resource. That a *link* leads out of a folder, a value
/// cannot tell: who opens files still asks the file system where they are.
///
/// A value is read into the parameter's type, `42` into a number; one that does not fit is the error `-32602` with the
/// URI in its `data`. Of several templates that fit a URI the first one in `resources![]` is read.
///
/// # Parameters
///
/// `#[arg(..)]` is as for [`macro@mcp_prompt`].
///
/// # The attribute
///
/// | `#[mcp_resource(..)]` | meaning |
/// |---|---|
/// | `uri = "notes://{id}"` | where it is: a URI, or a template |
/// | `mime = "text/markdown"` | the media type of its contents |
/// | `ttl = "60s"` | how long a client may keep what it read (`ttlMs`) |
/// | `public` | it is the same for everybody, so that caches may share it (`cacheScope`) |
/// | `name`, `title`, `description`, `scopes`, `hidden_without_scope`, `timeout`, `icons`, `meta`, `inline`, `crate` | as for a tool |
#[proc_macro_attribute]
pub fn mcp_resource(attribute: TokenStream, item: TokenStream) -> TokenStream {
    expand::expand::<resource::ResourceAttribute>(attribute.into(), item.into()).into()
}

/// What `tools![]`, `prompts![]` and `resources![]` of `dari` expand to.
#[doc(hidden)]
#[proc_macro]
pub fn list(list: TokenStream) -> TokenStream {
    list::expand(list.into()).into()
}
