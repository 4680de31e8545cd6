//! `rmcp`'s client with its own login, as an independent witness.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Html;
use axum::routing::get;
use rmcp::model::{CallToolRequestParams, CallToolResult, ProtocolVersion};
use rmcp::service::{RunningService, ServiceError};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::auth::{
    AuthClient, AuthorizationCallback, AuthorizationManager, AuthorizationRequest, OAuthState, WWWAuthenticateParams,
};
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::{ClientLifecycleMode, ClientServiceExt, RoleClient};
use serde_json::Value;
use tokio::sync::{Mutex, mpsc};
use url::Url;

use crate::browser::{self, Visit};

/// A connected client.
pub struct Client {
    service: RunningService<RoleClient, ()>,
    manager: Arc<Mutex<AuthorizationManager>>,
    mcp_url: String,
    callback: Callback,
}

/// A login that has not connected yet.
pub struct Login {
    manager: AuthorizationManager,
    mcp_url: String,
    callback: Callback,
    /// What the person saw on the way.
    pub visit: Visit,
}

impl Login {
    /// Logs in at this server, through a browser.
    ///
    /// # Panics
    ///
    /// If any step of the login fails.
    pub async fn through_browser(mcp_url: &str, browser_options: &[&str]) -> Self {
        let mut callback = Callback::listen().await;
        let mut state = OAuthState::new(mcp_url, None).await.expect("a URL");
        let request = AuthorizationRequest::new(&callback.redirect_uri).with_client_name("rmcp in dari-tests");
        state.start_authorization(request).await.expect("discovery and registration");
        let url = state.get_authorization_url().await.expect("an authorization URL");
        let visit = browser::log_in(&url, browser_options).await;
        let answer = callback.next().await;
        state.handle_callback_url(&answer).await.expect("the code is exchanged");
        let manager = state.into_authorization_manager().expect("authorized");
        Self { manager, mcp_url: mcp_url.to_owned(), callback, visit }
    }

    /// Connects in this revision.
    ///
    /// # Panics
    ///
    /// If the server does not speak it.
    pub async fn connect(self, version: ProtocolVersion) -> Client {
        let http = AuthClient::new(rmcp_reqwest(), self.manager);
        let manager = http.auth_manager.clone();
        let config = StreamableHttpClientTransportConfig::with_uri(self.mcp_url.clone());
        let transport = StreamableHttpClientTransport::with_client(http, config);
        let lifecycle = if version.has_initialize() {
            ClientLifecycleMode::Initialize
        } else {
            ClientLifecycleMode::Discover { preferred_versions: vec![version] }
        };
        let service = ().serve_with_lifecycle(transport, lifecycle).await.expect("the server answers");
        Client { service, manager, mcp_url: self.mcp_url, callback: self.callback }
    }
}

fn rmcp_reqwest() -> reqwest::Client {
    reqwest::Client::new()
}

impl Client {
    /// The names of the tools.
    ///
    /// # Panics
    ///
    /// If the server does not list them.
    pub async fn tools(&self) -> Vec<String> {
        let tools = self.service.list_all_tools().await.expect("tools/list");
        tools.into_iter().map(|tool| tool.name.into_owned()).collect()
    }

    /// Calls a tool.
    ///
    /// # Panics
    ///
    /// If the call could not be made. That the tool failed is an answer.
    pub async fn call(&self, tool: &'static str, arguments: Value) -> CallToolResult {
        self.try_call(tool, arguments).await.unwrap_or_else(|error| panic!("{tool}: {error}"))
    }

    /// Calls a tool; the error is the client's, and no answer of the tool's.
    ///
    /// # Panics
    ///
    /// If the arguments are no object.
    pub async fn try_call(&self, tool: &'static str, arguments: Value) -> Result<CallToolResult, ServiceError> {
        let Value::Object(arguments) = arguments else { panic!("arguments are an object") };
        self.service.call_tool(CallToolRequestParams::new(tool).with_arguments(arguments)).await
    }

    /// What a program does that was refused for want of a scope: it has its user asked, through a browser. Afterwards
    /// this very connection has the new token.
    ///
    /// # Panics
    ///
    /// If the error is no such challenge, or any step of the login fails.
    pub async fn step_up(&mut self, refused: &ServiceError, browser_options: &[&str]) -> Visit {
        let challenge = refused.auth_challenge().expect("a challenge");
        let challenge = WWWAuthenticateParams::parse(challenge, &Url::parse(&self.mcp_url).expect("a URL"));
        assert!(challenge.is_insufficient_scope(), "{challenge:?}");
        let manager = self.manager.lock().await;
        let url = manager.request_scope_upgrade(&challenge.scope.expect("a scope")).await.expect("a URL");
        let visit = browser::log_in(&url, browser_options).await;
        let answer = AuthorizationCallback::from_redirect_url(&self.callback.next().await).expect("a code");
        let exchanged =
            manager.exchange_code_for_token_with_issuer(&answer.code, &answer.csrf_token, answer.issuer.as_deref());
        exchanged.await.expect("the code is exchanged");
        visit
    }

    /// Calls a tool that must succeed, for its structured content.
    ///
    /// # Panics
    ///
    /// If it failed.
    pub async fn call_ok(&self, tool: &'static str, arguments: Value) -> Value {
        let result = self.call(tool, arguments).await;
        assert_ne!(result.is_error, Some(true), "{tool}: {:?}", result.content);
        result.structured_content.unwrap_or_else(|| panic!("{tool} gave no structured content"))
    }

    /// The revision that was settled on.
    ///
    /// # Panics
    ///
    /// If none was.
    #[must_use]
    pub fn version(&self) -> ProtocolVersion {
        self.service.peer_info().expect("the server said who it is").protocol_version.clone()
    }
}

/// A redirect URI on loopback, and the URLs with which the browser comes to it.
struct Callback {
    redirect_uri: String,
    answers: mpsc::UnboundedReceiver<String>,
}

impl Callback {
    async fn listen() -> Self {
        type Sender = mpsc::UnboundedSender<String>;
        async fn callback(State(sender): State<Sender>, uri: Uri) -> Html<&'static str> {
            let _ = sender.send(format!("http://127.0.0.1{uri}"));
            Html("<title>signed in</title><p>You can close this window.</p>")
        }
        let (sender, answers) = mpsc::unbounded_channel();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let router = Router::new().route("/callback", get(callback)).with_state(sender);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { redirect_uri: format!("http://127.0.0.1:{port}/callback"), answers }
    }

    async fn next(&mut self) -> String {
        self.answers.recv().await.expect("the browser comes back")
    }
}
