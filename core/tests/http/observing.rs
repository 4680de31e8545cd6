//! What is told of the requests that are served.

use std::sync::{Arc, Mutex};

use axum::middleware::{Next, from_fn};
use dari::{ErrorCode, ObservedOutcome};

use crate::*;

/// What the observer of a server saw.
type Seen = Arc<Mutex<Vec<(String, Option<String>, ObservedOutcome)>>>;

fn observed() -> (Router, Seen) {
    let seen = Seen::default();
    let notes = Arc::clone(&seen);
    let server = server().observe(move |observation| {
        assert!(observation.principal.is_none() && observation.protocol_version.as_str() == "2026-07-28");
        let note = (observation.method.to_owned(), observation.target.map(str::to_owned), observation.outcome);
        notes.lock().expect("no poison").push(note);
    });
    (server.into_router().expect("the server builds"), seen)
}

#[tokio::test]
async fn an_observer_sees_what_every_request_came_to() {
    let (router, seen) = observed();
    for request in [
        modern("tools/list", json!({})),
        call("add", json!({ "a": 1, "b": 2 })),
        call("add", json!({ "a": "one" })),
        call("no_such_tool", json!({})),
        modern("no/such/method", json!({})),
    ] {
        send(&router, request).await;
    }
    let add = || Some("add".to_owned());
    let seen = seen.lock().expect("no poison");
    assert_eq!(
        *seen,
        [
            ("tools/list".to_owned(), None, ObservedOutcome::Complete),
            ("tools/call".to_owned(), add(), ObservedOutcome::Complete),
            ("tools/call".to_owned(), add(), ObservedOutcome::ToolError),
            ("tools/call".to_owned(), None, ObservedOutcome::Error(ErrorCode::InvalidParams)),
            ("unknown".to_owned(), None, ObservedOutcome::Error(ErrorCode::MethodNotFound)),
        ],
        "what a stranger calls a tool or a method is told nobody"
    );
}

#[tokio::test]
async fn a_call_whose_client_went_away_was_cancelled() {
    let (router, seen) = observed();
    let call = router.oneshot(call("linger", json!({})));
    assert!(tokio::time::timeout(Duration::from_millis(50), call).await.is_err(), "the client waits no longer");
    let seen = seen.lock().expect("no poison");
    assert_eq!(*seen, [("tools/call".to_owned(), Some("linger".to_owned()), ObservedOutcome::Cancelled)]);
}

#[tokio::test]
async fn a_layer_is_around_every_route() {
    let layer = from_fn(async |request: axum::extract::Request, next: Next| {
        let mut response = next.run(request).await;
        response.headers_mut().insert("x-served-by", "a layer".parse().expect("a value"));
        response
    });
    let router = server().layer(layer).into_router().expect("the server builds");
    for request in [call("add", json!({ "a": 1, "b": 2 })), get("/readyz"), get("/nowhere")] {
        let response = router.clone().oneshot(request).await.expect("an answer");
        assert_eq!(response.headers()["x-served-by"], "a layer");
    }
}

fn get(path: &str) -> Request<Body> {
    // A load balancer asks by address.
    Request::get(path).header("host", "10.0.0.7:8000").body(Body::empty()).expect("a request")
}

#[tokio::test]
async fn health_is_told_whatever_the_host_and_readiness_ends_with_the_server() {
    let server = server().build().expect("it builds");
    let end_streams = server.end_streams();
    let router = server.into_router();
    let status = async |path: &str| router.clone().oneshot(get(path)).await.expect("an answer").status();
    assert_eq!((status("/healthz").await, status("/readyz").await), (StatusCode::OK, StatusCode::OK));
    end_streams();
    assert_eq!((status("/healthz").await, status("/readyz").await), (StatusCode::OK, StatusCode::SERVICE_UNAVAILABLE));
}

/// What a recorder of `metrics` was told.
#[cfg(feature = "metrics")]
#[test]
fn requests_are_counted_and_timed() {
    use metrics_util::debugging::{DebugValue, DebuggingRecorder};

    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    metrics::with_local_recorder(&recorder, || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let router = router();
            send(&router, call("add", json!({ "a": 1, "b": 2 }))).await;
            send(&router, call("add", json!({}))).await;
        });
    });
    let told: Vec<String> = snapshotter
        .snapshot()
        .into_vec()
        .into_iter()
        .map(|(key, _, _, value)| {
            let key = key.key();
            let labels: Vec<String> = key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
            let value = match value {
                DebugValue::Counter(count) => count,
                DebugValue::Histogram(values) => values.len() as u64,
                DebugValue::Gauge(_) => panic!("no gauge"),
            };
            format!("{} {} {value}", key.name(), labels.join(" "))
        })
        .collect();
    for wanted in [
        "mcp.server.operations mcp.method.name=tools/call outcome=complete 1",
        "mcp.server.operations mcp.method.name=tools/call outcome=tool_error 1",
        "mcp.server.operation.duration mcp.method.name=tools/call outcome=complete 1",
    ] {
        assert!(told.iter().any(|line| line == wanted), "{wanted}\n{told:#?}");
    }
}

/// The span of a call is part of the client's trace, and has the names of the conventions.
#[cfg(feature = "otel")]
#[test]
fn a_span_is_part_of_the_clients_trace() {
    use opentelemetry::trace::TracerProvider as _;
    use opentelemetry_sdk::propagation::TraceContextPropagator;
    use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
    use tracing_subscriber::layer::SubscriberExt as _;

    opentelemetry::global::set_text_map_propagator(TraceContextPropagator::new());
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
    let subscriber = tracing_subscriber::registry().with(layer);
    tracing::subscriber::with_default(subscriber, || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let mut meta = meta();
            meta["traceparent"] = json!("00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01");
            let params = json!({ "name": "add", "arguments": { "a": "one" }, "_meta": meta });
            let headers = [("mcp-protocol-version", "2026-07-28"), ("mcp-method", "tools/call"), ("mcp-name", "add")];
            let body = json!({ "jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": params });
            assert_eq!(send(&router(), post(&headers, body.to_string())).await.status, StatusCode::OK);
        });
    });
    let spans = exporter.get_finished_spans().expect("spans");
    let span = spans
        .iter()
        .find(|span| span.name == "tools/call add")
        .unwrap_or_else(|| panic!("the call's span is not among {spans:#?}"));
    assert_eq!(span.span_context.trace_id().to_string(), "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(span.parent_span_id.to_string(), "00f067aa0ba902b7");
    let attribute = |name: &str| {
        span.attributes.iter().find(|attribute| attribute.key.as_str() == name).map(|found| found.value.to_string())
    };
    for (name, value) in [
        ("mcp.method.name", "tools/call"),
        ("gen_ai.tool.name", "add"),
        ("gen_ai.operation.name", "execute_tool"),
        ("jsonrpc.request.id", "7"),
        ("mcp.protocol.version", "2026-07-28"),
        ("error.type", "tool_error"),
    ] {
        assert_eq!(attribute(name).as_deref(), Some(value), "{name}: {:?}", span.attributes);
    }
}
