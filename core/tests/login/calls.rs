//! A tool that takes the caller's token, over HTTP.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use axum::body::Body;
use dari::auth::{OAuthProxy, Sessions};
use dari::clock::Clock;
use dari::prelude::*;
use dari::store::MemoryStore;
use dari::{FromContext, Rejection, RequestContext};
use futures_util::future::join_all;
use http::{Request, header};
use secrecy::ExposeSecret as _;
use serde_json::json;

use crate::fake::{Fake, FakeProvider, Mode};
use crate::world::{BASE, REDIRECT, Reply, SECRET, World, tokens};

/// Tells what it knows of the caller.
#[mcp_tool]
async fn whoami(token: AccessToken, typed: AccessToken<FakeProvider>) -> String {
    let profile: HashMap<String, String> = typed.profile().unwrap_or_default();
    format!("{} {} {}", token.user_id(), profile["nickname"], token.secret().expose_secret())
}

/// The tokens that calls were given.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<AccessToken>>>);

/// Keeps the token that it is given.
#[mcp_tool]
async fn keep(token: AccessToken, State(Kept(kept)): State<Kept>) -> String {
    let mut kept = kept.lock().unwrap();
    kept.push(token);
    let first = &kept[0];
    kept.iter().all(|token| std::ptr::eq(token.raw_profile(), first.raw_profile())).to_string()
}

/// Signs its user out everywhere.
#[mcp_tool]
async fn sign_out(token: AccessToken, sessions: Sessions) -> Result<String, ToolError> {
    Ok(sessions.end_all(token.user_id()).await.context("not all were ended")?.to_string())
}

/// Signs its user out before the function starts.
struct SignedOut;

impl FromContext for SignedOut {
    async fn from_context(context: &RequestContext) -> Result<Self, Rejection> {
        let sessions = Sessions::from_context(context).await?;
        let user = context.principal().unwrap().subject().to_owned();
        sessions.end_all(&user).await.unwrap();
        Ok(Self)
    }
}

/// Takes the token of a login that has ended meanwhile.
#[mcp_tool]
async fn too_late(_out: SignedOut, token: AccessToken) -> String {
    token.secret().expose_secret().to_owned()
}

/// Signs its user out, and finds out only then what was not permitted.
#[mcp_tool]
async fn sign_out_and_find_out(token: AccessToken, sessions: Sessions) -> Result<String, ToolError> {
    sessions.end_all(token.user_id()).await.context("not all were ended")?;
    Err(ToolError::needs_scopes(["calendar", "profile"]))
}

/// Needs a scope that is granted by name only.
#[mcp_tool(scopes("calendar"))]
async fn declared(_token: AccessToken) -> String {
    "ran".to_owned()
}

/// Finds out while it runs that the provider does not permit the calendar.
#[mcp_tool]
async fn no_calendar(_token: AccessToken) -> Result<String, ToolError> {
    Err(ToolError::needs_scope("calendar"))
}

/// Finds out while it runs that the provider permits nothing.
#[mcp_tool(scopes("profile"))]
async fn found_out(_token: AccessToken) -> Result<String, ToolError> {
    Err(ToolError::needs_scopes(["calendar", "profile"]).context("the calendar is closed"))
}

/// A world whose routes are those of a whole server.
pub(crate) async fn server(lifetime: Duration) -> World {
    server_with_sessions(lifetime).await.0
}

async fn server_with_sessions(lifetime: Duration) -> (World, Sessions) {
    let (clock, hand) = Clock::manual(SystemTime::now());
    let fake = Fake::start().await;
    let proxy = || {
        OAuthProxy::new(fake.provider())
            .secret(SECRET.to_owned().into())
            .public_url(BASE)
            .upstream_timeout(Duration::from_millis(500))
            .access_token_lifetime(lifetime)
            .identity_check_interval(Duration::from_secs(24 * 3600))
            .scopes_supported(["calendar", "profile"])
            .clock(hand.clock())
    };
    let store = MemoryStore::with_clock(clock);
    let server = McpServer::new("Test Server", "1.0.0")
        .tools(tools![whoami, keep, sign_out, too_late, sign_out_and_find_out, declared, found_out, no_calendar])
        .state(Kept::default());
    let server = server.auth(proxy().store(store)).build().unwrap();
    let (sessions, routes) = (server.sessions().unwrap(), server.into_router());
    let world = World::on(fake.clone(), hand.clone(), |_| proxy().store(MemoryStore::new()));
    (World { routes, ..world }, sessions)
}

