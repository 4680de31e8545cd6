//! A person logs in with a browser, and `rmcp` calls the tools with that login.

use std::path::Path;
use std::time::Duration;

use dari_providers::naver::sandbox::NaverSandbox;
use dari_tests::client::{Client, Login};
use dari_tests::server::{Example, Start};
use rmcp::model::ProtocolVersion;
use serde_json::{Value, json};

use crate::{PROGRAM, TOOLS};

fn home() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

/// Calls the three tools of the cookbook and checks what they give.
async fn use_the_tools(client: &Client, title: &str) {
    assert_eq!(client.tools().await, TOOLS);

    let time = client.call_ok("get_current_time", json!({})).await;
    let today = chrono::Utc::now().with_timezone(&chrono_tz::Asia::Seoul);
    assert_eq!(time["date"].as_str().map(str::len), Some(10));
    assert!(time["datetime"].as_str().is_some_and(|datetime| datetime.starts_with(&today.format("%Y-").to_string())));
    assert!(time["weekday"].as_str().is_some_and(|weekday| weekday.ends_with("요일")), "{time}");
    assert!(time["timestamp"].as_i64().is_some_and(|stamp| (stamp - today.timestamp()).abs() < 60), "{time}");

    // A model's "3" for a number is understood.
    let found = client.call_ok("web_search", json!({ "query": "서울 여행", "display": "3" })).await;
    assert_eq!(found["query"], "서울 여행");
    let items = found["items"].as_array().expect("items");
    assert!((1..=3).contains(&items.len()), "{found}");
    assert!(items.iter().all(|item| !item["title"].as_str().unwrap_or("<b>").contains(['<', '&'])), "{found}");

    let schedule = json!({
        "title": title,
        "start_datetime": "2026-10-18 15:30",
        "end_datetime": "2026-10-18 16:30",
        "description": "첫 줄\n둘째 줄",
        "location": "서울",
    });
    let created = client.call_ok("create_calendar_schedule", schedule).await;
    assert_eq!(created["process_type"], "create", "{created}");

    let mistake =
        json!({ "title": "거꾸로", "start_datetime": "2026-10-18 16:30", "end_datetime": "2026-10-18 15:30" });
    let refused = client.call("create_calendar_schedule", mistake).await;
    assert_eq!(refused.is_error, Some(true), "an end before the start is refused");
    let mistake = json!({ "query": "서울", "display": 1000 });
    let refused = format!("{:?}", client.call("web_search", mistake).await.content);
    assert!(refused.contains("display") && refused.contains("100"), "{refused}");
}

fn schedule_named<'a>(schedules: &'a Value, title: &str) -> &'a Value {
    let schedules = schedules.as_array().expect("a list");
    schedules.iter().find(|schedule| schedule["title"] == title).unwrap_or_else(|| panic!("{title} in {schedules:?}"))
}

async fn newcomer(version: ProtocolVersion) {
    let home = home();
    let example = Start::new(PROGRAM, home.path()).with_sandbox().start().await;
    let login = Login::through_browser(&example.mcp_url, &["--calendar", "yes"]).await;
    assert_eq!(login.visit.steps, ["consent", "login", "permission"]);
    let client = login.connect(version.clone()).await;
    assert_eq!(client.version(), version);

    let title = format!("다리 시험; {version}, 쉼표");
    use_the_tools(&client, &title).await;
    let schedules = example.schedules().await;
    let schedule = schedule_named(&schedules, &title);
    assert_eq!(schedule["start"], "2026-10-18T15:30:00+09:00", "{schedule}");
    assert_eq!(schedule["end"], "2026-10-18T16:30:00+09:00", "{schedule}");
    example.stop().await;
}

#[tokio::test]
async fn a_newcomer_logs_in_and_calls_the_tools_in_2026_07_28() {
    newcomer(ProtocolVersion::V_2026_07_28).await;
}

#[tokio::test]
async fn a_newcomer_logs_in_and_calls_the_tools_in_2025_11_25() {
    newcomer(ProtocolVersion::V_2025_11_25).await;
}

/// The example as it runs in front of Naver, with a stand-in that outlives it.
async fn live(sandbox: &NaverSandbox, home: &Path) -> Example {
    started(sandbox, home, None).await
}

