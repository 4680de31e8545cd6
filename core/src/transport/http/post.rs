//! A POST: what it asks for, and what comes of that.

use std::sync::Arc;

use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use super::connection::Connection;
use super::endpoint::Endpoint;
use super::era::{self, Era};
use super::head::Head;
use super::session::Session;
use super::{answer, headers};
use crate::auth::Principal;
use crate::dispatch::{Dispatched, Method, Running};
use crate::outcome::Outcome;
use crate::protocol::{ErrorCode, Message, ProtocolVersion, RequestId, RpcError};
use crate::tool::Tool;
use crate::transport::incoming::{Caller, Incoming, Settled};

/// A request past the bearer check, without its body.
pub(super) struct Arrived {
    pub(super) headers: HeaderMap,
    pub(super) principal: Option<Principal>,
    pub(super) connection: Connection,
}

/// On what terms a request is to be served.
pub(super) enum Terms {
    /// Its own: everything is in it.
    Stateless(Settled),
    /// It opens a session.
    Initialize,
    /// Those that a handshake settled.
    Session(Session),
}

/// What comes of a request.
pub(super) enum Served {
    /// There is nothing to wait for.
    Answered(Response),
    /// A function runs for a stateless request.
    Runs(ProtocolVersion, RequestId, Box<Running>),
    /// A function runs for a request of a handshake revision.
    RunsInSession(Session, RequestId, Box<Running>),
}

impl Endpoint {
    /// The request of a message. Whatever else the message is, this deals with it, and gives the answer.
    pub(super) fn receive<'b>(
        &self,
        head: &Head<'_>,
        principal: Option<&Principal>,
        body: &'b [u8],
    ) -> Result<Incoming<'b>, Box<Response>> {
        Incoming::well_formed(body).map_or_else(|| self.look_closer(head, principal, body), Ok)
    }

    /// The same at a closer look.
    fn look_closer<'b>(
        &self,
        head: &Head<'_>,
        principal: Option<&Principal>,
        body: &'b [u8],
    ) -> Result<Incoming<'b>, Box<Response>> {
        Err(Box::new(match Message::parse(body) {
            Ok(Message::Request { id, method, params }) => match Incoming::read(id, method, params) {
                Ok(incoming) => return Ok(incoming),
                Err((id, error)) => answer::refuse(Some(&id), &error),
            },
            Ok(Message::Notification { method, params }) => {
                if let Some(session) = self.one_way(head, principal)? {
                    self.legacy_notification(&session, &method, params);
                }
                answer::empty(StatusCode::ACCEPTED)
            }
            Ok(Message::Response { id, answer: answered }) => match self.one_way(head, principal)? {
                None => {
                    let message = "Invalid request: this revision's servers send no requests that could be answered";
                    answer::refuse(None, &RpcError::new(ErrorCode::InvalidRequest, message))
                }
                Some(session) => {
                    self.legacy_response(&session, id.as_ref(), answered);
                    answer::empty(StatusCode::ACCEPTED)
                }
            },
            Err(error) => {
                let (id, error) = error.into_error("body");
                answer::refuse(id.as_ref(), &error)
            }
        }))
    }

    /// The session of a message that wants no answer; none in the current revision.
    fn one_way(&self, head: &Head<'_>, principal: Option<&Principal>) -> Result<Option<Session>, Box<Response>> {
        match era::of(head, "", None) {
            Ok(Era::Session(id)) => match self.sessions.find(id, principal) {
                Some(session) => Ok(Some(session)),
                None => Err(Box::new(answer::session_not_found(None))),
            },
            Ok(Era::Sessionless(version)) => Ok(Some(Session::sessionless(version))),
            Ok(Era::Stateless(_) | Era::Initialize) => Ok(None),
            Err(error) => Err(Box::new(answer::refuse(None, &error))),
        }
    }

    /// Judges what has to be right whatever a request asks for: its era, and that its headers agree with its body.
    pub(super) fn judge(
        &self,
        headers: &HeaderMap,
        head: &Head<'_>,
        principal: Option<&Principal>,
        incoming: &Incoming<'_>,
        body: &Bytes,
    ) -> Result<Terms, Box<Response>> {
        let refuse = |error: RpcError| Box::new(answer::refuse(Some(&incoming.id), &error));
        match era::of(head, &incoming.method, incoming.protocol_version()).map_err(refuse)? {
            Era::Stateless(version) => {
                let settled = incoming.settle(version, body).map_err(refuse)?;
                self.check_headers(headers, head, incoming).map_err(refuse)?;
                Ok(Terms::Stateless(settled))
            }
            Era::Initialize => Ok(Terms::Initialize),
            Era::Session(id) => match self.sessions.find(id, principal) {
                Some(session) => Ok(Terms::Session(session)),
                None => Err(Box::new(answer::session_not_found(Some(&incoming.id)))),
            },
            Era::Sessionless(version) => Ok(Terms::Session(Session::sessionless(version))),
        }
    }

    /// What the headers of a stateless request repeat from its body.
    pub(super) fn check_headers(
        &self,
        headers: &HeaderMap,
        head: &Head<'_>,
        incoming: &Incoming<'_>,
    ) -> Result<(), RpcError> {
        let Incoming { method, params, .. } = incoming;
        headers::check(head, method, params)?;
        if method != "tools/call" {
            return Ok(());
        }
        let tool = params.name()?.and_then(|name| self.registry.tool(&name));
        match tool.map(Tool::headers) {
            Some(declared) if !declared.is_empty() => headers::check_params(headers, declared, params.arguments),
            _ => Ok(()),
        }
    }

    /// What comes of a request. Nothing here waits: what does are the functions, once they run.
    pub(super) fn serve(
        self: &Arc<Self>,
        incoming: &Incoming<'_>,
        terms: Terms,
        arrived: Arrived,
        body: &Bytes,
    ) -> Served {
        match terms {
            Terms::Stateless(settled) => self.stateless(arrived, body, incoming, settled),
            Terms::Initialize => Served::Answered(self.initialize(&arrived, body, &incoming.id)),
            Terms::Session(session) => self.legacy_request(arrived, body, session, incoming),
        }
    }

    /// Serves a stateless request in place: a client that hangs up drops it, which is how it cancels.
    fn stateless(
        self: &Arc<Self>,
        arrived: Arrived,
        body: &Bytes,
        incoming: &Incoming<'_>,
        settled: Settled,
    ) -> Served {
        let version = settled.version;
        let Arrived { headers, principal, connection } = arrived;
        let caller = Caller { headers, principal };
        let method = Method::parse(&incoming.method);
        let dispatched = match incoming.request(method, body, settled, caller, &self.shared) {
            Ok(request) => self.registry.dispatch(request),
            Err(error) => Dispatched::Answered(Ok(Outcome::Error(error))),
        };
        match dispatched {
            Dispatched::Running(running) => Served::Runs(version, incoming.id.clone(), running),
            Dispatched::Listening(listening) => {
                Served::Answered(Arc::clone(self).listen(version, incoming.id.clone(), listening, connection))
            }
            Dispatched::Answered(answer) => {
                let status = match &answer {
                    Ok(Outcome::Error(error)) => answer::answered(error.code()),
                    _ => StatusCode::OK,
                };
                Served::Answered(self.respond(version, &incoming.id, answer, status))
            }
        }
    }
}
