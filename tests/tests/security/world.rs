//! A server at a real socket, a provider behind it, a browser and a client before it.
//!
//! With `DARI_TEST_REPLICAS=2` in the environment every world has two servers over one store, and each request goes to
//! the one whose turn it is: so every row of the list is also one of a server with replicas (`srv_11`).

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use dari::McpServer;
use dari::auth::OAuthProxy;
use dari::clock::{Clock, ManualClock};
use dari::store::{Answer, Collection, Key, MemoryStore, Put, Store};
use http::{HeaderMap, Method, StatusCode, header};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::fake::Fake;
use crate::shared::Shared;
use crate::tools::{self, Probe};

pub(crate) const SECRET: &str = "a secret of more than thirty-two bytes, for tests";
pub(crate) const REDIRECT: &str = "http://localhost:3334/callback";
pub(crate) const VERIFIER: &str = "a-verifier-that-is-at-least-forty-three-characters-long";

/// How long anything may take that takes no time.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct World {
    /// The public URL of the server.
    pub(crate) base: String,
    pub(crate) fake: Fake,
    pub(crate) hand: ManualClock,
    pub(crate) probe: Probe,
    http: reqwest::Client,
    servers: Vec<Running>,
    turn: AtomicUsize,
}

struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    served: JoinHandle<Result<(), dari::Error>>,
}

/// An answer of the server.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

/// What a client holds after a login.
#[derive(Clone, Debug)]
pub(crate) struct Tokens {
    pub(crate) client_id: String,
    pub(crate) access: String,
    pub(crate) refresh: String,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{} is not JSON: {}", self.status, self.body))
    }

    /// The code of a JSON-RPC error; 0 if it is none.
    #[track_caller]
    pub(crate) fn code(&self) -> (u16, i64) {
        (self.status.as_u16(), self.json()["error"]["code"].as_i64().unwrap_or(0))
    }

    /// The text that a tool gave.
    #[track_caller]
    pub(crate) fn text(&self) -> String {
        let body = self.json();
        body["result"]["content"][0]["text"].as_str().unwrap_or_else(|| panic!("no text in {body}")).to_owned()
    }

    /// The parameters of the redirect, each of them there once.
    #[track_caller]
    pub(crate) fn redirect(&self) -> HashMap<String, String> {
        assert!(matches!(self.status.as_u16(), 302 | 303), "{} {}", self.status, self.body);
        let url = url::Url::parse(self.header("location")).unwrap();
        let pairs: Vec<_> = url.query_pairs().into_owned().collect();
        let map: HashMap<_, _> = pairs.iter().cloned().collect();
        assert_eq!(map.len(), pairs.len(), "a parameter twice: {url}");
        map
    }

    pub(crate) fn cookie(&self) -> String {
        self.header("set-cookie").split(';').next().unwrap().to_owned()
    }

    /// A hidden field of the consent page.
    #[track_caller]
    pub(crate) fn field(&self, name: &str) -> String {
        let start = format!("name=\"{name}\" value=\"");
        let at = self.body.find(&start).unwrap_or_else(|| panic!("no field {name} in {}", self.body)) + start.len();
        self.body[at..].split('"').next().unwrap().to_owned()
    }

    /// An error at our own origin: no redirect, and a page that nobody frames or keeps.
    #[track_caller]
    pub(crate) fn is_local_error(&self, why: &str) {
        assert!(matches!(self.status.as_u16(), 400 | 403 | 404), "{why}: {} {}", self.status, self.body);
        assert!(!self.headers.contains_key(header::LOCATION), "{why}: it redirects");
        self.is_guarded_page(why);
    }

    #[track_caller]
    pub(crate) fn is_guarded_page(&self, why: &str) {
        let policy = self.header("content-security-policy");
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("default-src 'none'"), "{why}: {policy}");
        assert_eq!(self.header("x-frame-options"), "DENY", "{why}");
        assert_eq!(self.header("cache-control"), "no-store", "{why}");
        assert_eq!(self.header("referrer-policy"), "no-referrer", "{why}");
        assert_eq!(self.header("x-content-type-options"), "nosniff", "{why}");
    }

    /// Status and error code of an OAuth error.
    #[track_caller]
    pub(crate) fn error(&self) -> (u16, String) {
        (self.status.as_u16(), self.json()["error"].as_str().unwrap_or_default().to_owned())
    }

    #[track_caller]
    pub(crate) fn is_invalid_grant(&self) {
        assert_eq!(self.error(), (400, "invalid_grant".to_owned()), "{}", self.body);
        assert_eq!(self.header("cache-control"), "no-store");
    }

    /// An outage: nobody is told to log in anew.
    #[track_caller]
    pub(crate) fn is_unavailable(&self) {
        assert_eq!(self.status, 503, "{}", self.body);
        assert!(self.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0), "no Retry-After");
        assert!(!self.headers.contains_key(header::WWW_AUTHENTICATE), "a challenge");
    }

    #[track_caller]
    pub(crate) fn is_invalid_token(&self) {
        assert_eq!(self.status, 401, "{}", self.body);
        let challenge = self.header("www-authenticate");
        assert!(challenge.contains(r#"error="invalid_token""#), "{challenge}");
    }
}

pub(crate) fn form(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

pub(crate) fn challenge() -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER))
}

