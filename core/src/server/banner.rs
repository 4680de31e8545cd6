//! What a server says at its start: where it is and how clients are told of it.

use std::fmt::Write as _;

/// The MCP URL with ready-to-paste configurations for Claude, Cursor, VS Code, MCP Inspector and `mcp-remote`.
///
/// `name` is the name under which the clients will list the server; what is not a letter or digit becomes a hyphen.
///
/// ```
/// let text = dari::banner("Naver Remote MCP", "http://127.0.0.1:8000/mcp");
/// assert!(text.contains("claude mcp add --transport http naver-remote-mcp http://127.0.0.1:8000/mcp"));
/// ```
#[must_use]
pub fn banner(name: &str, mcp_url: &str) -> String {
    let slug = slug(name);
    let url = json_string(mcp_url);
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write!(
        text,
        r#"
  {name}
  {mcp_url}

  Claude Code
    claude mcp add --transport http {slug} {mcp_url}

  Claude (Settings > Connectors > Add custom connector), or any client that asks for a URL
    {mcp_url}

  Cursor (~/.cursor/mcp.json)
    {{ "mcpServers": {{ "{slug}": {{ "url": {url} }} }} }}

  VS Code (.vscode/mcp.json)
    {{ "servers": {{ "{slug}": {{ "type": "http", "url": {url} }} }} }}

  MCP Inspector
    npx @modelcontextprotocol/inspector --transport http --server-url {mcp_url}

  mcp-remote, for clients that only speak stdio (claude_desktop_config.json and the like)
    {{ "mcpServers": {{ "{slug}": {{ "command": "npx", "args": ["-y", "mcp-remote", {url}] }} }} }}
"#
    );
    text
}

/// The URL as a JSON string.
fn json_string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A name that every client's configuration takes.
fn slug(name: &str) -> String {
    let words = name.split(|character: char| !character.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let slug = words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-");
    if slug.is_empty() { "mcp".to_owned() } else { slug }
}
