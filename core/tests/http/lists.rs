//! Lists: in pages, in one order, and without what is hidden from those who lack a scope.

use crate::*;

/// One of many.
#[mcp_prompt]
fn one() -> &'static str {
    "one"
}

/// One of many.
#[mcp_prompt]
fn two() -> &'static str {
    "two"
}

/// One of many.
#[mcp_prompt]
fn three() -> &'static str {
    "three"
}

/// Here.
#[mcp_resource(uri = "test://a")]
fn a() -> &'static str {
    "a"
}

/// There.
#[mcp_resource(uri = "test://b")]
fn b() -> &'static str {
    "b"
}

/// Anywhere.
#[mcp_resource(uri = "test://c/{id}")]
fn c(id: String) -> String {
    id
}

/// Anywhere else.
#[mcp_resource(uri = "test://d/{id}")]
fn d(id: String) -> String {
    id
}

fn router() -> Router {
    let server = McpServer::new("test", "1").public_url("https://mcp.example.com").page_size(1);
    let server = server.tools(tools![add, count]).prompts(prompts![one, two, three]).resources(resources![a, c, b, d]);
    server.into_router().expect("the server builds")
}

/// What one member of all entries is, page by page.
async fn pages(router: &Router, method: &str, list: &str, member: &str) -> Vec<Vec<String>> {
    let (mut pages, mut params) = (Vec::new(), json!({}));
    loop {
        let page = send(router, modern(method, params)).await;
        let result = &page.body["result"];
        assert_eq!((&result["resultType"], &result["cacheScope"]), (&json!("complete"), &json!("public")), "{method}");
        let entries = result[list].as_array().expect("a list");
        pages.push(entries.iter().map(|entry| entry[member].as_str().expect("a name").to_owned()).collect());
        match result["nextCursor"].as_str() {
            Some(cursor) => params = json!({ "cursor": cursor }),
            None => return pages,
        }
    }
}

#[tokio::test]
async fn lists_come_in_pages_and_in_the_order_in_which_they_were_given() {
    let router = router();
    for _ in 0..2 {
        assert_eq!(pages(&router, "tools/list", "tools", "name").await, [["add"], ["count"]]);
        assert_eq!(pages(&router, "prompts/list", "prompts", "name").await, [["one"], ["two"], ["three"]]);
        assert_eq!(pages(&router, "resources/list", "resources", "uri").await, [["test://a"], ["test://b"]]);
        let templates = pages(&router, "resources/templates/list", "resourceTemplates", "uriTemplate").await;
        assert_eq!(templates, [["test://c/{id}"], ["test://d/{id}"]]);
    }
}

#[tokio::test]
async fn a_cursor_is_good_for_its_own_list_only() {
    let router = router();
    let first = send(&router, modern("tools/list", json!({}))).await;
    let cursor = first.body["result"]["nextCursor"].as_str().expect("a cursor");
    for method in ["prompts/list", "resources/list", "resources/templates/list"] {
        assert_eq!(send(&router, modern(method, json!({ "cursor": cursor }))).await.code(), -32602, "{method}");
    }
    assert_eq!(send(&router, modern("tools/list", json!({ "cursor": "1" }))).await.code(), -32602);
    assert_eq!(send(&router, modern("tools/list", json!({ "cursor": 1 }))).await.code(), -32602);
}
