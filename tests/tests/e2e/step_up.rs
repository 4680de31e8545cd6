//! A user leaves the calendar unticked, and a tool needs it: which of the real clients ask the user by themselves, and
//! what helps with those that do not. The README's table says the same.

use std::time::Duration;

use dari_tests::client::Login;
use rmcp::model::ProtocolVersion;
use serde_json::{Value, json};

use crate::clients::{ClientDocuments, serve};

/// Longer than any of these tests: no refresh is to be taken for a step-up.
const LIFETIME: Duration = Duration::from_secs(600);

/// The user permits everything but the calendar, and that only when asked once more.
const UNTICKED_AT_FIRST: (&str, &str) = ("LOGIN_CALENDAR", "no,yes");

/// Has a client ask for a schedule in these ways, one after the other; gives what it said to those that did not help.
///
/// Whichever way helps, it is one more login, at which the user is asked for the permission once.
async fn in_one_of(client: &str, mode: Option<&str>, ways: &[&str]) -> Value {
    let served = serve(ClientDocuments::for_client(client), LIFETIME).await;
    let row = served.run(client, mode, &[UNTICKED_AT_FIRST, ("STEP_UP", &ways.join(","))]).await;

    assert_eq!(row["way"], *ways.last().expect("a way"), "{row}");
    assert!(row["schedule"].to_string().contains("create"), "{row}");
    assert_eq!(served.sandbox.control().schedules().len(), 1, "{row}");

    let logins = row["logins"].as_array().expect("a list");
    assert_eq!(logins.len(), 2, "{row}");
    assert_eq!(logins[0]["steps"], json!(["consent", "login", "permission"]), "{row}");
    assert_eq!(logins[1]["steps"].as_array().and_then(|steps| steps.last()), Some(&json!("permission")), "{row}");
    assert_eq!(logins[1]["scope"], "calendar", "{row}");
    if row["way"] == "itself" {
        assert_eq!(logins[0]["client"], logins[1]["client"], "it stays the client that it was: {row}");
    }
    served.stop();
    row["said"].clone()
}

/// The client asks the user, and goes on with the call; its caller sees nothing but the result.
macro_rules! by_themselves {
    ($($test:ident: $client:literal $(, $mode:literal)?;)*) => {$(
        #[tokio::test]
        async fn $test() {
            in_one_of($client, [$($mode)?].first().copied(), &["itself"]).await;
        }
    )*};
}

by_themselves! {
    fastmcp_steps_up: "fastmcp";
    mcp_python_steps_up: "mcp_python";
    ts_client_auto_steps_up: "ts_client", "auto";
    ts_client_legacy_steps_up: "ts_client", "legacy";
    mcp_remote_steps_up: "mcp_remote";
    langchain_adapters_steps_up: "langchain_adapters";
}

#[tokio::test]
async fn claude_code_says_what_it_lacks_and_gets_it_with_another_login() {
    let said = in_one_of("claude_code", None, &["itself", "anew"]).await;
    let error = said["itself"].as_str().expect("an error");
    assert!(error.contains(r#"needs additional permissions (scope: "calendar")"#), "{error}");
}

async fn inspector(era: &str) {
    let said = in_one_of("inspector", Some(era), &["itself", "anew"]).await;
    let error = said["itself"].as_str().expect("an error");
    assert!(error.contains("auth() returned AUTHORIZED without authorization code"), "{error}");
}

#[tokio::test]
async fn inspector_auto_fails_and_gets_it_with_another_login() {
    inspector("auto").await;
}

#[tokio::test]
async fn inspector_legacy_fails_and_gets_it_with_another_login() {
    inspector("legacy").await;
}

fn schedule() -> Value {
    json!({ "title": "다리 시험", "start_datetime": "2026-10-18 15:30", "end_datetime": "2026-10-18 16:30" })
}

/// `rmcp` gives its caller the challenge, and what to do with it.
#[tokio::test]
async fn rmcp_leaves_it_to_the_application() {
    let served = serve(ClientDocuments::Advertised, LIFETIME).await;
    let login = Login::through_browser(&served.mcp_url, &["--calendar", "no"]).await;
    let client_id = login.visit.client.clone();
    let mut client = login.connect(ProtocolVersion::V_2026_07_28).await;
    let refused = client.try_call("create_calendar_schedule", schedule()).await.expect_err("it lacks the calendar");
    client.call_ok("get_current_time", json!({})).await;

    let visit = client.step_up(&refused, &["--calendar", "yes"]).await;
    assert_eq!(visit.steps, ["consent", "login", "login", "permission"]);
    assert_eq!((visit.scope.as_deref(), visit.client), (Some("calendar"), client_id));
    client.call_ok("create_calendar_schedule", schedule()).await;
    assert_eq!(served.sandbox.control().schedules().len(), 1);
    served.stop();
}

#[tokio::test]
async fn rmcp_logs_in_anew() {
    let served = serve(ClientDocuments::Advertised, LIFETIME).await;
    let login = Login::through_browser(&served.mcp_url, &["--calendar", "no"]).await;
    let client = login.connect(ProtocolVersion::V_2025_11_25).await;
    client.try_call("create_calendar_schedule", schedule()).await.expect_err("it lacks the calendar");

    let login = Login::through_browser(&served.mcp_url, &["--calendar", "yes"]).await;
    let client = login.connect(ProtocolVersion::V_2025_11_25).await;
    client.call_ok("create_calendar_schedule", schedule()).await;
    assert_eq!(served.sandbox.control().schedules().len(), 1);
    served.stop();
}
