//! The real clients of `tests/clients`: each logs in through a browser, calls the three tools, and goes on by itself
//! after its access token expired.

use std::process::Stdio;
use std::time::Duration;

use dari::auth::OAuthProxy;
use dari_providers::naver::sandbox::NaverSandbox;
use dari_providers::naver::{NaverOpenApi, NaverProvider};
use dari_tests::client::Login;
use dari_tests::{clients, repository};
use rmcp::model::ProtocolVersion;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::sync::oneshot;

use crate::{TOOLS, example};

/// How long an access token lives here, so that the second call of a client needs another.
const LIFETIME: Duration = Duration::from_secs(12);

/// The example behind tokens that expire when a test wants it.
pub(super) struct Served {
    pub(super) mcp_url: String,
    pub(super) sandbox: NaverSandbox,
    stop: oneshot::Sender<()>,
    home: tempfile::TempDir,
}

/// A server that takes URLs for client ids, or does not.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ClientDocuments {
    Advertised,
    Off,
}

impl ClientDocuments {
    /// Claude Code names itself by a URL wherever it can and never falls back, and there is no internet here.
    pub(super) fn for_client(client: &str) -> Self {
        if client == "claude_code" { Self::Off } else { Self::Advertised }
    }
}

pub(super) async fn serve(documents: ClientDocuments, lifetime: Duration) -> Served {
    let sandbox = NaverSandbox::start(([127, 0, 0, 1], 0).into()).await.expect("the sandbox starts");
    let home = tempfile::tempdir().expect("a folder");
    let login = OAuthProxy::new(NaverProvider::from_env_with(&sandbox.env()).expect("a provider"))
        .scopes_supported(["calendar"])
        .access_token_lifetime(lifetime)
        .secret("the secret of a test, which is long enough for it".to_owned().into())
        .data_dir(home.path());
    let login = match documents {
        ClientDocuments::Advertised => login,
        ClientDocuments::Off => login.without_client_id_metadata_documents(),
    };
    let server = example::server(NaverOpenApi::from_env_with(&sandbox.env()).expect("a client"), login);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let mcp_url = format!("http://{}/mcp", listener.local_addr().expect("an address"));
    let (stop, stopped) = oneshot::channel::<()>();
    tokio::spawn(async move {
        let served = server.serve_on(listener, async { drop(stopped.await) }).await;
        served.expect("the server is built and served");
    });
    Served { mcp_url, sandbox, stop, home }
}

impl Served {
    /// Runs a client's script against it, for the script's answer.
    pub(super) async fn run(&self, client: &str, mode: Option<&str>, environment: &[(&str, &str)]) -> Value {
        tokio::task::spawn_blocking(clients).await.expect("the set-up ends");
        let output = Command::new(repository().join("tests/clients/run"))
            .arg(client)
            .args(mode)
            .env("MCP_URL", &self.mcp_url)
            .env("LOGIN_USER", "test")
            .env("LOGIN_PASSWORD", "test")
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .output()
            .await
            .expect("the script can be run");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{client}: {stderr}");
        let stdout = String::from_utf8(output.stdout).expect("UTF-8");
        let row = serde_json::from_str(stdout.lines().last().unwrap_or_default()).expect("a line of JSON");
        println!("{row}");
        row
    }

    pub(super) fn stop(self) {
        let _ = self.stop.send(());
        drop(self.home);
    }
}

/// Runs a client's script and checks its row of the matrix.
async fn complete(client: &str, mode: Option<&str>, protocol: &str) {
    let served = serve(ClientDocuments::for_client(client), LIFETIME).await;
    let wait = (LIFETIME.as_secs() + 1).to_string();
    let row = served.run(client, mode, &[("LOGIN_CALENDAR", "yes"), ("RELOGIN_WAIT", &wait)]).await;
    assert_eq!(row["protocol"], protocol, "{row}");
    for tool in TOOLS {
        assert!(row["tools"].as_array().is_some_and(|tools| tools.iter().any(|name| name == tool)), "{tool}: {row}");
    }
    assert!(row["time"].to_string().contains("요일"), "{row}");
    assert!(row["search"].to_string().contains("서울"), "{row}");
    assert!(row["schedule"].to_string().contains("create"), "{row}");
    assert_eq!(row["refreshed"], true, "{row}");

    let schedules = served.sandbox.control().schedules();
    assert_eq!(schedules.len(), 1, "one call, one schedule");
    assert_eq!(schedules[0].start.to_string(), "2026-10-18T15:30:00+09:00");
    served.stop();
}

/// `rmcp` is Rust, so its row needs no script.
async fn rmcp(version: ProtocolVersion) {
    let served = serve(ClientDocuments::Advertised, LIFETIME).await;
    let login = Login::through_browser(&served.mcp_url, &["--calendar", "yes"]).await;
    let client = login.connect(version).await;
    assert_eq!(client.tools().await, TOOLS);
    client.call_ok("get_current_time", json!({})).await;
    tokio::time::sleep(LIFETIME + Duration::from_secs(1)).await;
    client.call_ok("get_current_time", json!({})).await;
    served.stop();
}

#[tokio::test]
async fn rmcp_discover() {
    rmcp(ProtocolVersion::V_2026_07_28).await;
}

#[tokio::test]
async fn rmcp_initialize() {
    rmcp(ProtocolVersion::V_2025_11_25).await;
}

macro_rules! clients {
    ($($test:ident: $client:literal $(, $mode:literal)? => $protocol:literal;)*) => {$(
        #[tokio::test]
        async fn $test() {
            complete($client, [$($mode)?].first().copied(), $protocol).await;
        }
    )*};
}

clients! {
    fastmcp: "fastmcp" => "2026-07-28";
    mcp_python: "mcp_python" => "2026-07-28";
    ts_client_auto: "ts_client", "auto" => "2026-07-28";
    ts_client_legacy: "ts_client", "legacy" => "2025-11-25";
    mcp_remote: "mcp_remote" => "2025-11-25";
    inspector_auto: "inspector", "auto" => "2026-07-28";
    inspector_legacy: "inspector", "legacy" => "2025-11-25";
    langchain_adapters: "langchain_adapters" => "2025-11-25";
    claude_code: "claude_code" => "2026-07-28";
}
