//! What a running request and its client say to each other before the answer.
//!
//! The function's side are extractors ([`Progress`](crate::Progress), [`Ask`](crate::Ask), …), which may be used from any
//! thread. The other side is whoever runs the call: it takes what was said and sends it, however its transport does.

mod asking;
mod tasking;

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use tokio_util::sync::CancellationToken;

use asking::Asking;
pub(crate) use asking::{Answers, AnswersUsed, AskedCall, NoAnswer};
pub(crate) use tasking::Begins;
use tasking::Tasking;

/// How many messages wait for a client that reads slowly; of more, the oldest are left out.
const WAITING: usize = 1024;

/// How long a client may take to send its request again with the answers.
pub(crate) const REQUEST_STATE_LIFETIME: Duration = Duration::from_secs(60 * 60);

/// One request's conversation.
pub(crate) struct Exchange {
    state: Mutex<State>,
    /// Made when somebody wants to know: most functions do not.
    cancelled: OnceLock<CancellationToken>,
}

struct State {
    said: VecDeque<Said>,
    left_out: u64,
    listener: Option<Waker>,
    asking: Asking,
    tasking: Tasking,
}

/// What a running call says before its end.
#[derive(Debug)]
pub(crate) enum Said {
    /// A notification, as JSON-RPC text. It may be left out if the client is too slow for it.
    Notification(Bytes),
    /// A question was asked, or withdrawn ([`Exchange::open_questions`]); the call waits for its answer.
    Asked,
    /// The client may hang up and come back after this time.
    Reconnect(Duration),
}

impl Exchange {
    /// A conversation in which the client answers questions by sending its request again (MCP 2026-07-28, Multi
    /// Round-Trip Requests).
    pub(crate) fn retrying() -> Self {
        Self::new(Asking::retrying())
    }

    /// A conversation in which the call waits for answers.
    pub(crate) fn waiting() -> Self {
        Self::new(Asking::waiting())
    }

    fn new(asking: Asking) -> Self {
        let state = State { said: VecDeque::new(), left_out: 0, listener: None, asking, tasking: Tasking::default() };
        Self { state: Mutex::new(state), cancelled: OnceLock::new() }
    }

    /// Says something to the client.
    pub(crate) fn say(&self, said: Said) {
        self.state().say(said);
    }

    /// Has whoever runs the call woken by what happens from here on.
    pub(crate) fn listen(&self, context: &Context<'_>) {
        self.state().listen(context);
    }

    /// What was said and not yet taken. Whoever runs the call is woken when there is more.
    pub(crate) fn poll_said(&self, context: &mut Context<'_>) -> Poll<Said> {
        let mut state = self.state();
        if let Some(said) = state.said.pop_front() {
            return Poll::Ready(said);
        }
        state.listen(context);
        Poll::Pending
    }

    /// What was said and not yet taken, where nobody waits for more.
    pub(crate) fn take_said(&self) -> Option<Said> {
        self.state().said.pop_front()
    }

    /// The token that is cancelled when the client cancels or goes away.
    pub(crate) fn cancellation(&self) -> &CancellationToken {
        self.cancelled.get_or_init(CancellationToken::new)
    }

    /// Tells the call that nobody waits for it any more; gives back whether it listens for that.
    pub(crate) fn cancel(&self) -> bool {
        self.cancelled.get().is_some_and(|cancelled| {
            cancelled.cancel();
            true
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic inside the lock leaves nothing half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn say(&mut self, said: Said) {
        if self.tasking.is_begun() {
            return self.said_in_task(&said);
        }
        if self.said.len() >= WAITING
            && let Some(oldest) = self.said.iter().position(|said| matches!(said, Said::Notification(_)))
        {
            self.said.remove(oldest);
            self.left_out += 1;
            if self.left_out == 1 {
                tracing::warn!("a client reads too slowly: the oldest of {WAITING} waiting notifications are left out");
            }
        }
        self.said.push_back(said);
        self.wake();
    }

    /// Has whoever runs the call woken by what is said next.
    fn listen(&mut self, context: &Context<'_>) {
        if self.listener.as_ref().is_none_or(|listener| !listener.will_wake(context.waker())) {
            self.listener = Some(context.waker().clone());
        }
    }

    /// Wakes whoever runs the call.
    fn wake(&mut self) {
        if let Some(listener) = self.listener.take() {
            listener.wake();
        }
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange").finish_non_exhaustive()
    }
}
