//! How much memory a flood takes: a bounded amount, which is measured here and stated in `docs/bounds.md`.
//!
//! Alone in its process, since it counts every byte that is allocated there.

#![cfg(feature = "auth")]
#![expect(clippy::unwrap_used, reason = "a test")]

use std::net::{Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use dari::auth::{
    BoxFuture, ClientAuth, Defaults, IdentifyError, Identity, OAuthProxy, Provider, ProviderConfig, Sessions,
    UpstreamTokens,
};
use futures_util::StreamExt as _;
use http::{Request, StatusCode, header};
use http_body_util::BodyExt as _;
use peak_alloc::PeakAlloc;
use serde_json::json;
use tower::ServiceExt as _;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// What the whole flood may add, on the store that is a file. Measured: see `docs/bounds.md`.
const MOST: f32 = 32.0;

struct Nobody(ProviderConfig);

impl Provider for Nobody {
    type Profile = serde_json::Value;

    fn config(&self) -> &ProviderConfig {
        &self.0
    }

    fn identify<'a>(&'a self, _: &'a UpstreamTokens) -> BoxFuture<'a, Result<Identity, IdentifyError>> {
        Box::pin(async { Err(IdentifyError::Unavailable("there is nobody".into())) })
    }

    fn routes(&self, _: Sessions) -> Router {
        Router::new().route("/told", axum::routing::post(async || StatusCode::FORBIDDEN))
    }
}

/// A stranger, each time another one.
fn stranger() -> SocketAddr {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let network = u128::from(0x2600_0000_0000_0000 + count) << 64;
    SocketAddr::new(Ipv6Addr::from_bits(network | 1).into(), 1)
}

async fn send(routes: &Router, mut request: Request<Body>) -> (StatusCode, http::HeaderMap, String) {
    request.headers_mut().insert(header::HOST, header::HeaderValue::from_static("127.0.0.1:8000"));
    request.extensions_mut().insert(ConnectInfo(stranger()));
    let (parts, body) = routes.clone().oneshot(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (parts.status, parts.headers, String::from_utf8_lossy(&body).into_owned())
}

fn post(path: &str, kind: &str, body: String) -> Request<Body> {
    Request::post(path).header(header::CONTENT_TYPE, kind).body(Body::from(body)).unwrap()
}

/// How many requests are under way at once: so many may pass a bound together.
const AT_ONCE: usize = 64;
const FORM: &str = "application/x-www-form-urlencoded";

/// Registrations as large as they may be, each from another source.
async fn register(routes: &Router, times: usize) -> usize {
    let uris: Vec<String> = (0..18).map(|n| format!("https://a{n}.example/{}", "x".repeat(160))).collect();
    let body = json!({ "redirect_uris": uris, "client_name": "x".repeat(200) }).to_string();
    refused(times, |_| async {
        let (status, headers, _) = send(routes, post("/register", "application/json", body.clone())).await;
        assert!(matches!(status.as_u16(), 201 | 429), "{status}");
        assert!(status != 429 || headers.contains_key(header::RETRY_AFTER));
        status
    })
    .await
}

/// Sends so many requests, some at once, and counts those that were too many.
async fn refused<F: Future<Output = StatusCode>>(times: usize, request: impl FnMut(usize) -> F) -> usize {
    let statuses = futures_util::stream::iter(0..times).map(request).buffer_unordered(AT_ONCE);
    statuses.filter(|status| std::future::ready(*status == 429)).count().await
}

fn authorize_path(client_id: &str, state: &str) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([
            ("response_type", "code"),
            ("client_id", client_id),
            ("redirect_uri", "http://localhost:1/callback"),
            ("state", state),
            ("code_challenge", &"A".repeat(43)),
            ("code_challenge_method", "S256"),
        ])
        .finish();
    format!("/authorize?{query}")
}

/// Logins that go to the provider and do not come back.
async fn log_in(routes: &Router, client_id: &str, times: usize) -> usize {
    let path = authorize_path(client_id, &"s".repeat(500));
    let (status, headers, page) = send(routes, Request::get(path).body(Body::empty()).unwrap()).await;
    assert_eq!(status, 200);
    let cookie = headers[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
    let field = |name: &str| {
        let start = format!("name=\"{name}\" value=\"");
        let at = page.find(&start).unwrap() + start.len();
        page[at..].split('"').next().unwrap().to_owned()
    };
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("form", field("form")), ("csrf", field("csrf")), ("decision", "approve".to_owned())])
        .finish();
    refused(times, |_| async {
        let mut request = post("/consent", FORM, body.clone());
        request.headers_mut().insert(header::COOKIE, cookie.parse().unwrap());
        send(routes, request).await.0
    })
    .await
}

