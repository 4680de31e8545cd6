//! `naver_calendar doctor` looks at a server that runs.

use std::path::Path;

use dari_providers::naver::sandbox::NaverSandbox;
use dari_tests::server::Start;
use tokio::process::Command;

const PROGRAM: &str = env!("CARGO_BIN_EXE_naver_calendar");
const SECRET: &str = "the secret of a test, which is long enough for it";

/// The report, and whether the program ended with success.
async fn doctor(sandbox: &NaverSandbox, home: &Path, public_url: &str, secret: &str) -> (String, bool) {
    let output = Command::new(PROGRAM)
        .current_dir(home)
        .env_remove("BASE_URL")
        .env("HOME", home)
        .env("XDG_CONFIG_HOME", home.join("config"))
        .env("NAVER_CLIENT_ID", sandbox.client_id())
        .env("NAVER_CLIENT_SECRET", sandbox.client_secret())
        .env("NAVER_LOGIN_URL", sandbox.login_url())
        .env("NAVER_OPENAPI_URL", sandbox.open_api_url())
        .env("DARI_SECRET", secret)
        .args(["--public-url", public_url, "--data-dir"])
        .arg(home.join("data"))
        .arg("doctor")
        .output()
        .await
        .expect("the example can be run");
    (String::from_utf8(output.stdout).expect("text"), output.status.success())
}

/// The lines of this verdict, by what they are about.
fn lines<'a>(report: &'a str, verdict: &str) -> Vec<&'a str> {
    let of_verdict = report.lines().filter_map(|line| line.strip_prefix(verdict)?.trim_start().split_once(": "));
    of_verdict.map(|(what, _)| what).collect()
}

#[tokio::test]
async fn it_finds_a_good_server_good_and_says_what_is_bad_of_others() {
    let home = tempfile::tempdir().expect("a folder");
    let sandbox = NaverSandbox::start(([127, 0, 0, 1], 0).into()).await.expect("the sandbox starts");
    let example = Start::new(PROGRAM, home.path())
        .env("NAVER_CLIENT_ID", sandbox.client_id())
        .env("NAVER_CLIENT_SECRET", sandbox.client_secret())
        .env("NAVER_LOGIN_URL", sandbox.login_url())
        .env("NAVER_OPENAPI_URL", sandbox.open_api_url())
        .env("DARI_SECRET", SECRET)
        .start()
        .await;
    let base = example.mcp_url.trim_end_matches("/mcp").to_owned();

    let (report, well) = doctor(&sandbox, home.path(), &base, SECRET).await;
    assert!(well, "{report}");
    let good = [
        "resource metadata",
        "authorization server metadata",
        "challenge",
        "clock",
        "token endpoint",
        "callback",
        "readiness",
    ];
    assert_eq!(lines(&report, "good"), good, "{report}");
    assert_eq!(lines(&report, "doubtful"), ["public URL"], "loopback: {report}");
    assert_eq!(lines(&report, "?"), ["store", "provider"], "the running server has the file: {report}");

    // The name under which clients are told to come is another than the server's own.
    let (report, well) = doctor(&sandbox, home.path(), &base.replace("127.0.0.1", "localhost"), SECRET).await;
    assert!(!well);
    let bad = lines(&report, "BAD");
    assert!(bad.contains(&"resource metadata") && bad.contains(&"authorization server metadata"), "{report}");
    assert!(report.contains(&format!("{base}/mcp")), "both spellings are shown: {report}");
    example.stop().await;

    // Nobody listens; the store can be looked at now.
    let (report, well) = doctor(&sandbox, home.path(), &base, SECRET).await;
    assert!(!well);
    assert!(lines(&report, "BAD").contains(&"challenge"), "{report}");
    assert_eq!(lines(&report, "good"), ["store"], "{report}");

    let (report, well) = doctor(&sandbox, home.path(), &base, "another secret of a test, which is long enough").await;
    assert!(!well);
    assert!(report.contains("BAD       store: wrong key") && report.contains("store.redb"), "{report}");
    assert!(!report.contains(SECRET), "{report}");
}
