//! A request that is being served: what it says, and at last its answer.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::request_state::Binding;
use crate::exchange::{Exchange, Said};
use crate::outcome::{Answer, Call, Outcome};
use crate::protocol::InputRequired;
use crate::trace::Trace;

/// A call and the conversation that goes with it. Dropping it cancels the call.
pub(crate) struct Running {
    call: Call,
    exchange: Arc<Exchange>,
    binding: Binding,
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
    pub(super) fn new(call: Call, exchange: Arc<Exchange>, binding: Binding) -> Self {
        Self { call, exchange, binding, trace: None, answer: None }
    }

    /// What the call is told as.
    pub(super) fn trace(&mut self, trace: Trace) {
        self.trace = Some(trace);
    }

    /// The name of the tool or prompt, or the URI of the resource.
    pub(super) fn target(&self) -> &str {
        &self.binding.target
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
        // What was said before the end goes out before it.
        if let Poll::Ready(said) = self.exchange.poll_said(context) {
            return Poll::Ready(Event::Said(said));
        }
        self.answer.take().map_or(Poll::Pending, |answer| Poll::Ready(Event::Ended(answer)))
    }

    fn poll_answer(&mut self, context: &mut Context<'_>) -> Option<Answer> {
        if let Poll::Ready(answer) = self.call.as_mut().poll(context) {
            return Some(answer);
        }
        let unanswered = self.exchange.take_unanswered()?;
        let state = self.binding.seal(&unanswered.answered);
        Some(Ok(match state {
            Ok(request_state) => {
                Outcome::InputRequired(InputRequired { input_requests: unanswered.questions, request_state })
            }
            Err(error) => Outcome::Error(error),
        }))
    }
}