async fn whoami_over_http(world: &World, access: &str) -> Reply {
    call(world, access, "whoami").await
}

pub(crate) async fn call(world: &World, access: &str, tool: &str) -> Reply {
    let body = json!({
        "jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": {
            "name": tool, "arguments": {},
            "_meta": {
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientInfo": { "name": "test", "version": "1" },
                "io.modelcontextprotocol/clientCapabilities": {},
            },
        },
    });
    let request = Request::post("/mcp")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ACCEPT, "application/json, text/event-stream")
        .header(header::AUTHORIZATION, format!("Bearer {access}"))
        .header("MCP-Protocol-Version", "2026-07-28")
        .header("Mcp-Method", "tools/call")
        .header("Mcp-Name", tool);
    world.send(request.body(Body::from(body.to_string())).unwrap()).await
}

fn text(reply: &Reply) -> String {
    reply.json()["result"]["content"][0]["text"].as_str().unwrap_or_else(|| panic!("{}", reply.body)).to_owned()
}

#[tokio::test]
async fn a_tool_sees_the_user_and_the_upstream_token_tok_01() {
    let world = server(Duration::from_secs(3600)).await;
    let held = world.log_in().await;
    let reply = whoami_over_http(&world, &held.access).await;
    assert_eq!(text(&reply), "naver-user-1 다리 upstream-access-1");
}

#[tokio::test]
async fn tok_09_10_a_token_elsewhere_than_in_the_header_or_of_the_provider_is_none() {
    let world = server(Duration::from_secs(3600)).await;
    let held = world.log_in().await;
    let form = format!("access_token={}", held.access);
    for (path, kind, body) in [
        (format!("/mcp?{form}"), "application/json", "{}".to_owned()),
        ("/mcp".to_owned(), "application/x-www-form-urlencoded", form.clone()),
    ] {
        let reply = world.send(Request::post(path).header(header::CONTENT_TYPE, kind).body(body.into()).unwrap()).await;
        assert_eq!(reply.status, 401, "{}", reply.body);
        assert!(
            !reply.header("www-authenticate").contains("error="),
            "nothing was wrong with a token that was not sent"
        );
    }
    let upstream = world.fake.set().access_token.clone();
    assert_eq!(whoami_over_http(&world, &upstream).await.status, 401);
}

#[tokio::test]
async fn a_tool_can_sign_its_user_out() {
    let world = server(Duration::from_secs(3600)).await;
    let (one, two) = (world.log_in().await, world.log_in().await);
    assert_eq!(text(&call(&world, &one.access, "sign_out").await), "2");
    for held in [one, two] {
        assert_eq!(whoami_over_http(&world, &held.access).await.status, 401);
    }
    assert_eq!(world.fake.set().revoked.len(), 1);
}

