//! Who sends a request, for the limits that count by source.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::{ConnectInfo, FromRequestParts};
use http::request::Parts;

use super::server::AuthorizationServer;
use crate::auth::bounds::source::Source;
use crate::auth::fetch::address::is_global_unicast;

/// Where a request comes from. `None` where the program serves the routes itself and does not say
/// (`into_make_service_with_connect_info`): then only the limits for all together hold.
pub(super) struct Caller(pub(super) Option<Source>);

impl FromRequestParts<Arc<AuthorizationServer>> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, server: &Arc<AuthorizationServer>) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
        if peer.is_none_or(|peer| is_unconfigured_proxy(server, parts, peer)) {
            hint(peer);
        }
        Ok(Self(peer.map(|peer| server.proxies.source(peer, &parts.headers))))
    }
}

/// Whether all the world's clients would count as one, for want of an option.
fn is_unconfigured_proxy(server: &AuthorizationServer, parts: &Parts, peer: IpAddr) -> bool {
    let forwards = parts.headers.contains_key("x-forwarded-for") || parts.headers.contains_key("forwarded");
    forwards && !is_global_unicast(peer) && !server.proxies.contains(peer)
}

/// Tells the operator once what would make the limits better.
fn hint(peer: Option<IpAddr>) {
    static TOLD: AtomicBool = AtomicBool::new(false);
    if TOLD.swap(true, Ordering::Relaxed) {
        return;
    }
    match peer {
        Some(peer) => tracing::warn!(
            target: "dari::auth",
            %peer,
            "requests come through a proxy that is not among `trusted_proxies`: rate limits count all of its clients as one"
        ),
        None => tracing::info!(
            target: "dari::auth",
            "peer addresses are unknown: rate limits hold for all clients together. Serve the routes with \
             `into_make_service_with_connect_info::<SocketAddr>()` to have them for each"
        ),
    }
}
