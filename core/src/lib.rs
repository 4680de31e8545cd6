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
#[cfg(feature = "auth")]
pub mod clock;
mod context;
mod dispatch;
mod error;
mod extract;
pub mod prelude;
mod protocol;
mod server;
#[cfg(feature = "auth")]
pub mod store;
mod tool;
mod tool_error;
mod transport;

pub use context::{Reference, RequestContext};
pub use dari_macros::{mcp_tool, tools};
pub use error::{BuildError, Error};
#[cfg(feature = "auth")]
pub use extract::AccessToken;
pub use extract::{FromContext, HttpHeaders, OptionalFromContext, Rejection, Requirements, State};
pub use protocol::{
    Annotations, Audio, CallToolResult, ClientCapabilities, ClientInfo, Content, EmbeddedResource, ErrorCode, Icon,
    Image, Implementation, ProtocolVersion, RequestId, RequestMeta, ResourceContents, ResourceLink, Role, RpcError,
    ToolAnnotations,
};
pub use server::{CallError, McpServer, Server, TestClient, ToolAnswer, banner};
pub use tool::{Json, Tool, ToolOutput};
pub use tool_error::{ModelMessage, ResultExt, ToolError};
