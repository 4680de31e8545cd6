//! `rmcp`, the official SDK.

use std::sync::Arc;

use axum::Router;
use rmcp::handler::server::wrapper::Parameters;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{ServerHandler, tool, tool_handler, tool_router};

/// How it is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// As in its own examples.
    Default,
    /// Without sessions, answers in plain JSON: its fastest.
    Fastest,
}

#[derive(Clone)]
struct Adder;

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Add {
    a: i64,
    b: i64,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Measure {
    text: String,
}

#[tool_router]
impl Adder {
    /// Adds two numbers.
    #[tool]
    async fn add(&self, Parameters(Add { a, b }): Parameters<Add>) -> String {
        (a + b).to_string()
    }

    /// Measures a text.
    #[tool]
    async fn measure(&self, Parameters(Measure { text }): Parameters<Measure>) -> String {
        text.len().to_string()
    }
}

#[tool_handler]
impl ServerHandler for Adder {}

/// The routes.
pub fn router(mode: Mode) -> Router {
    let mut config = StreamableHttpServerConfig::default();
    if mode == Mode::Fastest {
        config.legacy_session_mode = false;
        config.json_response = true;
    }
    let service = StreamableHttpService::new(|| Ok(Adder), Arc::new(LocalSessionManager::default()), config);
    Router::new().nest_service("/mcp", service)
}
