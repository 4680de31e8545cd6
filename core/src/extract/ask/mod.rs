//! `Ask`: questions to the user and the client in the middle of a call.

mod error;
mod form;
mod sampling;

use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

pub use error::AskError;
pub use sampling::{Sampled, Sampling};

use super::{FromContext, Rejection, Requirements};
use crate::RequestContext;
use crate::context::Shared;
use crate::exchange::{AnswersUsed, Exchange, NoAnswer, REQUEST_STATE_LIFETIME};
use crate::protocol::{ClientCapabilities, ErrorCode, InputRequest, RpcError};
use crate::spent::Unknown;
use crate::tool_error::ModelMessage;

/// Asks the user, the client's language model or the client itself in the middle of a call (MCP 2026-07-28,
/// Elicitation, Sampling, Roots).
///
/// ```
/// use dari::prelude::*;
///
/// /// What the user is asked.
/// #[derive(serde::Deserialize, schemars::JsonSchema)]
/// struct Confirm {
///     /// Delete it for good?
///     really: bool,
/// }
///
/// /// Deletes a file.
/// #[mcp_tool(destructive)]
/// async fn delete(name: String, ask: Ask) -> Result<String, ToolError> {
///     let answer: Confirm = ask.form("confirm", format!("Delete {name}?")).await?;
///     // What changes something stands after the last question.
///     Ok(if answer.really { format!("{name} is gone") } else { format!("{name} stays") })
/// }
/// ```
///
/// # The function runs again
///
/// In the current revision no answer can reach a call that waits. A question without an answer ends the call instead;
/// the client asks its user and sends the request again, with the answer; and the function runs again **from its
/// start**, where the question now has its answer. So what stands before a question runs again: side effects belong
/// after the last one. Questions that are reached together are sent together (`tokio::join!` asks several at once).
/// Answers of earlier rounds travel with the request, signed, and are good for one hour, for the same user, and for the
/// same request only.
///
/// In the handshake revisions, and in a task, the function simply waits.
///
/// # Keys
///
/// Each question has a key of the author's choice, such as `"confirm"`: under it the client sends the answer. A key that
/// is used again in the same call asks another question.
///
/// # Errors
///
/// Every method gives an [`AskError`]; with `?` the model is told that the user declined, and the client that it lacks a
/// capability or answered with something else than it was asked for.
#[derive(Clone)]
pub struct Ask {
    exchange: Arc<Exchange>,
    capabilities: Arc<ClientCapabilities>,
    shared: Arc<Shared>,
}

/// A folder or file that the client lets the server work with (`Root` in the schema).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Root {
    /// Its `file://` URI.
    pub uri: String,
    /// Its name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// What the client made of an elicitation (`ElicitResult` in the schema).
#[derive(Deserialize)]
struct Elicited {
    action: Action,
    #[serde(default)]
    content: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Action {
    Accept,
    Decline,
    Cancel,
}

impl Ask {
    /// Asks the user to fill in a form; its fields are those of `T`.
    ///
    /// `T` is a flat struct: its fields are strings, numbers, booleans, enums without data, and lists of such enums.
    /// Doc comments describe them, `#[schemars(title = "…")]` names fields and the values of enums for people, and
    /// `#[serde(default)]` gives defaults. What comes back is checked against the same schema. Never ask for a password
    /// or a key this way: that is what [`url`](Self::url) is for.
    ///
    /// # Errors
    ///
    /// See [`AskError`].
    pub async fn form<T: DeserializeOwned + JsonSchema>(
        &self,
        key: &str,
        message: impl Into<String>,
    ) -> Result<T, AskError> {
        let form = form::Form::of::<T>()?;
        let content = self.fill_in(key, message.into(), &form.schema).await?;
        form.check(&content).map_err(|fault| AskError::invalid(key, &fault))?;
        serde_json::from_value(content)
            .map_err(|error| AskError::invalid(key, &crate::schema::fault::from_serde(&error)))
    }

    /// Asks the user to fill in a form with a schema of the author's own, and gives what comes back as it was sent.
    ///
    /// # Errors
    ///
    /// See [`AskError`].
    pub async fn form_of(&self, key: &str, message: impl Into<String>, schema: &Value) -> Result<Value, AskError> {
        let form = form::Form::new(schema.clone())?;
        let content = self.fill_in(key, message.into(), &form.schema).await?;
        form.check(&content).map_err(|fault| AskError::invalid(key, &fault))?;
        Ok(content)
    }

    /// Sends the user to a page, for what must not pass through the client: a payment, a key, another login.
    ///
    /// That the user agreed to go is all that comes back; whether they did what the page is for, the page's server
    /// knows. The URL must hold no secret, and the page must find out by itself who the user is.
    ///
    /// # Errors
    ///
    /// See [`AskError`].
    pub async fn url(&self, key: &str, message: impl Into<String>, url: impl AsRef<str>) -> Result<(), AskError> {
        let url = url.as_ref();
        if !url.parse::<http::Uri>().is_ok_and(|url| url.scheme().is_some()) {
            return Err(AskError::Form(format!(
                "{url:?} is no absolute URL such as \"https://example.com/pay\": a host of other letters is written in its xn-- form, and a path percent-encoded"
            )));
        }
        if !self.can_ask_url() {
            return Err(AskError::missing(json!({ "elicitation": { "url": {} } })));
        }
        let params = json!({ "mode": "url", "message": message.into(), "url": url });
        self.elicit(key, &params, true).await.map(drop)
    }