#[tokio::test]
async fn tok_13_a_scope_that_lacks_is_403_with_all_that_the_call_needs() {
    let world = server(Duration::from_secs(3600)).await;
    let client = world.client(REDIRECT).await;
    let page = world.authorize(&client, &[("scope", "profile")]).await;
    let sent = world.approve(&page).await;
    let code = world.come_back(&sent["state"], &page.cookie()).await.redirect()["code"].clone();
    let held = tokens(&client, &world.exchange(&client, &code).await);
    for (tool, scope) in [("declared", "calendar"), ("found_out", "profile calendar")] {
        let reply = call(&world, &held.access, tool).await;
        assert_eq!(reply.status, 403, "{tool}: {}", reply.body);
        let challenge = reply.header("www-authenticate");
        let expected = format!(r#"scope="{scope}", error="insufficient_scope""#);
        assert!(challenge.contains(&expected), "{tool}: {challenge}");
        assert!(challenge.contains("/.well-known/oauth-protected-resource/mcp"), "{challenge}");
    }
}

#[tokio::test]
async fn a_scope_that_nobody_can_be_granted_is_a_mistake_at_build() {
    let fake = Fake::start().await;
    let login = OAuthProxy::new(fake.provider())
        .secret(SECRET.to_owned().into())
        .public_url(BASE)
        .required_scopes(["profile"])
        .store(MemoryStore::new());
    let server = McpServer::new("Test Server", "1.0.0").tools(tools![declared, found_out]).auth(login);
    let error = server.build().unwrap_err().to_string();
    assert!(
        error.contains("`declared`") && error.contains("`calendar`") && error.contains("scopes_supported"),
        "{error}"
    );
    assert!(!error.contains("found_out"), "{error}");
}

#[tokio::test]
async fn without_a_reprompt_the_user_is_sent_to_the_provider_once_and_then_told_what_to_do() {
    let world = server(Duration::from_secs(3600)).await;
    let client = world.client(REDIRECT).await;
    let log_in = async || {
        let page = world.authorize(&client, &[("scope", "calendar profile")]).await;
        let sent = world.approve(&page).await;
        world.come_back(&sent["state"], &page.cookie()).await
    };
    for _ in 0..2 {
        let held = tokens(&client, &world.exchange(&client, &log_in().await.redirect()["code"]).await);
        assert_eq!(call(&world, &held.access, "found_out").await.status, 403);
        // This provider has no word for asking again: it asks by itself, or it does not.
        let held = tokens(&client, &world.exchange(&client, &log_in().await.redirect()["code"]).await);
        assert_eq!(call(&world, &held.access, "found_out").await.status, 403);
        let page = log_in().await;
        assert_eq!(page.status, 403);
        assert!(page.body.contains("error=access_denied") && page.body.contains("Write events"), "{}", page.body);
        // After which it begins anew.
    }
}

#[tokio::test]
async fn tok_13_the_page_names_what_is_missing_and_nothing_else() {
    let world = server(Duration::from_secs(3600)).await;
    let client = world.client(REDIRECT).await;
    let log_in = async || {
        let page = world.authorize(&client, &[("scope", "calendar profile")]).await;
        let sent = world.approve(&page).await;
        world.come_back(&sent["state"], &page.cookie()).await
    };
    for _ in 0..2 {
        let held = tokens(&client, &world.exchange(&client, &log_in().await.redirect()["code"]).await);
        assert_eq!(call(&world, &held.access, "no_calendar").await.status, 403);
    }
    let page = log_in().await;
    assert_eq!(page.status, 403);
    assert!(page.body.contains("<li>Write events</li>"), "{}", page.body);
    assert!(!page.body.contains("<code>profile</code>"), "{}", page.body);
}

#[tokio::test]
async fn a_call_during_which_its_login_ended_gets_no_token() {
    let world = server(Duration::from_secs(3600)).await;
    let held = world.log_in().await;
    let reply = call(&world, &held.access, "too_late").await;
    assert_eq!(reply.status, 401, "{}", reply.body);
    assert!(reply.header("www-authenticate").contains("invalid_token"));
}

/// How the consent of a user ends.
#[derive(Clone, Copy, Debug)]
enum End {
    WithdrawnAtTheProvider,
    Revoked,
    RevokedDuringTheCall,
    TokenRefused,
    IdentityRefused,
}

#[tokio::test]
async fn tok_13_what_was_missing_is_forgotten_with_the_consent() {
    let day = Duration::from_secs(24 * 3600);
    let mut remembered = Vec::new();
    for end in
        [End::WithdrawnAtTheProvider, End::Revoked, End::RevokedDuringTheCall, End::TokenRefused, End::IdentityRefused]
    {
        let (world, sessions) = server_with_sessions(day).await;
        let client = world.client(REDIRECT).await;
        let log_in = async || {
            let page = world.authorize(&client, &[("scope", "calendar profile")]).await;
            let sent = world.approve(&page).await;
            world.come_back(&sent["state"], &page.cookie()).await
        };
        let mut held = None;
        for _ in 0..2 {
            held = Some(tokens(&client, &world.exchange(&client, &log_in().await.redirect()["code"]).await));
            assert_eq!(call(&world, &held.as_ref().unwrap().access, "found_out").await.status, 403);
        }
        let held = held.unwrap();
        // The next login would be the page that tells how to take the consent back: here that is done.
        match end {
            End::WithdrawnAtTheProvider => {
                let now = world.hand.clock().now();
                assert_eq!(sessions.consent_withdrawn("naver-user-1", now).await.unwrap(), 2);
            }
            End::Revoked => assert_eq!(sessions.end_all("naver-user-1").await.unwrap(), 2),
            End::RevokedDuringTheCall => {
                assert_eq!(call(&world, &held.access, "sign_out_and_find_out").await.status, 403);
            }
            End::TokenRefused => {
                world.pass(3600);
                world.fake.set().token = Mode::Says(200, r#"{"error":"invalid_grant"}"#);
                assert_eq!(whoami_over_http(&world, &held.access).await.status, 401);
                world.fake.set().token = Mode::Well;
            }
            End::IdentityRefused => {
                world.pass(24 * 3600 - 1);
                world.fake.set().profile = Mode::Says(401, "");
                let held = tokens(&client, &world.refresh(&client, &held.refresh).await);
                world.pass(1);
                assert_eq!(whoami_over_http(&world, &held.access).await.status, 401);
                world.fake.set().profile = Mode::Well;
            }
        }
        // And only what is missing from the new consent counts.
        for _ in 0..2 {
            let reply = log_in().await;
            if reply.status != 303 {
                remembered.push(end);
                break;
            }
            let held = tokens(&client, &world.exchange(&client, &reply.redirect()["code"]).await);
            assert_eq!(call(&world, &held.access, "found_out").await.status, 403);
        }
    }
    assert!(remembered.is_empty(), "after {remembered:?}");
}

#[tokio::test]
async fn tok_13_it_is_forgotten_with_a_withdrawn_consent_of_which_no_session_is_left() {
    let (world, sessions) = server_with_sessions(Duration::from_secs(3600)).await;
    let client = world.client(REDIRECT).await;
    let log_in = async || {
        let page = world.authorize(&client, &[("scope", "calendar profile")]).await;
        let sent = world.approve(&page).await;
        world.come_back(&sent["state"], &page.cookie()).await
    };
    for _ in 0..2 {
        let code = log_in().await.redirect()["code"].clone();
        let held = tokens(&client, &world.exchange(&client, &code).await);
        assert_eq!(call(&world, &held.access, "found_out").await.status, 403);
        // A code that was used twice ends the login and says nothing of the consent.
        world.exchange(&client, &code).await;
    }
    assert_eq!(sessions.consent_withdrawn("naver-user-1", world.hand.clock().now()).await.unwrap(), 0);
    assert!(log_in().await.redirect().contains_key("code"));
}

#[tokio::test]
async fn calls_share_what_is_known_of_their_user() {
    let world = server(Duration::from_secs(3600)).await;
    let held = world.log_in().await;
    for _ in 0..3 {
        assert_eq!(text(&call(&world, &held.access, "keep").await), "true", "copied");
    }
}

#[tokio::test]
async fn ten_calls_with_an_ended_upstream_token_refresh_it_once_ref_13_12() {
    let world = server(Duration::from_secs(24 * 3600)).await;
    world.fake.set().rotates = true;
    let held = world.log_in().await;
    for round in 2..4 {
        world.pass(3600);
        world.fake.set().token = Mode::Slow(Duration::from_millis(50));
        for reply in join_all((0..10).map(|_| whoami_over_http(&world, &held.access))).await {
            assert_eq!(text(&reply), format!("naver-user-1 다리 upstream-access-{round}"));
        }
        assert_eq!(world.fake.set().refreshes, round - 1);
    }
}

#[tokio::test]
async fn an_outage_is_503_and_a_no_is_401() {
    let world = server(Duration::from_secs(24 * 3600)).await;
    let held = world.log_in().await;
    world.pass(3600);
    world.fake.set().token = Mode::Says(503, "");
    let reply = whoami_over_http(&world, &held.access).await;
    assert_eq!(reply.status, 503, "{}", reply.body);
    let wait: u64 = reply.header("retry-after").parse().unwrap();
    world.pass(wait);
    world.fake.set().token = Mode::Says(200, r#"{"error":"invalid_grant"}"#);
    let reply = whoami_over_http(&world, &held.access).await;
    assert_eq!(reply.status, 401, "{}", reply.body);
    assert!(reply.header("www-authenticate").contains("invalid_token"));
    assert_eq!(world.refresh(&held.client_id, &held.refresh).await.error().1, "invalid_grant");
}

#[tokio::test]
async fn a_client_that_hangs_up_does_not_stop_the_refresh_ref_14() {
    let world = server(Duration::from_secs(24 * 3600)).await;
    world.fake.set().rotates = true;
    let held = world.log_in().await;
    world.pass(3600);
    world.fake.set().token = Mode::Slow(Duration::from_millis(150));
    let hasty = tokio::time::timeout(Duration::from_millis(40), whoami_over_http(&world, &held.access)).await;
    assert!(hasty.is_err());
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_eq!(text(&whoami_over_http(&world, &held.access).await), "naver-user-1 다리 upstream-access-2");
    assert_eq!(world.fake.set().refreshes, 1);
}
