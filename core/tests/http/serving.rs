//! Serving over sockets, hanging up and stopping, and what `build()` finds.

use crate::*;

#[tokio::test]
async fn the_endpoint_is_there_with_and_without_a_slash() {
    for path in ["/mcp", "/mcp/"] {
        let (mut parts, body) = modern("server/discover", json!({})).into_parts();
        parts.uri = path.parse().expect("a path");
        assert_eq!(send(&router(), Request::from_parts(parts, body)).await.status, StatusCode::OK, "{path}");
    }
}

/// A server whose tool `signal` tells when it runs, and a call of it over a socket, which gives the whole answer.
async fn call_in_flight(
    stop: impl Future<Output = ()> + Send + 'static,
    waits: bool,
) -> (tokio::task::JoinHandle<()>, tokio::task::JoinHandle<String>) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let started = std::sync::Arc::new(tokio::sync::Notify::new());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let server = McpServer::new("test", "1").tools(tools![signal]).state(started.clone());
    let served = tokio::spawn(async move { server.serve_on(listener, stop).await.expect("it is served") });
    let params = json!({ "name": "signal" });
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params }).to_string();
    let head = format!(
        "POST /mcp HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n\
         mcp-protocol-version: 2025-11-25\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = tokio::net::TcpStream::connect(address).await.expect("a connection");
    stream.write_all(format!("{head}{body}").as_bytes()).await.expect("it is sent");
    let caller = tokio::spawn(async move {
        let mut answer = String::new();
        if waits {
            stream.read_to_string(&mut answer).await.expect("an answer to its end");
        }
        answer
    });
    started.notified().await;
    (served, caller)
}

#[tokio::test]
async fn srv_04_a_stopped_server_finishes_what_runs() {
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let (served, caller) = call_in_flight(async { drop(stopped.await) }, true).await;
    drop(stop);
    let answer = tokio::time::timeout(Duration::from_secs(5), caller).await.expect("in time").expect("no panic");
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("finished"), "{answer}");
    tokio::time::timeout(Duration::from_secs(5), served).await.expect("in time").expect("a clean end");
}

#[tokio::test]
async fn srv_04_so_it_does_where_the_client_hung_up() {
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let begun = std::time::Instant::now();
    let (served, _) = call_in_flight(async { drop(stopped.await) }, false).await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    drop(stop);
    tokio::time::timeout(Duration::from_secs(5), served).await.expect("in time").expect("a clean end");
    assert!(begun.elapsed() >= Duration::from_millis(100), "it waited for the call");
}

#[test]
fn build_reports_all_mistakes_at_once() {
    /// Takes a state that nobody gave.
    #[mcp_tool]
    fn stateful(_state: State<std::sync::Arc<u8>>) {}

    let server = McpServer::new("", "1")
        .path("/:mcp")
        .allowed_hosts(["https://internal"])
        .public_url("http://mcp.example.com")
        .allowed_origins(["app.example"])
        .tools(tools![add, stateful])
        .tools(tools![add]);
    let error = server.build().expect_err("it has mistakes").to_string();
    for told in [
        "no name",
        "`.path(",
        "must be https",
        "no origin",
        "two tools are named `add`",
        "tool `stateful`",
        ".state(..)",
    ] {
        assert!(error.contains(told), "{told} in: {error}");
    }
}

#[tokio::test]
async fn http_08_a_client_that_sends_too_much_can_read_why_it_is_refused() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(server_on_loopback().serve_on(listener, std::future::pending()));
    let body = format!("\"{}\"", "x".repeat(12 * 1024 * 1024));
    for length in [format!("content-length: {}", body.len()), "transfer-encoding: chunked".to_owned()] {
        let mut stream = tokio::net::TcpStream::connect(address).await.expect("a connection");
        let head = format!(
            "POST /mcp HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\nconnection: close\r\n{length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.expect("it is sent");
        if length.ends_with("chunked") {
            stream.write_all(format!("{:x}\r\n", body.len()).as_bytes()).await.expect("it is sent");
        }
        stream.write_all(body.as_bytes()).await.expect("a server that reads on");
        if length.ends_with("chunked") {
            stream.write_all(b"\r\n0\r\n\r\n").await.expect("it is sent");
        }
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer to its end");
        assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("body_limit"), "{length}: {answer}");
    }
}

fn server_on_loopback() -> McpServer {
    McpServer::new("test", "1").tools(tools![add])
}
