//! What one process knows of sessions beyond what their ids hold: made on first use, bounded, and gone with the process.
//!
//! A session of which there is nothing to know has no entry.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::stream::{CallStream, Usage};
use crate::changes::{Subscription, TooMany};
use crate::protocol::{LoggingLevel, RequestId};
use crate::transport::http::session::SessionId;
use crate::transport::questions::Question;

/// Of how many sessions something is known. Past it, who was idle longest is forgotten.
const SESSIONS: usize = 10_000;

/// How long a stream is kept after its end.
const KEPT: Duration = Duration::from_secs(3 * 60);

/// How long it is noted what a client is to be told of changes, when it has no stream open to be told on.
const WATCHED: Duration = Duration::from_secs(30 * 60);

/// How many streams of a session are kept after their end.
const KEPT_OF_SESSION: usize = 32;

/// How many streams of all sessions are kept after their end.
const KEPT_OF_ALL: usize = 10_000;

/// The sessions that something is known of.
#[derive(Default)]
pub(in crate::transport::http) struct LiveSessions {
    known: Mutex<Known>,
    usage: Arc<Usage>,
}

#[derive(Default)]
struct Known {
    sessions: HashMap<SessionId, LiveSession>,
    /// The streams that have ended, the oldest first.
    ended: VecDeque<Ended>,
    calls: u64,
}

struct Ended {
    session: SessionId,
    stream: Arc<CallStream>,
    at: Instant,
}

/// What is known of one session.
pub(in crate::transport::http) struct LiveSession {
    /// The least level of the log messages that the client wants.
    pub(super) log_level: Option<LoggingLevel>,
    /// What the client was asked, by the ids of the requests.
    pub(super) questions: HashMap<Box<str>, Question>,
    calls: Vec<LiveCall>,
    streams: Vec<Arc<CallStream>>,
    /// What the client is told of changes, from when it first wanted to know.
    watch: Option<Arc<Subscription>>,
    last_used: Instant,
}

/// A call that runs.
struct LiveCall {
    number: u64,
    id: RequestId,
    cancel: CancellationToken,
}

impl LiveSession {
    fn new() -> Self {
        Self {
            log_level: None,
            questions: HashMap::new(),
            calls: Vec::new(),
            streams: Vec::new(),
            watch: None,
            last_used: Instant::now(),
        }
    }

    /// Whether there is nothing to know of it.
    fn is_nothing(&self) -> bool {
        self.log_level.is_none()
            && self.questions.is_empty()
            && self.calls.is_empty()
            && self.streams.is_empty()
            && self.watch.is_none()
    }

    /// Whether nobody would miss it at once.
    fn is_idle(&self) -> bool {
        self.calls.is_empty()
            && self.questions.is_empty()
            && !self.streams.iter().any(|stream| stream.is_read())
            && !self.watch.as_ref().is_some_and(|watch| watch.is_read())
    }

    /// The stream of this id.
    pub(super) fn stream(&self, id: &str) -> Option<&Arc<CallStream>> {
        self.streams.iter().find(|stream| stream.id() == id)
    }

    /// What the client is told of changes, if it ever wanted to know.
    pub(super) const fn watch(&self) -> Option<&Arc<Subscription>> {
        self.watch.as_ref()
    }

    /// As [`watch`](Self::watch), and from here on there is something.
    pub(super) fn watch_or(
        &mut self,
        subscribe: impl FnOnce() -> Result<Subscription, TooMany>,
    ) -> Result<Arc<Subscription>, TooMany> {
        match &self.watch {
            Some(watch) => Ok(Arc::clone(watch)),
            None => Ok(Arc::clone(self.watch.insert(Arc::new(subscribe()?)))),
        }
    }

    fn drop_stream(&mut self, stream: &Arc<CallStream>) {
        self.streams.retain(|kept| !Arc::ptr_eq(kept, stream));
    }

    /// Ends what is open in it.
    fn end(self) {
        for stream in &self.streams {
            stream.cut();
        }
        for question in self.questions.into_values() {
            question.desert();
        }
        if let Some(watch) = self.watch {
            watch.end();
        }
    }
}

impl LiveSessions {
    /// Looks at what is known of a session, or changes it. The lock is held meanwhile.
    pub(super) fn with<R>(&self, session: SessionId, change: impl FnOnce(&mut LiveSession) -> R) -> R {
        let mut known = self.known();
        let forgotten = if known.sessions.contains_key(&session) { Vec::new() } else { known.make_room() };
        let live = known.sessions.entry(session).or_insert_with(LiveSession::new);
        live.last_used = Instant::now();
        let result = change(live);
        if live.is_nothing() {
            known.sessions.remove(&session);
        }
        drop(known);
        forgotten.into_iter().for_each(LiveSession::end);
        result
    }

    /// As [`with`](Self::with), of a session that something is known of.
    pub(super) fn with_known<R>(&self, session: SessionId, change: impl FnOnce(&mut LiveSession) -> R) -> Option<R> {
        let mut known = self.known();
        let live = known.sessions.get_mut(&session)?;
        let result = change(live);
        if live.is_nothing() {
            known.sessions.remove(&session);
        }
        Some(result)
    }

