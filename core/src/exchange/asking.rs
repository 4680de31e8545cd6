//! Questions to the client, and how their answers come back.

use std::collections::{BTreeMap, BTreeSet};
use std::future::pending;
use std::mem;

use serde_json::value::RawValue;
use tokio::sync::oneshot;

use super::{Exchange, Said};
use crate::protocol::InputRequest;
use crate::spent::SpentId;

/// Answers of the client by the keys of their questions, as it sent them.
pub(crate) type Answers = BTreeMap<String, Box<RawValue>>;

/// How answers come.
pub(super) enum Asking {
    /// With the client's next try, in which the function runs again from its start.
    Retry(Retry),
    /// While the function waits.
    Wait(Wait),
}

#[derive(Default)]
pub(super) struct Retry {
    asked: Occurrences,
    answers: Answers,
    /// Which call the state belongs to that came with the answers.
    call: Option<AskedCall>,
    /// The answers that this run has used, which the next one will need again.
    used: Vec<String>,
    unanswered: Vec<(String, InputRequest)>,
}

#[derive(Default)]
pub(super) struct Wait {
    asked: Occurrences,
    /// What the call was told while it still could be sent again.
    told_before: Option<AnswersUsed>,
    open: Vec<Open>,
    /// Nobody is there to answer.
    deserted: bool,
}

/// A question that waits for its answer.
struct Open {
    key: String,
    request: InputRequest,
    answer: oneshot::Sender<Result<Box<RawValue>, String>>,
}

/// The questions that the client has to answer before it tries again, and what was answered before.
pub(crate) struct Unanswered {
    pub(crate) questions: Vec<(String, InputRequest)>,
    pub(crate) answered: Answers,
    /// The call that this is another round of; none in the first.
    pub(crate) call: Option<AskedCall>,
}

/// A call over all its rounds: whichever of its states is sent, it is the same call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AskedCall {
    /// By which it can be spent.
    pub(crate) id: SpentId,
    /// When its states are no good any more, in seconds since the epoch.
    pub(crate) expires: u64,
}

/// What a run was told before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AnswersUsed {
    /// Nothing that could be told twice.
    None,
    /// Answers that came with a state of this call.
    WithState(AskedCall),
    /// Answers that came with none.
    WithoutState,
}

/// Says that a question is open no more when whoever asked it stops waiting, as in a `select!`.
struct Withdrawal<'e>(Option<&'e Exchange>);

impl Drop for Withdrawal<'_> {
    fn drop(&mut self) {
        if let Some(exchange) = self.0 {
            exchange.say(Said::Asked);
        }
    }
}

/// Why a question has no answer.
#[derive(Debug)]
pub(crate) enum NoAnswer {
    /// The client answered with an error, in these words.
    Refused(String),
    /// Nobody is there to answer any more.
    Gone,
}

/// How often each key was asked in one run. A function that asks again under a key asks another question, which must
/// have a key of its own (MCP 2026-07-28, Multi Round-Trip Requests, Server Requirements).
#[derive(Default)]
pub(super) struct Occurrences {
    times: Vec<(String, u32)>,
    /// The keys that were given, for an author's own may look like one of ours.
    given: BTreeSet<String>,
}

impl Occurrences {
    fn next(&mut self, key: &str) -> String {
        let index = self.times.iter().position(|(asked, _)| asked == key).unwrap_or_else(|| {
            self.times.push((key.to_owned(), 0));
            self.times.len() - 1
        });
        let times = &mut self.times[index].1;
        loop {
            *times += 1;
            let next = if *times == 1 { key.to_owned() } else { format!("{key}#{times}") };
            if self.given.insert(next.clone()) {
                return next;
            }
        }
    }
}

impl Asking {
    pub(super) fn retrying() -> Self {
        Self::Retry(Retry::default())
    }

    pub(super) fn waiting() -> Self {
        Self::Wait(Wait::default())
    }

    /// From here on the call waits; what it was told before could still be told again.
    pub(super) fn waiting_after(told_before: AnswersUsed) -> Self {
        Self::Wait(Wait { told_before: Some(told_before), ..Wait::default() })
    }

    /// Whether this run has used answers that the client could send again.
    pub(super) fn answers_used(&self) -> AnswersUsed {
        match self {
            Self::Retry(Retry { used, call, .. }) if !used.is_empty() => {
                call.map_or(AnswersUsed::WithoutState, AnswersUsed::WithState)
            }
            Self::Retry(_) => AnswersUsed::None,
            Self::Wait(wait) => wait.told_before.unwrap_or(AnswersUsed::None),
        }
    }