/// A right exchange of a code, for tests to spoil.
pub(crate) fn exchange_form<'a>(client_id: &'a str, code: &'a str) -> [(&'static str, &'a str); 5] {
    [
        ("grant_type", "authorization_code"),
        ("client_id", client_id),
        ("code", code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ]
}

#[track_caller]
pub(crate) fn tokens(client_id: &str, reply: &Reply) -> Tokens {
    assert_eq!(reply.status, 200, "{}", reply.body);
    let text = |member: &str| reply.json()[member].as_str().unwrap().to_owned();
    Tokens { client_id: client_id.to_owned(), access: text("access_token"), refresh: text("refresh_token") }
}

/// What a client of the current revision says of itself in each request.
pub(crate) fn meta() -> Value {
    json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": { "name": "test", "version": "1" },
        "io.modelcontextprotocol/clientCapabilities": {},
    })
}

/// Waits until it is so.
pub(crate) async fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "never: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// How many servers a world has.
pub(crate) fn replicas() -> usize {
    std::env::var("DARI_TEST_REPLICAS").map_or(1, |count| count.parse().unwrap())
}

/// One store for all servers of a world.
#[derive(Clone, Debug)]
pub(crate) struct OneStore(Arc<dyn Store>);

impl OneStore {
    pub(crate) fn new(store: impl Store) -> Self {
        Self(Arc::new(store))
    }
}

impl Store for OneStore {
    fn describe(&self) -> String {
        self.0.describe()
    }
    fn get<'a>(&'a self, key: &'a Key) -> Answer<'a, Option<Bytes>> {
        self.0.get(key)
    }
    fn put<'a>(&'a self, key: &'a Key, value: Bytes, put: Put) -> Answer<'a, ()> {
        self.0.put(key, value, put)
    }
    fn put_if_absent<'a>(&'a self, key: &'a Key, value: Bytes, put: Put) -> Answer<'a, bool> {
        self.0.put_if_absent(key, value, put)
    }
    fn take<'a>(&'a self, key: &'a Key) -> Answer<'a, Option<Bytes>> {
        self.0.take(key)
    }
    fn compare_and_swap<'a>(
        &'a self,
        key: &'a Key,
        expected: &'a [u8],
        new: Bytes,
        ttl: Option<Duration>,
    ) -> Answer<'a, bool> {
        self.0.compare_and_swap(key, expected, new, ttl)
    }
    fn delete<'a>(&'a self, key: &'a Key) -> Answer<'a, bool> {
        self.0.delete(key)
    }
    fn owned_by<'a>(&'a self, collection: Collection, owner: &'a str) -> Answer<'a, Vec<String>> {
        self.0.owned_by(collection, owner)
    }
    fn count(&self, collection: Collection) -> Answer<'_, u64> {
        self.0.count(collection)
    }
}

