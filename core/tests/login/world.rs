//! A server, its provider, a browser and a client.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dari::auth::{Defaults, Gate, OAuthProxy, Principal, Refusal};
use dari::clock::{Clock, ManualClock};
use dari::store::MemoryStore;
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tower::ServiceExt as _;

use crate::fake::Fake;

pub(crate) const BASE: &str = "http://127.0.0.1:8000";
pub(crate) const RESOURCE: &str = "http://127.0.0.1:8000/mcp";
pub(crate) const SECRET: &str = "a secret of more than thirty-two bytes, for tests";
pub(crate) const REDIRECT: &str = "http://localhost:3334/callback";
pub(crate) const VERIFIER: &str = "a-verifier-that-is-at-least-forty-three-characters-long";

pub(crate) struct World {
    pub(crate) gate: Gate,
    pub(crate) routes: Router,
    pub(crate) fake: Fake,
    pub(crate) hand: ManualClock,
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

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{} is not JSON: {}", self.status, self.body))
    }

    /// The parameters of the redirect.
    pub(crate) fn redirect(&self) -> HashMap<String, String> {
        assert_eq!(self.status, 303, "{}", self.body);
        let url = url::Url::parse(self.header("location")).unwrap();
        let pairs: Vec<_> = url.query_pairs().into_owned().collect();
        let map: HashMap<_, _> = pairs.iter().cloned().collect();
        assert_eq!(map.len(), pairs.len(), "a parameter twice");
        map
    }

    pub(crate) fn cookie(&self) -> String {
        self.header("set-cookie").split(';').next().unwrap().to_owned()
    }

    /// A hidden field of the consent page.
    pub(crate) fn field(&self, name: &str) -> String {
        let start = format!("name=\"{name}\" value=\"");
        let at = self.body.find(&start).unwrap_or_else(|| panic!("no field {name} in {}", self.body)) + start.len();
        self.body[at..].split('"').next().unwrap().to_owned()
    }

    pub(crate) fn is_local_error(&self) -> bool {
        self.status.is_client_error() && !self.headers.contains_key(header::LOCATION)
    }

    pub(crate) fn error(&self) -> (u16, String) {
        (self.status.as_u16(), self.json()["error"].as_str().unwrap_or_default().to_owned())
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

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(|proxy| proxy).await
    }

    pub(crate) async fn with(options: impl FnOnce(OAuthProxy) -> OAuthProxy) -> Self {
        let (clock, hand) = Clock::manual(SystemTime::now());
        let store = MemoryStore::with_clock(clock);
        Self::on(Fake::start().await, hand, |proxy| options(proxy.store(store)))
    }

    /// A server on a store that the options name.
    pub(crate) fn on(fake: Fake, hand: ManualClock, options: impl FnOnce(OAuthProxy) -> OAuthProxy) -> Self {
        let proxy = OAuthProxy::new(fake.provider())
            .secret(SECRET.to_owned().into())
            .upstream_timeout(Duration::from_millis(500))
            .scopes_supported(["calendar", "profile"])
            .clock(hand.clock());
        let defaults = Defaults { public_url: Some(BASE.to_owned()), mcp_path: "/mcp", server_name: "Test Server" };
        let gate = options(proxy).build(defaults).unwrap();
        let routes = gate.app_routes().merge(gate.well_known_routes());
        Self { gate, routes, fake, hand }
    }

    pub(crate) fn pass(&self, seconds: u64) {
        self.hand.advance(Duration::from_secs(seconds));
    }

    pub(crate) async fn send(&self, mut request: Request<Body>) -> Reply {
        request.headers_mut().insert(header::HOST, header::HeaderValue::from_static("127.0.0.1:8000"));
        let (parts, body) = self.routes.clone().oneshot(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Reply { status: parts.status, headers: parts.headers, body: String::from_utf8(body.into()).unwrap() }
    }

    /// Sends a request that comes from this peer; `None` where the server does not know.
    pub(crate) async fn send_from(&self, peer: Option<SocketAddr>, mut request: Request<Body>) -> Reply {
        if let Some(peer) = peer {
            request.extensions_mut().insert(ConnectInfo(peer));
        }
        self.send(request).await
    }

    pub(crate) async fn authorize_from(&self, peer: Option<SocketAddr>, client_id: &str) -> Reply {
        self.send_from(peer, Request::get(authorize_path(client_id, &[])).body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str, cookie: &str) -> Reply {
        let request = Request::get(path).header(header::COOKIE, cookie);
        self.send(request.body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, cookie: &str, pairs: &[(&str, &str)]) -> Reply {
        let request = Request::post(path)
            .header(header::COOKIE, cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(form(pairs))).unwrap()).await
    }

    pub(crate) async fn method(&self, method: Method, path: &str) -> Reply {
        self.send(Request::builder().method(method).uri(path).body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn register(&self, metadata: Value) -> Reply {
        let request = Request::post("/register").header(header::CONTENT_TYPE, "application/json");
        self.send(request.body(Body::from(metadata.to_string())).unwrap()).await
    }

    pub(crate) async fn client(&self, redirect: &str) -> String {
        let reply = self.register(json!({ "redirect_uris": [redirect], "client_name": "Test Client" })).await;
        assert_eq!(reply.status, 201, "{}", reply.body);
        reply.json()["client_id"].as_str().unwrap().to_owned()
    }

    /// The authorization request with these parameters instead of, or beside, the usual ones; an empty one is left out.
    pub(crate) async fn authorize(&self, client_id: &str, other: &[(&str, &str)]) -> Reply {
        self.get(&authorize_path(client_id, other), "").await
    }

    /// Approves on this page; gives what was sent to the provider.
    pub(crate) async fn approve(&self, page: &Reply) -> HashMap<String, String> {
        let reply = self.decide(page, &page.cookie(), "approve").await;
        let sent = reply.redirect();
        self.fake.set().challenge = sent["code_challenge"].clone();
        sent
    }

    pub(crate) async fn decide(&self, page: &Reply, cookie: &str, decision: &str) -> Reply {
        let (form, csrf) = (page.field("form"), page.field("csrf"));
        self.post("/consent", cookie, &[("form", &form), ("csrf", &csrf), ("decision", decision)]).await
    }

    pub(crate) async fn come_back(&self, state: &str, cookie: &str) -> Reply {
        self.get(&format!("/auth/callback?{}", form(&[("code", "good-code"), ("state", state)])), cookie).await
    }

    /// From registration to our code.
    pub(crate) async fn code(&self, client_id: &str) -> String {
        let page = self.authorize(client_id, &[]).await;
        assert_eq!(page.status, 200, "{}", page.body);
        let sent = self.approve(&page).await;
        self.come_back(&sent["state"], &page.cookie()).await.redirect()["code"].clone()
    }

    pub(crate) async fn exchange(&self, client_id: &str, code: &str) -> Reply {
        self.token(&[&exchange_form(client_id, code)[..], &[("resource", RESOURCE)]].concat()).await
    }

    pub(crate) async fn token(&self, pairs: &[(&str, &str)]) -> Reply {
        self.post("/token", "", pairs).await
    }

    pub(crate) async fn refresh(&self, client_id: &str, token: &str) -> Reply {
        self.token(&[("grant_type", "refresh_token"), ("client_id", client_id), ("refresh_token", token)]).await
    }

    pub(crate) async fn revoke(&self, client_id: &str, token: &str) -> Reply {
        self.post("/revoke", "", &[("client_id", client_id), ("token", token)]).await
    }

    pub(crate) async fn log_in(&self) -> Tokens {
        let client_id = self.client(REDIRECT).await;
        let code = self.code(&client_id).await;
        let reply = self.exchange(&client_id, &code).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        tokens(&client_id, &reply)
    }

    pub(crate) async fn call(&self, access: &str) -> Result<Principal, Refusal> {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, format!("Bearer {access}").parse().unwrap());
        self.gate.authenticate(&headers).await
    }
}

pub(crate) fn tokens(client_id: &str, reply: &Reply) -> Tokens {
    let text = |member: &str| reply.json()[member].as_str().unwrap().to_owned();
    Tokens { client_id: client_id.to_owned(), access: text("access_token"), refresh: text("refresh_token") }
}

pub(crate) fn authorize_path(client_id: &str, other: &[(&str, &str)]) -> String {
    let challenge = challenge();
    let mut pairs = vec![
        ("response_type", "code"),
        ("client_id", client_id),
        ("redirect_uri", REDIRECT),
        ("state", "client-state"),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
        ("resource", RESOURCE),
    ];
    for (name, value) in other {
        pairs.retain(|(known, _)| known != name);
        if !value.is_empty() {
            pairs.push((name, value));
        }
    }
    format!("/authorize?{}", form(&pairs))
}
