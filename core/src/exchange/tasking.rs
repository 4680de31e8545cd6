//! How a call becomes a task: it goes on without its request, and its client asks for it from then on.

use std::future::pending;
use std::task::{Context, Poll};

use tokio::sync::oneshot;

use super::asking::Asking;
use super::{Exchange, Said};

/// Whether a call may be a task, and is one.
#[derive(Default)]
pub(super) struct Tasking {
    stage: Stage,
    /// What the task's client is told of its state, in words.
    message: Option<String>,
    /// Whether whoever runs the task has something to look at.
    changed: bool,
}

#[derive(Default)]
enum Stage {
    /// It answers its request.
    #[default]
    Never,
    /// It may become one.
    Offered(Begins),
    /// It wants to be one, and waits for that.
    Wanted(Vec<oneshot::Sender<()>>),
    /// It is one.
    Begun,
}

/// When a call becomes a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Begins {
    /// When all parameters of its function are filled.
    BeforeTheFunction,
    /// When its function says so.
    WithinTheFunction,
}

impl Tasking {
    /// Whether the call has no request any more on which something could be said.
    pub(super) const fn is_begun(&self) -> bool {
        matches!(self.stage, Stage::Begun)
    }

    pub(super) const fn change(&mut self) {
        self.changed = true;
    }
}

impl Exchange {
    /// Lets the call become a task.
    pub(crate) fn offer_task(&self, begins: Begins) {
        self.state().tasking.stage = Stage::Offered(begins);
    }

    /// Makes the call a task if it is to be one before its function runs. A function that cannot wait cannot say when
    /// it is to be one either, so that is always before.
    pub(crate) async fn before_the_function(&self, waits: bool) {
        let begins = match self.state().tasking.stage {
            Stage::Offered(begins) => begins,
            Stage::Never | Stage::Wanted(_) | Stage::Begun => return,
        };
        if !waits || begins == Begins::BeforeTheFunction {
            self.begin_task().await;
        }
    }

    /// Makes the call a task where it may be one, and waits until it is: from here on questions wait for their answers.
    pub(crate) async fn begin_task(&self) {
        let begun = {
            let mut guard = self.state();
            let state = &mut *guard;
            match &mut state.tasking.stage {
                Stage::Never | Stage::Begun => return,
                // What was asked before is answered before (SEP-2663, Composition with Multi Round-Trip Requests): this
                // run ends with its questions.
                Stage::Offered(_) if state.asking.has_unanswered() => None,
                Stage::Offered(_) => {
                    let (begun, waiting) = oneshot::channel();
                    state.tasking.stage = Stage::Wanted(vec![begun]);
                    state.asking = Asking::waiting_after(state.asking.answers_used());
                    state.wake();
                    Some(waiting)
                }
                Stage::Wanted(others) => {
                    let (begun, waiting) = oneshot::channel();
                    others.push(begun);
                    Some(waiting)
                }
            }
        };
        let never = match begun {
            // Who drops the sender drops the call as well.
            Some(begun) => begun.await.is_err(),
            None => true,
        };
        if never {
            pending::<()>().await;
        }
    }

    /// Whether the call waits to become a task.
    pub(crate) fn wants_task(&self) -> bool {
        matches!(self.state().tasking.stage, Stage::Wanted(_))
    }

    /// The call is a task now, and goes on.
    pub(crate) fn task_begun(&self) {
        let waiting = {
            let mut state = self.state();
            state.tasking.changed = true;
            std::mem::replace(&mut state.tasking.stage, Stage::Begun)
        };
        if let Stage::Wanted(waiting) = waiting {
            for call in waiting {
                // Who has stopped waiting goes on anyway.
                let _ = call.send(());
            }
        }
    }

    /// Tells the task's client of its state, in words.
    pub(crate) fn set_status_message(&self, message: String) {
        let mut state = self.state();
        state.tasking.message = Some(message);
        if state.tasking.is_begun() {
            state.tasking.change();
            state.wake();
        }
    }

    /// What the task's client was last told in words.
    pub(crate) fn status_message(&self) -> Option<String> {
        self.state().tasking.message.clone()
    }

    /// Whether questions or message of a task have changed since this was last asked; whoever runs it is woken when they
    /// have.
    pub(crate) fn poll_changed(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.state();
        if std::mem::take(&mut state.tasking.changed) {
            return Poll::Ready(());
        }
        state.listen(context);
        Poll::Pending
    }
}

impl super::State {
    /// What becomes of words that are said in a task: progress and log messages are not sent (SEP-2663, Task Status
    /// Notifications), and a question is there to be asked for.
    pub(super) fn said_in_task(&mut self, said: &Said) {
        match said {
            Said::Asked => {
                self.tasking.change();
                self.wake();
            }
            Said::Notification(_) | Said::Reconnect(_) => {}
        }
    }
}
