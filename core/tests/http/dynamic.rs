//! Tools with a JSON Schema of their author's own: under the attribute, and made while the program runs.

use dari::{RequestContext, Tool};

use crate::*;

/// The schema of the conformance suite, which must be published to the last member.
fn contact_schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object",
        "$defs": { "address": {
            "$anchor": "addressDef", "type": "object",
            "properties": { "street": { "type": "string" }, "city": { "type": "string" } },
        } },
        "properties": {
            "name": { "type": "string" }, "address": { "$ref": "#/$defs/address" },
            "contactMethod": { "type": "string", "enum": ["phone", "email"] },
            "phone": { "type": "string" }, "email": { "type": "string" },
        },
        "allOf": [{ "anyOf": [{ "required": ["phone"] }, { "required": ["email"] }] }],
        "if": { "properties": { "contactMethod": { "const": "phone" } }, "required": ["contactMethod"] },
        "then": { "required": ["phone"] }, "else": { "required": ["email"] }, "additionalProperties": false,
    })
}

/// Saves a contact.
#[mcp_tool(input_schema = contact_schema())]
async fn contact(
    name: Option<String>,
    #[arg(rename = "contactMethod", default = "none")] method: String,
    address: Option<Value>,
) -> String {
    format!("{name:?} by {method} at {}", address.unwrap_or_default())
}

fn orders_schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "count": { "type": "integer", "minimum": 1 },
            "to": { "type": "object", "properties": { "zone": { "type": "string", "x-mcp-header": "Zone" } } },
        },
        "required": ["count"],
    })
}

#[derive(serde::Deserialize)]
struct Order {
    count: u8,
    #[serde(default)]
    note: String,
}

/// A tool that is made of this schema and counts what is ordered.
fn orders() -> Tool {
    let tool = Tool::from_schema("orders", orders_schema(), |order: Order, context: RequestContext| async move {
        let State(unit) = context.extract::<State<&'static str>>().await?;
        if order.note == "panic" {
            panic!("a secret of the inside");
        }
        if order.note == "sleep" {
            tokio::time::sleep(Duration::from_secs(60)).await;
        }
        Ok::<_, ToolError>(format!("{} {unit} {}", order.count, order.note))
    });
    let tool = tool.title("Orders").description("Orders tea.").idempotent(true).timeout(Duration::from_millis(50));
    tool.icon(dari::Icon::new("https://example.com/tea.png"))
        .meta("example.com/team", "tea")
        .extracts::<State<&str>>()
        .into()
}

fn router() -> Router {
    let server = McpServer::new("test", "1").public_url("https://mcp.example.com").state("cups");
    server.tools(tools![contact]).tools([orders()]).into_router().expect("the server builds")
}

#[tokio::test]
async fn a_schema_is_published_as_it_is() {
    let listed = send(&router(), modern("tools/list", json!({}))).await;
    let tools = &listed.body["result"]["tools"];
    assert_eq!(tools[0]["inputSchema"], contact_schema());
    assert_eq!(
        tools[1],
        json!({
            "name": "orders", "title": "Orders", "description": "Orders tea.", "inputSchema": orders_schema(),
            "annotations": { "idempotentHint": true }, "icons": [{ "src": "https://example.com/tea.png" }],
            "_meta": { "example.com/team": "tea" },
        })
    );
}

