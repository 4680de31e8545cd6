//! `TestClient`: a server in a test, without a socket.

use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::McpServer;
use crate::RequestContext;
use crate::auth::Principal;
use crate::context::Shared;
use crate::dispatch::{Dispatched, Event, Method, Registry, Request};
use crate::error::{BuildError, Error};
use crate::exchange::Exchange;
use crate::extract::Refused;
use crate::outcome::Outcome;
use crate::protocol::{
    CallToolResult, Content, MethodParams, ProtocolVersion, RawJson, RequestId, RequestMeta, RpcError,
};

/// Calls the tools of a server in the same process: no socket, no login page, the same checks.
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
#[derive(Clone)]
pub struct TestClient {
    registry: Arc<Registry>,
    shared: Arc<Shared>,
    /// Whether the server has a login, which somebody must then have passed.
    login: bool,
    principal: Option<Principal>,
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
        let registry = server.registry(&mut problems);
        match registry {
            Some(registry) if problems.is_empty() => Ok(Self {
                registry: Arc::new(registry),
                shared: Arc::new(server.take_shared(&[[0; 32]])),
                login,
                principal: None,
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

    /// The tools as `tools/list` gives them.
    ///
    /// # Errors
    ///
    /// A [`CallError`] where the server has no tools.
    pub async fn tools(&self) -> Result<Vec<Value>, CallError> {
        match self.send(Method::ListTools, MethodParams::default()).await? {
            Outcome::Static(list) => {
                let list: Value = serde_json::from_slice(&list.modern).unwrap_or_default();
                Ok(list["tools"].as_array().cloned().unwrap_or_default())
            }
            _ => Ok(Vec::new()),
        }
    }

    /// Calls a tool. That the tool failed is an answer, too: see [`ToolAnswer::is_error`].
    ///
    /// # Errors
    ///
    /// A [`CallError`] where the call could not be made.
    pub async fn call(&self, tool: &str, arguments: impl Serialize) -> Result<ToolAnswer, CallError> {
        let arguments = serde_json::to_vec(&arguments).map_err(|error| CallError::Arguments(error.to_string()))?;
        let params =
            MethodParams { name: Some(tool.into()), arguments: Bytes::from(arguments), ..MethodParams::default() };
        match self.send(Method::CallTool, params).await? {
            Outcome::Tool(result) => Ok(ToolAnswer(result)),
            _ => Err(CallError::Protocol(RpcError::internal())),
        }
    }

    async fn send(&self, method: Method, params: MethodParams) -> Result<Outcome, CallError> {
        if self.login && self.principal.is_none() {
            return Err(CallError::LoginRequired);
        }
        let context = RequestContext {
            reference: crate::context::Reference::next(),
            id: RequestId::Number(1),
            version: ProtocolVersion::LATEST,
            client_info: RawJson::new(Bytes::from_static(br#"{"name":"dari test client","version":"0"}"#)),
            client_capabilities: RawJson::new(Bytes::from_static(b"{}")),
            meta: RequestMeta::default(),
            headers: http::HeaderMap::new(),
            principal: self.principal.clone(),
            progress_token: RawJson::default(),
            log_level: None,
            exchange: Arc::new(Exchange::retrying()),
            shared: Arc::clone(&self.shared),
        };
        let answer = match self.registry.dispatch(Request { method, params, context }) {
            Dispatched::Answered(answer) => answer,
            Dispatched::Running(mut running) => loop {
                if let Event::Ended(answer) = running.next().await {
                    break answer;
                }
            },
        };
        match answer {
            Ok(Outcome::Error(error)) => Err(CallError::Protocol(error)),
            Ok(outcome) => Ok(outcome),
            Err(Refused::LoginRequired) => Err(CallError::LoginRequired),
            Err(Refused::ProviderUnavailable { retry_after }) => Err(CallError::ProviderUnavailable { retry_after }),
            Err(Refused::InsufficientScope(scopes)) => {
                Err(CallError::InsufficientScope(scopes.into_iter().map(String::from).collect()))
            }
        }
    }
}

impl std::fmt::Debug for TestClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TestClient").field("principal", &self.principal).finish_non_exhaustive()
    }
}

/// What a tool answered.
#[derive(Clone, Debug)]
pub struct ToolAnswer(CallToolResult);

impl ToolAnswer {
    /// Whether the tool failed; the text then says why.
    #[must_use]
    pub const fn is_error(&self) -> bool {
        self.0.is_error
    }

    /// The text of the content, a line a piece.
    #[must_use]
    pub fn text(&self) -> String {
        let texts = self.0.content.iter().filter_map(|content| match content {
            Content::Text { text, .. } => Some(&**text),
            _ => None,
        });
        texts.collect::<Vec<_>>().join("\n")
    }

    /// The content.
    #[must_use]
    pub fn content(&self) -> &[Content] {
        &self.0.content
    }

    /// The structured content as a value of this type.
    ///
    /// # Errors
    ///
    /// What `serde_json` says where there is none, or it has another form.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.0.structured_content.as_deref().map_or("", |json| json.get()))
    }
}

/// Why a call could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The arguments cannot be written as JSON.
    #[error("the arguments cannot be written as JSON: {0}")]
    Arguments(String),
    /// A JSON-RPC error.
    #[error("the server answered with a JSON-RPC error: {0}")]
    Protocol(RpcError),
    /// HTTP 401: nobody is logged in, or the login is over.
    #[error("a login is required")]
    LoginRequired,
    /// HTTP 503: the provider behind the login is away.
    #[error("the provider behind the login is away; try again in {retry_after} s")]
    ProviderUnavailable {
        /// In seconds.
        retry_after: u32,
    },
    /// HTTP 403: the caller lacks scopes; these are all that the call needs.
    #[error("the call needs the scopes {0:?}")]
    InsufficientScope(Vec<String>),
}
