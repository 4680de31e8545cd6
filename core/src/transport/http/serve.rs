//! Our own accept loop: what `axum::serve` leaves to its callers (NODELAY, slow headers, an end in bounded time).

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::Response;
use futures_util::FutureExt as _;
use futures_util::future::Either;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tower::Service as _;

use super::Endpoint;
use super::connection::HangUp;
use super::head_timer::HeadTimer;

/// How long a client may take to send the head of a request.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);

/// How long running calls may go on after the server was told to stop.
const GRACE: Duration = Duration::from_secs(30);

/// The ways that a request may take.
#[derive(Clone)]
pub(crate) struct Lanes {
    pub(crate) endpoint: Arc<Endpoint>,
    /// The path of the MCP endpoint, where no layer of the application stands before it: nearly every request is for it,
    /// and needs no router to get there.
    pub(crate) straight: Option<Arc<str>>,
    pub(crate) router: Router,
}

impl Lanes {
    fn serve(
        &self,
        mut request: Request<Incoming>,
        peer: SocketAddr,
        hang_up: &HangUp,
    ) -> impl Future<Output = Result<Response, Infallible>> + Send + use<> {
        if self.straight.as_deref() == Some(request.uri().path()) {
            return Either::Left(Arc::clone(&self.endpoint).handle(request, Some(hang_up.clone())).map(Ok));
        }
        request.extensions_mut().insert(hang_up.clone());
        // As `into_make_service_with_connect_info` does: rate limits count by it.
        request.extensions_mut().insert(ConnectInfo(peer));
        Either::Right(self.router.clone().call(request.map(Body::new)))
    }
}

/// Serves until `stop` resolves, and then lets running calls finish: for 30 s, or until `hurry` resolves.
pub(crate) async fn serve(
    listener: TcpListener,
    lanes: Lanes,
    stop: impl Future<Output = ()>,
    hurry: impl Future<Output = ()>,
) {
    let graceful = GracefulShutdown::new();
    // However this ends, no connection outlives it.
    let mut connections = JoinSet::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next() => continue,
            () = &mut stop => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                let (tell, told) = oneshot::channel();
                let hang_up = connections.spawn(connection(stream, peer, lanes.clone(), graceful.watcher(), told));
                // It waits for this.
                let _ = tell.send(HangUp(hang_up));
            }
            Err(error) if is_of_one_connection(&error) => {}
            // Such as no file descriptor left: those that are open go on, and some will end.
            Err(error) => {
                tracing::error!("could not accept a connection: {error}");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
    drop(listener);
    tracing::info!("stopping: running calls have {} s to finish", GRACE.as_secs());
    lanes.endpoint.end_streams();
    let finished = async {
        graceful.shutdown().await;
        lanes.endpoint.finish_detached().await;
    };
    tokio::select! {
        () = finished => {}
        () = tokio::time::sleep(GRACE) => tracing::warn!("some calls did not finish in time and are cut off"),
        () = hurry => tracing::warn!("told to stop at once: running calls are cut off"),
    }
    lanes.endpoint.abandon_tasks().await;
}

/// Serves a connection to its end, once it is told how it is hung up.
async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    lanes: Lanes,
    graceful: Watcher,
    told: oneshot::Receiver<HangUp>,
) {
    // An answer in several writes must not wait for the peer's delayed acknowledgement.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!("TCP_NODELAY could not be set: {error}");
    }
    let Ok(hang_up) = told.await else { return };
    let service = service_fn(move |request| lanes.serve(request, peer, &hang_up));
    let connection = http1::Builder::new()
        .timer(HeadTimer::default())
        .header_read_timeout(HEADER_TIMEOUT)
        // Head and body in one piece: most answers are short, and gathering them costs the system more than the copy.
        .writev(false)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = graceful.watch(connection).await {
        tracing::debug!("a connection ended early: {error}");
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
