//! The routes of a server: the MCP endpoint, the login in front of it, and the documents that tell of both.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::routing::any;
#[cfg(feature = "auth")]
use axum::{
    middleware::{Next, from_fn_with_state},
    response::Response,
};
use http::Request;
#[cfg(feature = "auth")]
use http::header::HOST;

#[cfg(feature = "auth")]
use super::answer;
use super::connection::HangUp;
use super::endpoint::Endpoint;
use super::{Access, health};
#[cfg(feature = "auth")]
use crate::sent::Sent;

/// A server's routes, in the two parts that nesting under a path needs.
pub(crate) struct Routers {
    /// Relative to where the server is mounted.
    pub(crate) app: Router,
    /// For the root of the origin.
    pub(crate) well_known: Router,
}

/// Builds the routes; `path` is the MCP endpoint's, which is served with and without a trailing slash.
pub(crate) fn routers(endpoint: &Arc<Endpoint>, path: &str) -> Routers {
    let mcp = any(|State(endpoint): State<Arc<Endpoint>>, mut request: Request<Body>| {
        let hang_up = request.extensions_mut().remove::<HangUp>();
        endpoint.handle(request, hang_up)
    });
    let app = Router::new().route(path, mcp.clone()).route(&format!("{path}/"), mcp).with_state(Arc::clone(endpoint));
    let (app, well_known) = match &endpoint.access {
        Access::Open => (app, Router::new()),
        #[cfg(feature = "auth")]
        Access::Login(gate) => {
            // The MCP endpoint looks for itself.
            let guarded = |router: Router| router.layer(from_fn_with_state(Arc::clone(endpoint), check_host));
            (app.merge(guarded(gate.app_routes())), guarded(gate.well_known_routes()))
        }
    };
    // A load balancer asks by address, so these two skip the Host check.
    Routers { app: app.merge(health::routes(endpoint)), well_known }
}

/// Turns away requests for hosts that are not ours (DNS rebinding).
#[cfg(feature = "auth")]
async fn check_host(State(endpoint): State<Arc<Endpoint>>, request: Request<Body>, next: Next) -> Response {
    let host = Sent::of(request.headers(), &HOST);
    match endpoint.guard.check_host(request.uri().authority(), host) {
        Ok(()) => next.run(request).await,
        Err(refusal) => answer::foreign_host(&refusal),
    }
}
