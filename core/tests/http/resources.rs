//! Resources and templates: listed, and read at the URIs that are theirs and no others.

use dari::ReadResourceResult;

use crate::*;

/// A text.
#[mcp_resource(uri = "test://text", mime = "text/plain", ttl = "60s", public)]
fn text() -> &'static str {
    "text"
}

/// A picture.
#[mcp_resource(uri = "test://picture", name = "The picture", title = "Picture", mime = "image/png")]
async fn picture() -> Vec<u8> {
    vec![1, 2, 3]
}

/// A folder.
#[mcp_resource(uri = "test://folder")]
async fn folder() -> ReadResourceResult {
    let entry = |name: &str| ResourceContents::Text {
        uri: format!("test://folder/{name}"),
        mime_type: Some("text/x".to_owned()),
        text: name.to_owned(),
    };
    ReadResourceResult::new(vec![entry("a"), entry("b")])
}

/// A user.
#[mcp_resource(uri = "test://users/{id}", mime = "application/json")]
async fn user(
    /// The user's number.
    #[arg(range = 1..)]
    id: u64,
    info: ClientInfo,
) -> Result<Option<Json<Value>>, ToolError> {
    match id {
        404 => Ok(None),
        500 => Err(std::io::Error::other("a secret of the inside").into()),
        id => Ok(Some(Json(json!({ "id": id, "for": info.name })))),
    }
}

/// Never read: an earlier one fits.
#[mcp_resource(uri = "test://{kind}/{id}")]
async fn anything(kind: String, id: String) -> String {
    format!("{kind}: {id}")
}

/// A file.
#[mcp_resource(uri = "file:///{+path}")]
async fn file(path: String) -> String {
    path
}

/// What was found.
#[mcp_resource(uri = "test://search{/lang}{?q,page}")]
async fn search(lang: Option<String>, q: String, #[arg(default = 1)] page: u32, _: State<u8>) -> String {
    format!("{lang:?} {q:?} {page}")
}

fn router() -> Router {
    let server = McpServer::new("test", "1").public_url("https://mcp.example.com").state(1_u8);
    let server = server.resources(resources![text, picture, folder, user, anything, file, search]);
    server.into_router().expect("the server builds")
}

fn read(uri: &str) -> Request<Body> {
    let mut request = modern("resources/read", json!({ "uri": uri }));
    // Not every URI of these tests fits a header as it is.
    let encoded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, uri);
    request.headers_mut().insert("mcp-name", format!("=?base64?{encoded}?=").parse().expect("a value"));
    request
}

async fn text_at(router: &Router, uri: &str) -> String {
    let answer = send(router, read(uri)).await;
    let contents = &answer.body["result"]["contents"][0];
    assert_eq!(contents["uri"], uri, "{}", answer.body);
    contents["text"].as_str().expect("text").to_owned()
}

/// The error, which names the URI.
async fn error_at(router: &Router, uri: &str) -> Value {
    let answer = send(router, read(uri)).await;
    assert_eq!(answer.body["error"]["data"]["uri"], uri, "{}", answer.body);
    answer.body["error"].clone()
}

#[tokio::test]
async fn resources_and_templates_are_listed_apart() {
    let router = router();
    let discovered = send(&router, modern("server/discover", json!({}))).await;
    assert_eq!(discovered.body["result"]["capabilities"], json!({ "resources": {} }));
    let listed = send(&router, modern("resources/list", json!({}))).await;
    let resources = &listed.body["result"]["resources"];
    assert_eq!(resources.as_array().map(Vec::len), Some(3));
    assert_eq!(
        resources[0],
        json!({ "uri": "test://text", "name": "text", "description": "A text.", "mimeType": "text/plain" })
    );
    assert_eq!((&resources[1]["name"], &resources[1]["title"]), (&json!("The picture"), &json!("Picture")));

    let listed = send(&router, modern("resources/templates/list", json!({}))).await;
    let templates = &listed.body["result"]["resourceTemplates"];
    assert_eq!(templates.as_array().map(Vec::len), Some(4));
    assert_eq!(
        templates[0],
        json!({
            "uriTemplate": "test://users/{id}", "name": "user", "description": "A user.", "mimeType": "application/json",
        })
    );
}

#[tokio::test]
async fn contents_have_the_uri_and_the_type_of_their_resource() {
    let router = router();
    let read_text = send(&router, read("test://text")).await;
    let result = &read_text.body["result"];
    assert_eq!(result["contents"], json!([{ "uri": "test://text", "mimeType": "text/plain", "text": "text" }]));
    assert_eq!((&result["ttlMs"], &result["cacheScope"]), (&json!(60_000), &json!("public")));
    let read_picture = send(&router, read("test://picture")).await;
    let result = &read_picture.body["result"];
    assert_eq!(result["contents"], json!([{ "uri": "test://picture", "mimeType": "image/png", "blob": "AQID" }]));
    assert_eq!((&result["ttlMs"], &result["cacheScope"]), (&json!(0), &json!("private")));
    let read_folder = send(&router, read("test://folder")).await;
    assert_eq!(read_folder.body["result"]["contents"][1]["uri"], "test://folder/b");
}

