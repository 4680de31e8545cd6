//! `#[arg(..)]`: what is said of one argument.

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;
use syn::{Attribute, Expr, ExprRange, Lit, LitStr, Meta, RangeLimits};

use crate::attribute::{Entry, Given, entries};
use crate::sink::Sink;
use crate::{grammar, literal};

/// What an author may write.
const KEYS: &str = "`default`, `range`, `length`, `pattern`, `examples`, `rename`, `header`, `complete`";

/// The attribute, read.
#[derive(Default)]
pub(crate) struct ArgAttribute {
    pub(crate) default: Option<Default>,
    pub(crate) range: Option<ExprRange>,
    pub(crate) length: Option<ExprRange>,
    pub(crate) pattern: Option<LitStr>,
    pub(crate) examples: Vec<Expr>,
    pub(crate) rename: Option<LitStr>,
    pub(crate) header: Option<LitStr>,
    /// The path of a completion function.
    pub(crate) complete: Option<Expr>,
}

/// `default` or `default = value`
pub(crate) struct Default {
    pub(crate) key: Ident,
    pub(crate) value: Option<Expr>,
}

impl ArgAttribute {
    /// Reads the `#[arg(..)]` of a parameter, if there is one.
    pub(crate) fn find(attributes: &[Attribute], sink: &mut Sink) -> Option<Self> {
        let mut found = None;
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("arg")) {
            if found.is_some() {
                sink.add(attribute, "a parameter has one `#[arg(..)]`: put all keys into it");
                continue;
            }
            let mut read = Self::default();
            match &attribute.meta {
                Meta::List(list) => {
                    for entry in entries(list.tokens.clone(), sink) {
                        read.set(&entry, sink);
                    }
                }
                _ => sink.add(attribute, format_args!("`#[arg(..)]` takes a list of {KEYS}")),
            }
            found = Some(read);
        }
        found
    }

    /// A key that is there for the schema, if one is given.
    pub(crate) fn published(&self) -> Option<(&'static str, TokenStream)> {
        let keys = [
            ("range", self.range.as_ref().map(ToTokens::to_token_stream)),
            ("length", self.length.as_ref().map(ToTokens::to_token_stream)),
            ("pattern", self.pattern.as_ref().map(ToTokens::to_token_stream)),
            ("examples", self.examples.first().map(ToTokens::to_token_stream)),
            ("header", self.header.as_ref().map(ToTokens::to_token_stream)),
        ];
        keys.into_iter().find_map(|(key, tokens)| Some((key, tokens?)))
    }

    fn set(&mut self, entry: &Entry, sink: &mut Sink) {
        match entry.key.to_string().as_str() {
            "default" => {
                let value = match &entry.given {
                    Given::Nothing => None,
                    _ => match entry.value("default = 10", sink) {
                        Some(value) => Some(value.clone()),
                        None => return,
                    },
                };
                self.default = Some(Default { key: entry.key.clone(), value });
            }
            "range" => self.range = range(entry, "range = 1..=100", sink),
            "length" => {
                self.length = range(entry, "length = 1..=50", sink);
                let ends = self.length.iter().flat_map(|range| [&range.start, &range.end]).flatten();
                for end in ends.filter(|end| literal::json(end).is_some()) {
                    if literal::integer(end).is_none_or(|end| end < 0) {
                        sink.add(end, "a length is a whole number from 0 up");
                    }
                }
            }
            "pattern" => self.pattern = entry.string("pattern = \"^[a-z]+$\"", sink),
            "examples" => self.examples = examples(entry, sink),
            "rename" => {
                self.rename = entry.string("rename = \"from\"", sink);
                if let Some(name) = self.rename.as_ref().filter(|name| name.value().is_empty()) {
                    sink.add(name, "an argument's name is not empty");
                }
            }
            "header" => {
                self.header = entry.string("header = \"Region\"", sink);
                if let Some(name) = self.header.as_ref().filter(|name| !grammar::is_token(&name.value())) {
                    sink.add(name, "a header's name is made of letters, digits and `!#$%&'*+-.^_|~` or a backtick (RFC 9110 §5.6.2)");
                }
            }
            "complete" => match entry.value("complete = cities", sink) {
                Some(path @ Expr::Path(_)) => self.complete = Some(path.clone()),
                Some(other) => sink.add(other, "`complete` names a function: `complete = cities`"),
                None => {}
            },
            unknown => sink.add(&entry.key, format_args!("`#[arg]` knows no `{unknown}`; it knows {KEYS}")),
        }
    }
}

/// `examples("a", "b")` or `examples = ["a", "b"]`
fn examples(entry: &Entry, sink: &mut Sink) -> Vec<Expr> {
    match &entry.given {
        Given::Value(Expr::Array(array)) => array.elems.iter().cloned().collect(),
        _ => entry.list("examples(\"Seoul\", \"Busan\")", sink),
    }
}

/// A range with an end, and something inside it.
fn range(entry: &Entry, example: &str, sink: &mut Sink) -> Option<ExprRange> {
    let Expr::Range(range) = entry.value(example, sink)? else {
        if let Given::Value(value) = &entry.given {
            sink.add(value, format_args!("`{}` is a range: `{example}`", entry.key));
        }
        return None;
    };
    if range.start.is_none() && range.end.is_none() {
        sink.add(range, format_args!("`{}` has no end: `{example}`", entry.key));
        return None;
    }
    for end in [&range.start, &range.end].into_iter().flatten() {
        if matches!(&**end, Expr::Lit(literal) if !matches!(literal.lit, Lit::Int(_) | Lit::Float(_))) {
            sink.add(end, format_args!("`{}` is bounded by numbers: `{example}`", entry.key));
            return None;
        }
    }
    let ends = (range.start.as_deref().and_then(literal::integer), range.end.as_deref().and_then(literal::integer));
    if let (Some(start), Some(end)) = ends
        && (start > end || (start == end && matches!(range.limits, RangeLimits::HalfOpen(_))))
    {
        sink.add(range, "no value is inside this range");
    }
    Some(range.clone())
}
