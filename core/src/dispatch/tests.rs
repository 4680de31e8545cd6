//! What is decided before a tool is called.

use serde_json::Value;

use super::{Dispatched, Method, Offer, Registry, Request, TaskSettings};
use crate::auth::Principal;
use crate::context::Shared;
use crate::dispatch::Event;
use crate::extract::Refused;
use crate::outcome::{Answer, Outcome};
use crate::protocol::{Implementation, MethodParams};
use crate::store::Records;
use crate::tool::tests::context;
use crate::{Content, mcp_prompt, mcp_resource, mcp_tool, prompts, resources, tools};

#[mcp_tool(scopes("calendar.read", "calendar.write"))]
async fn write() -> &'static str {
    "written"
}

#[mcp_tool(scopes("calendar.write"), hidden_without_scope)]
async fn hidden_tool() {}

fn names(typed: String) -> Vec<String> {
    vec![typed]
}

#[mcp_prompt(scopes("calendar.write"), hidden_without_scope)]
async fn hidden_prompt(#[arg(complete = names)] name: String) -> String {
    name
}

#[mcp_resource(uri = "test://hidden", scopes("calendar.write"), hidden_without_scope)]
async fn hidden_resource() -> &'static str {
    "hidden"
}

#[mcp_resource(uri = "test://hidden/{name}", scopes("calendar.write"), hidden_without_scope)]
async fn hidden_template(#[arg(complete = names)] name: String) -> String {
    name
}

/// Calls the tool as this caller.
async fn call_as(principal: Option<Principal>) -> Answer {
    let params = MethodParams { name: Some("write".into()), ..MethodParams::default() };
    answer_to(principal, Method::CallTool, params).await
}

/// Sends a request as this caller.
async fn answer_to(principal: Option<Principal>, method: Method, params: MethodParams<'_>) -> Answer {
    let offer = Offer {
        server: Implementation::default(),
        instructions: None,
        tools: tools![write, hidden_tool].into(),
        prompts: prompts![hidden_prompt].into(),
        resources: resources![hidden_resource, hidden_template].into(),
        page_size: 10,
        tasks: TaskSettings::new(),
        records: Records::in_memory(),
        changes: false,
    };
    let registry = Registry::new(offer).expect("JSON");
    let mut context = context(Shared::default());
    context.principal = principal;
    match registry.dispatch(Request { method, params, context }) {
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

/// How many entries a caller finds in a list.
async fn listed(principal: Option<Principal>, method: Method, list: &str) -> usize {
    let Ok(Outcome::Static(page)) = answer_to(principal, method, MethodParams::default()).await else {
        panic!("a list");
    };
    let page: Value = serde_json::from_slice(&page.modern).expect("JSON");
    assert_eq!(page["cacheScope"], "private", "{page}");
    page[list].as_array().expect("a list").len()
}

#[tokio::test]
async fn what_is_hidden_is_listed_for_those_who_may_use_it() {
    for (method, list, open) in [
        (Method::ListTools, "tools", 1),
        (Method::ListPrompts, "prompts", 0),
        (Method::ListResources, "resources", 0),
        (Method::ListResourceTemplates, "resourceTemplates", 0),
    ] {
        assert_eq!(listed(None, method.clone(), list).await, open, "{list}");
        assert_eq!(listed(granted(&["calendar.read"]), method.clone(), list).await, open, "{list}");
        assert_eq!(listed(granted(&["calendar.write"]), method, list).await, open + 1, "{list}");
    }
}

#[tokio::test]
async fn prompts_resources_and_completions_want_their_scopes_too() {
    let named = |name: &'static str| MethodParams { name: Some(name.into()), ..MethodParams::default() };
    let at = |uri: &'static str| MethodParams { uri: Some(uri.into()), ..MethodParams::default() };
    let completing = |reference: &str| MethodParams {
        message: format!(r#"{{"params":{{"ref":{reference},"argument":{{"name":"name","value":"a"}}}}}}"#).into(),
        ..MethodParams::default()
    };
    let prompt = r#"{"type":"ref/prompt","name":"hidden_prompt"}"#;
    let template = r#"{"type":"ref/resource","uri":"test://hidden/{name}"}"#;
    for (method, params) in [
        (Method::GetPrompt, named("hidden_prompt")),
        (Method::ReadResource, at("test://hidden")),
        (Method::ReadResource, at("test://hidden/a")),
        (Method::Complete, completing(prompt)),
        (Method::Complete, completing(template)),
    ] {
        let answer = answer_to(None, method.clone(), params.clone()).await;
        assert!(matches!(answer, Err(Refused::LoginRequired)), "{method:?}: {answer:?}");
        let answer = answer_to(granted(&["calendar.read"]), method.clone(), params.clone()).await;
        assert!(matches!(answer, Err(Refused::InsufficientScope(_))), "{method:?}: {answer:?}");
        if method != Method::GetPrompt {
            let answer = answer_to(granted(&["calendar.write"]), method.clone(), params).await;
            assert!(matches!(answer, Ok(Outcome::Resource(_) | Outcome::Completion(_))), "{method:?}: {answer:?}");
        }
    }
}