    /// Forgets a session, and ends what is open in it.
    pub(super) fn end(&self, session: SessionId) {
        let live = {
            let mut known = self.known();
            known.ended.retain(|ended| ended.session != session);
            known.sessions.remove(&session)
        };
        if let Some(live) = live {
            live.end();
        }
    }

    /// Makes a call known by the id of its request, so that the client can cancel it.
    pub(super) fn register(self: &Arc<Self>, session: SessionId, id: &RequestId) -> Registered {
        let cancel = CancellationToken::new();
        let number = {
            let mut known = self.known();
            known.calls += 1;
            known.calls
        };
        let call = LiveCall { number, id: id.clone(), cancel: cancel.clone() };
        self.with(session, |live| live.calls.push(call));
        Registered { sessions: Arc::clone(self), session, number, cancel }
    }

    /// Cancels the calls with this id; whether there was one.
    pub(super) fn cancel(&self, session: SessionId, id: &RequestId) -> bool {
        let cancelled = self.with_known(session, |live| {
            let called = live.calls.iter().filter(|call| call.id == *id);
            called.map(|call| call.cancel.clone()).collect::<Vec<_>>()
        });
        let cancelled = cancelled.unwrap_or_default();
        cancelled.iter().for_each(CancellationToken::cancel);
        !cancelled.is_empty()
    }

    /// A new stream in a session, for a call that `cancel` cancels.
    pub(super) fn open_stream(&self, session: SessionId, cancel: CancellationToken) -> Option<Arc<CallStream>> {
        let stream = CallStream::new(Arc::clone(&self.usage), cancel)?;
        self.with(session, |live| live.streams.push(Arc::clone(&stream)));
        Some(stream)
    }

    /// The call of a stream has ended; it is kept for a while, for a client that comes back.
    pub(super) fn stream_ended(&self, session: SessionId, stream: Arc<CallStream>) {
        let mut known = self.known();
        let Some(live) = known.sessions.get_mut(&session) else { return };
        if live.stream(stream.id()).is_none() {
            return;
        }
        let mut ended = live.streams.iter().filter(|stream| !stream.is_open());
        if let Some(oldest) = ended.next().cloned()
            && ended.count() >= KEPT_OF_SESSION
        {
            live.drop_stream(&oldest);
            known.ended.retain(|ended| !Arc::ptr_eq(&ended.stream, &oldest));
        }
        known.ended.push_back(Ended { session, stream, at: Instant::now() });
        known.drop_ended(&self.usage);
    }

    /// Makes room where all streams together keep too much.
    pub(super) fn keep_less(&self) {
        if self.usage.is_over() {
            self.known().drop_ended(&self.usage);
        }
    }

    /// Drops what has been kept long enough; whether there is more to drop later.
    pub(in crate::transport::http) fn sweep(&self) -> bool {
        let mut known = self.known();
        known.drop_ended(&self.usage);
        known.sessions.retain(|_, live| {
            live.watch.take_if(|watch| watch.is_unread_for(WATCHED));
            !live.is_nothing()
        });
        !known.ended.is_empty()
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // A panic inside the lock leaves nothing half done.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// Forgets idle sessions, an eighth of all at a time, where there are too many.
    fn make_room(&mut self) -> Vec<LiveSession> {
        if self.sessions.len() < SESSIONS {
            return Vec::new();
        }
        let idle = self.sessions.iter().filter(|(_, live)| live.is_idle());
        let mut idle: Vec<_> = idle.map(|(id, live)| (live.last_used, *id)).collect();
        idle.sort_unstable_by_key(|(last_used, _)| *last_used);
        idle.truncate(SESSIONS / 8);
        if idle.is_empty() {
            return Vec::new();
        }
        tracing::warn!("{SESSIONS} sessions have a state: the log levels and streams of {} are forgotten", idle.len());
        idle.iter().filter_map(|(_, id)| self.sessions.remove(id)).collect()
    }

    /// Drops streams that ended long ago, and more of them where all together keep too much.
    fn drop_ended(&mut self, usage: &Usage) {
        while let Some(oldest) = self.ended.front() {
            if oldest.at.elapsed() < KEPT && self.ended.len() <= KEPT_OF_ALL && !usage.is_over() {
                break;
            }
            let Some(Ended { session, stream, .. }) = self.ended.pop_front() else { break };
            if let Some(live) = self.sessions.get_mut(&session) {
                live.drop_stream(&stream);
                if live.is_nothing() {
                    self.sessions.remove(&session);
                }
            }
        }
    }
}

/// A call that is known by its id, for as long as this lives.
pub(super) struct Registered {
    sessions: Arc<LiveSessions>,
    session: SessionId,
    number: u64,
    cancel: CancellationToken,
}

impl Registered {
    /// Cancelled when the client cancels the call.
    pub(super) const fn cancelled(&self) -> &CancellationToken {
        &self.cancel
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        self.sessions.with_known(self.session, |live| live.calls.retain(|call| call.number != self.number));
    }
}
