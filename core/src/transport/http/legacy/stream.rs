//! The event stream of one call: its last events are kept, so that the client may lose its connection and come back.
//!
//! The call writes, whoever is connected reads, and neither waits for the other (MCP 2025-11-25, Transports,
//! Resumability and Redelivery).

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use bytes::{Bytes, BytesMut};
use futures_util::Stream;
use tokio_util::sync::CancellationToken;

use crate::transport::http::sse::{self, KeepAlive};

/// How many events a stream keeps, and how many bytes of them; of more, the oldest are left out.
const EVENTS: usize = 256;
const BYTES: usize = 256 * 1024;

/// How many bytes of events all streams of a process keep. Past it those that have ended are dropped before their time,
/// and the others keep nothing that was sent.
const ALL_BYTES: usize = 32 * 1024 * 1024;

/// How many calls may go on without a reader. Past it, hanging up cancels.
const UNREAD: usize = 1000;

/// When a client comes back that was cut off, unless the call says otherwise.
const RETRY: Duration = Duration::from_secs(1);

/// What all streams of a process use together.
#[derive(Default)]
pub(super) struct Usage {
    bytes: AtomicUsize,
    unread: AtomicUsize,
}

impl Usage {
    pub(super) fn is_over(&self) -> bool {
        self.bytes.load(Ordering::Relaxed) > ALL_BYTES
    }
}

/// The events of one call.
pub(super) struct CallStream {
    /// Random, for the ids of events must differ between the streams of a session, those of before a restart too.
    id: Box<str>,
    state: Mutex<State>,
    usage: Arc<Usage>,
    /// Cancels the call.
    cancel: CancellationToken,
}

struct State {
    events: VecDeque<Event>,
    /// The number of the next event. The first is 1: 0 is where a stream begins.
    next: u64,
    bytes: usize,
    left_out: bool,
    end: End,
    /// Whose turn it is to read: whoever connected last.
    reader: Option<Reading>,
    /// How many readers there were.
    readers: u64,
    /// Whether it counts as a call without a reader.
    unread: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// There is more to come.
    Open,
    /// The answer is in.
    Answered,
    /// Nothing more comes, and nobody may come back for the rest.
    Cut,
}

struct Event {
    number: u64,
    kind: Kind,
}

enum Kind {
    /// A message; whether it may be left out.
    Message(Bytes, bool),
    /// The reader is to hang up, and to come back after this time.
    Reconnect(Duration),
}

struct Reading {
    number: u64,
    /// The next event for it.
    at: u64,
    waker: Option<Waker>,
}