/// URLs that name clients, tokens and codes that nobody gave out, and messages to the provider's own route.
async fn guess(routes: &Router, client_id: &str, times: usize) {
    refused(times, |n| async move {
        let client = format!("https://10.0.0.1/{n}");
        send(routes, Request::get(authorize_path(&client, "")).body(Body::empty()).unwrap()).await;
        let token = format!("{n:0>43}");
        let body = format!("grant_type=refresh_token&client_id={client}&refresh_token={token}");
        send(routes, post("/token", FORM, body)).await;
        let (code, verifier) = (format!("{n:0>22}"), "v".repeat(43));
        for (path, body) in [
            ("/token", format!("grant_type=refresh_token&client_id={client_id}&refresh_token={token}")),
            (
                "/token",
                format!("grant_type=authorization_code&client_id={client_id}&code={code}&code_verifier={verifier}"),
            ),
            ("/revoke", format!("client_id={client_id}&token={token}")),
            ("/auth/provider/told", token.clone()),
        ] {
            send(routes, post(path, FORM, body)).await;
        }
        let callback = format!("/auth/callback?state={n:0>22}&code=x");
        send(routes, Request::get(callback).body(Body::empty()).unwrap()).await.0
    })
    .await;
}

/// Everything at once. Says how many registrations and logins were refused.
async fn flood(routes: &Router, client_id: &str, times: usize) -> (usize, usize) {
    let registrations = register(routes, times).await;
    let logins = log_in(routes, client_id, times).await;
    guess(routes, client_id, times / 8).await;
    (registrations, logins)
}

#[test]
fn reg_08_a_flood_takes_a_bounded_amount_of_memory() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let config = ProviderConfig::new("Nobody", "http://127.0.0.1:9/a", "http://127.0.0.1:9/t", "dari")
            .client_secret("secret".to_owned().into(), ClientAuth::Post);
        let proxy = OAuthProxy::new(Nobody(config))
            .secret("a secret of more than thirty-two bytes, for tests".to_owned().into())
            .data_dir(folder.path());
        let public_url = Some("http://127.0.0.1:8000".to_owned());
        let gate = proxy.build(Defaults { public_url, mcp_path: "/mcp", server_name: "Flooded" }).unwrap();
        let routes = gate.app_routes();
        let body = json!({ "redirect_uris": ["http://localhost:1/callback"] }).to_string();
        let (_, _, client) = send(&routes, post("/register", "application/json", body)).await;
        let client: serde_json::Value = serde_json::from_str(&client).unwrap();
        let client = client["client_id"].as_str().unwrap().to_owned();

        let before = MEMORY.current_usage_as_mb();
        let first = flood(&routes, &client, 11_000).await;
        let after = MEMORY.current_usage_as_mb();
        let second = flood(&routes, &client, 1_000).await;
        let at_last = MEMORY.current_usage_as_mb();
        let file = std::fs::metadata(folder.path().join("store.redb")).unwrap().len() / (1024 * 1024);
        println!(
            "memory: {before:.1} MB before, {after:.1} MB after a flood, {at_last:.1} MB after another, peak {:.1} MB; \
             file: {file} MB; refused: {first:?}, {second:?}",
            MEMORY.peak_usage_as_mb()
        );
        assert!(first.0 >= 1000 - AT_ONCE && second.0 == 1_000, "registrations are bounded");
        assert!(first.1 >= 1000 - AT_ONCE && second.1 == 1_000, "logins are bounded");
        assert!(at_last - before < MOST, "{before} -> {after} -> {at_last}");
        assert!(at_last - after < 4.0, "a second flood finds everything full: {after} -> {at_last}");
        let (status, ..) = send(&routes, Request::get(authorize_path(&client, "")).body(Body::empty()).unwrap()).await;
        assert_eq!(status, 200, "who was there before is not hurt");
    });
}
