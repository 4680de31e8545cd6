// The cookbook's server: the time, Naver's web search, and the user's Naver calendar behind a Naver login.
//
// Without credentials, against the built-in stand-in for Naver: `cargo run --example naver_calendar -- --sandbox`.
// Against Naver: set `NAVER_CLIENT_ID`, `NAVER_CLIENT_SECRET` and `BASE_URL` (a `.env` file does), and leave it out.

use std::net::SocketAddr;
use std::path::PathBuf;

use chrono::{Datelike, Utc};
use clap::{Parser, Subcommand};
use dari::auth::OAuthProxy;
use dari::prelude::*;
use dari_providers::env::Env;
use dari_providers::naver::sandbox::NaverSandbox;
use dari_providers::naver::vertical::WEBKR;
use dari_providers::naver::{
    CreatedSchedule, KstDateTime, NaverErrorKind, NaverOpenApi, NaverProvider, NewSchedule, SearchPage, SearchQuery,
    Sort, WebResult,
};
use schemars::JsonSchema;
use serde::Serialize;

const NAME: &str = "Naver Remote MCP";

#[derive(Parser)]
struct Options {
    #[command(subcommand)]
    command: Option<Command>,
    #[arg(long, help = "Use the built-in stand-in for Naver: no credentials needed")]
    sandbox: bool,
    #[arg(long, help = "Where to listen", default_value = "127.0.0.1:8000")]
    listen: SocketAddr,
    #[arg(long, help = "The URL under which clients reach this server [default: BASE_URL, else the address]")]
    public_url: Option<String>,
    #[arg(long, help = "Where logins are kept [default: the platform's data folder]")]
    data_dir: Option<PathBuf>,
    #[arg(long, help = "A reverse proxy in front, as an address or network; may be repeated")]
    trusted_proxy: Vec<String>,
    #[arg(long, help = "Know no client by the URL of its metadata document; so it is with --sandbox")]
    no_client_documents: bool,
    #[arg(long, conflicts_with = "no_client_documents", help = "Know clients by their URLs also with --sandbox")]
    client_documents: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Look at the running server as its clients see it, and at its secret and store
    Doctor,
}

#[derive(Serialize, JsonSchema)]
struct CurrentTime {
    /// 한국 표준시, 예: 2026-10-18T15:30:00
    datetime: String,
    date: String,
    time: String,
    weekday: &'static str,
    timestamp: i64,
}

/// 현재 한국 시각을 알려주는 도구입니다. '오늘', '내일' 같은 상대적인 날짜를 다루기 전에 사용하세요.
#[mcp_tool(title = "Current time", read_only)]
fn get_current_time(#[arg(default = "default", rename = "format")] _format: String) -> Json<CurrentTime> {
    let now = Utc::now().with_timezone(&chrono_tz::Asia::Seoul);
    let weekdays = ["월요일", "화요일", "수요일", "목요일", "금요일", "토요일", "일요일"];
    Json(CurrentTime {
        datetime: now.format("%Y-%m-%dT%H:%M:%S").to_string(),
        date: now.format("%Y-%m-%d").to_string(),
        time: now.format("%H:%M:%S").to_string(),
        weekday: weekdays[now.weekday().num_days_from_monday() as usize],
        timestamp: now.timestamp(),
    })
}

/// 네이버 웹 검색을 수행하는 도구입니다.
#[mcp_tool(title = "Web search", read_only, open_world)]
async fn web_search(
    /// 검색어. 시점, 조건, 문맥을 담은 구체적인 질의
    query: String,
    /// 출력 건수
    #[arg(default = 10, range = 1..=100)]
    display: u32,
    /// 검색 시작 위치
    #[arg(default = 1, range = 1..=1000)]
    start: u32,
    /// 정렬. sim: 정확도순, date: 날짜순
    #[arg(default = Sort::Sim)]
    sort: Sort,
    State(naver): State<NaverOpenApi>,
) -> Result<Json<SearchPage<WebResult>>, ToolError> {
    let query = SearchQuery::new(query).display(display).start(start).sort(sort);
    Ok(Json(naver.search(WEBKR, &query).await?))
}

/// 사용자의 네이버 캘린더에 새로운 일정을 추가하는 도구입니다.
#[mcp_tool(title = "Create a calendar schedule", destructive = false, open_world)]
async fn create_calendar_schedule(
    /// 일정의 제목
    #[arg(length = 1..=200)]
    title: String,
    /// 시작 시각, 예: 2026-10-18 15:00
    start_datetime: KstDateTime,
    /// 종료 시각, 예: 2026-10-18 16:00
    end_datetime: KstDateTime,
    /// 일정의 설명
    #[arg(default = "")]
    description: String,
    /// 일정의 장소
    #[arg(default = "")]
    location: String,
    token: AccessToken,
    State(naver): State<NaverOpenApi>,
) -> Result<Json<CreatedSchedule>, ToolError> {
    let schedule = NewSchedule::new(title, start_datetime, end_datetime)?.description(description).location(location);
    let created = naver.create_schedule(token.secret(), &schedule).await.map_err(|error| match error.kind() {
        // The user did not tick the calendar on Naver's page: they are asked again.
        NaverErrorKind::PermissionDenied(_) => ToolError::needs_scope("calendar"),
        _ => error.into(),
    })?;
    Ok(Json(created))
}

#[tokio::main]
async fn main() -> Result<(), dari::Error> {
    tracing_subscriber::fmt().with_env_filter("info").with_writer(std::io::stderr).init();
    let options = Options::parse();
    let sandbox = match options.sandbox {
        true => Some(NaverSandbox::start(([127, 0, 0, 1], 0).into()).await.map_err(dari::Error::config)?),
        false => None,
    };
    let env = match &sandbox {
        Some(sandbox) => sandbox.env(),
        None => Env::load()?,
    };
    // `doctor` asks the server that listens there.
    let public_url = options.public_url.or_else(|| match (&options.command, env.get("BASE_URL")) {
        (Some(Command::Doctor), None) => Some(format!("http://{}", options.listen)),
        _ => None,
    });
    let mut login = OAuthProxy::new(NaverProvider::from_env_with(&env)?)
        .scopes_supported(["calendar"])
        .trusted_proxies(options.trusted_proxy);
    if let Some(url) = public_url {
        login = login.public_url(url);
    }
    if let Some(folder) = options.data_dir {
        login = login.data_dir(folder);
    }
    // A server that takes URLs for client ids has to fetch what is there. Claude Code names one wherever that is
    // advertised and never falls back to a registration, so a server that cannot reach claude.ai would lock it out.
    // The sandbox is for trying things without the world outside: there every client registers itself, unless told
    // otherwise. A real server is on the internet, and documents are what the specification prefers.
    if options.no_client_documents || (options.sandbox && !options.client_documents) {
        login = login.without_client_id_metadata_documents();
    }
    let server = McpServer::new(NAME, "1.0.0")
        .tools(tools![get_current_time, web_search, create_calendar_schedule])
        .state(NaverOpenApi::from_env_with(&env)?)
        .auth(login);
    if let Some(Command::Doctor) = options.command {
        let found = server.check_up().await;
        print!("{found}");
        return if found.is_healthy() { Ok(()) } else { Err(dari::Error::config("the deployment is not well")) };
    }
    if let Some(sandbox) = &sandbox {
        println!("Naver sandbox: {}", sandbox.login_url());
    }
    server.on_start(|url| println!("{}", dari::banner(NAME, url))).serve(options.listen).await
}
