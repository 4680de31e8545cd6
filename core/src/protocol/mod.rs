//! The wire types of MCP: JSON-RPC, content, capabilities, errors, versions. No I/O happens here.

mod capabilities;
mod content;
mod error;
mod jsonrpc;
mod meta;
mod params;
mod tool;
mod version;

pub use capabilities::{ClientCapabilities, Icon, Implementation};
pub use content::{Annotations, Audio, Content, EmbeddedResource, Image, ResourceContents, ResourceLink, Role};
pub(crate) use error::ErrorResponse;
pub use error::{ErrorCode, RpcError};
pub use jsonrpc::RequestId;
pub(crate) use jsonrpc::{Message, MessageError};
pub use meta::{ClientInfo, RequestMeta};
pub(crate) use meta::{ProtocolMeta, RawJson, SERVER_INFO};
pub(crate) use params::{MethodParams, Params};
pub use tool::{CallToolResult, ToolAnnotations};
pub use version::ProtocolVersion;
