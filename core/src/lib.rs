#![doc = include_str!("../docs/dari.md")]
#![cfg_attr(
    not(feature = "auth"),
    expect(
        rustdoc::broken_intra_doc_links,
        reason = "the documentation is that of all features, and names the login's types"
    )
)]

// The macros write `::dari::…`, in the tests of this crate as anywhere.
#[cfg(test)]
extern crate self as dari;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
pub mod auth;
mod changes;
pub mod clock;
mod context;
mod dispatch;
mod error;
mod exchange;
mod extract;
mod function;
mod lists;
mod outcome;
pub mod prelude;
mod prompt;
mod protocol;
mod resource;
mod schema;
mod sent;
mod server;
mod signed;
mod spent;
pub mod store;
pub mod testing;
mod tool;
mod tool_error;
mod trace;
mod transport;
mod within;

pub use changes::Changes;
pub use context::{Reference, RequestContext};
pub use dari_macros::{mcp_prompt, mcp_resource, mcp_tool};
pub use dispatch::TaskSettings;
pub use error::{BuildError, Error};
#[cfg(feature = "auth")]
pub use extract::AccessToken;
pub use extract::{
    Ask, AskError, Cancelled, FromContext, HttpHeaders, IntoMessage, Log, OptionalFromContext, Progress, Reconnect,
    Rejection, Requirements, ResolvedArguments, Root, Sampled, Sampling, State, Task,
};
pub use function::completer::CompletionOutput;
pub use prompt::{Prompt, PromptOutput};
pub use protocol::{
    Annotations, Audio, CallToolResult, ClientCapabilities, ClientInfo, Completion, Content, EmbeddedResource,
    ErrorCode, GetPromptResult, Icon, Image, Implementation, LoggingLevel, PromptMessage, ProtocolVersion,
    ReadResourceResult, RequestId, RequestMeta, ResourceContents, ResourceLink, Role, RpcError, ToolAnnotations,
};
pub use resource::{Resource, ResourceOutput};
#[cfg(feature = "auth")]
pub use server::StdioToken;
pub use server::{CallError, McpServer, Server, StdioServer, TestClient, ToolAnswer, banner};
pub use tool::{DynamicTool, Json, Tool, ToolOutput, VerbatimSchema};
pub use tool_error::{ModelMessage, ResultExt, ToolError};
pub use trace::{Observation, ObservedOutcome};
