//! The parameters of a request, read once.

use std::borrow::Cow;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::RpcError;

/// The members of `params` that routing needs, still raw: only the method knows which of them it has, and of what type.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Params<'a> {
    #[serde(borrow)]
    name: Option<&'a RawValue>,
    #[serde(borrow)]
    uri: Option<&'a RawValue>,
    /// The arguments of a tool or prompt.
    #[serde(borrow)]
    pub(crate) arguments: Option<&'a RawValue>,
    #[serde(borrow)]
    cursor: Option<&'a RawValue>,
    #[serde(borrow, rename = "_meta")]
    pub(crate) meta: Option<&'a RawValue>,
}

impl<'a> Params<'a> {
    /// The tool or prompt (`tools/call`, `prompts/get`).
    pub(crate) fn name(&self) -> Result<Option<Cow<'a, str>>, RpcError> {
        text("name", self.name)
    }

    /// The resource (`resources/read`).
    pub(crate) fn uri(&self) -> Result<Option<Cow<'a, str>>, RpcError> {
        text("uri", self.uri)
    }

    /// What a method works with, able to outlive the borrow; the arguments stay where they are in `body`.
    pub(crate) fn detach(&self, body: &Bytes) -> Result<MethodParams, RpcError> {
        Ok(MethodParams {
            name: self.name()?.as_deref().map(Into::into),
            arguments: self.arguments.map_or_else(Bytes::new, |raw| body.slice_ref(raw.get().as_bytes())),
            cursor: text("cursor", self.cursor)?.as_deref().map(Into::into),
        })
    }
}

/// A string that is borrowed wherever it holds no escapes.
fn text<'a>(member: &str, raw: Option<&'a RawValue>) -> Result<Option<Cow<'a, str>>, RpcError> {
    #[derive(Deserialize)]
    struct Text<'a>(#[serde(borrow)] Option<Cow<'a, str>>);

    let Some(raw) = raw else { return Ok(None) };
    let read = serde_json::from_str(raw.get());
    read.map(|Text(text)| text).map_err(|_| RpcError::invalid_params(format!("`params.{member}` must be a string")))
}

/// The parameters of a method, as dispatch takes them.
#[derive(Debug, Default)]
pub(crate) struct MethodParams {
    pub(crate) name: Option<Box<str>>,
    /// JSON text; empty where there were no arguments.
    pub(crate) arguments: Bytes,
    pub(crate) cursor: Option<Box<str>>,
}
