//! What has changed, told to a client on its one stream: by subscription, and in the handshake revisions to the session.

use std::borrow::Cow;
use std::future::poll_fn;
use std::sync::Arc;

use super::calls::Registered;
use super::connection::Connection;
use super::session::Session;
use crate::changes::{Reader, Subscription, TooMany};
use crate::dispatch::{Listening, too_many};
use crate::outcome::{Answer, Outcome};
use crate::protocol::{self, ProtocolVersion, RequestId, RpcError};
use crate::transport::encode::Encoder;

impl Connection {
    /// Serves `subscriptions/listen` until the client cancels it: then nothing more is said of it. A server that stops
    /// ends it with its result (MCP 2026-07-28, Subscriptions, Graceful Closure).
    pub(super) fn listen(
        self: &Arc<Self>,
        version: ProtocolVersion,
        id: RequestId,
        listening: Listening,
        registered: Registered,
    ) {
        let connection = Arc::clone(self);
        self.listening.spawn(async move {
            let Listening { honoured, subscription } = listening;
            connection.outbox.send(protocol::acknowledged(&id, &honoured)).await;
            let reader = Arc::new(subscription).read(None);
            tokio::select! {
                biased;
                // When a server stops, all that is running is cancelled soon after.
                () = connection.stopping.cancelled() => {}
                () = registered.cancelled() => return,
                () = connection.tell(&reader, Some(&id)) => return,
            }
            let encoder = Encoder { version, server_info: &connection.server.registry.server_info };
            connection.outbox.send(encoder.listened(&id)).await;
        });
    }

    /// Tells the client of the session what changes from here on, if there is anything that this server tells.
    pub(super) fn watch(self: &Arc<Self>, session: &Session) -> Result<Arc<Subscription>, TooMany> {
        let (watch, is_new) = session.watch_or(|| {
            let subject = self.server.principal.as_ref().map(crate::auth::Principal::subject);
            self.server.shared.changes.subscribe(&self.server.registry.all_lists(), subject)
        })?;
        if is_new {
            let (connection, reader) = (Arc::clone(self), watch.read(None));
            self.listening.spawn(async move {
                tokio::select! {
                    () = connection.tell(&reader, None) => {}
                    () = connection.stopping.cancelled() => {}
                }
            });
        }
        Ok(watch)
    }

    /// `resources/subscribe` and `resources/unsubscribe` (MCP 2025-11-25, Resources, Subscriptions).
    pub(super) fn watch_resource(
        self: &Arc<Self>,
        session: &Session,
        uri: Result<Option<Cow<'_, str>>, RpcError>,
        watched: bool,
    ) -> Answer {
        let error = |error| Ok(Outcome::Error(error));
        let uri = match uri {
            Ok(Some(uri)) => uri,
            Ok(None) => return error(RpcError::invalid_params("`params.uri` is missing: it names the resource")),
            Err(wrong) => return error(wrong),
        };
        if watched && let Err(not_watched) = self.server.registry.may_watch(&uri, self.server.principal.as_ref()) {
            return not_watched.answer(&uri);
        }
        let changed = self.watch(session).and_then(|watch| {
            if watched {
                return watch.add(&uri);
            }
            watch.remove(&uri);
            Ok(())
        });
        changed.map_or_else(|too_much| error(too_many(too_much)), |()| Ok(Outcome::Empty))
    }

    /// Sends what changes, as fast as the client reads.
    async fn tell(&self, reader: &Reader, subscription: Option<&RequestId>) {
        while let Some(change) = poll_fn(|context| reader.poll_next(context)).await {
            self.outbox.send(change.notification(subscription)).await;
        }
    }
}
