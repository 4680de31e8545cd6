//! The wire types of MCP: JSON-RPC, content, capabilities, errors, versions. No I/O happens here.

mod capabilities;
mod completion;
mod content;
mod error;
mod input;
mod jsonrpc;
mod logging;
mod meta;
mod notification;
mod params;
mod prompt;
mod resource;
mod task;
mod timestamp;
mod tool;
mod version;

pub use capabilities::{ClientCapabilities, Icon, Implementation};
pub use completion::Completion;
pub use content::{Annotations, Audio, Content, EmbeddedResource, Image, ResourceContents, ResourceLink, Role};
pub(crate) use error::ErrorResponse;
pub use error::{ErrorCode, RpcError};
pub(crate) use input::{InputRequest, InputRequests, InputRequired};
pub use jsonrpc::RequestId;
pub(crate) use jsonrpc::{Message, MessageError, one_line};
pub use logging::LoggingLevel;
pub use meta::{ClientInfo, RequestMeta};
pub(crate) use meta::{ProtocolMeta, RawJson, SERVER_INFO};
pub(crate) use notification::Notification;
pub(crate) use params::{MethodParams, Params};
pub use prompt::{GetPromptResult, PromptMessage};
pub use resource::ReadResourceResult;
pub(crate) use task::{DetailedTask, TASKS, TaskStatus};
pub(crate) use timestamp::timestamp;
pub use tool::{CallToolResult, ToolAnnotations};
pub use version::ProtocolVersion;
