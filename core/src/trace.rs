//! What is told of each request: a `tracing` span by the OpenTelemetry conventions for MCP, the observers of the
//! application, and metrics.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tracing::Span;
use tracing::field::Empty;

use crate::RequestContext;
use crate::auth::Principal;
use crate::context::{Reference, Shared};
use crate::extract::Refused;
use crate::outcome::{Answer, Outcome};
use crate::protocol::{ErrorCode, ProtocolVersion};

/// A request that was served, as an observer sees it ([`McpServer::observe`](crate::McpServer::observe)).
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Observation<'a> {
    /// The method, such as `tools/call`; `unknown` for one that is not served.
    pub method: &'a str,
    /// The name of the tool or prompt, or the URI of the resource; only where there is one of that name.
    pub target: Option<&'a str>,
    /// Who called; `None` on a server without login.
    pub principal: Option<&'a Principal>,
    /// The revision of the protocol.
    pub protocol_version: ProtocolVersion,
    /// What the request is found by in the log.
    pub reference: Reference,
    /// What came of it.
    pub outcome: ObservedOutcome,
    /// From its dispatch to its answer.
    pub duration: Duration,
}

/// What came of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ObservedOutcome {
    /// A result.
    Complete,
    /// A result of a tool that says that it failed (`isError`).
    ToolError,
    /// The client is asked first, and then tries again.
    InputRequired,
    /// A JSON-RPC error.
    Error(ErrorCode),
    /// A challenge of the login: 401, 403 or 503.
    Refused,
    /// The client went away or cancelled.
    Cancelled,
}

impl ObservedOutcome {
    /// The outcome of this answer.
    pub(crate) fn of(answer: &Answer) -> Self {
        match answer {
            Ok(Outcome::Tool(result)) if result.is_error => Self::ToolError,
            Ok(Outcome::InputRequired(_)) => Self::InputRequired,
            Ok(Outcome::Error(error)) => Self::Error(error.code()),
            Ok(_) => Self::Complete,
            Err(Refused::LoginRequired | Refused::ProviderUnavailable { .. } | Refused::InsufficientScope(_)) => {
                Self::Refused
            }
        }
    }

    /// One word, for metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::ToolError => "tool_error",
            Self::InputRequired => "input_required",
            Self::Error(_) => "error",
            Self::Refused => "refused",
            Self::Cancelled => "cancelled",
        }
    }
}

/// What an application does with observations.
pub(crate) type Observer = Box<dyn Fn(&Observation<'_>) + Send + Sync>;

/// A request while it is served. Dropped before its end, it was cancelled.
pub(crate) struct Trace {
    span: Span,
    method: &'static str,
    observed: Option<Box<Observed>>,
    ended: bool,
}

struct Observed {
    shared: Arc<Shared>,
    target: Option<Box<str>>,
    principal: Option<Principal>,
    version: ProtocolVersion,
    reference: Reference,
    started: Instant,
}

impl Trace {
    /// Starts with a request for this method.
    pub(crate) fn start(method: &'static str, context: &RequestContext) -> Self {
        // Where nobody listens, the span is disabled and its fields are not even evaluated.
        let span = tracing::info_span!(
            "mcp.server",
            otel.name = method,
            otel.kind = "server",
            otel.status_code = Empty,
            mcp.method.name = method,
            mcp.protocol.version = context.version.as_str(),
            jsonrpc.request.id = %context.id,
            reference = %context.reference,
            gen_ai.operation.name = Empty,
            gen_ai.tool.name = Empty,
            gen_ai.prompt.name = Empty,
            mcp.resource.uri = Empty,
            error.type = Empty,
            rpc.response.status_code = Empty,
            traceparent = Empty,
        );
        if !span.is_disabled() {
            follow(&span, context);
        }
        let wanted = cfg!(feature = "metrics") || !context.shared.observers.is_empty();
        let observed = wanted.then(|| {
            Box::new(Observed {
                shared: Arc::clone(&context.shared),
                target: None,
                principal: context.principal.clone(),
                version: context.version,
                reference: context.reference,
                started: Instant::now(),
            })
        });
        Self { span, method, observed, ended: false }
    }

    /// The span, to be entered while the request is worked on.
    pub(crate) const fn span(&self) -> &Span {
        &self.span
    }

    /// Says what the request is for, once that is known to be there, and before the span is entered: some subscribers
    /// take a name no later.
    pub(crate) fn target(&mut self, target: &str) {
        if !self.span.is_disabled() {
            name(&self.span, self.method, target);
        }
        if let Some(observed) = &mut self.observed {
            observed.target = Some(target.into());
        }
    }

    /// Ends with this answer.
    pub(crate) fn finish(mut self, answer: &Answer) {
        self.end(ObservedOutcome::of(answer));
    }

    fn end(&mut self, outcome: ObservedOutcome) {
        self.ended = true;
        record(&self.span, outcome);
        let Some(observed) = self.observed.take() else { return };
        let observation = Observation {
            method: self.method,
            target: observed.target.as_deref(),
            principal: observed.principal.as_ref(),
            protocol_version: observed.version,
            reference: observed.reference,
            outcome,
            duration: observed.started.elapsed(),
        };
        #[cfg(feature = "metrics")]
        measure(&observation);
        for observer in &observed.shared.observers {
            // An observer is not worth the request that it watches.
            if catch_unwind(AssertUnwindSafe(|| observer(&observation))).is_err() {
                tracing::error!(method = self.method, "an observer panicked");
            }
        }
    }
}

impl Drop for Trace {
    fn drop(&mut self) {
        if !self.ended {
            self.end(ObservedOutcome::Cancelled);
        }
    }
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trace").finish_non_exhaustive()
    }
}

