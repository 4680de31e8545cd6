//! The crate under another name, as with `package = "dari"` or in a framework that re-exports it.

/// A framework and its users' crate in one.
mod framework {
    pub(crate) use ::dari as server;

    /// A macro of the framework's own.
    macro_rules! shout {
        ($name:ident, $server:path) => {
            #[$crate::renamed::framework::server::mcp_tool(crate = $server)]
            fn $name(text: String) -> String {
                text.to_uppercase()
            }
        };
    }
    pub(crate) use shout;
}

use framework::server::{prompts, resources, tools};

#[framework::server::mcp_tool(crate = framework::server)]
fn add(#[arg(default = 1, range = 0..=5)] a: u8, #[arg(length = ..MOST)] b: Option<String>) -> String {
    format!("{a}{}", b.unwrap_or_default())
}

const MOST: usize = 5;

#[framework::server::mcp_prompt(crate = self::framework::server)]
async fn greet(#[arg(complete = names)] name: String) -> String {
    name
}

fn names(typed: String) -> Vec<String> {
    vec![typed]
}

#[framework::server::mcp_resource(crate = crate::renamed::framework::server, uri = "notes://{id}{?page}")]
async fn note(id: u64, #[arg(default)] page: u8) -> String {
    format!("{id} {page}")
}

framework::shout!(shout, crate::renamed::framework::server);

#[tokio::test]
async fn a_crate_that_goes_by_another_name_works() {
    let server = framework::server::McpServer::new("test", "1").tools(tools![add, shout]);
    let server = server.prompts(prompts![greet]).resources(resources![note]);
    let client = framework::server::TestClient::new(server).unwrap();
    let answer = client.call("add", serde_json::json!({ "b": "x" })).await.unwrap();
    assert_eq!(answer.text(), "1x");
}
