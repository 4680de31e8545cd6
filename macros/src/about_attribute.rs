//! What is said of a tool, prompt or resource as a whole: the keys that all three attributes have, and how a kind adds
//! its own.

use proc_macro2::{Ident, TokenStream};
use syn::parse::{Parse, ParseStream};
use syn::{Expr, LitStr, Path, Token};

use crate::attribute::{Entry, entries};
use crate::grammar;
use crate::kind::Kind;
use crate::sink::Sink;

/// What an author may write of each kind.
const KEYS: &str =
    "`name`, `title`, `description`, `scopes`, `hidden_without_scope`, `timeout`, `icons`, `meta`, `inline`, `crate`";

/// The part of an attribute that is its kind's own.
pub(crate) trait OwnAttribute: Default {
    const KIND: Kind;
    /// What an author may write besides, as in `KEYS`.
    const OWN_KEYS: &'static str;

    /// Takes an entry; gives back whether its key is known.
    fn set(&mut self, entry: &Entry, sink: &mut Sink) -> bool;

    /// Checks the entries against each other.
    fn finish(&mut self, _sink: &mut Sink) {}
}

/// The part that all kinds share.
#[derive(Default)]
pub(crate) struct AboutAttribute {
    pub(crate) name: Option<LitStr>,
    pub(crate) title: Option<LitStr>,
    pub(crate) description: Option<LitStr>,
    pub(crate) scopes: Vec<LitStr>,
    pub(crate) hidden_without_scope: Option<Ident>,
    pub(crate) timeout: Option<Time>,
    pub(crate) icons: Vec<Expr>,
    pub(crate) meta: Vec<MetaEntry>,
    pub(crate) inline: Option<Ident>,
    /// Where the crate `dari` is.
    pub(crate) dari: Option<Path>,
}

/// `timeout = "30s"`
pub(crate) struct Time {
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

/// Reads an attribute of this kind.
pub(crate) fn parse<A: OwnAttribute>(tokens: TokenStream, sink: &mut Sink) -> (AboutAttribute, A) {
    let (mut about, mut own) = (AboutAttribute::default(), A::default());
    for entry in entries(tokens, sink) {
        if !about.set(&entry, A::KIND, sink) && !own.set(&entry, sink) {
            let known = [KEYS, A::OWN_KEYS].into_iter().filter(|keys| !keys.is_empty()).collect::<Vec<_>>().join(", ");
            let attribute = A::KIND.attribute();
            sink.add(&entry.key, format_args!("`{attribute}` knows no `{}`; it knows {known}", entry.key));
        }
    }
    if let Some(hidden) = about.hidden_without_scope.as_ref().filter(|_| about.scopes.is_empty()) {
        sink.add(hidden, "nothing hides what asks for no scopes: name them with `scopes(..)`");
    }
    own.finish(sink);
    (about, own)
}

impl AboutAttribute {
    fn set(&mut self, entry: &Entry, kind: Kind, sink: &mut Sink) -> bool {
        match entry.key.to_string().as_str() {
            "name" => {
                self.name = entry.string("name = \"web_search\"", sink);
                if let Some(name) = &self.name
                    && let Some(fault) = kind.name_fault(&name.value())
                {
                    sink.add(name, fault);
                }
            }
            "title" => self.title = entry.string("title = \"Web search\"", sink),
            "description" => self.description = entry.string("description = \"Finds pages on the web.\"", sink),
            "scopes" => {
                self.scopes = entry.list("scopes(\"calendar.write\")", sink);
                for scope in self.scopes.iter().filter(|scope| !grammar::is_scope(&scope.value())) {
                    sink.add(
                        scope,
                        "a scope is made of visible ASCII characters other than `\"` and `\\` (RFC 6749 §3.3)",
                    );
                }
            }
            "hidden_without_scope" => self.hidden_without_scope = set_flag(entry, sink),
            "timeout" => self.timeout = time(entry, "timeout = \"30s\"", sink),
            "icons" => self.icons = entry.list("icons(\"https://example.com/icon.png\")", sink),
            "meta" => {
                self.meta = entry.list("meta(\"example.com/team\" = \"search\")", sink);
                for (index, entry) in self.meta.iter().enumerate() {
                    if self.meta[..index].iter().any(|earlier| earlier.key.value() == entry.key.value()) {
                        sink.add(&entry.key, "this key is given twice");
                    }
                }
            }
            "inline" => self.inline = set_flag(entry, sink),
            "crate" => self.dari = entry.path("crate = my_framework::dari", sink),
            _ => return false,
        }
        true
    }
}

/// The key of a flag that is set.
pub(crate) fn set_flag(entry: &Entry, sink: &mut Sink) -> Option<Ident> {
    entry.flag(sink)?.then(|| entry.key.clone())
}

/// `key = "30s"`
pub(crate) fn time(entry: &Entry, example: &str, sink: &mut Sink) -> Option<Time> {
    let time = entry.string(example, sink)?;
    match grammar::milliseconds(&time.value()) {
        Some(milliseconds) => Some(Time { key: entry.key.clone(), milliseconds }),
        None => {
            sink.add(time, "a time is a whole number above 0 with `ms`, `s` or `m` after it, such as \"30s\"");
            None
        }
    }
}
