//! §13, what needs a process of its own: the example in front of the Naver sandbox, which outlives it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use dari_providers::naver::sandbox::{Fault, NaverSandbox, RouteGroup};
use dari_tests::server::{Example, Start};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::person::Person;
use crate::world::{REDIRECT, Tokens, eventually};

const PROGRAM: &str = env!("CARGO_BIN_EXE_naver_calendar");

async fn sandbox() -> NaverSandbox {
    NaverSandbox::start(([127, 0, 0, 1], 0).into()).await.unwrap()
}

fn settings<'a>(start: Start<'a>, sandbox: &NaverSandbox, at: Option<&str>) -> Start<'a> {
    let start = start
        .env("NAVER_CLIENT_ID", sandbox.client_id())
        .env("NAVER_CLIENT_SECRET", sandbox.client_secret())
        .env("NAVER_LOGIN_URL", sandbox.login_url())
        .env("NAVER_OPENAPI_URL", sandbox.open_api_url());
    match at {
        Some(url) => start.at(url),
        None => start,
    }
}

async fn start(sandbox: &NaverSandbox, home: &Path, at: Option<&str>) -> Example {
    settings(Start::new(PROGRAM, home), sandbox, at).start().await
}

/// One that bears limits, and believes what the test says of addresses.
fn limited<'a>(sandbox: &NaverSandbox, home: &'a Path, at: Option<&str>) -> Start<'a> {
    settings(Start::limited(PROGRAM, home), sandbox, at).arg("--trusted-proxy").arg("127.0.0.1")
}

fn address(example: &Example) -> String {
    let url: url::Url = example.mcp_url.parse().unwrap();
    format!("127.0.0.1:{}", url.port().unwrap())
}

