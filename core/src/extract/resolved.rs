//! `ResolvedArguments`: what is filled in already while an argument is completed.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{FromContext, Rejection};
use crate::RequestContext;

/// The arguments that the user has filled in already, in a completion function (`context.arguments`, MCP 2026-07-28,
/// Completion). Empty where the client did not send them, and outside of completion functions.
///
/// ```
/// use dari::prelude::*;
/// use dari::ResolvedArguments;
///
/// fn frameworks(typed: String, resolved: ResolvedArguments) -> Vec<&'static str> {
///     let all: &[_] = match resolved.get("language") {
///         Some("python") => &["django", "flask"],
///         Some("rust") => &["axum", "rocket"],
///         _ => &[],
///     };
///     all.iter().copied().filter(|name| name.starts_with(&*typed)).collect()
/// }
///
/// /// Reviews code.
/// #[mcp_prompt]
/// fn review(language: String, #[arg(complete = frameworks)] framework: String) -> String {
///     format!("Review this {language} code that uses {framework}.")
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct ResolvedArguments(pub(crate) BTreeMap<String, String>);

impl ResolvedArguments {
    /// The value of one.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }
}

impl FromContext for ResolvedArguments {
    async fn from_context(context: &RequestContext) -> Result<Self, Rejection> {
        Ok(context.resolved.clone())
    }
}
