//! The parameters of a request, read once.

use std::borrow::Cow;

use bytes::Bytes;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::request::{object_or_null, params_of};
use super::{ProtocolMeta, RpcError};

/// The members of `params` that routing needs, still raw: only the method knows which of them it has, and of what type.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Params<'a> {
    #[serde(borrow)]
    name: Option<&'a RawValue>,
    #[serde(borrow)]
    uri: Option<&'a RawValue>,
    #[serde(borrow)]
    task_id: Option<&'a RawValue>,
    /// The arguments of a tool or prompt.
    #[serde(borrow)]
    pub(crate) arguments: Option<&'a RawValue>,
    #[serde(borrow)]
    cursor: Option<&'a RawValue>,
    #[serde(borrow)]
    input_responses: Option<&'a RawValue>,
    #[serde(borrow)]
    request_state: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "_meta", deserialize_with = "object_or_null")]
    pub(crate) meta: ProtocolMeta<'a>,
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

    /// The task (`tasks/get` and the like).
    pub(crate) fn task_id(&self) -> Result<Option<Cow<'a, str>>, RpcError> {
        text("taskId", self.task_id)
    }

    /// What a method works with, able to outlive the borrow; what is large stays where it is in `body`.
    pub(crate) fn detach(&self, body: &Bytes) -> Result<MethodParams, RpcError> {
        let slice = |raw: Option<&RawValue>| raw.map_or_else(Bytes::new, |raw| body.slice_ref(raw.get().as_bytes()));
        Ok(MethodParams {
            name: self.name()?.as_deref().map(Into::into),
            uri: self.uri()?.as_deref().map(Into::into),
            task_id: self.task_id()?.as_deref().map(Into::into),
            arguments: slice(self.arguments),
            cursor: text("cursor", self.cursor)?.as_deref().map(Into::into),
            input_responses: slice(self.input_responses),
            request_state: slice(self.request_state),
            message: body.clone(),
        })
    }
}

/// A string that is borrowed wherever it holds no escapes.
fn text<'a>(member: &str, raw: Option<&'a RawValue>) -> Result<Option<Cow<'a, str>>, RpcError> {
    let Some(raw) = raw else { return Ok(None) };
    // Nearly all are: without escapes, what stands between the quotes is the text.
    if let Some(plain) = raw.get().strip_prefix('"').and_then(|rest| rest.strip_suffix('"'))
        && !plain.contains('\\')
    {
        return Ok(Some(Cow::Borrowed(plain)));
    }
    serde_json::from_str(raw.get()).map_err(|_| RpcError::invalid_params(format!("`params.{member}` must be a string")))
}

/// The parameters of a method, as dispatch takes them. What is bytes is JSON text, empty where there was none.
#[derive(Clone, Debug, Default)]
pub(crate) struct MethodParams {
    pub(crate) name: Option<Box<str>>,
    pub(crate) uri: Option<Box<str>>,
    pub(crate) task_id: Option<Box<str>>,
    pub(crate) arguments: Bytes,
    pub(crate) cursor: Option<Box<str>>,
    pub(crate) input_responses: Bytes,
    pub(crate) request_state: Bytes,
    /// The whole message, for the members of a single method.
    pub(crate) message: Bytes,
}

impl MethodParams {
    pub(crate) fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref()
    }

    /// Whether the client sends a request again, with answers to what it was asked.
    pub(crate) fn is_retry(&self) -> bool {
        !self.input_responses.is_empty() || !self.request_state.is_empty()
    }

    /// `inputResponses`, by their keys.
    pub(crate) fn input_responses<T: DeserializeOwned + Default>(&self) -> Result<T, RpcError> {
        if self.input_responses.is_empty() {
            return Ok(T::default());
        }
        serde_json::from_slice(&self.input_responses)
            .map_err(|_| RpcError::invalid_params("`params.inputResponses` must be an object"))
    }

    /// `requestState`, as the server gave it.
    pub(crate) fn request_state(&self) -> Result<Option<String>, RpcError> {
        if self.request_state.is_empty() {
            return Ok(None);
        }
        serde_json::from_slice(&self.request_state)
            .map(Some)
            .map_err(|_| RpcError::invalid_params("`params.requestState` must be a string"))
    }

    /// The members that only one method has.
    pub(crate) fn read<'a, T: Deserialize<'a>>(&'a self) -> Result<T, RpcError> {
        let all = params_of(&self.message).map_or("{}", RawValue::get);
        // What serde says names the member and its type, and repeats no more than a word of what was sent.
        serde_json::from_str(all).map_err(|error| RpcError::invalid_params(format!("Invalid params: {error}")))
    }
}