#[tokio::test]
async fn srv_04_a_stopped_server_finishes_what_runs() {
    let (sandbox, home) = (sandbox().await, tempfile::tempdir().unwrap());
    let example = start(&sandbox, home.path(), None).await;
    let (person, at) = (Person::at(&example), address(&example));
    let held = person.log_in("test").await;
    // A stream that a legacy client keeps open.
    let session = {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
            "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "old", "version": "1" } } });
        let request = reqwest::Client::new().post(&example.mcp_url).bearer_auth(&held.access);
        let opened = request.header("content-type", "application/json").body(body.to_string()).send().await.unwrap();
        opened.headers()["mcp-session-id"].to_str().unwrap().to_owned()
    };
    let mut stream = TcpStream::connect(&at).await.unwrap();
    let get = format!(
        "GET /mcp HTTP/1.1\r\nhost: {at}\r\naccept: text/event-stream\r\nauthorization: Bearer {}\r\n\
         mcp-session-id: {session}\r\nmcp-protocol-version: 2025-11-25\r\n\r\n",
        held.access
    );
    stream.write_all(get.as_bytes()).await.unwrap();
    let mut head = [0; 15];
    stream.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 200 OK");

    sandbox.control().fault(RouteGroup::Search, Fault::Delay(Duration::from_secs(2)));
    let calling = tokio::spawn({
        let (person, held) = (person.clone(), held.clone());
        async move { person.call(&held, "web_search", json!({ "query": "서울" })).await.unwrap().text().await.unwrap() }
    });
    eventually("the search is asked for", || sandbox.control().hits("/v1/search/webkr.json") > 0).await;
    let refused = async {
        let deadline = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(&at).await.is_ok() {
            assert!(Instant::now() < deadline, "it still takes connections");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert!(!calling.is_finished(), "new ones were refused while the call ran");
        let answer: Value = serde_json::from_str(&calling.await.unwrap()).unwrap();
        assert_ne!(answer["result"]["isError"], true, "{answer}");
        assert!(answer.to_string().contains("서울"), "{answer}");
        let mut rest = String::new();
        stream.read_to_string(&mut rest).await.unwrap();
        assert!(rest.ends_with("0\r\n\r\n"), "the stream has its end: {rest:?}");
    };
    // `stop` sends SIGTERM and expects success.
    tokio::join!(example.stop(), refused);
}

/// How often the server is killed: `scripts/crash` sets it.
fn rounds() -> u32 {
    std::env::var("DARI_CRASH_ROUNDS").map_or(5, |rounds| rounds.parse().unwrap())
}

/// Sends requests until the server is gone; gives what was acknowledged.
async fn register_until_killed(person: Person, round: u32, acknowledged: Arc<AtomicU32>) -> Vec<String> {
    let mut clients = Vec::new();
    let metadata = json!({ "redirect_uris": [REDIRECT], "client_name": format!("of round {round}") });
    while let Ok(answer) = person.register("198.51.100.1", &metadata).await {
        clients.push(answer.unwrap_or_else(|status| panic!("{status} to a registration")));
        acknowledged.fetch_add(1, Ordering::SeqCst);
    }
    clients
}

async fn refresh_until_killed(person: Person, mut held: Tokens, acknowledged: Arc<AtomicU32>) -> (Tokens, u32) {
    let mut count = 0;
    while let Ok(answer) = person.refresh(&held).await {
        held = answer.unwrap_or_else(|status| panic!("{status} to a refresh"));
        count += 1;
        acknowledged.fetch_add(1, Ordering::SeqCst);
    }
    (held, count)
}

#[tokio::test]
async fn srv_05_a_kill_loses_nothing_that_was_acknowledged() {
    let (sandbox, home) = (sandbox().await, tempfile::tempdir().unwrap());
    // Each refresh has to go to the provider, too.
    sandbox.control().set(|quirks| quirks.access_token_lifetime = Duration::from_millis(500));
    let mut example = start(&sandbox, home.path(), None).await;
    let url = example.mcp_url.clone();
    let person = Person::at(&example);
    let mut chains = Vec::new();
    for user in ["test", "test2", "test", "test3"] {
        chains.push(person.log_in(user).await);
    }
    let (mut clients, mut refreshes) = (Vec::new(), 0);
    for round in 0..rounds() {
        let acknowledged = Arc::new(AtomicU32::new(0));
        let registering: Vec<_> =
            (0..3).map(|_| tokio::spawn(register_until_killed(person.clone(), round, acknowledged.clone()))).collect();
        let refreshing: Vec<_> = chains
            .iter()
            .map(|held| tokio::spawn(refresh_until_killed(person.clone(), held.clone(), acknowledged.clone())))
            .collect();
        // Not after a time, which the machine may need for itself, but after so many answers; another number each time.
        let enough = 5 + round * 17 % 60;
        eventually("the server answers", || acknowledged.load(Ordering::SeqCst) >= enough).await;
        example.kill().await;
        let mut new = Vec::new();
        for task in registering {
            new.extend(task.await.unwrap());
        }
        for (chain, task) in chains.iter_mut().zip(refreshing) {
            let (held, count) = task.await.unwrap();
            (*chain, refreshes) = (held, refreshes + count);
        }

        example = start(&sandbox, home.path(), Some(&url)).await;
        for client in &new {
            assert!(person.knows(client).await, "round {round}: a client is lost");
        }
        for held in &mut chains {
            person.is_let_in(held).await;
            // Whether or not the refresh that was under way was written: this one is answered.
            *held = person.refresh(held).await.unwrap().unwrap_or_else(|status| panic!("round {round}: {status}"));
            person.is_let_in(held).await;
        }
        clients.extend(new);
    }
    for client in &clients {
        assert!(person.knows(client).await, "a client is lost");
    }
    println!(
        "{} rounds of kill -9: {} registrations and {refreshes} refreshes were acknowledged, and all of them hold",
        rounds(),
        clients.len()
    );
    assert!(clients.len() + refreshes as usize >= 5 * rounds() as usize);
    example.stop().await;
}

/// Sets the largest size of a file that a process may write; none is no limit.
fn limit_files(example: &Example, bytes: Option<u64>) {
    let soft = bytes.map_or("unlimited".to_owned(), |bytes| bytes.to_string());
    let set = std::process::Command::new("prlimit")
        .args(["--pid", &example.id().to_string(), &format!("--fsize={soft}:")])
        .status()
        .expect("prlimit, of util-linux");
    assert!(set.success());
}

/// Fills the server with registrations until it takes no more; gives those that were acknowledged.
async fn fill(person: &Person, first: u32) -> Vec<String> {
    let uris: Vec<_> = (0..15).map(|n| format!("https://app.example/{n}{}", "x".repeat(200))).collect();
    let mut all = vec![REDIRECT.to_owned()];
    all.extend(uris);
    let metadata = json!({ "redirect_uris": all });
    let mut clients = Vec::new();
    for n in first..first + 4000 {
        let from = format!("10.{}.{}.1", n / 250, n % 250);
        match person.register(&from, &metadata).await.unwrap() {
            Ok(client) => clients.push(client),
            Err(status) => {
                assert_eq!(status, 503, "{n}");
                return clients;
            }
        }
    }
    panic!("it never was full");
}

#[tokio::test]
async fn srv_06_a_full_disk_loses_nothing_and_needs_no_restart() {
    let (sandbox, home) = (sandbox().await, tempfile::tempdir().unwrap());
    let example = limited(&sandbox, home.path(), None).start().await;
    let (person, url) = (Person::at(&example), example.mcp_url.clone());
    let mut held = person.log_in("test").await;
    let file = home.path().join("data/store.redb");
    let mut clients = fill_some(&person).await;
    // A disk that takes nothing at all, as one that was made read-only; and one on which no file can grow.
    for grows in [false, true] {
        let size = std::fs::metadata(&file).unwrap().len();
        limit_files(&example, Some(if grows { size } else { 0 }));
        let new = fill(&person, 1000 + u32::from(grows) * 5000).await;
        assert!(grows || new.is_empty(), "it was acknowledged, and could not be written");
        clients.extend(new);
        for _ in 0..3 {
            match person.refresh(&held).await.unwrap() {
                Ok(next) => held = next,
                Err(status) => assert_eq!(status, 503),
            }
            // Who is logged in notices nothing.
            person.is_let_in(&held).await;
        }
        limit_files(&example, None);
        let deadline = Instant::now() + Duration::from_secs(15);
        let metadata = json!({ "redirect_uris": [REDIRECT] });
        loop {
            match person.register("198.51.100.9", &metadata).await.unwrap() {
                Ok(client) => break clients.push(client),
                Err(status) => assert_eq!(status, 503),
            }
            assert!(Instant::now() < deadline, "it never takes anything again");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        held = person.refresh(&held).await.unwrap().expect("a refresh, without a restart");
        person.is_let_in(&held).await;
    }
    assert!(clients.len() > 10);
    example.stop().await;
    let example = limited(&sandbox, home.path(), Some(&url)).start().await;
    for client in &clients {
        assert!(person.knows(client).await, "a client is lost");
    }
    person.is_let_in(&held).await;
    person.is_let_in(&person.refresh(&held).await.unwrap().unwrap()).await;
    example.stop().await;
}

async fn fill_some(person: &Person) -> Vec<String> {
    let mut clients = Vec::new();
    for _ in 0..10 {
        let metadata = json!({ "redirect_uris": [REDIRECT] });
        clients.push(person.register("198.51.100.2", &metadata).await.unwrap().unwrap());
    }
    clients
}

/// The most memory that a process ever had, in KiB.
#[cfg(target_os = "linux")]
fn peak(example: &Example) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", example.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn http_08_a_large_body_is_never_in_memory() {
    const LARGE: usize = 32 * 1024 * 1024;
    let (sandbox, home) = (sandbox().await, tempfile::tempdir().unwrap());
    let example = start(&sandbox, home.path(), None).await;
    let (person, at) = (Person::at(&example), address(&example));
    let held = person.log_in("test").await;
    person.is_let_in(&held).await;
    let before = peak(&example);
    let send = async || {
        let mut stream = TcpStream::connect(&at).await.unwrap();
        let head = format!(
            "POST /mcp HTTP/1.1\r\nhost: {at}\r\nconnection: close\r\ncontent-type: application/json\r\n\
             authorization: Bearer {}\r\ntransfer-encoding: chunked\r\n\r\n",
            held.access
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
        for _ in 0..LARGE / 0x10000 {
            if stream.write_all(chunk.as_bytes()).await.is_err() {
                break;
            }
        }
        let mut status = [0; 12];
        stream.read_exact(&mut status).await.unwrap();
        assert_eq!(&status, b"HTTP/1.1 413");
    };
    tokio::join!(send(), send(), send());
    let grown = peak(&example) - before;
    assert!(grown < LARGE as u64 / 1024, "three bodies of 32 MiB took {grown} KiB");
    person.is_let_in(&held).await;
    example.stop().await;
}

#[cfg(unix)]
#[tokio::test]
async fn srv_06_a_folder_that_cannot_be_written_is_refused_at_the_start() {
    use std::os::unix::fs::PermissionsExt as _;

    let (sandbox, home) = (sandbox().await, tempfile::tempdir().unwrap());
    let example = limited(&sandbox, home.path(), None).start().await;
    let (person, url) = (Person::at(&example), example.mcp_url.clone());
    let held = person.log_in("test").await;
    let folder = home.path().join("data");
    let file = folder.join("store.redb");
    let allow = |folder_mode: u32, file_mode: u32| {
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(file_mode)).unwrap();
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(folder_mode)).unwrap();
    };
    // While it runs the file is open: nothing is lost, whatever is answered.
    allow(0o500, 0o400);
    let held = match person.refresh(&held).await.unwrap() {
        Ok(next) => next,
        Err(status) => {
            assert_eq!(status, 503);
            held
        }
    };
    person.is_let_in(&held).await;
    example.stop().await;
    let (success, said) = limited(&sandbox, home.path(), Some(&url)).fail().await;
    assert!(!success && said.contains(file.to_str().unwrap()), "{said}");
    allow(0o700, 0o600);
    let example = limited(&sandbox, home.path(), Some(&url)).start().await;
    person.is_let_in(&held).await;
    person.is_let_in(&person.refresh(&held).await.unwrap().unwrap()).await;
    example.stop().await;
}
