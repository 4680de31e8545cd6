//! A request from its first try to its answer, as a client of the protocol makes it.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use tokio_util::task::TaskTracker;

use super::answers::{Heard, TestAnswer};
use super::questions::Question;
use super::{CallError, TestClient};
use crate::RequestContext;
use crate::context::Reference;
use crate::dispatch::{Dispatched, Event, Method, Request};
use crate::exchange::{Answers, Exchange, Said};
use crate::outcome::Outcome;
use crate::protocol::{InputRequired, MethodParams, RawJson, RequestId, RequestMeta};
use crate::transport::{HangUp, Held};

/// How often a call may ask anew: more is a function that never has enough.
const ROUNDS: usize = 100;

impl TestClient {
    /// Sends a request, and sends it again for as long as it asks something.
    pub(super) async fn send(
        &self,
        method: Method,
        mut params: MethodParams<'_>,
    ) -> Result<TestAnswer<Outcome>, CallError> {
        let mut heard = Heard::default();
        loop {
            match self.once(method.clone(), params.clone(), &mut heard).await? {
                Outcome::Error(error) => return Err(CallError::Protocol(error)),
                Outcome::InputRequired(required) => self.respond(&required, &mut params, &mut heard)?,
                outcome => return Ok(TestAnswer::new(outcome, heard)),
            }
        }
    }

    /// Sends a request once.
    async fn once(&self, method: Method, params: MethodParams<'_>, heard: &mut Heard) -> Result<Outcome, CallError> {
        if self.login && self.principal.is_none() {
            return Err(CallError::LoginRequired);
        }
        let exchange = if self.version.is_legacy() { Exchange::waiting() } else { Exchange::retrying() };
        let context = Box::new(RequestContext {
            reference: Reference::next(),
            id: RequestId::Number(1),
            version: self.version,
            client_info: RawJson::new(Bytes::from_static(br#"{"name":"dari test client","version":"0"}"#)),
            client_capabilities: RawJson::new(self.capabilities().to_string().into()),
            meta: RequestMeta::default(),
            headers: http::HeaderMap::new(),
            principal: self.principal.clone(),
            progress_token: RawJson::new(Bytes::from_static(b"1")),
            log_level: self.log_level,
            resolved: crate::extract::ResolvedArguments::default(),
            exchange: Arc::new(exchange),
            shared: Arc::clone(&self.shared),
        });
        let running = match self.registry.dispatch(Request { method, params, context }) {
            Dispatched::Answered(answer) => return Ok(answer?),
            // Its methods ask for no stream.
            Dispatched::Listening(_) => return Err(CallError::Protocol(crate::RpcError::internal())),
            Dispatched::Running(running) => running,
        };
        let exchange = Arc::clone(running.exchange());
        // A test that drops its call is a client that hangs up.
        let mut call = Held::new(running, HangUp::Cancels, TaskTracker::new());
        loop {
            match call.next().await {
                Event::Ended(answer) => return Ok(answer?),
                Event::Said(Said::Notification(json)) => heard.notification(&json),
                Event::Said(Said::Asked) => self.answer_open(&exchange, heard)?,
                Event::Said(Said::Reconnect(_)) => {}
            }
        }
    }

    /// What the client says that it can do: everything, once there is something to answer with.
    fn capabilities(&self) -> Value {
        match &self.capabilities {
            Some(capabilities) => capabilities.clone(),
            None if self.responses.is_empty() => Value::Object(Map::new()),
            None => serde_json::json!({ "elicitation": { "form": {}, "url": {} }, "sampling": {}, "roots": {} }),
        }
    }

    /// Answers what a call wants to know before it is sent again.
    fn respond(
        &self,
        required: &InputRequired,
        params: &mut MethodParams<'_>,
        heard: &mut Heard,
    ) -> Result<(), CallError> {
        let questions: Vec<Question> = required.input_requests.iter().map(Question::new).collect();
        let responses: Result<Answers, CallError> =
            questions.iter().map(|question| Ok((question.key.clone(), self.responses.to(question)?))).collect();
        heard.round(questions);
        if heard.rounds() > ROUNDS {
            return Err(CallError::TooManyRounds(ROUNDS));
        }
        let json = |value: Result<Vec<u8>, serde_json::Error>| {
            value.map(Bytes::from).map_err(|error| CallError::Arguments(error.to_string()))
        };
        params.input_responses = json(serde_json::to_vec(&responses?))?;
        params.request_state = json(serde_json::to_vec(&required.request_state))?;
        Ok(())
    }

    /// Answers what a call waits for, as clients of the handshake revisions do.
    fn answer_open(&self, exchange: &Exchange, heard: &mut Heard) -> Result<(), CallError> {
        let questions: Vec<Question> = exchange.open_questions().iter().map(Question::new).collect();
        if questions.is_empty() {
            return Ok(());
        }
        if heard.rounds() >= ROUNDS {
            return Err(CallError::TooManyRounds(ROUNDS));
        }
        let responses: Result<Vec<(String, Box<RawValue>)>, CallError> =
            questions.iter().map(|question| Ok((question.key.clone(), self.responses.to(question)?))).collect();
        heard.round(questions);
        for (key, response) in responses? {
            exchange.answer(&key, Ok(response));
        }
        Ok(())
    }
}