    /// Has the client's language model write something.
    ///
    /// # Errors
    ///
    /// See [`AskError`].
    pub async fn sample(&self, key: &str, sampling: Sampling) -> Result<Sampled, AskError> {
        if self.capabilities.sampling.is_none() {
            return Err(AskError::missing(json!({ "sampling": {} })));
        }
        let answer = self.ask(key, "sampling/createMessage", &sampling, false).await?;
        serde_json::from_str(answer.get())
            .map_err(|error| AskError::invalid(key, &crate::schema::fault::from_serde(&error)))
    }

    /// The folders and files that the client lets the server work with.
    ///
    /// # Errors
    ///
    /// See [`AskError`].
    pub async fn roots(&self, key: &str) -> Result<Vec<Root>, AskError> {
        #[derive(Deserialize)]
        struct Roots {
            roots: Vec<Root>,
        }
        if self.capabilities.roots.is_none() {
            return Err(AskError::missing(json!({ "roots": {} })));
        }
        let answer = self.ask(key, "roots/list", &json!({}), false).await?;
        let answer: Result<Roots, _> = serde_json::from_str(answer.get());
        let answer = answer.map_err(|error| AskError::invalid(key, &crate::schema::fault::from_serde(&error)))?;
        Ok(answer.roots)
    }

    /// Makes sure that the answers so far are used once: a client that sends them a second time is refused.
    ///
    /// Stands after the last question, before what must not happen twice.
    ///
    /// # Errors
    ///
    /// [`AskError::Spent`] the second time, and [`AskError::Unavailable`] while the server's store is away.
    pub async fn once(&self) -> Result<(), AskError> {
        let id = match self.exchange.answers_used() {
            AnswersUsed::None => return Ok(()),
            AnswersUsed::WithState(call) => call.id,
            AnswersUsed::WithoutState => {
                return Err(AskError::Spent(RpcError::invalid_params(
                    "`params.requestState` is missing: send what the server sent along with its questions",
                )));
            }
        };
        match self.shared.spent.spend(id, REQUEST_STATE_LIFETIME).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(AskError::Spent(RpcError::invalid_params("these answers have been used before"))),
            Err(Unknown) => Err(AskError::Unavailable(RpcError::new(
                ErrorCode::InternalError,
                "the server cannot tell now whether these answers were used before: try again",
            ))),
        }
    }

    /// Whether the client can show its user a form.
    #[must_use]
    pub fn can_ask_form(&self) -> bool {
        // An empty object is of before there was a choice (MCP 2026-07-28, Elicitation, Capabilities).
        self.capabilities
            .elicitation
            .as_ref()
            .is_some_and(|modes| modes.contains_key("form") || !modes.contains_key("url"))
    }

    /// Whether the client can send its user to a page.
    #[must_use]
    pub fn can_ask_url(&self) -> bool {
        self.capabilities.elicitation.as_ref().is_some_and(|modes| modes.contains_key("url"))
    }

    async fn fill_in(&self, key: &str, message: String, schema: &Value) -> Result<Value, AskError> {
        if !self.can_ask_form() {
            return Err(AskError::missing(json!({ "elicitation": { "form": {} } })));
        }
        let params = json!({ "message": message, "requestedSchema": schema });
        let content = self.elicit(key, &params, false).await?;
        let content = content.ok_or_else(|| AskError::invalid(key, "`content` is missing"))?;
        serde_json::from_str(content.get())
            .map_err(|error| AskError::invalid(key, &crate::schema::fault::from_serde(&error)))
    }

    async fn elicit(&self, key: &str, params: &Value, url: bool) -> Result<Option<Box<RawValue>>, AskError> {
        let answer = self.ask(key, "elicitation/create", params, url).await?;
        let elicited: Elicited = serde_json::from_str(answer.get())
            .map_err(|error| AskError::invalid(key, &crate::schema::fault::from_serde(&error)))?;
        match elicited.action {
            Action::Accept => Ok(elicited.content),
            Action::Decline => Err(AskError::Declined),
            Action::Cancel => Err(AskError::Cancelled),
        }
    }

    async fn ask(
        &self,
        key: &str,
        method: &'static str,
        params: &impl Serialize,
        url: bool,
    ) -> Result<Box<RawValue>, AskError> {
        let params = to_raw_value(params).map_err(|error| AskError::Form(error.to_string()))?;
        self.exchange.ask(key, InputRequest { method, params, url }).await.map_err(|no_answer| match no_answer {
            NoAnswer::Refused(text) => AskError::Refused(ModelMessage::new(text)),
            NoAnswer::Gone => AskError::Gone,
        })
    }
}

impl AskError {
    fn missing(required: Value) -> Self {
        Self::MissingCapability(RpcError::missing_capability(&required))
    }

    fn invalid(key: &str, fault: &str) -> Self {
        Self::Invalid(RpcError::invalid_params(format!("the answer to `{key}` is not what was asked for: {fault}")))
    }
}

impl FromContext for Ask {
    async fn from_context(context: &RequestContext) -> Result<Self, Rejection> {
        Ok(Self {
            exchange: Arc::clone(&context.exchange),
            capabilities: Arc::new(context.client_capabilities()),
            shared: Arc::clone(&context.shared),
        })
    }

    fn requires(requirements: &mut Requirements) {
        requirements.asks = true;
    }
}

impl fmt::Debug for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ask").field("capabilities", &self.capabilities).finish_non_exhaustive()
    }
}
