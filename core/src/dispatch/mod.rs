//! A request in, a result out. Every request has the shape of the current revision here; the transports see to that.

mod registry;
#[cfg(test)]
mod tests;

pub(crate) use registry::{Registry, StaticResult};

use crate::RequestContext;
pub(crate) use crate::extract::Refused;
use crate::protocol::{CallToolResult, ErrorCode, MethodParams, RpcError};
use crate::tool::Tool;

/// One request.
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) params: MethodParams,
    pub(crate) context: RequestContext,
}

/// The methods that are served here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    /// `server/discover`
    Discover,
    /// `tools/list`
    ListTools,
    /// `tools/call`
    CallTool,
    /// Any other.
    Unknown(Box<str>),
}

impl Method {
    pub(crate) fn parse(name: &str) -> Self {
        match name {
            "server/discover" => Self::Discover,
            "tools/list" => Self::ListTools,
            "tools/call" => Self::CallTool,
            unknown => Self::Unknown(unknown.chars().take(64).collect()),
        }
    }
}

/// What came of a request.
pub(crate) enum Outcome {
    /// A result that was serialized at `build()`.
    Static(StaticResult),
    /// Done, with nothing to tell.
    Empty,
    /// A tool ran, or told the model why it did not.
    Tool(CallToolResult),
    /// The request could not be served.
    Error(RpcError),
}

impl Registry {
    /// Serves one request.
    pub(crate) async fn dispatch(&self, request: Request) -> Result<Outcome, Refused> {
        match request.method {
            Method::Discover => Ok(Outcome::Static(self.discover.clone())),
            Method::ListTools if self.has_tools() => Ok(self.list_tools(&request.params)),
            Method::CallTool if self.has_tools() => self.call_tool(request.params, request.context).await,
            Method::ListTools => Ok(method_not_found("tools/list")),
            Method::CallTool => Ok(method_not_found("tools/call")),
            Method::Unknown(name) => Ok(method_not_found(&name)),
        }
    }

    fn list_tools(&self, params: &MethodParams) -> Outcome {
        // The list is one page, so no cursor was ever given out.
        if params.cursor.is_some() {
            return Outcome::Error(RpcError::invalid_params("Unknown cursor: this list has a single page"));
        }
        Outcome::Static(self.tool_list.clone())
    }

    async fn call_tool(&self, params: MethodParams, context: RequestContext) -> Result<Outcome, Refused> {
        let Some(name) = params.name else {
            return Ok(Outcome::Error(RpcError::invalid_params("`params.name` is missing: it names the tool")));
        };
        let Some(tool) = self.tool(&name) else {
            let shown: String = name.chars().take(128).collect();
            return Ok(Outcome::Error(RpcError::invalid_params(format!("Unknown tool: {shown}"))));
        };
        check_scopes(tool, &context)?;
        Ok(match tool.call(context, params.arguments).await? {
            Ok(result) => Outcome::Tool(result),
            Err(error) => Outcome::Error(error),
        })
    }
}

/// Whether the caller was granted what the tool asks for; nobody has no scopes.
fn check_scopes(tool: &Tool, context: &RequestContext) -> Result<(), Refused> {
    let scopes = tool.scopes();
    if scopes.is_empty() {
        return Ok(());
    }
    let principal = context.principal().ok_or(Refused::LoginRequired)?;
    if scopes.iter().all(|scope| principal.has_scope(scope)) {
        return Ok(());
    }
    Err(Refused::InsufficientScope(scopes.iter().map(|scope| Box::from(&**scope)).collect()))
}

fn method_not_found(method: &str) -> Outcome {
    Outcome::Error(RpcError::new(ErrorCode::MethodNotFound, format!("Method not found: {method}")))
}
