//! The form that all our attributes share: `key`, `key = expression` and `key(list)`, with commas between.

use proc_macro2::{Ident, TokenStream};
use syn::ext::IdentExt as _;
use syn::parse::{Parse, ParseStream, Parser as _};
use syn::punctuated::Punctuated;
use syn::{Expr, ExprLit, ExprPath, Lit, LitStr, Path, Token, parenthesized};

use crate::sink::Sink;

/// One `key…` of an attribute.
pub(crate) struct Entry {
    pub(crate) key: Ident,
    pub(crate) given: Given,
}

/// What a key was given.
pub(crate) enum Given {
    Nothing,
    Value(Expr),
    List(TokenStream),
}

impl Parse for Entry {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let key = input.call(Ident::parse_any)?;
        let given = if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            Given::Value(input.parse()?)
        } else if input.peek(syn::token::Paren) {
            let list;
            parenthesized!(list in input);
            Given::List(list.parse()?)
        } else {
            Given::Nothing
        };
        Ok(Self { key, given })
    }
}

/// The entries of an attribute, each key once.
pub(crate) fn entries(tokens: TokenStream, sink: &mut Sink) -> Vec<Entry> {
    let parsed = match Punctuated::<Entry, Token![,]>::parse_terminated.parse2(tokens) {
        Ok(parsed) => parsed,
        Err(error) => {
            sink.push(error);
            return Vec::new();
        }
    };
    let mut entries: Vec<Entry> = Vec::with_capacity(parsed.len());
    for entry in parsed {
        if entries.iter().any(|earlier| earlier.key == entry.key) {
            sink.add(&entry.key, format_args!("`{}` is given twice", entry.key));
        } else {
            entries.push(entry);
        }
    }
    entries
}

impl Entry {
    /// The expression of `key = expression`.
    pub(crate) fn value(&self, example: &str, sink: &mut Sink) -> Option<&Expr> {
        if let Given::Value(value) = &self.given {
            return Some(value);
        }
        sink.add(&self.key, format_args!("`{}` wants a value: `{example}`", self.key));
        None
    }

    /// The string of `key = "string"`.
    pub(crate) fn string(&self, example: &str, sink: &mut Sink) -> Option<LitStr> {
        let value = self.value(example, sink)?;
        if let Some(string) = string_literal(value) {
            return Some(string.clone());
        }
        sink.add(value, format_args!("`{}` is a string: `{example}`", self.key));
        None
    }

    /// The path of `key = path`, which leads to a module.
    pub(crate) fn path(&self, example: &str, sink: &mut Sink) -> Option<Path> {
        let value = self.value(example, sink)?;
        if let Some(path) = plain_path(value) {
            return Some(path.clone());
        }
        sink.add(value, format_args!("`{}` is a path: `{example}`", self.key));
        None
    }

    /// `key`, `key = true` or `key = false`.
    pub(crate) fn flag(&self, sink: &mut Sink) -> Option<bool> {
        match &self.given {
            Given::Nothing => return Some(true),
            Given::Value(Expr::Lit(ExprLit { lit: Lit::Bool(flag), .. })) => return Some(flag.value),
            Given::Value(value) => sink.add(value, format_args!("`{0}` is a flag: `{0}` or `{0} = false`", self.key)),
            Given::List(list) => sink.add(list, format_args!("`{0}` is a flag: `{0}` or `{0} = false`", self.key)),
        }
        None
    }

    /// The elements of `key(a, b)`.
    pub(crate) fn list<T: Parse>(&self, example: &str, sink: &mut Sink) -> Vec<T> {
        let parsed = match &self.given {
            Given::List(list) => Punctuated::<T, Token![,]>::parse_terminated.parse2(list.clone()),
            Given::Nothing => {
                Err(syn::Error::new_spanned(&self.key, format_args!("`{}` wants a list: `{example}`", self.key)))
            }
            Given::Value(value) => {
                Err(syn::Error::new_spanned(value, format_args!("`{}` wants a list: `{example}`", self.key)))
            }
        };
        match parsed {
            Ok(elements) => {
                if elements.is_empty() {
                    sink.add(&self.key, format_args!("`{}` is empty: `{example}`", self.key));
                }
                elements.into_iter().collect()
            }
            Err(error) => {
                sink.push(error);
                Vec::new()
            }
        }
    }
}

/// The string that an expression is, if it is a literal.
pub(crate) fn string_literal(expression: &Expr) -> Option<&LitStr> {
    match expression {
        Expr::Lit(ExprLit { lit: Lit::Str(string), .. }) => Some(string),
        Expr::Group(group) => string_literal(&group.expr),
        _ => None,
    }
}

/// The path that an expression is, if it could be that of a module.
fn plain_path(expression: &Expr) -> Option<&Path> {
    match expression {
        Expr::Path(ExprPath { qself: None, path, .. }) => {
            path.segments.iter().all(|segment| segment.arguments.is_none()).then_some(path)
        }
        Expr::Group(group) => plain_path(&group.expr),
        _ => None,
    }
}
