//! What a tool may return, and the result that becomes of it.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema};
use serde::Serialize;
use serde_json::value::to_raw_value;

use crate::protocol::{Audio, CallToolResult, Content, EmbeddedResource, Image, ResourceLink};
use crate::schema;
use crate::tool_error::ToolError;

/// A type that a tool may return.
///
/// [`Json<T>`](Json) gives structured data. Text (`String`, `&'static str`, `Cow<'static, str>`), [`Image`], [`Audio`],
/// [`ResourceLink`], [`EmbeddedResource`] and [`Content`] give one piece of content, tuples of two to eight of these and
/// `Vec<Content>` give several, `()` gives none. `Result<T, ToolError>` goes around any of them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the result of an `#[mcp_tool]` function",
    label = "no result of a tool",
    note = "return `Json<T>` for data (`T: Serialize + JsonSchema`), or `String`, `Image`, `Audio`, `ResourceLink`, `EmbeddedResource`, `Vec<Content>`, a tuple of these, or `()`",
    note = "`Result<_, E>` around any of them works for `E = ToolError` and for every `E: std::error::Error + Send + Sync + 'static`"
)]
pub trait ToolOutput: Sized {
    /// The result of the call.
    ///
    /// # Errors
    ///
    /// The tool failed, or its data cannot be written as JSON.
    fn into_result(self) -> Result<CallToolResult, ToolError>;

    /// The schema of `structuredContent`, where there is any; it must describe an object.
    #[must_use]
    fn output_schema() -> Option<Schema> {
        None
    }
}

/// Structured data: `structuredContent`, the same as text, and an `outputSchema` from `T`.
///
/// `T` is a struct (or anything else that is a JSON object): the revisions of MCP before 2026-07-28 know no other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Json<T>(pub T);

impl<T: Serialize + JsonSchema> ToolOutput for Json<T> {
    fn into_result(self) -> Result<CallToolResult, ToolError> {
        let json = to_raw_value(&self.0)?;
        let mut result = CallToolResult::new(vec![Content::text(json.get().to_owned())]);
        result.structured_content = Some(json);
        Ok(result)
    }

    fn output_schema() -> Option<Schema> {
        Some(schema::of_output::<T>())
    }
}

#[diagnostic::do_not_recommend]
impl<T: ToolOutput, E: Into<ToolError>> ToolOutput for Result<T, E> {
    fn into_result(self) -> Result<CallToolResult, ToolError> {
        self.map_err(Into::into)?.into_result()
    }

    fn output_schema() -> Option<Schema> {
        T::output_schema()
    }
}

impl ToolOutput for CallToolResult {
    fn into_result(self) -> Result<CallToolResult, ToolError> {
        Ok(self)
    }
}

impl ToolOutput for () {
    fn into_result(self) -> Result<CallToolResult, ToolError> {
        Ok(CallToolResult::default())
    }
}

impl ToolOutput for Vec<Content> {
    fn into_result(self) -> Result<CallToolResult, ToolError> {
        Ok(CallToolResult::new(self))
    }
}

macro_rules! one_content {
    ($($type:ty),*) => {$(
        impl ToolOutput for $type {
            fn into_result(self) -> Result<CallToolResult, ToolError> {
                Ok(CallToolResult::new(vec![self.into()]))
            }
        }
    )*};
}
one_content!(String, &'static str, Cow<'static, str>, Image, Audio, ResourceLink, EmbeddedResource, Content);

macro_rules! tuple {
    ($($type:ident $field:tt),*) => {
        #[diagnostic::do_not_recommend]
        impl<$($type: Into<Content>),*> ToolOutput for ($($type,)*) {
            fn into_result(self) -> Result<CallToolResult, ToolError> {
                Ok(CallToolResult::new(vec![$(self.$field.into()),*]))
            }
        }
    };
}
tuple!(A 0, B 1);
tuple!(A 0, B 1, C 2);
tuple!(A 0, B 1, C 2, D 3);
tuple!(A 0, B 1, C 2, D 3, E 4);
tuple!(A 0, B 1, C 2, D 3, E 4, F 5);
tuple!(A 0, B 1, C 2, D 3, E 4, F 5, G 6);
tuple!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);
