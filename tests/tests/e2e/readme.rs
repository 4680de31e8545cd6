use dari::TestClient;
use dari::prelude::*;
use dari_providers::naver::NaverProvider;
use serde_json::json;

/// Greets the user.
#[mcp_tool]
async fn greet(token: AccessToken) -> String {
    format!("안녕하세요, {}!", token.user_id())
}

#[tokio::test]
async fn greets_the_user() -> Result<(), Box<dyn std::error::Error>> {
    let naver = NaverProvider::builder("client id", "client secret".into()).build()?;
    let server = McpServer::new("test", "1.0.0").tools(tools![greet]).auth(naver);
    let client = TestClient::new(server)?.as_user(AccessToken::for_test("naver token", "user-1"));
    assert_eq!(client.call("greet", json!({})).await?.text(), "안녕하세요, user-1!");
    Ok(())
}
