//! What a call asks, and what the test answers.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

use super::CallError;
use crate::protocol::InputRequest;

/// What a call asked with [`Ask`](crate::Ask) (`InputRequest` in the schema).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Question {
    /// The key that the author gave it; asked again in the same call, it is `key#2`, `key#3` and so on.
    pub key: String,
    /// `elicitation/create`, `sampling/createMessage` or `roots/list`.
    pub method: &'static str,
    /// The parameters as the client gets them.
    pub params: Value,
}

impl Question {
    pub(super) fn new((key, request): &(String, InputRequest)) -> Self {
        let params = serde_json::from_str(request.params.get()).unwrap_or_default();
        Self { key: key.clone(), method: request.method, params }
    }

    /// What the user reads; empty where the question is not for the user.
    #[must_use]
    pub fn message(&self) -> &str {
        self.params["message"].as_str().unwrap_or_default()
    }

    /// The page that the user is sent to, if it is such a question.
    #[must_use]
    pub fn url(&self) -> Option<&str> {
        self.params["url"].as_str()
    }
}

/// What the client makes of a question.
#[derive(Clone, Debug, PartialEq)]
pub struct InputResponse(Response);

#[derive(Clone, Debug, PartialEq)]
enum Response {
    Accept(Value),
    Action(&'static str),
    Raw(Value),
}

impl InputResponse {
    /// The question is answered.
    ///
    /// For a form this is its content; for a page anything; for sampling the text that the model wrote, or a whole
    /// `CreateMessageResult`; for roots a list of URIs, or of `Root` objects.
    #[must_use]
    pub fn accept(content: impl Into<Value>) -> Self {
        Self(Response::Accept(content.into()))
    }

    /// The user says no.
    #[must_use]
    pub const fn decline() -> Self {
        Self(Response::Action("decline"))
    }

    /// The user closes the question without an answer.
    #[must_use]
    pub const fn cancel() -> Self {
        Self(Response::Action("cancel"))
    }

    /// Exactly this, however wrong: to test what becomes of a client that answers with nonsense.
    #[must_use]
    pub const fn raw(response: Value) -> Self {
        Self(Response::Raw(response))
    }

    /// The response to this question, as a client sends it.
    fn to_json(&self, question: &Question) -> Value {
        let content = match &self.0 {
            Response::Raw(response) => return response.clone(),
            Response::Action(action) => return json!({ "action": action }),
            Response::Accept(content) => content,
        };
        match (question.method, content) {
            ("sampling/createMessage", Value::String(text)) => json!({
                "role": "assistant",
                "content": { "type": "text", "text": text },
                "model": "test",
                "stopReason": "endTurn",
            }),
            ("roots/list", Value::Array(roots)) => {
                let root = |root: &Value| if root.is_string() { json!({ "uri": root }) } else { root.clone() };
                json!({ "roots": roots.iter().map(root).collect::<Vec<_>>() })
            }
            ("elicitation/create", _) if question.url().is_some() => json!({ "action": "accept" }),
            ("elicitation/create", content) => json!({ "action": "accept", "content": content }),
            (_, content) => content.clone(),
        }
    }
}

type OnAsk = dyn Fn(&Question) -> InputResponse + Send + Sync;

/// The answers that a test has ready.
#[derive(Clone, Default)]
pub(super) struct Responses {
    by_key: HashMap<String, InputResponse>,
    on_ask: Option<Arc<OnAsk>>,
}

impl Responses {
    pub(super) fn insert(&mut self, key: String, response: InputResponse) {
        self.by_key.insert(key, response);
    }

    pub(super) fn on_ask(&mut self, respond: impl Fn(&Question) -> InputResponse + Send + Sync + 'static) {
        self.on_ask = Some(Arc::new(respond));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_key.is_empty() && self.on_ask.is_none()
    }

    /// The response to a question, as a client sends it.
    pub(super) fn to(&self, question: &Question) -> Result<Box<RawValue>, CallError> {
        let response = match (self.by_key.get(&question.key), &self.on_ask) {
            (Some(response), _) => response.to_json(question),
            (None, Some(respond)) => respond(question).to_json(question),
            (None, None) => {
                let (key, message) = (question.key.clone(), question.message().to_owned());
                return Err(CallError::Unanswered { key, message });
            }
        };
        to_raw_value(&response).map_err(|error| CallError::Arguments(error.to_string()))
    }
}
