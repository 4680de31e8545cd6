//! What a server with a login is checked for before the first request, and what its tests may do without a login.

use dari::auth::{BoxFuture, IdentifyError, Identity, Provider, ProviderConfig, UpstreamTokens};
use dari::prelude::*;
use dari::{CallError, TestClient};
use dari_providers::naver::{Naver, NaverProvider};
use serde_json::{Value, json};

/// Whose token it is.
#[mcp_tool]
async fn whose(token: AccessToken) -> String {
    token.user_id().to_owned()
}

/// The user's nickname at Naver.
#[mcp_tool]
async fn nickname(token: AccessToken<Naver>) -> Result<String, ToolError> {
    Ok(token.profile()?.nickname.unwrap_or_default())
}

/// Greets whoever it is.
#[mcp_tool]
async fn greet(token: Option<AccessToken>) -> String {
    token.map_or("a stranger".to_owned(), |token| token.user_id().to_owned())
}

/// Deletes everything.
#[mcp_tool(scopes("write", "delete"))]
async fn delete() {}

/// A provider other than Naver.
struct Other(ProviderConfig);

impl Provider for Other {
    type Profile = Value;

    fn config(&self) -> &ProviderConfig {
        &self.0
    }

    fn identify<'a>(&'a self, _tokens: &'a UpstreamTokens) -> BoxFuture<'a, Result<Identity, IdentifyError>> {
        Box::pin(async { Err(IdentifyError::Unavailable("never asked".into())) })
    }
}

fn other() -> Other {
    Other(ProviderConfig::new("Other", "https://other.example/authorize", "https://other.example/token", "id"))
}

fn naver() -> NaverProvider {
    NaverProvider::builder("client id", "client secret".into()).build().expect("a provider")
}

fn problems(server: McpServer) -> String {
    TestClient::new(server).expect_err("it has mistakes").to_string()
}

#[test]
fn a_token_needs_a_login() {
    let text = problems(McpServer::new("test", "1").tools(tools![whose, delete, greet]));
    assert!(text.contains("tool `whose` takes an `AccessToken`") && text.contains("`.auth(..)`"), "{text}");
    assert!(text.contains("tool `delete` asks for scopes"), "{text}");
    assert!(!text.contains("greet"), "an optional token needs none: {text}");
}

#[test]
fn a_token_of_naver_needs_a_login_with_naver() {
    let server = || McpServer::new("test", "1").tools(tools![nickname]);
    let text = problems(server().auth(other()));
    assert!(text.contains("tool `nickname`") && text.contains("NaverProvider") && text.contains("Other"), "{text}");
    TestClient::new(server().auth(naver())).expect("the right provider");
}

#[tokio::test]
async fn tests_log_in_with_a_token_of_their_own() {
    let login = dari::auth::OAuthProxy::new(naver()).scopes_supported(["write", "delete"]);
    let server = McpServer::new("test", "1").tools(tools![whose, nickname, delete]).auth(login);
    let client = TestClient::new(server).expect("it builds");
    let nobody = client.call("whose", json!({})).await.expect_err("nobody is logged in");
    assert!(matches!(nobody, CallError::LoginRequired), "{nobody}");

    let user = client.clone().as_user(AccessToken::for_test("naver token", "user-1"));
    assert_eq!(user.call("whose", json!({})).await.expect("it is called").text(), "user-1");
    let lacking = user.call("delete", json!({})).await.expect_err("the scopes are missing");
    assert!(matches!(&lacking, CallError::InsufficientScope(all) if all == &["write", "delete"]), "{lacking}");

    let token =
        AccessToken::for_test_of::<Naver>("naver token", "user-1", json!({ "id": "user-1", "nickname": "다리" }));
    let user = client.as_user(token.with_scopes(["write", "delete"]));
    assert_eq!(user.call("nickname", json!({})).await.expect("it is called").text(), "다리");
    assert!(!user.call("delete", json!({})).await.expect("it is called").is_error());
}

#[tokio::test]
async fn a_tool_is_an_ordinary_function() {
    assert_eq!(whose(AccessToken::for_test("naver token", "user-2")).await, "user-2");
    assert_eq!(greet(None).await, "a stranger");
}

#[tokio::test]
async fn a_server_can_live_under_a_path() {
    use axum::Router;
    use axum::body::Body;
    use axum::http::{Request, StatusCode, header};
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    let login = dari::auth::OAuthProxy::new(naver())
        .public_url("https://example.com/api")
        .secret("the secret of a test, which is long enough for it".to_owned().into())
        .store(dari::store::MemoryStore::new());
    let server = McpServer::new("test", "1").tools(tools![whose]).auth(login);
    let (app, well_known) = server.into_parts().expect("it builds");
    let router = Router::new().nest("/api", app).merge(well_known);
    let get = |method: &str, path: &str| {
        let request = Request::builder().method(method).uri(path).header(header::HOST, "example.com");
        router.clone().oneshot(request.body(Body::empty()).expect("a request"))
    };

    let refused = get("POST", "/api/mcp").await.expect("an answer");
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    let challenge = refused.headers()[header::WWW_AUTHENTICATE].to_str().expect("text").to_owned();
    let metadata = "/.well-known/oauth-protected-resource/api/mcp";
    assert!(challenge.contains(&format!("https://example.com{metadata}")), "{challenge}");

    for (path, key, value) in [
        (metadata, "resource", "https://example.com/api/mcp"),
        ("/.well-known/oauth-authorization-server/api", "issuer", "https://example.com/api"),
        ("/.well-known/oauth-authorization-server/api", "token_endpoint", "https://example.com/api/token"),
    ] {
        let answer = get("GET", path).await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        let body = answer.into_body().collect().await.expect("a body").to_bytes();
        let document: Value = serde_json::from_slice(&body).expect("JSON");
        assert_eq!(document[key], value, "{path}");
    }
    assert_eq!(get("POST", "/api/token").await.expect("an answer").status(), StatusCode::BAD_REQUEST);
    let half = get("GET", "/.well-known/openid-configuration").await.expect("an answer");
    assert_eq!(half.status(), StatusCode::NOT_FOUND);
}
