//! `#[mcp_tool(..)]`: what is said of the tool as a whole.

use proc_macro2::{Ident, TokenStream};
use syn::parse::{Parse, ParseStream};
use syn::{Expr, LitStr, Token};

use crate::attribute::{Entry, entries};
use crate::grammar;
use crate::sink::Sink;

/// What an author may write.
const KEYS: &str = "`name`, `title`, `description`, `read_only`, `destructive`, `idempotent`, `open_world`, `scopes`, \
                    `timeout`, `icons`, `meta`, `inline`";

/// The attribute, read.
#[derive(Default)]
pub(crate) struct ToolAttribute {
    pub(crate) name: Option<LitStr>,
    pub(crate) title: Option<LitStr>,
    pub(crate) description: Option<LitStr>,
    /// Names of hints, which are those of the builder's methods too.
    pub(crate) hints: Vec<(Ident, bool)>,
    pub(crate) scopes: Vec<LitStr>,
    pub(crate) timeout: Option<Timeout>,
    pub(crate) icons: Vec<Expr>,
    pub(crate) meta: Vec<MetaEntry>,
    pub(crate) inline: Option<Ident>,
}

/// `timeout = "30s"`
pub(crate) struct Timeout {
    pub(crate) key: Ident,
    pub(crate) milliseconds: u64,
}

/// `"key" = value`
pub(crate) struct MetaEntry {
    pub(crate) key: LitStr,
    pub(crate) value: Expr,
}

impl Parse for MetaEntry {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let key = input.parse()?;
        input.parse::<Token![=]>()?;
        Ok(Self { key, value: input.parse()? })
    }
}

impl ToolAttribute {
    pub(crate) fn parse(tokens: TokenStream, sink: &mut Sink) -> Self {
        let mut attribute = Self::default();
        for entry in entries(tokens, sink) {
            attribute.set(&entry, sink);
        }
        let is = |name: &str| attribute.hints.iter().find(|(hint, value)| hint == name && *value);
        if let (Some(_), Some((destructive, _))) = (is("read_only"), is("destructive")) {
            sink.add(destructive, "a `read_only` tool changes nothing, so it cannot be `destructive`");
        }
        attribute
    }

    fn set(&mut self, entry: &Entry, sink: &mut Sink) {
        match entry.key.to_string().as_str() {
            "name" => {
                self.name = entry.string("name = \"web_search\"", sink);
                if let Some(name) = &self.name
                    && let Some(fault) = grammar::tool_name_fault(&name.value())
                {
                    sink.add(name, fault);
                }
            }
            "title" => self.title = entry.string("title = \"Web search\"", sink),
            "description" => self.description = entry.string("description = \"Finds pages on the web.\"", sink),
            "read_only" | "destructive" | "idempotent" | "open_world" => {
                self.hints.extend(entry.flag(sink).map(|value| (entry.key.clone(), value)));
            }
            "scopes" => {
                self.scopes = entry.list("scopes(\"calendar.write\")", sink);
                for scope in &self.scopes {
                    // RFC 6749 §3.3
                    let is_scope =
                        |text: &str| text.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e));
                    if scope.value().is_empty() || !is_scope(&scope.value()) {
                        sink.add(
                            scope,
                            "a scope is made of visible ASCII characters other than `\"` and `\\` (RFC 6749 §3.3)",
                        );
                    }
                }
            }
            "timeout" => {
                let Some(time) = entry.string("timeout = \"30s\"", sink) else { return };
                match grammar::milliseconds(&time.value()) {
                    Some(milliseconds) => self.timeout = Some(Timeout { key: entry.key.clone(), milliseconds }),
                    None => sink
                        .add(time, "a time is a whole number above 0 with `ms`, `s` or `m` after it, such as \"30s\""),
                }
            }
            "icons" => self.icons = entry.list("icons(\"https://example.com/icon.png\")", sink),
            "meta" => {
                self.meta = entry.list("meta(\"example.com/team\" = \"search\")", sink);
                for (index, entry) in self.meta.iter().enumerate() {
                    if self.meta[..index].iter().any(|earlier| earlier.key.value() == entry.key.value()) {
                        sink.add(&entry.key, "this key is given twice");
                    }
                }
            }
            "inline" => self.inline = entry.flag(sink).and_then(|inline| inline.then(|| entry.key.clone())),
            unknown => sink.add(&entry.key, format_args!("`#[mcp_tool]` knows no `{unknown}`; it knows {KEYS}")),
        }
    }
}
