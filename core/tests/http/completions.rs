//! Completions: what an argument may be, by functions of the author's.

use dari::ResolvedArguments;

use crate::*;

const CITIES: [&str; 4] = ["Busan", "Incheon", "Seoul", "Suwon"];

fn cities(typed: String) -> Vec<&'static str> {
    CITIES.into_iter().filter(|city| city.starts_with(&*typed)).collect()
}

async fn districts(
    typed: String,
    resolved: ResolvedArguments,
    State(suffix): State<&'static str>,
) -> Result<Vec<String>, ToolError> {
    let Some(city) = resolved.get("city") else { return Err(ToolError::new("fill in the city first")) };
    Ok(vec![format!("{city} {typed}{suffix}")])
}

fn numbers(typed: String) -> Completion {
    if typed == "panic" {
        panic!("a secret of the inside");
    }
    let mut completion = Completion::default();
    completion.values = (0..250).map(|number| format!("{typed}{number}")).collect();
    completion.total = Some(1000);
    completion
}

async fn slow(_: String) -> Vec<String> {
    tokio::time::sleep(Duration::from_secs(60)).await;
    Vec::new()
}

/// The weather.
#[mcp_prompt(timeout = "50ms")]
fn weather(
    #[arg(complete = cities)] city: String,
    #[arg(complete = districts, length = 1..)] district: Option<String>,
    #[arg(complete = slow)] slow: Option<String>,
    day: Option<String>,
) -> String {
    format!("{city} {district:?} {slow:?} {day:?}")
}

/// A number.
#[mcp_resource(uri = "test://numbers/{number}")]
fn number(#[arg(complete = numbers)] number: u32) -> String {
    number.to_string()
}

/// No argument.
#[mcp_resource(uri = "test://plain")]
fn plain() -> &'static str {
    "plain"
}

fn router() -> Router {
    let server = McpServer::new("test", "1").public_url("https://mcp.example.com").state("-gu");
    let server = server.prompts(prompts![weather]).resources(resources![number, plain]);
    server.into_router().expect("the server builds")
}

