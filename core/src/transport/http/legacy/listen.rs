//! The streams that a client opens by GET: to hear what the server says by itself, or to take up the stream of a call
//! where it was cut off (MCP 2025-11-25, Transports).

use std::borrow::Cow;
use std::sync::Arc;

use axum::response::Response;

use super::live::LiveSession;
use super::without_session;
use crate::auth::Principal;
use crate::changes::{Subscription, TooMany};
use crate::dispatch::too_many;
use crate::outcome::{Answer, Outcome};
use crate::protocol::{ErrorCode, RpcError};
use crate::transport::http::connection::Connection;
use crate::transport::http::endpoint::Endpoint;
use crate::transport::http::head::Head;
use crate::transport::http::session::Session;
use crate::transport::http::{answer, headers, sse};

impl Endpoint {
    /// Opens the stream on which a server may speak by itself, or one that was opened before. It ends with its session.
    pub(in crate::transport::http) fn get(
        self: Arc<Self>,
        head: &Head<'_>,
        principal: Option<&Principal>,
        connection: Connection,
    ) -> Response {
        let session = match self.session_of(head, principal) {
            Ok(session) => session,
            Err(refusal) => return *refusal,
        };
        match headers::optional(head.last_event_id, &headers::LAST_EVENT_ID) {
            Ok(Some(event)) => self.resume(&session, event),
            Ok(None) => self.hear(session, principal, connection),
            Err(error) => answer::refuse(None, &error),
        }
    }

    /// Takes up a stream after this event.
    fn resume(&self, session: &Session, event: &str) -> Response {
        let reader = event.rsplit_once('.').and_then(|(stream, number)| {
            let (key, number) = (session.key()?, number.parse().ok()?);
            let stream = self.live.with_known(key, |live| live.stream(stream).cloned()).flatten()?;
            stream.read_after(number)
        });
        reader.map_or_else(
            || {
                let message = "Invalid request: Last-Event-ID is of no stream that is kept here. Streams are kept for \
                               some minutes after their end, by the process that served them: send the request again";
                answer::refuse(None, &RpcError::new(ErrorCode::InvalidRequest, message))
            },
            sse::response,
        )
    }

    /// Opens a stream for what has changed. What came up while there was none is told at once.
    fn hear(self: Arc<Self>, session: Session, principal: Option<&Principal>, connection: Connection) -> Response {
        let watch = session.key().map(|key| self.live.with(key, |live| self.watch(live, principal)));
        match watch {
            Some(Ok(watch)) => self.listen_in_session(session, &watch, connection),
            Some(Err(error)) => answer::refuse(None, &too_many(error)),
            None => answer::not_allowed(),
        }
    }

    /// What a session is told of changes: of the lists, and of the resources that it subscribes to.
    fn watch(&self, live: &mut LiveSession, principal: Option<&Principal>) -> Result<Arc<Subscription>, TooMany> {
        let subject = principal.map(Principal::subject);
        live.watch_or(|| self.shared.changes.subscribe(&self.registry.all_lists(), subject))
    }

    /// `resources/subscribe` and `resources/unsubscribe` (MCP 2025-11-25, Resources, Subscriptions).
    pub(super) fn watch_resource(
        self: &Arc<Self>,
        session: &Session,
        principal: Option<&Principal>,
        uri: Result<Option<Cow<'_, str>>, RpcError>,
        watched: bool,
    ) -> Answer {
        let error = |error| Ok(Outcome::Error(error));
        let uri = match uri {
            Ok(Some(uri)) => uri,
            Ok(None) => return error(RpcError::invalid_params("`params.uri` is missing: it names the resource")),
            Err(wrong) => return error(wrong),
        };
        let Some(key) = session.key() else { return error(without_session()) };
        if !watched {
            let watch = self.live.with_known(key, |live| live.watch().cloned()).flatten();
            if let Some(watch) = watch {
                watch.remove(&uri);
            }
            return Ok(Outcome::Empty);
        }
        if let Err(not_watched) = self.registry.may_watch(&uri, principal) {
            return not_watched.answer(&uri);
        }
        let watch = self.live.with(key, |live| self.watch(live, principal));
        match watch.and_then(|watch| watch.add(&uri)) {
            Ok(()) => {
                self.take_care();
                Ok(Outcome::Empty)
            }
            Err(too_much) => error(too_many(too_much)),
        }
    }
}
