//! `rmcp`'s client with its own login, as an independent witness.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Html;
use axum::routing::get;
use rmcp::model::{CallToolRequestParams, CallToolResult, ProtocolVersion};
use rmcp::service::RunningService;
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::auth::{AuthClient, AuthorizationManager, AuthorizationRequest, OAuthState};
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::{ClientLifecycleMode, ClientServiceExt, RoleClient};
use serde_json::Value;
use tokio::sync::{Mutex, oneshot};

use crate::browser::{self, Visit};

/// A connected client.
pub struct Client(RunningService<RoleClient, ()>);

/// A login that has not connected yet.
pub struct Login {
    manager: AuthorizationManager,
    mcp_url: String,
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
        let (redirect_uri, callback) = callback_listener().await;
        let mut state = OAuthState::new(mcp_url, None).await.expect("a URL");
        let request = AuthorizationRequest::new(&redirect_uri).with_client_name("rmcp in dari-tests");
        state.start_authorization(request).await.expect("discovery and registration");
        let url = state.get_authorization_url().await.expect("an authorization URL");
        let visit = browser::log_in(&url, browser_options).await;
        let answer = callback.await.expect("the browser came back");
        state.handle_callback_url(&answer).await.expect("the code is exchanged");
        let manager = state.into_authorization_manager().expect("authorized");
        Self { manager, mcp_url: mcp_url.to_owned(), visit }
    }

    /// Connects in this revision.
    ///
    /// # Panics
    ///
    /// If the server does not speak it.
    pub async fn connect(self, version: ProtocolVersion) -> Client {
        let http = AuthClient::new(rmcp_reqwest(), self.manager);
        let config = StreamableHttpClientTransportConfig::with_uri(self.mcp_url);
        let transport = StreamableHttpClientTransport::with_client(http, config);
        let lifecycle = if version.has_initialize() {
            ClientLifecycleMode::Initialize
        } else {
            ClientLifecycleMode::Discover { preferred_versions: vec![version] }
        };
        Client(().serve_with_lifecycle(transport, lifecycle).await.expect("the server answers"))
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
        let tools = self.0.list_all_tools().await.expect("tools/list");
        tools.into_iter().map(|tool| tool.name.into_owned()).collect()
    }

    /// Calls a tool.
    ///
    /// # Panics
    ///
    /// If the call could not be made. That the tool failed is an answer.
    pub async fn call(&self, tool: &'static str, arguments: Value) -> CallToolResult {
        let Value::Object(arguments) = arguments else { panic!("arguments are an object") };
        let params = CallToolRequestParams::new(tool).with_arguments(arguments);
        self.0.call_tool(params).await.unwrap_or_else(|error| panic!("{tool}: {error}"))
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
        self.0.peer_info().expect("the server said who it is").protocol_version.clone()
    }
}

/// A redirect URI on loopback, and the URL with which the browser will come to it.
async fn callback_listener() -> (String, oneshot::Receiver<String>) {
    type Sender = Arc<Mutex<Option<oneshot::Sender<String>>>>;
    async fn callback(State(sender): State<Sender>, uri: Uri) -> Html<&'static str> {
        if let Some(sender) = sender.lock().await.take() {
            let _ = sender.send(format!("http://127.0.0.1{uri}"));
        }
        Html("<title>signed in</title><p>You can close this window.</p>")
    }
    let (sender, receiver) = oneshot::channel();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let router = Router::new().route("/callback", get(callback)).with_state(Arc::new(Mutex::new(Some(sender))));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (format!("http://127.0.0.1:{port}/callback"), receiver)
}
