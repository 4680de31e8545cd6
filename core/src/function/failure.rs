//! What the other side is told of a failure, and what only the log is.

use std::any::Any;
use std::borrow::Cow;
use std::time::Duration;

use super::{Callee, Kind};
use crate::RequestContext;
use crate::auth::Principal;
use crate::context::Reference;
use crate::extract::{Refused, Rejection};
use crate::outcome::{Answer, Outcome};
use crate::protocol::{CallToolResult, ErrorCode, RpcError};
use crate::tool_error::{self, Chain, ToolError};

/// A call, as its failures are told.
#[derive(Clone)]
pub(crate) struct Failing<'a> {
    pub(super) callee: &'a Callee,
    reference: Reference,
    /// Whether the other side is told what nobody wrote for it.
    exposed: bool,
    pub(super) principal: Option<Principal>,
}

impl<'a> Failing<'a> {
    pub(super) fn new(callee: &'a Callee, context: &RequestContext) -> Self {
        let principal = context.principal.clone();
        Self { callee, reference: context.reference(), exposed: context.shared.expose_errors, principal }
    }

    /// What comes of a call that did not reach its end.
    pub(super) fn rejected(&self, rejection: Rejection) -> Answer {
        match rejection {
            Rejection::Tool(error) => self.failed(error),
            Rejection::Protocol(error) => Ok(Outcome::Error(error)),
            Rejection::LoginRequired => Err(Refused::LoginRequired),
            Rejection::ProviderUnavailable { retry_after } => Err(Refused::ProviderUnavailable { retry_after }),
        }
    }

    fn failed(&self, error: ToolError) -> Answer {
        let (kind, name) = (self.callee.kind.noun(), &*self.callee.name);
        let reference = self.reference;
        let exposed = self.exposed;
        match error.into_kind() {
            tool_error::Kind::Protocol(error) => Ok(Outcome::Error(error)),
            tool_error::Kind::Rejected(rejection) => self.rejected(rejection),
            // Here nobody is logged in.
            tool_error::Kind::Told { text, cause: None } | tool_error::Kind::NeedsScopes { text, .. } => {
                Ok(self.told(text))
            }
            tool_error::Kind::Told { text, cause: Some(cause) } => {
                let error = Chain(&*cause);
                tracing::warn!(kind, name, %reference, %error, told = %text, "a call failed");
                Ok(if exposed { self.told(format!("{text}: {error}")) } else { self.told(text) })
            }
            tool_error::Kind::Foreign(cause) => {
                let error = Chain(&*cause);
                tracing::error!(kind, name, %reference, %error, "a call failed");
                Ok(if exposed { self.told(error.to_string()) } else { self.internal() })
            }
        }
    }

    /// The outcome of a call that took too long.
    pub(super) fn timed_out(&self, limit: Duration) -> Outcome {
        let (kind, name) = (self.callee.kind.noun(), &*self.callee.name);
        tracing::warn!(kind, name, reference = %self.reference, ?limit, "a call ran into its timeout");
        self.told(format!("the {kind} did not finish within {limit:?}"))
    }

    /// The outcome of a call that panicked.
    pub(super) fn panicked(&self, panic: &(dyn Any + Send)) -> Outcome {
        let said = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        let (kind, name, reference) = (self.callee.kind.noun(), &*self.callee.name, self.reference);
        tracing::error!(kind, name, %reference, panic = said.unwrap_or("?"), "a call panicked");
        self.internal()
    }

    /// The outcome that tells nothing but where the log has more.
    fn internal(&self) -> Outcome {
        self.told(format!("internal error (reference {})", self.reference))
    }

    /// The outcome in these words.
    fn told(&self, text: impl Into<Cow<'static, str>>) -> Outcome {
        match self.callee.kind {
            Kind::Tool => Outcome::Tool(CallToolResult::error(text)),
            Kind::Prompt | Kind::Resource | Kind::Completion => {
                Outcome::Error(RpcError::new(ErrorCode::InternalError, text))
            }
        }
    }
}
