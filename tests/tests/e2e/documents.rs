//! Clients of `tests/clients` that name themselves by the URL of a document (client-id metadata document), which a web
//! site of this test serves over https. The server takes no registrations, so there is no other way in.
//!
//! The document is fetched as on the internet; only that the site's name leads to loopback, and that its certificate is
//! trusted, is the test's doing, as in `tests/security/documents.rs`. No configuration of a server could say so.

#[path = "../../../core/tests/login/site.rs"]
#[allow(dead_code, reason = "the login's own tests use all of it")]
mod site;

use std::process::Stdio;
use std::time::Duration;

use dari::auth::OAuthProxy;
use dari_providers::naver::sandbox::NaverSandbox;
use dari_providers::naver::{NaverOpenApi, NaverProvider};
use dari_tests::{clients, repository};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::process::Command;

use self::site::Site;
use crate::{TOOLS, example};

/// How long an access token lives here, so that the second call of a client needs another.
const LIFETIME: Duration = Duration::from_secs(12);

/// The example, which knows clients by their documents and by nothing else. Gives the URL of its MCP endpoint.
async fn serve(sandbox: &NaverSandbox, site: &Site, home: &std::path::Path) -> String {
    let login = OAuthProxy::new(NaverProvider::from_env_with(&sandbox.env()).expect("a provider"))
        .access_token_lifetime(LIFETIME)
        .secret("the secret of a test, which is long enough for it".to_owned().into())
        .data_dir(home)
        .without_dynamic_registration()
        .test_network(site.network());
    let server = example::server(NaverOpenApi::from_env_with(&sandbox.env()).expect("a client"), login);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let mcp_url = format!("http://{}/mcp", listener.local_addr().expect("an address"));
    tokio::spawn(server.serve_on(listener, std::future::pending()));
    mcp_url
}

/// Runs a client's script: it logs in by its document, calls the tools, and refreshes.
async fn names_itself(client: &str, protocol: &str) {
    tokio::task::spawn_blocking(clients).await.expect("the set-up ends");
    let (site, home) = (Site::start().await, tempfile::tempdir().expect("a folder"));
    let sandbox = NaverSandbox::start(([127, 0, 0, 1], 0).into()).await.expect("the sandbox starts");
    let mcp_url = serve(&sandbox, &site, home.path()).await;
    // Without a port: such a client listens on one of its own (RFC 8252 §7.3).
    let callbacks = ["http://127.0.0.1/callback", "http://localhost/callback"];
    let document = site.publish("/client.json", json!({ "client_name": client, "redirect_uris": callbacks }));
    let output = Command::new(repository().join("tests/clients/run"))
        .args([client, "auto"])
        .env("MCP_URL", &mcp_url)
        .env("CLIENT_METADATA_URL", &document)
        .env("LOGIN_USER", "test")
        .env("LOGIN_PASSWORD", "test")
        .env("LOGIN_CALENDAR", "yes")
        .env("RELOGIN_WAIT", (LIFETIME.as_secs() + 1).to_string())
        .stdin(Stdio::null())
        .output()
        .await
        .expect("the script can be run");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{client}: {stderr}");
    let stdout = String::from_utf8(output.stdout).expect("UTF-8");
    let row: Value = serde_json::from_str(stdout.lines().last().unwrap_or_default()).expect("a line of JSON");
    assert_eq!(row["protocol"], protocol, "{row}");
    for tool in TOOLS {
        assert!(row["tools"].as_array().is_some_and(|tools| tools.iter().any(|name| name == tool)), "{tool}: {row}");
    }
    assert!(row["schedule"].to_string().contains("create"), "{row}");
    assert_eq!(row["refreshed"], true, "{row}");
    assert_eq!(row["logins"][0]["steps"], json!(["consent", "login", "permission"]), "{row}");
    assert_eq!(site.requests(), 1, "fetched at /authorize, and cached for /token and the refresh");
    assert_eq!(sandbox.control().schedules().len(), 1, "one call, one schedule");
}

#[tokio::test]
async fn mcp_python_logs_in_by_its_document() {
    names_itself("mcp_python", "2026-07-28").await;
}

#[tokio::test]
async fn fastmcp_logs_in_by_its_document() {
    names_itself("fastmcp", "2026-07-28").await;
}

#[tokio::test]
async fn ts_client_logs_in_by_its_document() {
    names_itself("ts_client", "2026-07-28").await;
}