/// A store that is lost with the world.
fn memory(hand: &ManualClock) -> Shared {
    Shared::new(MemoryStore::with_clock(hand.clock()))
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(|proxy, _| proxy).await
    }

    /// A world whose login has these options; they are told the public URL.
    pub(crate) async fn with(options: impl Fn(OAuthProxy, &str) -> OAuthProxy) -> Self {
        let (_, hand) = Clock::manual(SystemTime::now());
        let store = memory(&hand);
        Self::on(Fake::start().await, hand, |proxy, base| options(proxy.store(store.clone()), base)).await
    }

    /// A world on a store that the options name.
    pub(crate) async fn on(fake: Fake, hand: ManualClock, options: impl Fn(OAuthProxy, &str) -> OAuthProxy) -> Self {
        Self::at("127.0.0.1:0".parse().unwrap(), fake, hand, options).await
    }

    /// The same at this address.
    pub(crate) async fn at(
        address: SocketAddr,
        fake: Fake,
        hand: ManualClock,
        options: impl Fn(OAuthProxy, &str) -> OAuthProxy,
    ) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let probe = Probe::default();
        let mut servers = Vec::new();
        let mut listener = Some(listener);
        for _ in 0..replicas() {
            let listener = match listener.take() {
                Some(listener) => listener,
                None => TcpListener::bind("127.0.0.1:0").await.unwrap(),
            };
            let proxy = OAuthProxy::new(fake.provider())
                .public_url(&base)
                .secret(SECRET.to_owned().into())
                .upstream_timeout(Duration::from_millis(500))
                .scopes_supported(["calendar", "profile"])
                .clock(hand.clock());
            let server = McpServer::new("Test Server", "1.0.0")
                .tools(tools::all())
                .state(probe.clone())
                .auth(options(proxy, &base));
            let (stop, stopped) = oneshot::channel::<()>();
            let address = listener.local_addr().unwrap();
            let served = tokio::spawn(server.serve_on(listener, async { drop(stopped.await) }));
            servers.push(Running { address, stop, served });
        }
        // A connection for each request, so that a server that stops is not waited for.
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .pool_max_idle_per_host(0)
            .no_proxy()
            .build()
            .unwrap();
        let world = Self { base, fake, hand, probe, http, servers, turn: AtomicUsize::new(0) };
        for _ in &world.servers {
            // A server that could not be built says so here.
            if let Err(error) = world.http.get(world.url("/healthz")).send().await {
                for running in world.servers {
                    running.served.await.unwrap().unwrap();
                }
                panic!("{error}");
            }
        }
        world
    }

    /// Ends the server as SIGTERM does, and gives where it was.
    pub(crate) async fn stop(self) -> SocketAddr {
        let address = self.servers[0].address;
        for running in self.servers {
            let _ = running.stop.send(());
            tokio::time::timeout(PATIENCE, running.served).await.expect("it ends").unwrap().unwrap();
        }
        address
    }

    pub(crate) fn address(&self) -> SocketAddr {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        self.servers[turn % self.servers.len()].address
    }

    /// Where the server whose turn it is has this path.
    pub(crate) fn url(&self, path: &str) -> String {
        match path.strip_prefix(&self.base) {
            Some(path) => format!("http://{}{path}", self.address()),
            None => format!("http://{}{path}", self.address()),
        }
    }

    /// The resource identifier.
    pub(crate) fn resource(&self) -> String {
        format!("{}/mcp", self.base)
    }

    pub(crate) fn pass(&self, seconds: u64) {
        self.hand.advance(Duration::from_secs(seconds));
    }

    pub(crate) async fn send(&self, request: reqwest::RequestBuilder) -> Reply {
        let response = request.timeout(PATIENCE).send().await.unwrap_or_else(|error| panic!("no answer: {error:?}"));
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.bytes().await.unwrap();
        Reply { status, headers, body: String::from_utf8_lossy(&body).into_owned() }
    }

    pub(crate) async fn get(&self, path: &str, cookie: &str) -> Reply {
        self.send(self.http.get(self.url(path)).header(header::COOKIE, cookie)).await
    }

    pub(crate) async fn post(&self, path: &str, cookie: &str, pairs: &[(&str, &str)]) -> Reply {
        self.send(self.http.post(self.url(path)).header(header::COOKIE, cookie).form(pairs)).await
    }

    /// Any request at all.
    pub(crate) async fn request(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<reqwest::Body>,
    ) -> Reply {
        let request = headers
            .iter()
            .fold(self.http.request(method, self.url(path)), |request, (name, value)| request.header(*name, *value));
        self.send(request.body(body)).await
    }

    /// Sends bytes as they are, and gives what comes until the server closes. The request has to ask for that.
    pub(crate) async fn raw(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut stream = TcpStream::connect(self.address()).await.unwrap();
        stream.write_all(bytes.as_ref()).await.unwrap();
        let mut answer = Vec::new();
        // A server that refuses before it has read everything may reset the connection after its answer.
        let _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("an answer");
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Sends a request and hangs up once `when` is over, without having read the answer.
    pub(crate) async fn hang_up(&self, request: String, when: impl Future<Output = ()>) {
        let mut stream = TcpStream::connect(self.address()).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        when.await;
    }

    pub(crate) async fn register(&self, metadata: &Value) -> Reply {
        let body = metadata.to_string();
        self.request(Method::POST, "/register", &[("content-type", "application/json")], body).await
    }

    pub(crate) async fn client(&self, redirect: &str) -> String {
        self.client_of(&json!({ "redirect_uris": [redirect], "client_name": "Test Client" })).await
    }

    pub(crate) async fn client_of(&self, metadata: &Value) -> String {
        let reply = self.register(metadata).await;
        assert_eq!(reply.status, 201, "{}", reply.body);
        reply.json()["client_id"].as_str().unwrap().to_owned()
    }

    pub(crate) fn authorize_path(&self, client_id: &str, other: &[(&str, &str)]) -> String {
        let (challenge, resource) = (challenge(), self.resource());
        let mut pairs = vec![
            ("response_type", "code"),
            ("client_id", client_id),
            ("redirect_uri", REDIRECT),
            ("state", "client-state"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
            ("resource", &resource),
        ];
        for (name, value) in other {
            pairs.retain(|(known, _)| known != name);
            if !value.is_empty() {
                pairs.push((name, value));
            }
        }
        format!("/authorize?{}", form(&pairs))
    }

    /// The authorization request with these parameters instead of, or beside, the usual ones; an empty one is left out.
    pub(crate) async fn authorize(&self, client_id: &str, other: &[(&str, &str)]) -> Reply {
        self.get(&self.authorize_path(client_id, other), "").await
    }

    /// An error that a proven client was told: its code.
    #[track_caller]
    pub(crate) fn client_error(&self, reply: &Reply, state: &str) -> String {
        let answer = reply.redirect();
        assert!(reply.header("location").starts_with(&format!("{REDIRECT}?")), "{}", reply.header("location"));
        assert_eq!((answer["iss"].as_str(), answer["state"].as_str()), (self.base.as_str(), state));
        assert!(!answer.contains_key("code"));
        answer["error"].clone()
    }

    /// Approves on this page; gives what was sent to the provider.
    pub(crate) async fn approve(&self, page: &Reply) -> HashMap<String, String> {
        let reply = self.decide(page, &page.cookie(), "approve").await;
        let sent = reply.redirect();
        assert!(reply.header("location").starts_with(&self.fake.base), "{}", reply.header("location"));
        self.fake.set().challenge = sent["code_challenge"].clone();
        sent
    }

    pub(crate) async fn decide(&self, page: &Reply, cookie: &str, decision: &str) -> Reply {
        let (form, csrf) = (page.field("form"), page.field("csrf"));
        self.post("/consent", cookie, &[("form", &form), ("csrf", &csrf), ("decision", decision)]).await
    }

    pub(crate) async fn come_back(&self, state: &str, cookie: &str) -> Reply {
        self.get(&callback_path(state), cookie).await
    }

    /// From an authorization request to our code.
    pub(crate) async fn code(&self, client_id: &str) -> String {
        self.code_for(client_id, &[]).await
    }

    pub(crate) async fn code_for(&self, client_id: &str, other: &[(&str, &str)]) -> String {
        let page = self.authorize(client_id, other).await;
        assert_eq!(page.status, 200, "{}", page.body);
        let sent = self.approve(&page).await;
        let answer = self.come_back(&sent["state"], &page.cookie()).await.redirect();
        answer.get("code").unwrap_or_else(|| panic!("no code in {answer:?}")).clone()
    }

    pub(crate) async fn exchange(&self, client_id: &str, code: &str) -> Reply {
        let resource = self.resource();
        self.token(&[&exchange_form(client_id, code)[..], &[("resource", &resource)]].concat()).await
    }

    pub(crate) async fn token(&self, pairs: &[(&str, &str)]) -> Reply {
        self.post("/token", "", pairs).await
    }

    pub(crate) async fn refresh(&self, client_id: &str, token: &str) -> Reply {
        self.token(&[("grant_type", "refresh_token"), ("client_id", client_id), ("refresh_token", token)]).await
    }

    /// A refresh that gives new tokens.
    pub(crate) async fn refreshed(&self, held: &Tokens) -> Tokens {
        tokens(&held.client_id, &self.refresh(&held.client_id, &held.refresh).await)
    }

    pub(crate) async fn log_in(&self) -> Tokens {
        let client_id = self.client(REDIRECT).await;
        let code = self.code(&client_id).await;
        tokens(&client_id, &self.exchange(&client_id, &code).await)
    }

    /// Posts to the MCP endpoint, with these headers beside or instead of those of a right request of this body.
    pub(crate) async fn mcp(&self, access: &str, other: &[(&str, &str)], body: impl Into<String>) -> Reply {
        let body = body.into();
        let (method, name) = method_and_name(&body);
        let authorization = format!("Bearer {access}");
        let mut headers = vec![
            ("content-type", "application/json"),
            ("accept", "application/json, text/event-stream"),
            ("authorization", authorization.as_str()),
            ("mcp-protocol-version", "2026-07-28"),
            ("mcp-method", &method),
            ("mcp-name", &name),
        ];
        for (header, value) in other {
            headers.retain(|(known, _)| known != header);
            headers.push((header, value));
        }
        headers.retain(|(_, value)| !value.is_empty());
        self.request(Method::POST, "/mcp", &headers, body).await
    }

    pub(crate) async fn call(&self, access: &str, tool: &str, arguments: Value) -> Reply {
        self.mcp(access, &[], call(tool, arguments)).await
    }

    /// The plain call by which a token is tried.
    pub(crate) async fn whoami(&self, access: &str) -> Reply {
        self.call(access, "whoami", json!({})).await
    }

    /// That a token works.
    pub(crate) async fn is_good(&self, access: &str) {
        let reply = self.whoami(access).await;
        assert_eq!(reply.status, 200, "{} {}", reply.body, reply.header("www-authenticate"));
        assert_eq!(reply.text(), "naver-user-1 다리");
    }

    /// That a token is dead: at once where there is one server.
    pub(crate) async fn is_dead(&self, access: &str) {
        if self.servers.len() > 1 {
            return self.is_dead_soon(access).await;
        }
        self.whoami(access).await.is_invalid_token();
    }

    /// That a token is dead within the 5 s in which replicas follow each other.
    pub(crate) async fn is_dead_soon(&self, access: &str) {
        let deadline = Instant::now() + Duration::from_secs(6);
        for _ in &self.servers {
            loop {
                let reply = self.whoami(access).await;
                if reply.status == 401 || Instant::now() > deadline {
                    break reply.is_invalid_token();
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }

    /// That a login is over in both its tokens.
    pub(crate) async fn is_over(&self, held: &Tokens) {
        self.refresh(&held.client_id, &held.refresh).await.is_invalid_grant();
        self.is_dead(&held.access).await;
    }
}

/// A request of a tool, as JSON.
pub(crate) fn call(tool: &str, arguments: Value) -> String {
    rpc("tools/call", json!({ "name": tool, "arguments": arguments, "_meta": meta() }))
}

pub(crate) fn rpc(method: &str, params: Value) -> String {
    json!({ "jsonrpc": "2.0", "id": 7, "method": method, "params": params }).to_string()
}

fn method_and_name(body: &str) -> (String, String) {
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (text(&body["method"]), text(&body["params"]["name"]))
}

pub(crate) fn callback_path(state: &str) -> String {
    format!("/auth/callback?{}", form(&[("code", "good-code"), ("state", state)]))
}

/// A request as it goes over the wire.
pub(crate) fn raw_post(world: &World, path: &str, headers: &[(&str, &str)], body: &str) -> String {
    let host = world.base.trim_start_matches("http://");
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!(
        "POST {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n{body}",
        body.len()
    )
}
