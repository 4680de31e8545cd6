//! What is decided before a tool is called.

use bytes::Bytes;

use super::{Method, Outcome, Refused, Registry, Request};
use crate::auth::Principal;
use crate::context::Shared;
use crate::protocol::{Implementation, MethodParams};
use crate::tool::ToolFn as _;
use crate::tool::tests::context;
use crate::{Content, mcp_tool};

#[mcp_tool(scopes("calendar.read", "calendar.write"))]
async fn write() -> &'static str {
    "written"
}

/// Calls the tool as this caller.
async fn call_as(principal: Option<Principal>) -> Result<Outcome, Refused> {
    let server = Implementation::default();
    let registry = Registry::new(&server, None, vec![write::tool()]).expect("JSON");
    let mut context = context(Shared::default());
    context.principal = principal;
    let params = MethodParams { name: Some("write".into()), arguments: Bytes::new(), cursor: None };
    registry.dispatch(Request { method: Method::CallTool, params, context }).await
}

fn granted(scopes: &[&str]) -> Option<Principal> {
    Some(Principal::new("user", "client", scopes.iter().copied()))
}

#[tokio::test]
async fn scopes_are_wanted_of_everybody_and_first_of_all_of_nobody() {
    assert!(matches!(call_as(None).await, Err(Refused::LoginRequired)));
    let Err(Refused::InsufficientScope(scopes)) = call_as(granted(&["calendar.read"])).await else {
        panic!("a call that lacks a scope");
    };
    assert_eq!(*scopes, ["calendar.read".into(), "calendar.write".into()]);
    let Ok(Outcome::Tool(result)) = call_as(granted(&["calendar.write", "other", "calendar.read"])).await else {
        panic!("a call that has all scopes");
    };
    assert_eq!(result.content, [Content::text("written")]);
}
