//! Questions as requests to the client, which is how the handshake revisions ask (MCP 2025-11-25, Elicitation, Sampling,
//! Roots).

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use bytes::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use tokio::time::Instant;

use crate::exchange::Exchange;
use crate::protocol::{InputRequest, Notification, one_line};

/// How long a question waits for its answer.
const PATIENCE: Duration = Duration::from_secs(60 * 60);

/// How many questions of one call may be open at once.
const OPEN: usize = 64;

/// The longest text of a client's error that is told on.
const ERROR_CHARS: usize = 500;

/// The questions of one call that were sent to the client.
#[derive(Default)]
pub(crate) struct Questions(Vec<Sent>);

struct Sent {
    id: Box<str>,
    key: String,
    until: Instant,
}

/// A question that was sent, as the client's answer finds it.
pub(crate) struct Question {
    exchange: Arc<Exchange>,
    key: String,
}

/// What has to be said to the client after something was asked or withdrawn.
#[derive(Default)]
pub(crate) struct News {
    /// Questions with the ids of their requests, and the requests.
    pub(crate) asked: Vec<(Box<str>, Question, Bytes)>,
    /// The ids of requests that nobody waits for any more, and the notifications that say so.
    pub(crate) withdrawn: Vec<(Box<str>, Bytes)>,
}

impl Questions {
    /// What is new since the last time.
    pub(crate) fn news(&mut self, exchange: &Arc<Exchange>) -> News {
        let mut news = News::default();
        let open = exchange.open_questions();
        self.0.retain(|sent| {
            let still = open.iter().any(|(key, _)| *key == sent.key);
            if !still && let Ok(notification) = withdrawal(&sent.id) {
                news.withdrawn.push((sent.id.clone(), notification));
            }
            still
        });
        for (key, request) in open {
            if self.0.iter().any(|sent| sent.key == key) {
                continue;
            }
            let sent =
                if self.0.len() < OPEN { id().and_then(|id| Some((to_client(&id, &request)?, id))) } else { None };
            let Some((message, id)) = sent else {
                tracing::warn!("a question could not be asked: {OPEN} others of its call are open, or it is no JSON");
                exchange.give_up(&key);
                continue;
            };
            self.0.push(Sent { id: id.clone(), key: key.clone(), until: Instant::now() + PATIENCE });
            news.asked.push((id, Question { exchange: Arc::clone(exchange), key }, message));
        }
        news
    }

    /// Ends the questions that were not answered in time, each as it is due. Never done.
    pub(crate) async fn run_out(&self, exchange: &Exchange) {
        // They were asked one after the other, and wait equally long.
        for sent in &self.0 {
            tokio::time::sleep_until(sent.until).await;
            exchange.give_up(&sent.key);
        }
        std::future::pending().await
    }

    /// The ids of the requests that are open.
    pub(crate) fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|sent| &*sent.id)
    }
}

impl Question {
    /// Tells the call what the client answered.
    pub(crate) fn answer(self, answer: Result<&RawValue, &RawValue>) {
        let answer = answer.map(ToOwned::to_owned).map_err(refusal);
        self.exchange.answer(&self.key, answer);
    }

    /// Tells the call that nobody will answer it any more, whatever it asks.
    pub(crate) fn desert(self) {
        self.exchange.desert();
    }
}

/// An id that nobody else can know: who answers under it was asked.
fn id() -> Option<Box<str>> {
    let mut id = [0; 16];
    getrandom::fill(&mut id).ok()?;
    Some(BASE64.encode(id).into())
}

fn to_client(id: &str, request: &InputRequest) -> Option<Bytes> {
    #[derive(Serialize)]
    struct Request<'a, P> {
        jsonrpc: &'static str,
        id: &'a str,
        method: &'static str,
        params: P,
    }
    let InputRequest { method, params, url } = request;
    let (jsonrpc, method) = ("2.0", *method);
    let json = if *url {
        // By it a client tells the pages apart that its user was sent to.
        let mut params: Map<String, Value> = serde_json::from_str(params.get()).ok()?;
        params.insert("elicitationId".to_owned(), id.into());
        serde_json::to_vec(&Request { jsonrpc, id, method, params })
    } else {
        serde_json::to_vec(&Request { jsonrpc, id, method, params })
    };
    json.ok().map(one_line)
}

/// Nobody waits for the answer any more (MCP 2025-11-25, Cancellation).
fn withdrawal(id: &str) -> Result<Bytes, serde_json::Error> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Params<'a> {
        request_id: &'a str,
    }
    Notification::new("notifications/cancelled", Params { request_id: id }).to_json()
}

/// What a client's error says, in so many words.
fn refusal(error: &RawValue) -> String {
    #[derive(serde::Deserialize)]
    struct Error {
        message: String,
    }
    match serde_json::from_str::<Error>(error.get()) {
        Ok(Error { message }) => message.chars().filter(|char| !char.is_control()).take(ERROR_CHARS).collect(),
        Err(_) => "the client gave no reason".to_owned(),
    }
}