#[tokio::test]
async fn arguments_are_judged_by_the_schema_before_the_function_runs() {
    let router = router();
    let called = send(&router, call("contact", json!({ "name": "Kim", "email": "kim@example.com" }))).await;
    assert_eq!(called.text(), r#"Some("Kim") by none at null"#);
    let arguments = json!({ "contactMethod": "phone", "phone": "1", "address": { "city": "Seoul" } });
    let called = send(&router, call("contact", arguments)).await;
    assert_eq!(called.text(), r#"None by phone at {"city":"Seoul"}"#);
    for (arguments, said) in [
        (json!({}), "`arguments`"),
        (json!({ "contactMethod": "phone", "email": "a" }), "phone"),
        (json!({ "email": "a", "address": { "city": 5 } }), "`address.city`"),
        (json!({ "email": "a", "contactMethod": "pigeon" }), "`contactMethod`"),
        (json!({ "email": "a", "other": 1 }), "other"),
    ] {
        let refused = send(&router, call("contact", arguments.clone())).await;
        assert_eq!(refused.body["result"]["isError"], true, "{arguments}");
        assert!(refused.text().starts_with("Invalid arguments: "), "{}", refused.text());
        assert!(refused.text().contains(said), "{said} in {}", refused.text());
    }
    assert_eq!(send(&router, call("contact", json!([]))).await.code(), -32602);
}

#[tokio::test]
async fn a_closure_gets_the_arguments_as_they_were_meant_and_the_request() {
    let router = router();
    assert_eq!(send(&router, call("orders", json!({ "count": 2, "note": "hot" }))).await.text(), "2 cups hot");
    assert_eq!(send(&router, call("orders", json!({ "count": "3" }))).await.text(), "3 cups ");
    let refused = send(&router, call("orders", json!({ "count": 0 }))).await;
    assert!(refused.text().contains("`count`"), "{}", refused.text());
    let refused = send(&router, call("orders", json!({ "count": 300 }))).await;
    assert!(refused.text().contains("an integer from 0 to 255"), "{}", refused.text());
    let exploded = send(&router, call("orders", json!({ "count": 1, "note": "panic" }))).await;
    assert!(exploded.text().starts_with("internal error"), "{}", exploded.text());
    let slept = send(&router, call("orders", json!({ "count": 1, "note": "sleep" }))).await;
    assert!(slept.text().contains("50ms"), "{}", slept.text());
}

#[tokio::test]
async fn headers_repeat_arguments_that_lie_deeper() {
    let router = router();
    let with = |zone: Value, header: Option<&str>| {
        let mut request = call("orders", json!({ "count": 1, "to": { "zone": zone } }));
        if let Some(header) = header {
            request.headers_mut().insert("mcp-param-zone", header.parse().expect("a value"));
        }
        request
    };
    assert_eq!(send(&router, with(json!("a"), Some("a"))).await.text(), "1 cups ");
    assert_eq!(send(&router, with(json!("a"), Some("b"))).await.code(), -32020);
    assert_eq!(send(&router, with(json!("a"), None)).await.code(), -32020);
    assert_eq!(send(&router, with(Value::Null, Some("a"))).await.code(), -32020);
    let mut request = call("orders", json!({ "count": 1, "to": 5 }));
    assert_eq!(send(&router, request).await.body["result"]["isError"], true);
    request = call("orders", json!({ "count": 1 }));
    request.headers_mut().insert("mcp-param-zone", "a".parse().expect("a value"));
    assert_eq!(send(&router, request).await.code(), -32020);
}

/// It cannot be given what it takes.
#[mcp_tool(input_schema = json!({ "type": "object", "additionalProperties": false }))]
async fn closed(argument: String) -> String {
    argument
}

#[test]
fn a_schema_that_is_wrong_is_told_when_the_server_is_built() {
    let tool = |name: &'static str, schema: Value| {
        Tool::from_schema(name, schema, |_: Value, _: RequestContext| async { "never" })
    };
    let header = json!({ "type": "string", "x-mcp-header": "A" });
    let tools = [
        tool("no_object", json!({ "type": "string" })),
        tool("no_schema", json!({ "type": "object", "properties": { "a": { "type": "odd" } } })),
        tool("a b", json!({ "type": "object" })),
        tool("headers", json!({ "type": "object", "properties": { "l": { "items": header } } })),
        tool("state", json!({ "type": "object" })).extracts::<State<u64>>(),
        tool("scoped", json!({ "type": "object" })).scopes(["write"]).hidden_without_scope(),
    ];
    let error = McpServer::new("test", "1").tools(tools).tools(tools![closed]).build().expect_err("mistakes");
    let told = error.to_string();
    for said in [
        "tool `no_object`: `input_schema` says no `\"type\": \"object\"`",
        "tool `no_schema`: `input_schema`: it is no JSON Schema",
        "tool `a b`: its name is not made of",
        "tool `headers`: `x-mcp-header` \"A\" stands where no client reaches it",
        "tool `state` takes `State<u64>`",
        "tool `scoped` asks for scopes",
        "tool `closed`: argument `argument`: `input_schema` has no such property",
    ] {
        assert!(told.contains(said), "{said} in {told}");
    }
}