#[tokio::test]
async fn the_first_template_that_fits_is_read_with_the_values_of_the_uri() {
    let router = router();
    assert_eq!(text_at(&router, "test://users/42").await, r#"{"for":"tester","id":42}"#);
    assert_eq!(text_at(&router, "test://books/%EA%B2%80%20a").await, "books: 검 a");
    assert_eq!(text_at(&router, "file:///a/b%20c/d.txt").await, "a/b c/d.txt");
    assert_eq!(text_at(&router, "test://search?q=").await, "None \"\" 1");
    assert_eq!(text_at(&router, "test://search?page=2&q=a%2Fb").await, "None \"a/b\" 2");
}

#[tokio::test]
async fn what_is_not_there_is_an_error_that_names_the_uri() {
    let router = router();
    for uri in [
        "test://nonexistent",
        "test://users/404",
        "test://a/b/c",
        "test://search/ko/kr?q=1",
        "test://search?q=1&q=2",
        "test://search?q=1&other=2",
        "other://text",
        "TEST://text",
        "",
    ] {
        let error = error_at(&router, uri).await;
        assert_eq!((&error["code"], &error["message"]), (&json!(-32602), &json!("Resource not found")), "{uri}");
    }
    for (uri, said) in [
        ("test://users/kim", "`id`"),
        ("test://users/0", "`id`"),
        ("test://search", "`q`: missing"),
        ("test://search?q=1&page=x", "`page`"),
    ] {
        let error = error_at(&router, uri).await;
        assert_eq!(error["code"], -32602, "{uri}");
        assert!(error["message"].as_str().is_some_and(|message| message.contains(said)), "{error}");
    }
    let failed = send(&router, read("test://users/500")).await;
    assert_eq!(failed.code(), -32603);
    assert!(!failed.body.to_string().contains("secret"), "{}", failed.body);
}

#[tokio::test]
async fn nothing_leads_out_of_a_folder() {
    let router = router();
    for path in [
        "..",
        "../etc/passwd",
        "a/../../etc",
        "a/..",
        "./a",
        "a/./b",
        "%2e%2e/etc",
        "a/%2E%2E/b",
        "a%2F..%2Fb",
        "..%2fetc",
        "/etc/passwd",
        "%2Fetc",
        "a%00b",
        "a%5C..%5Cb",
        "a\\b",
        "..%5cetc",
        "a%2",
        "a%zz",
        "a%FF",
        "%ED%A0%80",
        "%C0%AF..",
        "",
    ] {
        let error = error_at(&router, &format!("file:///{path}")).await;
        assert_eq!((&error["code"], &error["message"]), (&json!(-32602), &json!("Resource not found")), "{path}");
    }
    for id in ["..", ".", "%2e%2e", "a%2Fb", "%2F", "a%5Cb", "a\\b", "a%00", "", "a/b", "a?b", "a#b"] {
        let error = error_at(&router, &format!("test://books/{id}")).await;
        assert_eq!(error["message"], "Resource not found", "{id}");
    }
    assert_eq!(text_at(&router, "file:///a/...b/c..").await, "a/...b/c..", "dots in a name lead nowhere");
    assert_eq!(text_at(&router, "file:///%252e%252e/a").await, "%2e%2e/a", "what was decoded once stays as it is");
}

#[tokio::test]
async fn handshake_revisions_have_a_code_of_their_own() {
    let router = router();
    let (session, opened) = initialize(&router, "2025-11-25").await;
    assert_eq!(opened.body["result"]["capabilities"], json!({ "resources": {} }));
    let missing = send(&router, legacy(&session, "resources/read", json!({ "uri": "test://nothing" }))).await;
    assert_eq!((missing.code(), &missing.body["error"]["data"]), (-32002, &json!({ "uri": "test://nothing" })));
    let read = send(&router, legacy(&session, "resources/read", json!({ "uri": "test://users/7" }))).await;
    assert_eq!(read.body["result"]["contents"][0]["text"], r#"{"for":"old","id":7}"#);
    assert_eq!(read.body["result"].get("ttlMs"), None);
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Code {
    code: String,
}

/// A text behind a question.
#[mcp_resource(uri = "test://guarded", ttl = "60s", public)]
async fn guarded(ask: Ask) -> Result<String, ToolError> {
    let Code { code } = ask.form("code", "Which code?").await?;
    Ok(code)
}

#[tokio::test]
async fn what_came_of_answers_is_kept_by_nobody() {
    let server = McpServer::new("test", "1.0.0").public_url("https://mcp.example.com").resources(resources![guarded]);
    let router = server.into_router().expect("the server builds");
    let read = async |more: Value| {
        let mut params = json!({ "uri": "test://guarded" });
        if let (Value::Object(params), Value::Object(more)) = (&mut params, more) {
            params.extend(more);
        }
        let mut meta = meta();
        meta["io.modelcontextprotocol/clientCapabilities"] = json!({ "elicitation": {} });
        params["_meta"] = meta;
        let headers =
            [("mcp-protocol-version", "2026-07-28"), ("mcp-method", "resources/read"), ("mcp-name", "test://guarded")];
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "resources/read", "params": params });
        send(&router, post(&headers, body.to_string())).await.body["result"].clone()
    };
    let asked = read(json!({})).await;
    assert_eq!((&asked["resultType"], asked.get("ttlMs")), (&json!("input_required"), None));
    let answers = json!({ "code": { "action": "accept", "content": { "code": "1234" } } });
    let answered = read(json!({ "inputResponses": answers, "requestState": asked["requestState"] })).await;
    assert_eq!(answered["contents"][0]["text"], "1234");
    assert_eq!((&answered["ttlMs"], &answered["cacheScope"]), (&json!(0), &json!("private")));
}
