//! The routes of a server: the MCP endpoint, the login in front of it, and the documents that tell of both.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::any;
use http::StatusCode;

use super::endpoint::Endpoint;
use super::{Access, answer, health};
use crate::protocol::{ErrorCode, RpcError};

/// A server's routes, in the two parts that nesting under a path needs.
pub(crate) struct Routers {
    /// Relative to where the server is mounted.
    pub(crate) app: Router,
    /// For the root of the origin.
    pub(crate) well_known: Router,
}

/// Builds the routes; `path` is the MCP endpoint's, which is served with and without a trailing slash.
pub(crate) fn routers(endpoint: &Arc<Endpoint>, path: &str) -> Routers {
    let mcp = any(|State(endpoint): State<Arc<Endpoint>>, request: Request<Body>| endpoint.handle(request));
    let app = Router::new().route(path, mcp.clone()).route(&format!("{path}/"), mcp).with_state(Arc::clone(endpoint));
    let (app, well_known) = match &endpoint.access {
        Access::Open => (app, Router::new()),
        #[cfg(feature = "auth")]
        Access::Login(gate) => (app.merge(gate.app_routes()), gate.well_known_routes()),
    };
    let guarded = |router: Router| router.layer(from_fn_with_state(Arc::clone(endpoint), check_host));
    // A load balancer asks by address, so these two skip the Host check.
    let health = health::routes(endpoint);
    Routers { app: guarded(app).merge(health), well_known: guarded(well_known) }
}

/// Turns away requests for hosts that are not ours (DNS rebinding).
async fn check_host(State(endpoint): State<Arc<Endpoint>>, request: Request, next: Next) -> Response {
    match endpoint.guard.check_host(request.uri(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(refusal) => {
            tracing::warn!(reason = "host_not_allowed", "{refusal}");
            let error = RpcError::new(ErrorCode::InvalidRequest, refusal.to_string());
            answer::error_with(StatusCode::FORBIDDEN, None, &error)
        }
    }
}
