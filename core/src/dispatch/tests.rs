//! What is decided before a tool is called.

use super::{Dispatched, Method, Offer, Registry, Request, TaskSettings};
use crate::auth::Principal;
use crate::context::Shared;
use crate::dispatch::Event;
use crate::extract::Refused;
use crate::outcome::{Answer, Outcome};
use crate::protocol::{Implementation, MethodParams};
use crate::store::Records;
use crate::tool::ToolFn as _;
use crate::tool::tests::context;
use crate::{Content, mcp_tool};

#[mcp_tool(scopes("calendar.read", "calendar.write"))]
async fn write() -> &'static str {
    "written"
}

/// Calls the tool as this caller.
async fn call_as(principal: Option<Principal>) -> Answer {
    let offer = Offer {
        server: Implementation::default(),
        instructions: None,
        tools: vec![write::tool()],
        prompts: Vec::new(),
        resources: Vec::new(),
        page_size: 10,
        tasks: TaskSettings::new(),
        records: Records::in_memory(),
        changes: false,
    };
    let registry = Registry::new(offer).expect("JSON");
    let mut context = context(Shared::default());
    context.principal = principal;
    let params = MethodParams { name: Some("write".into()), ..MethodParams::default() };
    match registry.dispatch(Request { method: Method::CallTool, params, context }) {
        Dispatched::Answered(answer) => answer,
        Dispatched::Listening(_) => panic!("nobody listens"),
        Dispatched::Running(mut running) => match running.next().await {
            Event::Ended(answer) => answer,
            Event::Said(said) => panic!("{said:?}"),
        },
    }
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
