//! `/healthz` and `/readyz`, for whoever looks after the process.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use http::{HeaderName, StatusCode, header};

use super::endpoint::Endpoint;

/// How long the store may take to answer.
const TIMEOUT: Duration = Duration::from_secs(2);

/// What is answered: nothing of the inside, and nothing to keep.
type Health = (StatusCode, [(HeaderName, &'static str); 1], &'static str);

const fn health(status: StatusCode, text: &'static str) -> Health {
    (status, [(header::CACHE_CONTROL, "no-store")], text)
}

/// `/healthz` answers as long as the process serves. `/readyz` says whether it should be sent requests: not while it
/// stops, and not while its store is away.
pub(super) fn routes(endpoint: &Arc<Endpoint>) -> Router {
    Router::new()
        .route("/healthz", get(async || health(StatusCode::OK, "ok\n")))
        .route("/readyz", get(ready))
        .with_state(Arc::clone(endpoint))
}

async fn ready(State(endpoint): State<Arc<Endpoint>>) -> Health {
    if endpoint.shutdown.is_cancelled() {
        return health(StatusCode::SERVICE_UNAVAILABLE, "stopping\n");
    }
    match tokio::time::timeout(TIMEOUT, endpoint.access.is_ready()).await {
        Ok(true) => health(StatusCode::OK, "ready\n"),
        Ok(false) | Err(_) => health(StatusCode::SERVICE_UNAVAILABLE, "the store is away\n"),
    }
}
