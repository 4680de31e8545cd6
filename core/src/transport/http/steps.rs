//! The steps of a call one by one, for the benchmarks of this repository: no part of the interface.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use super::endpoint::Endpoint;
use super::head::Head;
use crate::context::Shared;
use crate::dispatch::{Dispatched, Event, Method, Running};
use crate::outcome::{Answer, Outcome};
use crate::protocol::{CallToolResult, Content, ProtocolVersion, RequestId};
use crate::server::Server;
use crate::transport::incoming::{Caller, Incoming};

/// A server whose steps can be taken one by one, with one request.
#[derive(Clone)]
pub struct Steps {
    endpoint: Arc<Endpoint>,
    headers: HeaderMap,
    body: Bytes,
}

/// A call that has begun.
pub struct Begun(Box<Running>);

/// An answer.
pub struct Answered(Answer);

impl Steps {
    /// The steps of this call to this server; it has to be a good one of the current revision.
    #[must_use]
    pub fn new(server: &Server, headers: HeaderMap, body: Bytes) -> Self {
        Self { endpoint: server.endpoint().clone(), headers, body }
    }

    /// The steps of another call to the same server.
    #[must_use]
    pub fn with(self, headers: HeaderMap, body: Bytes) -> Self {
        Self { headers, body, ..self }
    }

    /// `Host` and `Origin`.
    #[must_use]
    pub fn guard(&self) -> bool {
        self.endpoint.admit(None, &Head::of(&self.headers)).is_ok()
    }

    /// The access token.
    pub async fn token(&self) -> bool {
        self.endpoint.access.authenticate(Head::of(&self.headers).authorization).await.is_ok()
    }

    /// The one pass over the body.
    #[must_use]
    pub fn parse(&self) -> bool {
        Incoming::well_formed(&self.body).is_some()
    }

    /// What the headers repeat from the body.
    ///
    /// # Panics
    ///
    /// The body is no request.
    pub fn check_headers(&self) -> impl Fn() -> bool + '_ {
        let incoming = Incoming::well_formed(&self.body).expect("a request");
        move || self.endpoint.check_headers(&self.headers, &Head::of(&self.headers), &incoming).is_ok()
    }

    /// From what was read to a call that has begun: the tool, its scopes, the context.
    ///
    /// # Panics
    ///
    /// The body is no call of a tool.
    pub fn dispatch(&self) -> impl Fn() -> Begun + '_ {
        let incoming = Incoming::well_formed(&self.body).expect("a request");
        move || {
            let settled = incoming.settle(ProtocolVersion::LATEST, &self.body).expect("a stateless request");
            let caller = Caller { headers: HeaderMap::new(), principal: None };
            let shared: &Arc<Shared> = &self.endpoint.shared;
            let method = Method::parse(&incoming.method);
            let request = incoming.request(method, &self.body, settled, caller, shared).expect("good parameters");
            match self.endpoint.registry.dispatch(request) {
                Dispatched::Running(running) => Begun(running),
                Dispatched::Answered(_) | Dispatched::Listening(_) => panic!("it is no call of a tool"),
            }
        }
    }

    /// The arguments into the parameters, the function, its result.
    pub async fn run(&self, Begun(mut running): Begun) -> Answered {
        loop {
            if let Event::Ended(answer) = running.next().await {
                return Answered(answer);
            }
        }
    }

    /// A result of one text.
    #[must_use]
    pub fn answer(&self, text: &'static str) -> Answered {
        Answered(Ok(Outcome::Tool(CallToolResult::new(vec![Content::text(text)]))))
    }

    /// The result into the response.
    #[must_use]
    pub fn serialize(&self, Answered(answer): Answered) -> StatusCode {
        self.endpoint.respond(ProtocolVersion::LATEST, &RequestId::Number(1), answer, StatusCode::OK).status()
    }
}
