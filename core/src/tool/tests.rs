//! Tools made by the macro, called as the server calls them.

mod arguments;
mod errors;
mod outputs;
mod schemas;

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use serde_json::{Value, json};

use super::{Tool, ToolFn};
use crate::RequestContext;
use crate::context::Shared;
use crate::exchange::Exchange;
use crate::outcome::Outcome;
use crate::protocol::{CallToolResult, ProtocolVersion, RawJson, RequestId, RequestMeta, RpcError};

/// A request to a server with these settings.
pub(crate) fn context(shared: Shared) -> Box<RequestContext> {
    Box::new(RequestContext {
        reference: crate::context::Reference::next(),
        id: RequestId::Number(7),
        version: ProtocolVersion::LATEST,
        client_info: RawJson::new(Bytes::from_static(br#"{"name":"tester","version":"1"}"#)),
        client_capabilities: RawJson::default(),
        meta: RequestMeta::of(Bytes::from_static(br#"{"params":{"_meta":{"example.com/team":"search"}}}"#)),
        headers: HeaderMap::from_iter([(http::header::HOST, http::HeaderValue::from_static("example.com"))]),
        principal: None,
        progress_token: RawJson::default(),
        log_level: None,
        resolved: crate::extract::ResolvedArguments::default(),
        exchange: Arc::new(Exchange::retrying()),
        shared: Arc::new(shared),
    })
}

fn tool<T: ToolFn>(_: T) -> Tool {
    let tool = T::tool();
    assert_eq!(tool.problems(), [] as [String; 0], "{}", tool.name());
    tool
}

async fn call_with(tool: &Tool, shared: Shared, arguments: &str) -> Result<CallToolResult, RpcError> {
    result_of(tool.call(context(shared), Bytes::copy_from_slice(arguments.as_bytes())).await)
}

fn result_of(answer: crate::outcome::Answer) -> Result<CallToolResult, RpcError> {
    match answer.expect("no refusal by the transport") {
        Outcome::Tool(result) => Ok(result),
        Outcome::Error(error) => Err(error),
        other => panic!("{other:?}"),
    }
}

/// The result of a call, as it goes to the client.
async fn call(tool: &Tool, arguments: &Value) -> Value {
    let arguments = arguments.to_string();
    let result = call_with(tool, Shared::default(), &arguments).await.expect("a result");
    serde_json::to_value(result).expect("JSON")
}

/// The text of a call that went well.
async fn text(tool: &Tool, arguments: Value) -> String {
    let result = call(tool, &arguments).await;
    assert_eq!(result.get("isError"), None, "{result}");
    result["content"][0]["text"].as_str().expect("text").to_owned()
}

/// What the model is told of a call that failed.
async fn fault(tool: &Tool, arguments: Value) -> String {
    let result = call(tool, &arguments).await;
    assert_eq!(result["isError"], json!(true), "{result}");
    result["content"][0]["text"].as_str().expect("text").to_owned()
}

fn input_schema(tool: &Tool) -> Value {
    serde_json::from_str(tool.input_schema().get()).expect("JSON")
}