impl CallStream {
    /// A stream with nothing in it. `None`: the system gives no random numbers.
    pub(super) fn new(usage: Arc<Usage>, cancel: CancellationToken) -> Option<Arc<Self>> {
        let mut id = [0; 9];
        getrandom::fill(&mut id).ok()?;
        let state = State {
            events: VecDeque::new(),
            next: 1,
            bytes: 0,
            left_out: false,
            end: End::Open,
            reader: None,
            readers: 0,
            unread: false,
        };
        Some(Arc::new(Self { id: BASE64.encode(id).into(), state: Mutex::new(state), usage, cancel }))
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn is_open(&self) -> bool {
        self.state().end == End::Open
    }

    /// Whether somebody reads it.
    pub(super) fn is_read(&self) -> bool {
        self.state().reader.is_some()
    }

    /// Sends a message, which may be left out if the client is too slow for it.
    pub(super) fn notify(&self, message: Bytes) {
        self.push(Kind::Message(message, true), true);
    }

    /// Sends a message that the call waits for the answer of.
    pub(super) fn ask(&self, message: Bytes) {
        self.push(Kind::Message(message, false), true);
    }

    /// Hangs up on the reader once it has everything so far; it comes back after this time.
    pub(super) fn reconnect(&self, after: Duration) {
        let read = self.state().reader.is_some();
        // Whoever is away already comes back by itself.
        if read {
            self.push(Kind::Reconnect(after), true);
        }
    }

    /// Sends the answer, and with it the end.
    pub(super) fn answer(&self, message: Bytes) {
        // However long it is, what came before it stays: that may not have been sent yet.
        self.push(Kind::Message(message, false), false);
        self.end(End::Answered);
    }

    /// Ends it without an answer, and for good: there is nothing to come back for.
    pub(super) fn cut(&self) {
        self.end(End::Cut);
    }

    fn push(&self, kind: Kind, bounded: bool) {
        let mut state = self.state();
        if state.end != End::Open {
            return;
        }
        let number = state.next;
        state.next += 1;
        self.account(&mut state, |state| {
            state.bytes += kind.len();
            state.events.push_back(Event { number, kind });
            while bounded && (state.events.len() > EVENTS || (state.bytes > BYTES && state.events.len() > 1)) {
                state.leave_one_out();
            }
        });
        if self.usage.is_over() {
            self.account(&mut state, State::forget_what_was_sent);
        }
        state.wake();
    }

    fn end(&self, end: End) {
        let mut state = self.state();
        if state.end == End::Open {
            state.end = end;
            self.set_unread(&mut state, false);
        }
        if end == End::Cut {
            state.end = end;
            state.reader.as_mut().and_then(|reader| reader.waker.take()).into_iter().for_each(Waker::wake);
        } else {
            state.wake();
        }
    }

    /// Reads from the start, in the response to the request itself. With an opening where the revision has one.
    pub(super) fn read(self: &Arc<Self>, primed: bool) -> Reader {
        let opening = primed.then(|| sse::priming(&self.id, 0, RETRY));
        self.reader(1, opening)
    }

    /// Reads what came after this event; whoever reads it now is hung up on. `None`: there was no such event.
    pub(super) fn read_after(self: &Arc<Self>, number: u64) -> Option<Reader> {
        {
            let mut state = self.state();
            if number >= state.next || state.end == End::Cut {
                return None;
            }
            // They were for whoever is away by now.
            state.events.retain(|event| !matches!(event.kind, Kind::Reconnect(_)));
        }
        Some(self.reader(number + 1, None))
    }

    fn reader(self: &Arc<Self>, at: u64, opening: Option<Bytes>) -> Reader {
        let mut state = self.state();
        state.readers += 1;
        let number = state.readers;
        self.set_unread(&mut state, false);
        if let Some(before) = state.reader.replace(Reading { number, at, waker: None }) {
            before.waker.into_iter().for_each(Waker::wake);
        }
        drop(state);
        Reader { stream: Some(Arc::clone(self)), number, opening, keep_alive: KeepAlive::new() }
    }

    /// What there is to read for this reader.
    fn poll(&self, number: u64, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let mut state = self.state();
        let State { events, reader, end, .. } = &mut *state;
        let Some(reader) = reader.as_mut().filter(|reader| reader.number == number) else { return Poll::Ready(None) };
        if *end == End::Cut {
            return Poll::Ready(None);
        }
        let mut chunk = BytesMut::new();
        let mut hang_up = false;
        for event in events.range(events.partition_point(|event| event.number < reader.at)..) {
            reader.at = event.number + 1;
            match &event.kind {
                Kind::Message(message, _) => sse::write_event(&mut chunk, &self.id, event.number, message),
                Kind::Reconnect(after) => {
                    sse::write_retry(&mut chunk, *after);
                    hang_up = true;
                    break;
                }
            }
        }
        if hang_up {
            let at = reader.at;
            state.events.retain(|event| event.number >= at || !matches!(event.kind, Kind::Reconnect(_)));
            state.reader = None;
            self.set_unread(&mut state, true);
            return Poll::Ready(Some(chunk.freeze()));
        }
        if !chunk.is_empty() {
            return Poll::Ready(Some(chunk.freeze()));
        }
        if *end == End::Answered {
            return Poll::Ready(None);
        }
        if reader.waker.as_ref().is_none_or(|waker| !waker.will_wake(context.waker())) {
            reader.waker = Some(context.waker().clone());
        }
        Poll::Pending
    }

    /// A reader has gone.
    fn left(&self, number: u64) {
        let mut state = self.state();
        if state.reader.as_ref().is_some_and(|reader| reader.number == number) {
            state.reader = None;
            self.set_unread(&mut state, true);
        }
    }

    /// Counts a call without a reader, and cancels it where there are too many of them.
    fn set_unread(&self, state: &mut State, unread: bool) {
        let unread = unread && state.end == End::Open;
        if std::mem::replace(&mut state.unread, unread) == unread {
            return;
        }
        if !unread {
            self.usage.unread.fetch_sub(1, Ordering::Relaxed);
        } else if self.usage.unread.fetch_add(1, Ordering::Relaxed) >= UNREAD {
            tracing::warn!("a call was cancelled: {UNREAD} calls already go on although their clients hung up");
            self.cancel.cancel();
        }
    }

    /// Changes what is kept, and tells the process.
    fn account(&self, state: &mut State, change: impl FnOnce(&mut State)) {
        let before = state.bytes;
        change(state);
        self.usage.bytes.fetch_add(state.bytes, Ordering::Relaxed);
        self.usage.bytes.fetch_sub(before, Ordering::Relaxed);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic inside the lock leaves nothing half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for CallStream {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        self.usage.bytes.fetch_sub(state.bytes, Ordering::Relaxed);
        if state.unread {
            self.usage.unread.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl State {
    /// Leaves out the oldest message that nobody waits for, else the oldest.
    fn leave_one_out(&mut self) {
        let lost = self.events.iter().position(|event| !matches!(event.kind, Kind::Message(_, false))).unwrap_or(0);
        let Some(lost) = self.events.remove(lost) else { return };
        self.bytes -= lost.kind.len();
        let unsent = self.reader.as_ref().is_none_or(|reader| lost.number >= reader.at);
        if unsent && !std::mem::replace(&mut self.left_out, true) {
            tracing::warn!("a client reads too slowly, or is away: the oldest events of its stream are left out");
        }
    }

    fn forget_what_was_sent(&mut self) {
        let Some(at) = self.reader.as_ref().map(|reader| reader.at) else { return };
        while self.events.front().is_some_and(|event| event.number < at) {
            self.bytes -= self.events.pop_front().map_or(0, |sent| sent.kind.len());
        }
    }

    fn wake(&mut self) {
        if let Some(waker) = self.reader.as_mut().and_then(|reader| reader.waker.take()) {
            waker.wake();
        }
    }
}

impl Kind {
    fn len(&self) -> usize {
        match self {
            // What an event costs besides its text.
            Self::Message(message, _) => message.len() + size_of::<Event>(),
            Self::Reconnect(_) => 0,
        }
    }
}

/// A connection that reads a stream. Dropping it, or reading no more, harms nothing.
pub(super) struct Reader {
    stream: Option<Arc<CallStream>>,
    number: u64,
    opening: Option<Bytes>,
    keep_alive: KeepAlive,
}

impl Stream for Reader {
    type Item = Bytes;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let Self { stream, number, opening, keep_alive } = &mut *self;
        if let Some(opening) = opening.take() {
            return Poll::Ready(Some(opening));
        }
        let Some(open) = stream else { return Poll::Ready(None) };
        match open.poll(*number, context) {
            Poll::Ready(Some(events)) => {
                keep_alive.reset();
                Poll::Ready(Some(events))
            }
            Poll::Ready(None) => {
                *stream = None;
                Poll::Ready(None)
            }
            Poll::Pending => keep_alive.poll(context).map(|()| Some(sse::COMMENT)),
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if let Some(stream) = self.stream.take() {
            stream.left(self.number);
        }
    }
}
