//! `TestClient`: a server in a test, without a socket.

mod answers;
mod error;
mod questions;
mod rounds;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Value, json};

pub use answers::{LogMessage, ProgressReport, PromptAnswer, ResourceAnswer, TestAnswer, ToolAnswer};
pub use error::CallError;
use questions::Responses;
pub use questions::{InputResponse, Question};

use super::McpServer;
use crate::auth::Principal;
use crate::context::Shared;
use crate::dispatch::{Method, Registry};
use crate::error::{BuildError, Error};
use crate::outcome::Outcome;
use crate::protocol::{
    CallToolResult, ClientCapabilities, Completion, GetPromptResult, LoggingLevel, MethodParams, ProtocolVersion,
    ReadResourceResult, RpcError,
};
use crate::store::Records;

/// A client of a server in the same process: no socket, no login page, the same checks.
///
/// ```
/// use dari::prelude::*;
/// use serde_json::json;
///
/// /// Adds two numbers.
/// #[mcp_tool]
/// fn add(a: i64, b: i64) -> String {
///     (a + b).to_string()
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let client = dari::TestClient::new(McpServer::new("adder", "1.0.0").tools(tools![add]))?;
/// assert_eq!(client.call("add", json!({ "a": 1, "b": 2 })).await?.text(), "3");
/// # Ok(())
/// # }
/// ```
///
/// # Questions, progress and logs
///
/// The test has the answers ready that the user would give to what a function asks ([`Ask`](crate::Ask)); the client
/// sends the request again with them, as often as it takes. What the function reported on its way is in the answer.
///
/// ```
/// use dari::prelude::*;
/// use dari::TestClient;
/// use serde_json::json;
///
/// #[derive(serde::Deserialize, schemars::JsonSchema)]
/// struct Confirm {
///     really: bool,
/// }
///
/// /// Deletes files.
/// #[mcp_tool(destructive)]
/// async fn delete(names: Vec<String>, ask: Ask, progress: Progress) -> Result<String, ToolError> {
///     let answer: Confirm = ask.form("confirm", format!("Delete {} files?", names.len())).await?;
///     if !answer.really {
///         return Ok("kept".to_owned());
///     }
///     for done in 1..=names.len() as u32 {
///         progress.report(done, names.len() as f64, None);
///     }
///     Ok("deleted".to_owned())
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let client = TestClient::new(McpServer::new("files", "1.0.0").tools(tools![delete]))?;
/// let files = json!({ "names": ["a", "b"] });
///
/// let answer = client.clone().answer("confirm", json!({ "really": true })).call("delete", &files).await?;
/// assert_eq!(answer.text(), "deleted");
/// assert_eq!(answer.questions().next().unwrap().message(), "Delete 2 files?");
/// assert_eq!(answer.progress().len(), 2);
///
/// let declined = client.decline("confirm").call("delete", &files).await?;
/// assert!(declined.is_error());
/// # Ok(())
/// # }
/// ```
///
/// A test that drops the future of a call is a client that hangs up: the call is cancelled.
#[derive(Clone)]
pub struct TestClient {
    registry: Arc<Registry>,
    shared: Arc<Shared>,
    /// Whether the server has a login, which somebody must then have passed.
    login: bool,
    principal: Option<Principal>,
    version: ProtocolVersion,
    log_level: Option<LoggingLevel>,
    responses: Responses,
    /// What the client says that it can do, where that does not follow from its answers.
    capabilities: Option<Value>,
}

impl TestClient {
    /// A client of this server. A login is not built: [`as_user`](Self::as_user) says who calls.
    ///
    /// # Errors
    ///
    /// Every mistake in the server's description that does not concern its login.
    pub fn new(mut server: McpServer) -> Result<Self, Error> {
        let mut problems = server.check();
        let login = server.login_provider().is_some();
        let registry = server.registry(Records::in_memory(), &mut problems);
        match registry {
            Some(registry) if problems.is_empty() => Ok(Self {
                registry: Arc::new(registry),
                shared: Arc::new(server.take_shared(&[[0; 32]])),
                login,
                principal: None,
                version: ProtocolVersion::LATEST,
                log_level: Some(LoggingLevel::Debug),
                responses: Responses::default(),
                capabilities: None,
            }),
            _ => Err(BuildError::new(problems).into()),
        }
    }

