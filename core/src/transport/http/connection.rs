//! What a stream has to know of the connection that it goes out on.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::HeaderValue;
use tokio::task::AbortHandle;

use super::endpoint::Endpoint;

/// Hangs up on the client, in the extensions of a request that came over a connection of our own. A client that reads
/// nothing can be got rid of in no other way: what is sent is not even asked for.
#[derive(Clone)]
pub(super) struct HangUp(pub(super) AbortHandle);

/// The connection of a request that may be answered by a stream without an end.
#[derive(Default)]
pub(super) struct Connection {
    /// With what the caller was authenticated.
    pub(super) authorization: Option<HeaderValue>,
    pub(super) hang_up: Option<HangUp>,
}

/// Looks now and then whether the login still holds that a stream was opened with.
pub(super) struct LoginWatch {
    endpoint: Arc<Endpoint>,
    authorization: Option<HeaderValue>,
    check: Option<Pin<Box<dyn Future<Output = bool> + Send>>>,
}

impl LoginWatch {
    pub(super) fn new(endpoint: Arc<Endpoint>, authorization: Option<HeaderValue>) -> Self {
        // A copy: what came off the wire keeps the whole head of its request.
        let authorization = authorization.and_then(|value| HeaderValue::from_bytes(value.as_bytes()).ok());
        Self { endpoint, authorization, check: None }
    }

    /// Begins to look.
    pub(super) fn start(&mut self) {
        let Some(authorization) = self.authorization.clone() else { return };
        let endpoint = Arc::clone(&self.endpoint);
        self.check = Some(Box::pin(async move { endpoint.access.still_holds(&authorization).await }));
    }

    /// Whether it was seen that the login is over.
    pub(super) fn poll_over(&mut self, context: &mut Context<'_>) -> bool {
        let Some(check) = &mut self.check else { return false };
        match check.as_mut().poll(context) {
            Poll::Pending => false,
            Poll::Ready(holds) => {
                self.check = None;
                !holds
            }
        }
    }
}
