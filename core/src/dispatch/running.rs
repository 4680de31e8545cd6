//! A request that is being served: what it says, and at last its answer.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;

use super::request_state::Binding;
use super::tasks::{Created, Tasks};
use crate::exchange::{Exchange, Said};
use crate::outcome::{Answer, Call, Outcome};
use crate::protocol::{InputRequired, RpcError};
use crate::trace::Trace;

/// A call and the conversation that goes with it. Dropping it cancels the call.
pub(crate) struct Running {
    /// The call, until it goes on as a task.
    call: Option<Call>,
    exchange: Arc<Exchange>,
    /// What the answers to its questions are bound to, if it may ask some.
    binding: Option<Binding>,
    /// Where it is kept, if it may be a task.
    tasks: Option<Arc<Tasks>>,
    /// The task that the call is to become. Until it is kept, the call waits.
    creating: Option<BoxFuture<'static, Result<Created, RpcError>>>,
    trace: Option<Trace>,
    /// The answer, while what was said before it is still to be taken.
    answer: Option<Answer>,
}

/// What comes of a running call.
#[derive(Debug)]
pub(crate) enum Event {
    /// It says something, and goes on.
    Said(Said),
    /// It has ended.
    Ended(Answer),
}

impl Running {
    /// A call that may ask its client, and may become one of these tasks where there are some.
    pub(super) fn new(call: Call, exchange: Arc<Exchange>, binding: Binding, tasks: Option<Arc<Tasks>>) -> Self {
        Self { binding: Some(binding), tasks, ..Self::quiet(call, exchange) }
    }

    /// A call of ours, which says nothing before its answer.
    pub(super) fn quiet(call: Call, exchange: Arc<Exchange>) -> Self {
        Self { call: Some(call), exchange, binding: None, tasks: None, creating: None, trace: None, answer: None }
    }

    /// What the call is told as.
    pub(super) fn trace(&mut self, trace: Trace) {
        self.trace = Some(trace);
    }

    /// The name of the tool or prompt, or the URI of the resource.
    pub(super) fn target(&self) -> Option<&str> {
        self.binding.as_ref().map(|binding| &*binding.target)
    }

    /// The conversation.
    pub(crate) fn exchange(&self) -> &Arc<Exchange> {
        &self.exchange
    }

    /// The next event; none comes after the end.
    pub(crate) async fn next(&mut self) -> Event {
        poll_fn(|context| self.poll_next(context)).await
    }

    /// As [`next`](Self::next).
    pub(crate) fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Event> {
        if self.answer.is_none() {
            self.answer = {
                let span = self.trace.as_ref().map(|trace| trace.span().clone());
                let _entered = span.as_ref().map(tracing::Span::enter);
                self.poll_answer(context)
            };
            if let Some(answer) = &self.answer
                && let Some(trace) = self.trace.take()
            {
                trace.finish(answer);
            }
        }
        let Some(answer) = self.answer.take() else { return self.exchange.poll_said(context).map(Event::Said) };
        // What was said before the end goes out before it. A task has another listener by now, which is not to be
        // replaced.
        Poll::Ready(match self.exchange.take_said() {
            Some(said) => {
                self.answer = Some(answer);
                Event::Said(said)
            }
            None => Event::Ended(answer),
        })
    }

    fn poll_answer(&mut self, context: &mut Context<'_>) -> Option<Answer> {
        if self.creating.is_none()
            && let Poll::Ready(answer) = self.call.as_mut()?.as_mut().poll(context)
        {
            return Some(answer);
        }
        // Before it looks: a question may come from another thread right after.
        self.exchange.listen(context);
        if self.creating.is_none() {
            if let Some(asked) = self.ask() {
                return Some(Ok(asked));
            }
            if let (Some(tasks), true) = (&self.tasks, self.exchange.wants_task()) {
                let caller = self.binding.as_ref().and_then(|binding| binding.principal.as_ref());
                self.creating = Some(tasks.create(caller, self.exchange.status_message()));
            }
        }
        let Poll::Ready(created) = self.creating.as_mut()?.as_mut().poll(context) else { return None };
        self.creating = None;
        let call = self.call.take()?;
        Some(Ok(match created {
            Ok(created) => created.go_on(call, &self.exchange),
            Err(error) => Outcome::Error(error),
        }))
    }

    /// The questions that have to be answered before the call can go on, if that is what it waits for.
    fn ask(&self) -> Option<Outcome> {
        let binding = self.binding.as_ref()?;
        let unanswered = self.exchange.take_unanswered()?;
        Some(match binding.seal(&unanswered.answered, unanswered.call) {
            Ok(request_state) => {
                Outcome::InputRequired(InputRequired { input_requests: unanswered.questions, request_state })
            }
            Err(error) => Outcome::Error(error),
        })
    }
}
