//! What a server is written with: `use dari::prelude::*;`

#[cfg(feature = "auth")]
pub use crate::AccessToken;
pub use crate::{
    Ask, Audio, CallToolResult, Cancelled, ClientInfo, Completion, Content, EmbeddedResource, GetPromptResult,
    HttpHeaders, Image, Json, Log, McpServer, Progress, PromptMessage, RequestMeta, ResourceContents, ResourceLink,
    ResultExt, State, Task, ToolError, mcp_prompt, mcp_resource, mcp_tool, prompts, resources, tools,
};