async fn started(sandbox: &NaverSandbox, home: &Path, at: Option<&str>) -> Example {
    let start = Start::new(PROGRAM, home)
        .env("NAVER_CLIENT_ID", sandbox.client_id())
        .env("NAVER_CLIENT_SECRET", sandbox.client_secret())
        .env("NAVER_LOGIN_URL", sandbox.login_url())
        .env("NAVER_OPENAPI_URL", sandbox.open_api_url());
    match at {
        Some(url) => start.at(url).start().await,
        None => start.start().await,
    }
}

async fn sandbox() -> NaverSandbox {
    NaverSandbox::start(([127, 0, 0, 1], 0).into()).await.expect("the sandbox starts")
}

#[tokio::test]
async fn a_login_survives_a_restart() {
    let (sandbox, home) = (sandbox().await, home());
    let example = live(&sandbox, home.path()).await;
    let login = Login::through_browser(&example.mcp_url, &["--calendar", "yes"]).await;
    let client = login.connect(ProtocolVersion::V_2026_07_28).await;
    use_the_tools(&client, "다시 시작하기 전").await;

    let url = example.mcp_url.clone();
    example.stop().await;
    let example = started(&sandbox, home.path(), Some(&url)).await;
    use_the_tools(&client, "다시 시작한 뒤").await;
    example.stop().await;
}

#[tokio::test]
async fn a_newcomer_restarts_with_the_sandbox_and_goes_on() {
    let home = home();
    let start = || Start::new(PROGRAM, home.path()).with_sandbox();
    let example = start().start().await;
    let login = Login::through_browser(&example.mcp_url, &[]).await;
    let client = login.connect(ProtocolVersion::V_2025_11_25).await;
    use_the_tools(&client, "처음").await;
    let url = example.mcp_url.clone();
    example.stop().await;

    // The session of the handshake is in its id, the login on the disk, and the token says whose it is.
    let example = start().at(&url).start().await;
    use_the_tools(&client, "다음").await;
    example.stop().await;
}

#[tokio::test]
async fn a_token_that_expired_at_naver_is_refreshed_silently() {
    let (sandbox, home) = (sandbox().await, home());
    let control = sandbox.control();
    control.set(|quirks| quirks.access_token_lifetime = Duration::from_secs(2));
    let example = live(&sandbox, home.path()).await;
    let login = Login::through_browser(&example.mcp_url, &["--calendar", "yes"]).await;
    let client = login.connect(ProtocolVersion::V_2025_11_25).await;

    tokio::time::sleep(Duration::from_millis(2500)).await;
    let before = control.grant_hits("refresh_token");
    use_the_tools(&client, "만료된 뒤").await;
    assert!(control.grant_hits("refresh_token") > before, "the token was refreshed");
    assert_eq!(control.schedules().len(), 1);
    example.stop().await;
}

#[tokio::test]
async fn a_warm_call_asks_naver_for_nothing() {
    let (sandbox, home) = (sandbox().await, home());
    let control = sandbox.control();
    let example = live(&sandbox, home.path()).await;
    let login = Login::through_browser(&example.mcp_url, &[]).await;
    let client = login.connect(ProtocolVersion::V_2026_07_28).await;
    client.call_ok("get_current_time", json!({})).await;

    let asked = || ["/oauth2/token", "/v1/nid/me"].map(|path| control.hits(path));
    let before = asked();
    for _ in 0..20 {
        client.call_ok("get_current_time", json!({})).await;
    }
    assert_eq!(asked(), before);
    example.stop().await;
}

#[tokio::test]
async fn without_credentials_it_says_what_to_set_and_where_to_get_it() {
    let home = home();
    let output = tokio::process::Command::new(PROGRAM)
        .current_dir(home.path())
        .env_remove("NAVER_CLIENT_ID")
        .env_remove("NAVER_CLIENT_SECRET")
        .output()
        .await
        .expect("the example can be run");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    for needed in ["NAVER_CLIENT_ID", "NAVER_CLIENT_SECRET", "https://developers.naver.com/apps"] {
        assert!(text.contains(needed), "{needed} in: {text}");
    }
}
