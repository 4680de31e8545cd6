//! What is said of a tool, prompt or resource as a whole, alike for all three.

use std::borrow::Cow;
use std::time::Duration;

use serde_json::{Map, Value};

use super::arg::Constant;
use crate::protocol::Icon;

/// What an attribute says of its function.
#[derive(Debug)]
pub struct About {
    pub(crate) name: Cow<'static, str>,
    pub(crate) title: Option<Cow<'static, str>>,
    pub(crate) description: Option<Cow<'static, str>>,
    pub(crate) icons: Vec<Icon>,
    pub(crate) meta: Map<String, Value>,
    pub(crate) scopes: Vec<Cow<'static, str>>,
    pub(crate) hidden_without_scope: bool,
    pub(crate) timeout: Option<Duration>,
    pub(crate) problems: Vec<String>,
}

impl About {
    /// A function of this name.
    #[must_use]
    pub fn new(name: impl Into<Cow<'static, str>>) -> Self {
        Self {
            name: name.into(),
            title: None,
            description: None,
            icons: Vec::new(),
            meta: Map::new(),
            scopes: Vec::new(),
            hidden_without_scope: false,
            timeout: None,
            problems: Vec::new(),
        }
    }

    /// The name for people.
    pub fn title(&mut self, text: impl Into<Cow<'static, str>>) {
        self.title = Some(text.into());
    }

    /// What it does or holds.
    pub fn description(&mut self, text: impl Into<Cow<'static, str>>) {
        self.description = Some(text.into());
    }

    /// A scope that the caller must have been granted.
    pub fn scope(&mut self, scope: impl Into<Cow<'static, str>>) {
        self.scopes.push(scope.into());
    }

    /// Whether a caller who lacks a scope is not told of it at all.
    pub fn hidden_without_scope(&mut self) {
        self.hidden_without_scope = true;
    }

    /// How long a call may take.
    pub fn timeout_ms(&mut self, milliseconds: u64) {
        self.timeout = Some(Duration::from_millis(milliseconds));
    }

    /// A picture for user interfaces.
    pub fn icon(&mut self, icon: Icon) {
        self.icons.push(icon);
    }

    /// An entry of `_meta`.
    pub fn meta(&mut self, key: &'static str, value: Constant) {
        match value {
            Ok(value) => {
                self.meta.insert(key.into(), value);
            }
            Err(error) => self.problems.push(format!("`meta`: the value of `{key}` is no JSON: {error}")),
        }
    }
}
