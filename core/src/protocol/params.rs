//! The parameters of a request, read once.

use std::borrow::Cow;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

/// The members of `params` that routing needs, borrowed from the body.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Params<'a> {
    /// The tool or prompt (`tools/call`, `prompts/get`).
    #[serde(borrow)]
    pub(crate) name: Option<Cow<'a, str>>,
    /// The resource (`resources/read`).
    #[serde(borrow)]
    pub(crate) uri: Option<Cow<'a, str>>,
    /// The arguments of a tool or prompt.
    #[serde(borrow)]
    pub(crate) arguments: Option<&'a RawValue>,
    /// Where a list goes on.
    #[serde(borrow)]
    pub(crate) cursor: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "_meta")]
    pub(crate) meta: Option<&'a RawValue>,
}

impl Params<'_> {
    /// What a method works with, able to outlive the borrow; the arguments stay where they are in `body`.
    pub(crate) fn detach(&self, body: &Bytes) -> MethodParams {
        MethodParams {
            name: self.name.as_deref().map(Into::into),
            arguments: self.arguments.map_or_else(Bytes::new, |raw| body.slice_ref(raw.get().as_bytes())),
            cursor: self.cursor.as_deref().map(Into::into),
        }
    }
}

/// The parameters of a method, as dispatch takes them.
#[derive(Debug, Default)]
pub(crate) struct MethodParams {
    pub(crate) name: Option<Box<str>>,
    /// JSON text; empty where there were no arguments.
    pub(crate) arguments: Bytes,
    pub(crate) cursor: Option<Box<str>>,
}
