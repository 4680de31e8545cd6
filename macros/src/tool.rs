//! `#[mcp_tool(..)]`: what only a tool has.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::Expr;
use syn::spanned::Spanned as _;

use crate::about_attribute::OwnAttribute;
use crate::attribute::{Entry, Given, string_literal};
use crate::check::{Checked, Kind as Parameter};
use crate::expand::{Names, Product};
use crate::kind::Kind;
use crate::sink::Sink;

/// The attribute, read.
#[derive(Default)]
pub(crate) struct ToolAttribute {
    /// Names of hints, which are those of the builder's methods too.
    hints: Vec<(Ident, bool)>,
    /// `task`, and whether a call has to be one.
    task: Option<(Ident, bool)>,
    /// An expression that is published as it is.
    input_schema: Option<Expr>,
}

impl OwnAttribute for ToolAttribute {
    const KIND: Kind = Kind::Tool;
    const OWN_KEYS: &'static str = "`read_only`, `destructive`, `idempotent`, `open_world`, `task`, `input_schema`";

    fn set(&mut self, entry: &Entry, sink: &mut Sink) -> bool {
        match entry.key.to_string().as_str() {
            "read_only" | "destructive" | "idempotent" | "open_world" => {
                self.hints.extend(entry.flag(sink).map(|value| (entry.key.clone(), value)));
            }
            "task" => self.task = required_task(entry, sink).map(|required| (entry.key.clone(), required)),
            "input_schema" => self.input_schema = entry.value("input_schema = SCHEMA.clone()", sink).cloned(),
            _ => return false,
        }
        true
    }

    fn finish(&mut self, sink: &mut Sink) {
        let is = |name: &str| self.hints.iter().find(|(hint, value)| hint == name && *value);
        if let (Some(_), Some((destructive, _))) = (is("read_only"), is("destructive")) {
            sink.add(destructive, "a `read_only` tool changes nothing, so it cannot be `destructive`");
        }
    }
}

impl Product for ToolAttribute {
    fn check(&self, checked: &Checked<'_>, sink: &mut Sink) {
        if self.input_schema.is_none() {
            return;
        }
        for parameter in &checked.parameters {
            if let Parameter::Argument { attribute, .. } = &parameter.kind
                && let Some((key, tokens)) = attribute.published()
            {
                sink.add(
                    tokens,
                    format_args!("`{key}` would say in vain what `input_schema` does not: write it into the schema"),
                );
            }
        }
    }

    fn key(&self, checked: &Checked<'_>) -> TokenStream {
        let name = &checked.name;
        quote!(#name)
    }

    fn builder(&self, Names { dari, about, signature, item, .. }: &Names) -> TokenStream {
        let input_schema = self.input_schema.as_ref().map(|schema| {
            let verbatim = quote_spanned!(schema.span()=> #dari::__private::verbatim(#schema));
            quote!(#item.input_schema(#verbatim);)
        });
        let hints = self.hints.iter().chain(&self.task).map(|(hint, value)| quote!(#item.#hint(#value);));
        quote! {
            let mut #item = #dari::__private::ToolBuilder::new(#about, #signature);
            #(#hints)*
            #input_schema
        }
    }
}

/// `task` or `task = "required"`: whether a call has to be one.
fn required_task(entry: &Entry, sink: &mut Sink) -> Option<bool> {
    match &entry.given {
        Given::Nothing => Some(false),
        Given::Value(value) if string_literal(value).is_some_and(|value| value.value() == "required") => Some(true),
        Given::Value(_) | Given::List(_) => {
            sink.add(&entry.key, "`task` stands alone, or is `task = \"required\"` where no client may do without one");
            None
        }
    }
}