async fn complete(router: &Router, r#ref: Value, argument: &str, value: &str, context: Value) -> Exchange {
    let argument = json!({ "name": argument, "value": value });
    let params = json!({ "ref": r#ref, "argument": argument, "context": context });
    // The name of the prompt is in `ref`, so no header repeats it.
    send(router, modern("completion/complete", params)).await
}

fn weather_prompt() -> Value {
    json!({ "type": "ref/prompt", "name": "weather" })
}

fn number_template() -> Value {
    json!({ "type": "ref/resource", "uri": "test://numbers/{number}" })
}

#[tokio::test]
async fn functions_complete_what_was_typed() {
    let router = router();
    let discovered = send(&router, modern("server/discover", json!({}))).await;
    assert_eq!(discovered.body["result"]["capabilities"]["completions"], json!({}));

    let completed = complete(&router, weather_prompt(), "city", "S", Value::Null).await;
    assert_eq!(completed.body["result"]["completion"], json!({ "values": ["Seoul", "Suwon"], "total": 2 }));
    assert_eq!(completed.body["result"]["resultType"], "complete");
    let context = json!({ "arguments": { "city": "Seoul" } });
    let completed = complete(&router, weather_prompt(), "district", "Mapo", context).await;
    assert_eq!(completed.body["result"]["completion"]["values"], json!(["Seoul Mapo-gu"]));
}

#[tokio::test]
async fn an_argument_without_a_function_has_nothing_to_propose() {
    let completed = complete(&router(), weather_prompt(), "day", "to", json!({})).await;
    assert_eq!(completed.body["result"]["completion"], json!({ "values": [] }));
}

#[tokio::test]
async fn a_hundred_values_are_sent_at_most() {
    let completed = complete(&router(), number_template(), "number", "4", Value::Null).await;
    let completion = &completed.body["result"]["completion"];
    assert_eq!(completion["values"].as_array().map(Vec::len), Some(100));
    assert_eq!((&completion["values"][99], &completion["total"]), (&json!("499"), &json!(1000)));
    assert_eq!(completion["hasMore"], true);
}

#[tokio::test]
async fn what_is_unknown_is_refused() {
    let router = router();
    let none = Value::Null;
    let refused = complete(&router, json!({ "type": "ref/prompt", "name": "other" }), "city", "", none.clone()).await;
    assert_eq!((refused.code(), &refused.body["error"]["message"]), (-32602, &json!("Unknown prompt: other")));
    let other = json!({ "type": "ref/resource", "uri": "test://other/{x}" });
    assert_eq!(complete(&router, other, "x", "", none.clone()).await.code(), -32602);
    let refused = complete(&router, weather_prompt(), "planet", "", none.clone()).await;
    assert_eq!((refused.code(), &refused.body["error"]["message"]), (-32602, &json!("Unknown argument: planet")));
    let plain = json!({ "type": "ref/resource", "uri": "test://plain" });
    assert_eq!(complete(&router, plain, "x", "", none.clone()).await.code(), -32602);
    for odd in
        [json!({}), json!({ "type": "ref/tool", "name": "x" }), json!({ "type": "ref/prompt" }), json!("weather")]
    {
        assert_eq!(complete(&router, odd.clone(), "city", "", none.clone()).await.code(), -32602, "{odd}");
    }
    let bare = modern("completion/complete", json!({ "ref": weather_prompt() }));
    assert_eq!(send(&router, bare).await.code(), -32602);
}

#[tokio::test]
async fn a_function_that_fails_harms_nothing_else() {
    let router = router();
    let failed = complete(&router, weather_prompt(), "district", "", Value::Null).await;
    assert_eq!((failed.code(), &failed.body["error"]["message"]), (-32603, &json!("fill in the city first")));
    let exploded = complete(&router, number_template(), "number", "panic", Value::Null).await;
    assert_eq!(exploded.code(), -32603);
    assert!(!exploded.body.to_string().contains("secret"), "{}", exploded.body);
    let late = complete(&router, weather_prompt(), "slow", "", Value::Null).await;
    assert_eq!(late.body["error"]["message"], "the completion did not finish within 50ms");
}

#[tokio::test]
async fn sessions_complete_too() {
    let router = router();
    let (session, opened) = initialize(&router, "2025-11-25").await;
    assert_eq!(opened.body["result"]["capabilities"]["completions"], json!({}));
    let params = json!({ "ref": number_template(), "argument": { "name": "number", "value": "" } });
    let completed = send(&router, legacy(&session, "completion/complete", params)).await;
    assert_eq!(completed.body["result"]["completion"]["values"][1], "1");
    assert_eq!(completed.body["result"].get("resultType"), None);
}

#[tokio::test]
async fn a_server_that_completes_nothing_does_not_know_the_method() {
    let server = McpServer::new("test", "1").public_url("https://mcp.example.com").resources(resources![plain]);
    let router = server.into_router().expect("the server builds");
    let refused = complete(&router, weather_prompt(), "city", "", Value::Null).await;
    assert_eq!((refused.status, refused.code()), (StatusCode::NOT_FOUND, -32601));
}

async fn asking(_: String, _: Ask) -> Vec<String> {
    Vec::new()
}

/// Its completion asks.
#[mcp_prompt]
fn asks(#[arg(complete = asking)] a: String) -> String {
    a
}

async fn stateful(_: String, _: State<u64>) -> Vec<String> {
    Vec::new()
}

/// Its completion needs a state that is not there.
#[mcp_prompt]
fn needs(#[arg(complete = stateful)] a: String) -> String {
    a
}

#[test]
fn the_extractors_of_a_completion_function_are_checked_when_the_server_is_built() {
    let error = McpServer::new("test", "1").prompts(prompts![asks, needs]).build().expect_err("two mistakes");
    let told = error.to_string();
    for said in
        ["prompt `asks`: argument `a`: its completion function takes `Ask`", "prompt `needs` takes `State<u64>`"]
    {
        assert!(told.contains(said), "{said} in {told}");
    }
}
