//! What an attribute makes of a function: the words for people, and the names that the code refers to.

use proc_macro2::{Ident, Span};

use crate::grammar;

/// A tool, a prompt or a resource.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Tool,
    Prompt,
    Resource,
}

impl Kind {
    /// The word for people.
    pub(crate) const fn noun(self) -> &'static str {
        match self {
            Self::Tool => "tool",
            Self::Prompt => "prompt",
            Self::Resource => "resource",
        }
    }

    /// Who calls it.
    pub(crate) const fn caller(self) -> &'static str {
        match self {
            Self::Tool => "model",
            Self::Prompt | Self::Resource => "client",
        }
    }

    /// The attribute, as it is written.
    pub(crate) const fn attribute(self) -> &'static str {
        match self {
            Self::Tool => "#[mcp_tool]",
            Self::Prompt => "#[mcp_prompt]",
            Self::Resource => "#[mcp_resource]",
        }
    }

    /// Types that its function may return.
    pub(crate) const fn results(self) -> &'static str {
        match self {
            Self::Tool => "`Json<T>`, `String`, `Result<Json<T>, ToolError>`, …",
            Self::Prompt => "`String`, `Vec<PromptMessage>`, `Result<String, ToolError>`, …",
            Self::Resource => "`String`, `Vec<u8>`, `Json<T>`, `Option<Json<T>>`, …",
        }
    }

    /// What is wrong with a name.
    pub(crate) fn name_fault(self, name: &str) -> Option<String> {
        match self {
            Self::Tool => grammar::tool_name_fault(name),
            // MCP gives no grammar for these.
            Self::Prompt | Self::Resource => name.is_empty().then(|| format!("a {}'s name is not empty", self.noun())),
        }
    }

    /// The trait of the type beside the function.
    pub(crate) fn trait_name(self) -> Ident {
        ident(match self {
            Self::Tool => "ToolFn",
            Self::Prompt => "PromptFn",
            Self::Resource => "ResourceFn",
        })
    }

    /// The trait's constant: what tells one from another.
    pub(crate) fn key(self) -> Ident {
        ident(match self {
            Self::Tool | Self::Prompt => "NAME",
            Self::Resource => "URI",
        })
    }

    /// The trait's function.
    pub(crate) fn make(self) -> Ident {
        ident(self.noun())
    }

    /// What the trait's function gives.
    pub(crate) fn product(self) -> Ident {
        ident(match self {
            Self::Tool => "Tool",
            Self::Prompt => "Prompt",
            Self::Resource => "Resource",
        })
    }

    /// The function that tells how a type becomes a result.
    pub(crate) fn output(self) -> &'static str {
        match self {
            Self::Tool => "output",
            Self::Prompt => "filled_in",
            Self::Resource => "contents",
        }
    }

    /// The function by which a list finds it.
    pub(crate) fn register(self) -> &'static str {
        match self {
            Self::Tool => "register_tool",
            Self::Prompt => "register_prompt",
            Self::Resource => "register_resource",
        }
    }
}

fn ident(name: &str) -> Ident {
    Ident::new(name, Span::call_site())
}
