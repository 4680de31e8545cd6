//! What a prompt may return.

use crate::protocol::{Content, GetPromptResult, PromptMessage};
use crate::tool_error::ToolError;

/// A type that a prompt may return.
///
/// Anything that is content, such as `String`, is one message of the user. [`PromptMessage`], `Vec<PromptMessage>`, arrays
/// of them and [`GetPromptResult`] say more, and `Result<_, ToolError>` goes around any of them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the result of an `#[mcp_prompt]` function",
    label = "no result of a prompt",
    note = "return `String`, `PromptMessage`, `Vec<PromptMessage>` or `GetPromptResult`",
    note = "`Result<_, E>` around any of them works for `E = ToolError` and for every `E: std::error::Error + Send + Sync + 'static`"
)]
pub trait PromptOutput: Sized {
    /// The prompt, filled in.
    ///
    /// # Errors
    ///
    /// It cannot be.
    fn into_prompt(self) -> Result<GetPromptResult, ToolError>;
}

impl PromptOutput for GetPromptResult {
    fn into_prompt(self) -> Result<GetPromptResult, ToolError> {
        Ok(self)
    }
}

impl PromptOutput for Vec<PromptMessage> {
    fn into_prompt(self) -> Result<GetPromptResult, ToolError> {
        Ok(GetPromptResult::new(self))
    }
}

impl<const N: usize> PromptOutput for [PromptMessage; N] {
    fn into_prompt(self) -> Result<GetPromptResult, ToolError> {
        Ok(GetPromptResult::new(self.into()))
    }
}

impl PromptOutput for PromptMessage {
    fn into_prompt(self) -> Result<GetPromptResult, ToolError> {
        Ok(GetPromptResult::new(vec![self]))
    }
}

macro_rules! one_message {
    ($($type:ty),*) => {$(
        impl PromptOutput for $type {
            fn into_prompt(self) -> Result<GetPromptResult, ToolError> {
                PromptMessage::user(self).into_prompt()
            }
        }
    )*};
}
one_message!(String, &'static str, Content);

#[diagnostic::do_not_recommend]
impl<T: PromptOutput, E: Into<ToolError>> PromptOutput for Result<T, E> {
    fn into_prompt(self) -> Result<GetPromptResult, ToolError> {
        self.map_err(Into::into)?.into_prompt()
    }
}
