//! The questions that a client of the handshake revisions has yet to answer, by the ids of their requests.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use serde_json::value::RawValue;

use crate::exchange::Exchange;
use crate::protocol::RequestId;
use crate::transport::questions::{Question, Questions};

/// The open questions of a connection.
#[derive(Default)]
pub(super) struct Asked(Mutex<HashMap<Box<str>, Question>>);

/// The questions of one call. When it is dropped, nobody waits for their answers.
pub(super) struct Asking<'a> {
    asked: &'a Asked,
    exchange: Arc<Exchange>,
    questions: Questions,
}

impl Asked {
    pub(super) fn by(&self, exchange: &Arc<Exchange>) -> Asking<'_> {
        Asking { asked: self, exchange: Arc::clone(exchange), questions: Questions::default() }
    }

    /// Takes the client's answer; one that nobody asked for, or that was there before, is passed over.
    pub(super) fn answer(&self, id: Option<&RequestId>, answer: Result<&RawValue, &RawValue>) {
        let Some(RequestId::String(id)) = id else { return };
        let question = self.open().remove(id);
        if let Some(question) = question {
            question.answer(answer);
        }
    }

    /// Nobody is there to answer any more.
    pub(super) fn desert(&self) {
        let open = std::mem::take(&mut *self.open());
        open.into_values().for_each(Question::desert);
    }

    fn open(&self) -> MutexGuard<'_, HashMap<Box<str>, Question>> {
        // A panic inside the lock leaves nothing half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Asking<'_> {
    /// What is to be sent now: requests for new questions, and word of those that were withdrawn.
    pub(super) fn news(&mut self) -> Vec<Bytes> {
        let news = self.questions.news(&self.exchange);
        let mut open = self.asked.open();
        let mut messages = Vec::new();
        for (id, notification) in news.withdrawn {
            // Of one that was answered there is nothing to be said.
            if open.remove(&id).is_some() {
                messages.push(notification);
            }
        }
        for (id, question, request) in news.asked {
            open.insert(id, question);
            messages.push(request);
        }
        messages
    }

    /// Ends the questions that were not answered in time, each as it is due. Never done.
    pub(super) async fn run_out(&self) -> std::convert::Infallible {
        self.questions.run_out(&self.exchange).await;
        std::future::pending().await
    }
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        let mut open = self.asked.open();
        for id in self.questions.ids() {
            open.remove(id);
        }
    }
}