    /// The same client, logged in with this token ([`AccessToken::for_test`](crate::AccessToken::for_test)).
    #[cfg(feature = "auth")]
    #[must_use]
    pub fn as_user<P: 'static>(mut self, token: crate::AccessToken<P>) -> Self {
        self.principal = Some(token.into_principal());
        self
    }

    /// Answers the question of this key: with the content of a form, the text that a model writes, or a list of roots
    /// ([`InputResponse::accept`]).
    ///
    /// A client that has answers says that it can answer everything; one that has none says that it can ask nobody, and
    /// functions that ask get an error.
    #[must_use]
    pub fn answer(self, key: impl Into<String>, content: impl Into<Value>) -> Self {
        self.respond_to(key, InputResponse::accept(content))
    }

    /// Declines the question of this key.
    #[must_use]
    pub fn decline(self, key: impl Into<String>) -> Self {
        self.respond_to(key, InputResponse::decline())
    }

    /// Responds to the question of this key.
    #[must_use]
    pub fn respond_to(mut self, key: impl Into<String>, response: InputResponse) -> Self {
        self.responses.insert(key.into(), response);
        self
    }

    /// Responds to every question that has no response by its key.
    ///
    /// ```
    /// use dari::testing::InputResponse;
    /// # fn with(client: dari::TestClient) -> dari::TestClient {
    /// client.on_ask(|question| match question.method {
    ///     "sampling/createMessage" => InputResponse::accept("Paris"),
    ///     _ => InputResponse::decline(),
    /// })
    /// # }
    /// ```
    #[must_use]
    pub fn on_ask(mut self, respond: impl Fn(&Question) -> InputResponse + Send + Sync + 'static) -> Self {
        self.responses.on_ask(respond);
        self
    }

    /// What the client says that it can do, where that is not to follow from its answers.
    #[must_use]
    pub fn with_capabilities(mut self, capabilities: &ClientCapabilities) -> Self {
        self.capabilities = serde_json::to_value(capabilities).ok();
        self
    }

    /// The least level of the log messages that the client wants; unless said otherwise it wants all, and with `None`
    /// it wants none.
    #[must_use]
    pub fn with_log_level(mut self, level: impl Into<Option<LoggingLevel>>) -> Self {
        self.log_level = level.into();
        self
    }

    /// The revision that the client speaks: the latest, unless said otherwise. In the handshake revisions a function
    /// that asks waits for its answers, where it otherwise runs again from its start.
    #[must_use]
    pub const fn with_protocol_version(mut self, version: ProtocolVersion) -> Self {
        self.version = version;
        self
    }

    /// What `server/discover` answers: revisions, capabilities and instructions.
    ///
    /// # Errors
    ///
    /// See [`CallError`].
    pub async fn discover(&self) -> Result<Value, CallError> {
        self.fixed(Method::Discover, MethodParams::default()).await
    }

    /// The tools, of all pages of `tools/list`.
    ///
    /// # Errors
    ///
    /// A [`CallError`] where the server has no tools.
    pub async fn tools(&self) -> Result<Vec<Value>, CallError> {
        self.list(Method::ListTools, "tools").await
    }

    /// The prompts, of all pages of `prompts/list`.
    ///
    /// # Errors
    ///
    /// A [`CallError`] where the server has no prompts.
    pub async fn prompts(&self) -> Result<Vec<Value>, CallError> {
        self.list(Method::ListPrompts, "prompts").await
    }

    /// The resources, of all pages of `resources/list`.
    ///
    /// # Errors
    ///
    /// A [`CallError`] where the server has no resources.
    pub async fn resources(&self) -> Result<Vec<Value>, CallError> {
        self.list(Method::ListResources, "resources").await
    }

    /// The templates of resources, of all pages of `resources/templates/list`.
    ///
    /// # Errors
    ///
    /// A [`CallError`] where the server has no resources.
    pub async fn resource_templates(&self) -> Result<Vec<Value>, CallError> {
        self.list(Method::ListResourceTemplates, "resourceTemplates").await
    }

    /// Calls a tool. That the tool failed is an answer, too: see [`ToolAnswer::is_error`](TestAnswer::is_error).
    ///
    /// # Errors
    ///
    /// A [`CallError`] where the call could not be made.
    pub async fn call(&self, tool: &str, arguments: impl Serialize) -> Result<ToolAnswer, CallError> {
        let params =
            MethodParams { name: Some(tool.into()), arguments: to_json(arguments)?, ..MethodParams::default() };
        let answer = self.send(Method::CallTool, params).await?;
        answer.try_map(|outcome| match outcome {
            Outcome::Tool(result) => Some(result),
            _ => None::<CallToolResult>,
        })
    }

    /// Fills in a prompt. A prompt's arguments are strings: `json!({ "language": "ko" })`.
    ///
    /// # Errors
    ///
    /// A [`CallError`] where it could not be filled in.
    pub async fn get_prompt(&self, prompt: &str, arguments: impl Serialize) -> Result<PromptAnswer, CallError> {
        let params =
            MethodParams { name: Some(prompt.into()), arguments: to_json(arguments)?, ..MethodParams::default() };
        let answer = self.send(Method::GetPrompt, params).await?;
        answer.try_map(|outcome| match outcome {
            Outcome::Prompt(result) => Some(result),
            _ => None::<GetPromptResult>,
        })
    }

    /// Reads the resource at a URI.
    ///
    /// # Errors
    ///
    /// A [`CallError`] where it could not be read.
    pub async fn read(&self, uri: &str) -> Result<ResourceAnswer, CallError> {
        let params = MethodParams { uri: Some(uri.into()), ..MethodParams::default() };
        let answer = self.send(Method::ReadResource, params).await?;
        answer.try_map(|outcome| match outcome {
            Outcome::Resource(result) => Some(result),
            _ => None::<ReadResourceResult>,
        })
    }

    /// What an argument of a prompt may be, once so much of it is typed (`completion/complete`). `resolved` holds the
    /// arguments that are known already: `json!({})` where there are none.
    ///
    /// # Errors
    ///
    /// A [`CallError`] where it could not be completed.
    pub async fn complete_prompt(
        &self,
        prompt: &str,
        argument: &str,
        typed: &str,
        resolved: impl Serialize,
    ) -> Result<Completion, CallError> {
        self.complete(json!({ "type": "ref/prompt", "name": prompt }), argument, typed, resolved).await
    }

    /// The same of a variable in the URI of a resource template, such as `test://note/{name}`.
    ///
    /// # Errors
    ///
    /// A [`CallError`] where it could not be completed.
    pub async fn complete_resource(
        &self,
        template: &str,
        variable: &str,
        typed: &str,
        resolved: impl Serialize,
    ) -> Result<Completion, CallError> {
        self.complete(json!({ "type": "ref/resource", "uri": template }), variable, typed, resolved).await
    }

    async fn complete(
        &self,
        reference: Value,
        name: &str,
        typed: &str,
        resolved: impl Serialize,
    ) -> Result<Completion, CallError> {
        let resolved = serde_json::to_value(&resolved).map_err(|error| CallError::Arguments(error.to_string()))?;
        let argument = json!({ "name": name, "value": typed });
        let params = json!({ "ref": reference, "argument": argument, "context": { "arguments": resolved } });
        let params =
            MethodParams { message: json!({ "params": params }).to_string().into(), ..MethodParams::default() };
        let answer = self.send(Method::Complete, params).await?;
        let answer = answer.try_map(|outcome| match outcome {
            Outcome::Completion(completion) => Some(completion),
            _ => None::<Completion>,
        })?;
        Ok(answer.into_parts().0)
    }

    /// All pages of a list.
    async fn list(&self, method: Method, member: &str) -> Result<Vec<Value>, CallError> {
        let (mut entries, mut params) = (Vec::new(), MethodParams::default());
        loop {
            let mut page = self.fixed(method.clone(), params).await?;
            if let Some(Value::Array(more)) = page.get_mut(member).map(Value::take) {
                entries.extend(more);
            }
            match page["nextCursor"].as_str() {
                Some(cursor) => {
                    params = MethodParams { cursor: Some(cursor.to_owned().into()), ..MethodParams::default() }
                }
                None => return Ok(entries),
            }
        }
    }

    /// An answer that is serialized already.
    async fn fixed(&self, method: Method, params: MethodParams<'_>) -> Result<Value, CallError> {
        let legacy = self.version.is_legacy();
        let answer = self.send(method, params).await?;
        let value = answer.try_map(|outcome| match outcome {
            Outcome::Static(result) => {
                serde_json::from_slice(if legacy { &result.legacy } else { &result.modern }).ok()
            }
            _ => None::<Value>,
        })?;
        Ok(value.result().clone())
    }
}

impl TestAnswer<Outcome> {
    /// The same with the result of its method.
    fn try_map<R>(self, result: impl FnOnce(Outcome) -> Option<R>) -> Result<TestAnswer<R>, CallError> {
        let (outcome, heard) = self.into_parts();
        let result = result(outcome).ok_or_else(|| CallError::Protocol(RpcError::internal()))?;
        Ok(TestAnswer::new(result, heard))
    }
}

fn to_json(arguments: impl Serialize) -> Result<Bytes, CallError> {
    serde_json::to_vec(&arguments).map(Bytes::from).map_err(|error| CallError::Arguments(error.to_string()))
}

impl std::fmt::Debug for TestClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TestClient").field("principal", &self.principal).finish_non_exhaustive()
    }
}
