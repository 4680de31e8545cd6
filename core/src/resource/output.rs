//! What a resource may hold.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Serialize;

use crate::protocol::{ReadResourceResult, ResourceContents};
use crate::tool::Json;
use crate::tool_error::ToolError;

/// A type that a resource may return.
///
/// Text (`String`, `&'static str`), bytes (`Vec<u8>`, `&'static [u8]`) and [`Json<T>`](crate::Json) are contents at the
/// resource's own URI and of its own media type; [`ResourceContents`] and lists of them say more. `Option<_>` around them
/// is for what may not be there: `None` is "not found" to the client. `Result<_, ToolError>` goes around any of them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the result of an `#[mcp_resource]` function",
    label = "no contents of a resource",
    note = "return `String`, `Vec<u8>`, `Json<T>`, `ResourceContents`, `Vec<ResourceContents>`, or an `Option` of one of them",
    note = "`Result<_, E>` around any of them works for `E = ToolError` and for every `E: std::error::Error + Send + Sync + 'static`"
)]
pub trait ResourceOutput: Sized {
    /// The contents; none at all mean that there is no such resource.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    fn into_contents(self) -> Result<ReadResourceResult, ToolError>;
}

impl ResourceOutput for ReadResourceResult {
    fn into_contents(self) -> Result<ReadResourceResult, ToolError> {
        Ok(self)
    }
}

impl ResourceOutput for Vec<ResourceContents> {
    fn into_contents(self) -> Result<ReadResourceResult, ToolError> {
        Ok(ReadResourceResult::new(self))
    }
}

impl ResourceOutput for ResourceContents {
    fn into_contents(self) -> Result<ReadResourceResult, ToolError> {
        Ok(ReadResourceResult::new(vec![self]))
    }
}

macro_rules! text {
    ($($type:ty),*) => {$(
        impl ResourceOutput for $type {
            fn into_contents(self) -> Result<ReadResourceResult, ToolError> {
                ResourceContents::Text { uri: String::new(), mime_type: None, text: self.into() }.into_contents()
            }
        }
    )*};
}
text!(String, &'static str, Cow<'static, str>);

macro_rules! bytes {
    ($($type:ty),*) => {$(
        impl ResourceOutput for $type {
            fn into_contents(self) -> Result<ReadResourceResult, ToolError> {
                ResourceContents::Blob { uri: String::new(), mime_type: None, blob: BASE64.encode(self) }.into_contents()
            }
        }
    )*};
}
bytes!(Vec<u8>, &'static [u8]);

impl<T: Serialize> ResourceOutput for Json<T> {
    fn into_contents(self) -> Result<ReadResourceResult, ToolError> {
        serde_json::to_string(&self.0)?.into_contents()
    }
}

#[diagnostic::do_not_recommend]
impl<T: ResourceOutput> ResourceOutput for Option<T> {
    fn into_contents(self) -> Result<ReadResourceResult, ToolError> {
        self.map_or_else(|| Ok(ReadResourceResult::default()), T::into_contents)
    }
}

#[diagnostic::do_not_recommend]
impl<T: ResourceOutput, E: Into<ToolError>> ResourceOutput for Result<T, E> {
    fn into_contents(self) -> Result<ReadResourceResult, ToolError> {
        self.map_err(Into::into)?.into_contents()
    }
}