    /// Whether a question ends this run.
    pub(super) const fn has_unanswered(&self) -> bool {
        matches!(self, Self::Retry(retry) if !retry.unanswered.is_empty())
    }
}

impl Exchange {
    /// Asks the client. Where answers come with the next try, a question without one never resolves: nothing can
    /// swallow it, and the call ends with all the questions that are open by then.
    pub(crate) async fn ask(&self, key: &str, request: InputRequest) -> Result<Box<RawValue>, NoAnswer> {
        let answer = {
            let mut state = self.state();
            match &mut state.asking {
                Asking::Retry(retry) => {
                    let key = retry.asked.next(key);
                    if let Some(answer) = retry.answers.get(&key).cloned() {
                        retry.used.push(key);
                        return Ok(answer);
                    }
                    retry.unanswered.push((key, request));
                    // Whoever runs the call may be waiting for something else than this.
                    state.wake();
                    None
                }
                Asking::Wait(wait) if wait.deserted => return Err(NoAnswer::Gone),
                Asking::Wait(wait) => {
                    let (answer, answered) = oneshot::channel();
                    let key = wait.asked.next(key);
                    wait.open.push(Open { key, request, answer });
                    state.say(Said::Asked);
                    Some(answered)
                }
            }
        };
        let Some(answered) = answer else { return pending().await };
        let mut withdrawal = Withdrawal(Some(self));
        let answer = answered.await;
        withdrawal.0 = None;
        match answer {
            Ok(answer) => answer.map_err(NoAnswer::Refused),
            Err(_) => Err(NoAnswer::Gone),
        }
    }

    /// Whether answers come with the client's next try.
    pub(crate) fn retries(&self) -> bool {
        matches!(self.state().asking, Asking::Retry(_))
    }

    /// Gives the answers that came with this try.
    pub(crate) fn give(&self, given: Answers, call: Option<AskedCall>) {
        if let Asking::Retry(retry) = &mut self.state().asking {
            (retry.answers, retry.call) = (given, call);
        }
    }

    /// Whether this run has used answers that the client could send again.
    pub(crate) fn answers_used(&self) -> AnswersUsed {
        self.state().asking.answers_used()
    }

    /// What the client has to be asked before the call can go on, if that is what it waits for.
    pub(crate) fn take_unanswered(&self) -> Option<Unanswered> {
        match &mut self.state().asking {
            Asking::Retry(retry) if !retry.unanswered.is_empty() => {
                let used = mem::take(&mut retry.used);
                let answered = used.into_iter().filter_map(|key| retry.answers.remove_entry(&key)).collect();
                Some(Unanswered { questions: mem::take(&mut retry.unanswered), answered, call: retry.call })
            }
            Asking::Retry(_) | Asking::Wait(_) => None,
        }
    }

    /// The questions that wait for their answers, in the order in which they were asked.
    pub(crate) fn open_questions(&self) -> Vec<(String, InputRequest)> {
        match &mut self.state().asking {
            Asking::Retry(_) => Vec::new(),
            Asking::Wait(Wait { open, .. }) => {
                // Who asked may have stopped waiting.
                open.retain(|question| !question.answer.is_closed());
                open.iter().map(|question| (question.key.clone(), question.request.clone())).collect()
            }
        }
    }

    /// Answers a question; false if it is not open.
    pub(crate) fn answer(&self, key: &str, answer: Result<Box<RawValue>, String>) -> bool {
        self.take_question(key).is_some_and(|question| question.answer.send(answer).is_ok())
    }

    /// Ends a question without an answer: nobody is there to give one.
    pub(crate) fn give_up(&self, key: &str) {
        // Whoever waits learns it from this end of the channel.
        drop(self.take_question(key));
    }

    /// Ends all questions without an answer, those to come too: nobody is there to give one any more.
    pub(crate) fn desert(&self) {
        let deserted = match &mut self.state().asking {
            Asking::Retry(_) => Vec::new(),
            Asking::Wait(wait) => {
                wait.deserted = true;
                mem::take(&mut wait.open)
            }
        };
        // Outside of the lock, which those who are woken may want.
        drop(deserted);
    }

    fn take_question(&self, key: &str) -> Option<Open> {
        match &mut self.state().asking {
            Asking::Retry(_) => None,
            Asking::Wait(Wait { open, .. }) => {
                open.iter().position(|question| question.key == key).map(|index| open.remove(index))
            }
        }
    }
}
