//! What a server is written with: `use dari::prelude::*;`

#[cfg(feature = "auth")]
pub use crate::AccessToken;
pub use crate::{
    Ask, Audio, CallToolResult, Cancelled, ClientInfo, Content, EmbeddedResource, HttpHeaders, Image, Json, Log,
    McpServer, Progress, RequestMeta, ResourceLink, ResultExt, State, ToolError, mcp_tool, tools,
};
