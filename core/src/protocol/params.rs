//! The parameters of a request, read once.

use std::borrow::Cow;

use bytes::Bytes;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::json::{Json, Walk};
use super::request::params_of;
use super::{ProtocolMeta, RpcError};

/// The members of `params` that routing needs, still raw: only the method knows which of them it has, and of what type.
#[derive(Debug, Default)]
pub(crate) struct Params<'a> {
    name: Option<Json<'a>>,
    uri: Option<Json<'a>>,
    task_id: Option<Json<'a>>,
    /// The arguments of a tool or prompt.
    pub(crate) arguments: Option<Json<'a>>,
    cursor: Option<Json<'a>>,
    input_responses: Option<Json<'a>>,
    request_state: Option<Json<'a>>,
    pub(crate) meta: ProtocolMeta<'a>,
}

impl<'a> Params<'a> {
    /// Fills what is empty yet; `None` where it is no object, names a member twice, or has an unfit `_meta`.
    pub(super) fn walk(&mut self, walk: &mut Walk<'a>) -> Option<()> {
        let mut has_meta = false;
        walk.object(|walk, name| match &*name {
            "name" => walk.value_into(&mut self.name),
            "uri" => walk.value_into(&mut self.uri),
            "taskId" => walk.value_into(&mut self.task_id),
            "arguments" => walk.value_into(&mut self.arguments),
            "cursor" => walk.value_into(&mut self.cursor),
            "inputResponses" => walk.value_into(&mut self.input_responses),
            "requestState" => walk.value_into(&mut self.request_state),
            "_meta" => {
                self.meta = ProtocolMeta::walk(walk)?;
                (!std::mem::replace(&mut has_meta, true)).then_some(())
            }
            _ => walk.value().map(drop),
        })?;
        // `null` says as little as nothing.
        let Self { name, uri, task_id, arguments, cursor, input_responses, request_state, .. } = self;
        for member in [name, uri, task_id, arguments, cursor, input_responses, request_state] {
            member.take_if(|json| json.is_null());
        }
        Some(())
    }

    pub(crate) fn read(json: &'a str) -> Option<Self> {
        let mut params = Self::default();
        Walk::whole(json, |walk| params.walk(walk))?;
        Some(params)
    }

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

    /// What a method works with; what is large stays where it is in `body`.
    pub(crate) fn of_method(&self, body: &Bytes) -> Result<MethodParams<'a>, RpcError> {
        let slice = |json: Option<Json<'_>>| json.map_or_else(Bytes::new, |json| body.slice_ref(json.get().as_bytes()));
        Ok(MethodParams {
            name: self.name()?,
            uri: self.uri()?,
            task_id: self.task_id()?,
            arguments: slice(self.arguments),
            cursor: text("cursor", self.cursor)?,
            input_responses: slice(self.input_responses),
            request_state: slice(self.request_state),
            message: body.clone(),
        })
    }
}

/// A string that is borrowed wherever it holds no escapes.
fn text<'a>(member: &str, json: Option<Json<'a>>) -> Result<Option<Cow<'a, str>>, RpcError> {
    let Some(json) = json else { return Ok(None) };
    let text = json.text().ok_or_else(|| RpcError::invalid_params(format!("`params.{member}` must be a string")))?;
    Ok(Some(text))
}

/// The parameters of a method, as dispatch takes them. What is bytes is JSON text, empty where there was none.
#[derive(Clone, Debug, Default)]
pub(crate) struct MethodParams<'a> {
    pub(crate) name: Option<Cow<'a, str>>,
    pub(crate) uri: Option<Cow<'a, str>>,
    pub(crate) task_id: Option<Cow<'a, str>>,
    pub(crate) arguments: Bytes,
    pub(crate) cursor: Option<Cow<'a, str>>,
    pub(crate) input_responses: Bytes,
    pub(crate) request_state: Bytes,
    /// The whole message, for the members of a single method.
    pub(crate) message: Bytes,
}

impl MethodParams<'_> {
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
    pub(crate) fn read<'m, T: Deserialize<'m>>(&'m self) -> Result<T, RpcError> {
        let all = params_of(&self.message).map_or("{}", Json::get);
        // What serde says names the member and its type, and repeats no more than a word of what was sent.
        serde_json::from_str(all).map_err(|error| RpcError::invalid_params(format!("Invalid params: {error}")))
    }
}
