//! Prompts: listed, and filled in with the strings that clients send.

use crate::*;

/// Says hello.
#[mcp_prompt(title = "Greeting", icons("https://example.com/hello.png"), meta("example.com/team" = "greeters"))]
fn hello() -> &'static str {
    "Say hello."
}

/// How a text is written.
#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Style {
    Plain,
    Formal,
}

/// Summarizes a text.
#[mcp_prompt(name = "text.summarize")]
async fn summarize(
    /// The text.
    text: String,
    /// In how many sentences.
    #[arg(default = 3, range = 1..=10)]
    sentences: u8,
    style: Option<Style>,
    #[arg(default)] bullets: bool,
    State(model): State<&'static str>,
) -> Result<Vec<PromptMessage>, ToolError> {
    if text == "?" {
        return Err(ToolError::new("there is nothing to summarize"));
    }
    let style = style.map_or("any", |style| match style {
        Style::Plain => "plain",
        Style::Formal => "formal",
    });
    Ok(vec![
        PromptMessage::user(format!("{text}: {sentences} sentences, {style} style, bullets: {bullets}")),
        PromptMessage::assistant(format!("{model} will")),
    ])
}

/// Panics.
#[mcp_prompt]
async fn explode() -> String {
    panic!("a secret of the inside")
}

/// Takes too long.
#[mcp_prompt(timeout = "20ms")]
async fn sleep() -> String {
    tokio::time::sleep(Duration::from_secs(60)).await;
    String::new()
}

fn router() -> Router {
    let server = McpServer::new("test", "1").public_url("https://mcp.example.com").state("GPT-0");
    server.prompts(prompts![hello, summarize, explode, sleep]).into_router().expect("the server builds")
}

fn get(name: &str, arguments: Value) -> Request<Body> {
    modern("prompts/get", json!({ "name": name, "arguments": arguments }))
}

#[tokio::test]
async fn prompts_are_listed_with_their_arguments() {
    let router = router();
    let discovered = send(&router, modern("server/discover", json!({}))).await;
    assert_eq!(discovered.body["result"]["capabilities"], json!({ "prompts": {} }));
    let listed = send(&router, modern("prompts/list", json!({}))).await;
    let prompts = &listed.body["result"]["prompts"];
    assert_eq!(
        prompts[0],
        json!({
            "name": "hello", "title": "Greeting", "description": "Says hello.",
            "icons": [{ "src": "https://example.com/hello.png" }], "_meta": { "example.com/team": "greeters" },
        })
    );
    assert_eq!(prompts[1]["name"], "text.summarize");
    assert_eq!(
        prompts[1]["arguments"],
        json!([
            { "name": "text", "description": "The text.", "required": true },
            { "name": "sentences", "description": "In how many sentences.", "required": false },
            { "name": "style", "description": "How a text is written.", "required": false },
            { "name": "bullets", "required": false },
        ])
    );
}

#[tokio::test]
async fn strings_are_read_into_the_types_of_the_parameters() {
    let router = router();
    let plain = send(&router, modern("prompts/get", json!({ "name": "hello" }))).await;
    assert_eq!(
        plain.body["result"]["messages"],
        json!([{ "role": "user", "content": { "type": "text", "text": "Say hello." } }])
    );
    assert_eq!(plain.body["result"]["resultType"], "complete");

    let arguments = json!({ "text": "10", "sentences": "5", "style": "formal", "bullets": "true" });
    let filled = send(&router, get("text.summarize", arguments)).await;
    let messages = &filled.body["result"]["messages"];
    assert_eq!(messages[0]["content"]["text"], "10: 5 sentences, formal style, bullets: true");
    assert_eq!((&messages[1]["role"], &messages[1]["content"]["text"]), (&json!("assistant"), &json!("GPT-0 will")));
    let filled = send(&router, get("text.summarize", json!({ "text": "a" }))).await;
    assert_eq!(filled.body["result"]["messages"][0]["content"]["text"], "a: 3 sentences, any style, bullets: false");
}

#[tokio::test]
async fn what_is_wrong_is_a_json_rpc_error() {
    let router = router();
    assert_eq!(send(&router, get("nothing", json!({}))).await.code(), -32602);
    let wrong = send(&router, get("text.summarize", json!({ "sentences": "many", "style": "odd", "x": "" }))).await;
    assert_eq!(wrong.code(), -32602);
    let message = wrong.body["error"]["message"].as_str().expect("a message");
    for told in ["`text`: missing", "`sentences`", "`style`", "`x`: unknown, the prompt takes"] {
        assert!(message.contains(told), "{told} in {message}");
    }
    let range = send(&router, get("text.summarize", json!({ "text": "a", "sentences": "11" }))).await;
    assert_eq!(range.code(), -32602);

    let failed = send(&router, get("text.summarize", json!({ "text": "?" }))).await;
    assert_eq!((failed.code(), &failed.body["error"]["message"]), (-32603, &json!("there is nothing to summarize")));
    let exploded = send(&router, get("explode", json!({}))).await;
    assert_eq!(exploded.code(), -32603);
    assert!(!exploded.body.to_string().contains("secret"), "{}", exploded.body);
    let slept = send(&router, get("sleep", json!({}))).await;
    assert!(slept.body["error"]["message"].as_str().is_some_and(|text| text.contains("20ms")), "{}", slept.body);
}

#[tokio::test]
async fn sessions_have_prompts_too() {
    let router = router();
    let (session, opened) = initialize(&router, "2025-11-25").await;
    assert_eq!(opened.body["result"]["capabilities"], json!({ "prompts": {} }));
    let filled = send(&router, legacy(&session, "prompts/get", json!({ "name": "hello" }))).await;
    assert_eq!(filled.body["result"]["messages"][0]["content"]["text"], "Say hello.");
    assert_eq!(filled.body["result"].get("resultType"), None);
}
