//! Tokens over stdio, where nobody can log in.

use dari::StdioToken;
use dari::auth::{BoxFuture, IdentifyError, Identity, Provider, ProviderConfig, UpstreamTokens};
use secrecy::ExposeSecret as _;

use crate::*;

/// A provider that knows one token, and is away for another.
struct Fake(ProviderConfig);

impl Fake {
    fn new() -> Self {
        Self(ProviderConfig::new("Fake", "https://fake.example/authorize", "https://fake.example/token", "dari"))
    }
}

impl Provider for Fake {
    type Profile = Value;

    fn config(&self) -> &ProviderConfig {
        &self.0
    }

    fn identify<'a>(&'a self, tokens: &'a UpstreamTokens) -> BoxFuture<'a, Result<Identity, IdentifyError>> {
        Box::pin(async move {
            match tokens.access_token().expose_secret() {
                "good" => Ok(Identity { subject: "user-1".to_owned(), profile: json!({ "name": "김" }) }),
                "away" => Err(IdentifyError::Unavailable("503".into())),
                _ => Err(IdentifyError::Rejected("401".into())),
            }
        })
    }
}

/// Another provider.
struct Other(ProviderConfig);

impl Provider for Other {
    type Profile = Value;

    fn config(&self) -> &ProviderConfig {
        &self.0
    }

    fn identify<'a>(&'a self, _: &'a UpstreamTokens) -> BoxFuture<'a, Result<Identity, IdentifyError>> {
        Box::pin(async { Err(IdentifyError::Rejected("never".into())) })
    }
}

/// Tells whose token it is.
#[mcp_tool]
async fn whoami(token: AccessToken) -> String {
    format!("{} {} {}", token.user_id(), token.client_id(), token.secret().expose_secret())
}

/// Tells the profile.
#[mcp_tool]
async fn profile(token: AccessToken<Fake>) -> String {
    token.profile().expect("a profile")["name"].as_str().unwrap_or_default().to_owned()
}

/// Tells whether there is a token.
#[mcp_tool]
async fn perhaps(token: Option<AccessToken>) -> String {
    token.is_some().to_string()
}

/// Writes.
#[mcp_tool(scopes("calendar.write"))]
async fn write() -> &'static str {
    "written"
}

fn server() -> McpServer {
    McpServer::new("test", "1")
}

async fn refused(server: McpServer) -> String {
    server.build_stdio().await.expect_err("it does not build").to_string()
}

async fn texts(server: McpServer, tools: &[&str]) -> Vec<String> {
    let mut client = Client::of(server.build_stdio().await.expect("it builds"), Seen::default());
    let mut texts = Vec::new();
    for tool in tools {
        client.call(1, tool, json!({})).await;
        let answer = client.next().await;
        texts.push(if answer["error"].is_null() { text(&answer).to_owned() } else { answer["error"].to_string() });
    }
    texts
}

#[tokio::test]
async fn a_tool_that_takes_a_token_names_itself_where_there_is_none() {
    for with_login in [false, true] {
        let with = |server: McpServer| if with_login { server.auth(Fake::new()) } else { server };
        let text = refused(with(server().tools(tools![whoami, write]))).await;
        assert!(text.contains("tool `whoami` takes an `AccessToken`") && text.contains(".stdio_token(..)"), "{text}");
        assert!(text.contains("tool `write` asks for scopes"), "{text}");
        assert_eq!(texts(with(server().tools(tools![perhaps])), &["perhaps"]).await, ["false"]);
    }
}

#[tokio::test]
async fn the_provider_says_whose_the_token_is() {
    let with = |token: &str| server().auth(Fake::new()).stdio_token(StdioToken::new(token));
    let tools = ["whoami", "profile", "perhaps", "write"];
    assert_eq!(
        texts(with("good").tools(tools![whoami, profile, perhaps, write]), &tools).await,
        ["user-1 stdio good", "김", "true", "written"]
    );
    for (token, expected) in [("bad", "does not accept the token"), ("away", "did not say whose token")] {
        let text = refused(with(token)).await;
        assert!(text.contains("`.stdio_token(..)` cannot be used") && text.contains(expected), "{text}");
        assert!(!text.contains("bad"), "{text}");
    }
    let other = Other(ProviderConfig::new("Other", "https://other.example/a", "https://other.example/t", "dari"));
    let text = refused(server().auth(other).stdio_token(StdioToken::new("good")).tools(tools![profile])).await;
    assert!(text.contains("takes an `AccessToken<stdio::token::Fake>`") && text.contains("Other"), "{text}");
}

#[tokio::test]
async fn without_a_provider_the_program_says_it() {
    let token = || StdioToken::new("hunter2").user_id("me");
    assert_eq!(texts(server().stdio_token(token()).tools(tools![whoami]), &["whoami"]).await, ["me stdio hunter2"]);
    let text = refused(server().stdio_token(StdioToken::new("hunter2"))).await;
    assert!(text.contains("nobody says whose the token") && !text.contains("hunter2"), "{text}");
    let text = refused(server().auth(Fake::new()).stdio_token(token())).await;
    assert!(text.contains("leave one out"), "{text}");
    let text = refused(server().stdio_token(token()).tools(tools![profile])).await;
    assert!(text.contains("has no provider: add `.auth(..)`"), "{text}");
    assert!(!format!("{:?}", token()).contains("hunter2"));
}

#[tokio::test]
async fn scopes_are_all_unless_they_are_said() {
    let token = || StdioToken::new("hunter2").user_id("me");
    assert_eq!(texts(server().stdio_token(token()).tools(tools![write]), &["write"]).await, ["written"]);
    let narrow = token().scopes(["calendar.read"]);
    let answers = texts(server().stdio_token(narrow).tools(tools![write]), &["write"]).await;
    assert!(answers[0].contains("insufficient_scope") && answers[0].contains("calendar.write"), "{answers:?}");
}

#[tokio::test]
async fn the_environment_holds_the_token_or_it_is_said_what_is_missing() {
    // Set by cargo for every test.
    assert!(StdioToken::from_env("CARGO_MANIFEST_DIR").is_ok());
    let error = StdioToken::from_env("DARI_TEST_NO_SUCH_VARIABLE").expect_err("it is not set");
    assert!(error.to_string().contains("DARI_TEST_NO_SUCH_VARIABLE"), "{error}");
}
