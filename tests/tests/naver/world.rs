//! The server, the sandbox behind it, and a client that keeps to the letter of the specification.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dari::auth::OAuthProxy;
use dari::prelude::*;
use dari::store::MemoryStore;
use dari_providers::naver::sandbox::{NaverSandbox, SandboxControl};
use dari_providers::naver::{KstDateTime, NaverErrorKind, NaverOpenApi, NaverProvider, NewSchedule};
use reqwest::Response;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::person::{Arrival, Person};

const REDIRECT: &str = "http://127.0.0.1:3334/callback";
const VERIFIER: &str = "a-verifier-that-is-at-least-forty-three-characters-long";

/// Adds a schedule to the caller's calendar.
#[mcp_tool]
async fn add_schedule(
    title: String,
    token: AccessToken,
    State(naver): State<NaverOpenApi>,
) -> Result<String, ToolError> {
    let day: KstDateTime = "2026-10-18 15:00".parse().context("the date of the test")?;
    let end: KstDateTime = "2026-10-18 16:00".parse().context("the date of the test")?;
    add(&naver, &token, NewSchedule::new(title, day, end)?).await
}

/// The same, after it has told its client something.
#[mcp_tool]
async fn add_schedule_noisily(
    token: AccessToken,
    State(naver): State<NaverOpenApi>,
    progress: Progress,
) -> Result<String, ToolError> {
    progress.report(1, 2.0, None);
    let day: KstDateTime = "2026-10-18 15:00".parse().context("the date of the test")?;
    let end: KstDateTime = "2026-10-18 16:00".parse().context("the date of the test")?;
    add(&naver, &token, NewSchedule::new("noise", day, end)?).await
}

/// Needs a permission beside the one that it declares.
#[mcp_tool(scopes("profile"))]
async fn add_for_profile(token: AccessToken, State(naver): State<NaverOpenApi>) -> Result<String, ToolError> {
    add_schedule("for a profile".to_owned(), token, State(naver)).await
}

async fn add(naver: &NaverOpenApi, token: &AccessToken, schedule: NewSchedule) -> Result<String, ToolError> {
    match naver.create_schedule(token.secret(), &schedule).await {
        Ok(created) => Ok(format!("{created:?}")),
        Err(error) if matches!(error.kind(), NaverErrorKind::PermissionDenied(_)) => {
            Err(ToolError::needs_scope("calendar"))
        }
        Err(error) => Err(error.into()),
    }
}

/// Whose calendar it is.
#[mcp_tool(read_only)]
async fn whoami(token: AccessToken) -> String {
    token.user_id().to_owned()
}

pub struct World {
    pub sandbox: SandboxControl,
    pub base: String,
    _sandbox: NaverSandbox,
    pub http: reqwest::Client,
}

/// What a client holds after a login.
#[derive(Clone, Debug)]
pub struct Tokens {
    pub client_id: String,
    pub access: String,
    pub refresh: String,
}

impl World {
    pub async fn start() -> Self {
        Self::with(|proxy| proxy).await
    }

    pub async fn with(options: impl FnOnce(OAuthProxy) -> OAuthProxy) -> Self {
        let sandbox = NaverSandbox::start(([127, 0, 0, 1], 0).into()).await.expect("the sandbox starts");
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let provider = NaverProvider::builder(sandbox.client_id(), sandbox.client_secret().into())
            .login_url(sandbox.login_url())
            .open_api_url(sandbox.open_api_url())
            .unlink_webhook();
        let proxy = OAuthProxy::new(provider.build().expect("a provider"))
            .public_url(&base)
            .secret("a secret of more than thirty-two bytes, for tests".into())
            .scopes_supported(["calendar", "profile"])
            .store(MemoryStore::new());
        let server = McpServer::new("Test Server", "1.0.0")
            .tools(tools![add_schedule, add_schedule_noisily, add_for_profile, whoami])
            .state(NaverOpenApi::from_env_with(&sandbox.env()).expect("a client"))
            .auth(options(proxy));
        tokio::spawn(server.serve_on(listener, std::future::pending()));
        Self::at(base, sandbox)
    }

