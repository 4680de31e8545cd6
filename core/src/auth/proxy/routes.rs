//! Which path leads where.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get, post};
use bytes::Bytes;
use http::header;

use super::caller::Caller;
use super::cors::allow_any_origin;
use super::server::AuthorizationServer;
use super::urls::{AUTHORIZE, CONSENT, PROVIDER, REGISTER, REVOKE, TOKEN};
use super::{authorize, body, callback, consent, register, revoke, token};
use crate::auth::request::client::MAX_BODY;

/// How long a client may keep the metadata.
const METADATA_CACHING: &str = "public, max-age=300";

/// The endpoints, relative to the public URL.
pub(crate) fn app_routes(server: &Arc<AuthorizationServer>) -> Router {
    let mut for_clients = Router::new();
    if server.takes_registrations {
        for_clients = for_clients.route(REGISTER, post(register::register));
    }
    let for_clients = for_clients
        .route(TOKEN, post(token::token))
        .route(REVOKE, post(revoke::revoke))
        .layer(from_fn(allow_any_origin));
    let for_browsers = Router::new()
        .without_v07_checks()
        .route(AUTHORIZE, get(authorize::authorize))
        .route(CONSENT, post(consent::consent))
        .route(server.urls.callback_path(), get(callback::callback));
    let routes = for_clients.merge(for_browsers).with_state(server.clone());
    let of_provider = server.provider.routes(server.sessions());
    let routes = if of_provider.has_routes() {
        routes.nest(PROVIDER, of_provider.route_layer(from_fn_with_state(server.clone(), so_often)))
    } else {
        routes
    };
    routes.layer(DefaultBodyLimit::max(MAX_BODY)).layer(from_fn(body::bounded))
}

/// The provider's own routes are for everybody, so nobody may have them without end.
async fn so_often(
    State(server): State<Arc<AuthorizationServer>>,
    Caller(source): Caller,
    request: Request,
    next: Next,
) -> Response {
    match server.admit_provider_call(source) {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

/// The metadata, at absolute paths of the origin (RFC 9728 §3.1, RFC 8414 §3.1).
///
/// There is no `openid-configuration`: half an OpenID Connect document stops clients that RFC 8414 satisfies.
pub(crate) fn well_known_routes(server: &AuthorizationServer) -> Router {
    let (urls, metadata) = (&server.urls, &server.metadata);
    let mut router = Router::new().without_v07_checks();
    for path in urls.resource_metadata_paths() {
        router = router.route(&path, document(metadata.protected_resource.clone()));
    }
    let slashed = urls.slashed_resource_metadata_path();
    router = router.route(&slashed, document(metadata.slashed_protected_resource.clone()));
    for path in urls.server_metadata_paths() {
        router = router.route(&path, document(metadata.authorization_server.clone()));
    }
    router.layer(from_fn(allow_any_origin))
}

fn document(document: Bytes) -> MethodRouter {
    get(move || async move {
        ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, METADATA_CACHING)], document)
    })
}
