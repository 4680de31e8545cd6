//! stdio in both eras, over streams inside the process.

mod asking;
mod cancelling;
mod changes;
mod ending;
mod garbage;
mod legacy;
mod stateless;
#[cfg(feature = "auth")]
mod token;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use dari::prelude::*;
use dari::{ClientCapabilities, Error, StdioServer};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream, Lines, ReadHalf, WriteHalf};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Long enough for anything, on however busy a machine.
const SOON: Duration = Duration::from_secs(20);

/// What the tools of one test tell it.
#[derive(Clone, Default)]
struct Seen {
    started: Arc<Notify>,
    told: Arc<AtomicU32>,
    ended: Arc<AtomicU32>,
    release: Arc<Notify>,
}

/// Adds two numbers.
#[mcp_tool(inline)]
fn add(a: i64, b: i64) -> String {
    (a + b).to_string()
}

/// Waits until it is let go.
#[mcp_tool]
async fn wait(State(seen): State<Seen>) -> String {
    seen.started.notify_one();
    seen.release.notified().await;
    seen.ended.fetch_add(1, Ordering::SeqCst);
    "waited".to_owned()
}

/// Waits until it is told that nobody waits for it.
#[mcp_tool]
async fn tidy(State(seen): State<Seen>, cancelled: Cancelled) -> String {
    seen.started.notify_one();
    cancelled.wait().await;
    seen.told.fetch_add(1, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(50)).await;
    seen.ended.fetch_add(1, Ordering::SeqCst);
    "tidied up".to_owned()
}

/// Reports and logs.
#[mcp_tool]
async fn report(progress: Progress, log: Log) -> String {
    log.debug("starting");
    for step in 1..=3 {
        progress.report(step, 3.0, format!("step {step}"));
        tokio::task::yield_now().await;
    }
    log.info("done");
    "reported".to_owned()
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Name {
    name: String,
}

/// Greets whoever it is.
#[mcp_tool]
async fn greet(ask: Ask) -> Result<String, ToolError> {
    let Name { name } = ask.form("name", "Who are you?").await?;
    Ok(format!("Hello, {name}!"))
}

/// Says much.
#[mcp_tool]
fn flood(bytes: usize) -> String {
    "x".repeat(bytes)
}

/// Panics.
#[mcp_tool]
async fn explode() -> String {
    panic!("a secret of the inside")
}

/// Says who calls it, and in which revision.
#[mcp_tool]
fn client(info: ClientInfo, capabilities: ClientCapabilities) -> String {
    format!("{} {}", info.name, capabilities.sampling.is_some())
}

fn server(seen: &Seen) -> McpServer {
    McpServer::new("test", "1.2.3")
        .instructions("Be brief.")
        .state(seen.clone())
        .tools(tools![add, wait, tidy, report, greet, flood, explode, client])
}

/// A client at the other end of two pipes.
struct Client {
    input: Option<WriteHalf<DuplexStream>>,
    output: Lines<BufReader<ReadHalf<DuplexStream>>>,
    seen: Seen,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<Result<(), Error>>,
}

impl Client {
    async fn start() -> Self {
        let seen = Seen::default();
        let server = server(&seen).build_stdio().await.expect("the server builds");
        Self::of(server, seen)
    }

    fn of(server: StdioServer, seen: Seen) -> Self {
        let (client, theirs) = tokio::io::duplex(4096);
        let (input, output) = tokio::io::split(theirs);
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(async move {
            let stop = async { drop(stopped.await) };
            server.serve(input, output, stop).await
        });
        let (output, input) = tokio::io::split(client);
        Self { input: Some(input), output: BufReader::new(output).lines(), seen, stop: Some(stop), serving }
    }

    async fn line(&mut self, line: impl AsRef<[u8]>) {
        let input = self.input.as_mut().expect("an open input");
        input.write_all(&[line.as_ref(), b"\n"].concat()).await.expect("the server reads");
    }

    async fn send(&mut self, message: &Value) {
        self.line(message.to_string()).await;
    }

    /// A stateless request.
    async fn modern(&mut self, id: impl Into<Value>, method: &str, mut params: Value) {
        params["_meta"] = merged(meta(), &params["_meta"]);
        self.send(&json!({ "jsonrpc": "2.0", "id": id.into(), "method": method, "params": params })).await;
    }

    async fn call(&mut self, id: impl Into<Value>, tool: &str, arguments: Value) {
        self.modern(id, "tools/call", json!({ "name": tool, "arguments": arguments })).await;
    }

    /// A request within the session.
    async fn legacy(&mut self, id: impl Into<Value>, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "id": id.into(), "method": method, "params": params })).await;
    }

    async fn notify(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params })).await;
    }

    async fn initialize(&mut self, version: &str) -> Value {
        let params = json!({
            "protocolVersion": version,
            "capabilities": { "elicitation": {} },
            "clientInfo": { "name": "old", "version": "1" },
        });
        self.legacy(0, "initialize", params).await;
        let answer = self.next().await;
        self.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" })).await;
        answer
    }

    /// The next message of the server.
    async fn next(&mut self) -> Value {
        self.next_or_end().await.expect("a message")
    }

    /// The next message of the server, if it does not close its side.
    async fn next_or_end(&mut self) -> Option<Value> {
        let line = timeout(SOON, self.output.next_line()).await.expect("it says something").expect("UTF-8");
        line.map(|line| serde_json::from_str(&line).expect("a line is a JSON message"))
    }

    /// Makes sure that nothing else was said: the next answer is the one to this ping.
    async fn nothing_but_pong(&mut self) {
        self.legacy("ping", "ping", json!({})).await;
        assert_eq!(self.next().await, json!({ "jsonrpc": "2.0", "id": "ping", "result": {} }));
    }

    async fn started(&self) {
        timeout(SOON, self.seen.started.notified()).await.expect("the tool starts");
    }

    fn close(&mut self) {
        let input = self.input.take().expect("an open input");
        // A half of a duplex stream closes with its other one; this closes it alone.
        tokio::spawn(async move {
            let mut input = input;
            drop(input.shutdown().await);
        });
    }

    async fn ended(self) -> Result<(), Error> {
        timeout(SOON, self.serving).await.expect("it ends").expect("it does not panic")
    }
}

fn meta() -> Value {
    json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": { "name": "tester", "version": "1" },
        "io.modelcontextprotocol/clientCapabilities": { "elicitation": {} },
    })
}

fn merged(mut object: Value, more: &Value) -> Value {
    for (key, value) in more.as_object().into_iter().flatten() {
        object[key] = value.clone();
    }
    object
}

fn text(answer: &Value) -> &str {
    answer["result"]["content"][0]["text"].as_str().unwrap_or_default()
}

fn code(answer: &Value) -> i64 {
    answer["error"]["code"].as_i64().unwrap_or(0)
}