    /// A server that is there already, in front of this sandbox.
    pub fn at(base: String, sandbox: NaverSandbox) -> Self {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build();
        Self { sandbox: sandbox.control(), base, _sandbox: sandbox, http: http.expect("a client") }
    }

    pub async fn register(&self) -> String {
        let metadata = json!({ "redirect_uris": [REDIRECT], "client_name": "Test Client" });
        let response = self.http.post(format!("{}/register", self.base)).body(metadata.to_string());
        let answer: Value = response.send().await.expect("an answer").json().await.expect("JSON");
        answer["client_id"].as_str().expect("a client_id").to_owned()
    }

    /// A login of this client for these scopes.
    pub async fn authorize(&self, person: Person, client_id: &str, scope: &str) -> Arrival {
        person.log_in(self.authorize_url(client_id, scope).as_str(), REDIRECT).await
    }

    /// Where a browser goes for that.
    pub fn authorize_url(&self, client_id: &str, scope: &str) -> url::Url {
        let mut url = url::Url::parse(&format!("{}/authorize", self.base)).expect("a URL");
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", client_id)
            .append_pair("redirect_uri", REDIRECT)
            .append_pair("state", "client-state")
            .append_pair("scope", scope)
            .append_pair("code_challenge", &URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER)))
            .append_pair("code_challenge_method", "S256")
            .append_pair("resource", &format!("{}/mcp", self.base));
        url
    }

    pub async fn exchange(&self, client_id: &str, arrival: &Arrival) -> Tokens {
        let code =
            arrival.answer.get("code").unwrap_or_else(|| panic!("no code: {:?} {}", arrival.answer, arrival.page));
        let pairs = [
            ("grant_type", "authorization_code"),
            ("client_id", client_id),
            ("code", code),
            ("redirect_uri", REDIRECT),
            ("code_verifier", VERIFIER),
        ];
        let response = self.post("/token", &pairs).await;
        assert_eq!(response.status(), 200);
        let answer: Value = response.json().await.expect("JSON");
        let text = |name: &str| answer[name].as_str().expect("a token").to_owned();
        Tokens { client_id: client_id.to_owned(), access: text("access_token"), refresh: text("refresh_token") }
    }

    pub async fn log_in(&self, person: Person) -> Tokens {
        let client_id = self.register().await;
        let arrival = self.authorize(person, &client_id, "").await;
        self.exchange(&client_id, &arrival).await
    }

    pub async fn refresh(&self, held: &Tokens) -> u16 {
        let pairs =
            [("grant_type", "refresh_token"), ("client_id", &*held.client_id), ("refresh_token", &*held.refresh)];
        self.post("/token", &pairs).await.status().as_u16()
    }

    pub async fn post(&self, path: &str, pairs: &[(&str, &str)]) -> Response {
        self.http.post(format!("{}{path}", self.base)).form(pairs).send().await.expect("an answer")
    }

    /// One call of a tool in the current revision.
    pub async fn call(&self, held: &Tokens, tool: &str, arguments: Value) -> Response {
        let body = json!({
            "jsonrpc": "2.0", "id": 1, "method": "tools/call",
            "params": {
                "name": tool, "arguments": arguments,
                "_meta": {
                    "progressToken": 1,
                    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                    "io.modelcontextprotocol/clientInfo": { "name": "test", "version": "1" },
                    "io.modelcontextprotocol/clientCapabilities": {},
                },
            },
        });
        let request = self.http.post(format!("{}/mcp", self.base)).bearer_auth(&held.access);
        let request = request
            .header("Content-Type", "application/json")
            .header("Accept", "application/json, text/event-stream")
            .header("MCP-Protocol-Version", "2026-07-28")
            .header("Mcp-Method", "tools/call")
            .header("Mcp-Name", tool);
        request.body(body.to_string()).send().await.expect("an answer")
    }
}
