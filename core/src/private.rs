//! What the macros emit against. No part of the public interface: it changes without notice.

#[cfg(feature = "auth")]
pub use crate::auth::fetch::network::TestNetwork;
pub use crate::function::about::About;
pub use crate::function::arg::{Arg, Constant, constant, literal, published};
pub use crate::function::completer::{Completer, CompletionFn, completer, way};
pub use crate::function::param::{Parameter, Params};
pub use crate::function::role::{
    ArgumentType, BesideType, FromText, InjectedType, ParamType, VariableType, argument, beside, from_text, injected,
    param, variable, via,
};
pub use crate::function::signature::Signature;
pub use crate::prompt::PromptFn;
pub use crate::prompt::builder::{FilledIn, PromptBuilder, filled_in};
pub use crate::protocol::Icon;
pub use crate::resource::ResourceFn;
pub use crate::resource::builder::{Contents, ResourceBuilder, contents};
pub use crate::resource::template::Part;
pub use crate::tool::ToolFn;
pub use crate::tool::builder::{Output, ToolBuilder, output};
pub use crate::tool::dynamic::verbatim;
#[cfg(feature = "__steps")]
pub use crate::transport::http::steps::{Answered, Begun, Steps};
pub use dari_macros::list;

/// The tool of a type that `#[mcp_tool]` made.
pub fn register_tool<T: ToolFn>(_: T) -> crate::Tool {
    T::tool()
}

/// The prompt of a type that `#[mcp_prompt]` made.
pub fn register_prompt<T: PromptFn>(_: T) -> crate::Prompt {
    T::prompt()
}

/// The resource of a type that `#[mcp_resource]` made.
pub fn register_resource<T: ResourceFn>(_: T) -> crate::Resource {
    T::resource()
}

/// Whether nothing earlier in a list has this name or URI.
#[must_use]
pub const fn is_new(name: &str, earlier: &[&str]) -> bool {
    let mut index = 0;
    while index < earlier.len() {
        if same(name.as_bytes(), earlier[index].as_bytes()) {
            return false;
        }
        index += 1;
    }
    true
}

const fn same(left: &[u8], right: &[u8]) -> bool {
    if left.len() != right.len() {
        return false;
    }
    let mut index = 0;
    while index < left.len() {
        if left[index] != right[index] {
            return false;
        }
        index += 1;
    }
    true
}