/// Names the function that serves the request. Tools and prompts are few and URIs are not, so a resource's is no part of
/// the span's name (OpenTelemetry, MCP, Spans).
fn name(span: &Span, method: &str, target: &str) {
    match method {
        "tools/call" => {
            span.record("gen_ai.operation.name", "execute_tool").record("gen_ai.tool.name", target);
        }
        "prompts/get" => {
            span.record("gen_ai.prompt.name", target);
        }
        _ => {
            span.record("mcp.resource.uri", target);
            return;
        }
    }
    span.record("otel.name", tracing::field::display(format_args!("{method} {target}")));
}

/// What came of it, in the words of OpenTelemetry.
fn record(span: &Span, outcome: ObservedOutcome) {
    if span.is_disabled() {
        return;
    }
    match outcome {
        ObservedOutcome::Complete | ObservedOutcome::InputRequired => return,
        ObservedOutcome::Error(code) => {
            span.record("error.type", code.code()).record("rpc.response.status_code", code.code());
        }
        ObservedOutcome::ToolError | ObservedOutcome::Refused | ObservedOutcome::Cancelled => {
            span.record("error.type", outcome.as_str());
        }
    }
    span.record("otel.status_code", "ERROR");
}

/// Makes the span part of the client's trace (MCP 2026-07-28, Overview, OpenTelemetry trace context).
fn follow(span: &Span, context: &RequestContext) {
    let Some(traceparent) = context.meta.get::<String>("traceparent") else { return };
    span.record("traceparent", &*traceparent);
    #[cfg(feature = "otel")]
    otel::follow(span, context, traceparent);
}

#[cfg(feature = "otel")]
mod otel {
    use std::collections::HashMap;

    use tracing::Span;
    use tracing_opentelemetry::OpenTelemetrySpanExt as _;

    use crate::RequestContext;

    /// Sets the parent of a span, as the propagator of the application understands it
    /// (`opentelemetry::global::set_text_map_propagator`).
    pub(super) fn follow(span: &Span, context: &RequestContext, traceparent: String) {
        let mut carrier = HashMap::from([("traceparent".to_owned(), traceparent)]);
        for key in ["tracestate", "baggage"] {
            carrier.extend(context.meta.get::<String>(key).map(|value| (key.to_owned(), value)));
        }
        let parent = opentelemetry::global::get_text_map_propagator(|propagator| propagator.extract(&carrier));
        // A subscriber without an OpenTelemetry layer has nothing to set it on.
        let _ = span.set_parent(parent);
    }
}

/// `mcp.server.operation.duration` of the OpenTelemetry conventions, and how many there were.
#[cfg(feature = "metrics")]
fn measure(observation: &Observation<'_>) {
    let Observation { method, outcome, duration, .. } = *observation;
    let method: std::borrow::Cow<'static, str> = method.to_owned().into();
    metrics::counter!("mcp.server.operations", "mcp.method.name" => method.clone(), "outcome" => outcome.as_str())
        .increment(1);
    metrics::histogram!("mcp.server.operation.duration", "mcp.method.name" => method, "outcome" => outcome.as_str())
        .record(duration.as_secs_f64());
}
