//! What a server is written with: `use dari::prelude::*;`

#[cfg(feature = "auth")]
pub use crate::AccessToken;
pub use crate::{
    Audio, CallToolResult, ClientInfo, Content, EmbeddedResource, HttpHeaders, Image, Json, McpServer, RequestMeta,
    ResourceLink, ResultExt, State, ToolError, mcp_tool, tools,
};
