//! What no type of a parameter or result may be, as far as its tokens tell.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::Type;

use crate::kind::Kind;
use crate::sink::Sink;

/// Finds what no type of a parameter may be; gives back whether all was well.
pub(crate) fn check_type(r#type: &Type, kind: Kind, sink: &mut Sink) -> bool {
    let noun = kind.noun();
    if let Type::Reference(reference) = r#type {
        let owned = match reference.elem.to_token_stream().to_string().as_str() {
            "str" => "`String`".to_owned(),
            other if other.starts_with('[') => "a `Vec`".to_owned(),
            other => format!("`{other}`"),
        };
        sink.add(r#type, format_args!("a parameter of a {noun} owns its data: take {owned} instead of a reference"));
        return false;
    }
    match stray(r#type.to_token_stream()) {
        None => true,
        Some(Stray::Borrow(span)) => {
            sink.push(syn::Error::new(span, format_args!("a parameter of a {noun} owns its data, and this borrows")));
            false
        }
        Some(Stray::Impl(span)) => {
            sink.push(syn::Error::new(
                span,
                format_args!("a {noun} has no generics, and `impl` is one: name the type"),
            ));
            false
        }
    }
}

/// What cannot stand in a type.
pub(crate) enum Stray {
    Borrow(Span),
    Impl(Span),
}

/// The first of it.
pub(crate) fn stray(tokens: TokenStream) -> Option<Stray> {
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let next_is_static =
            |next: Option<&TokenTree>| matches!(next, Some(TokenTree::Ident(name)) if name == "static");
        match &token {
            TokenTree::Ident(word) if word == "impl" => return Some(Stray::Impl(word.span())),
            // The signature of a function borrows what it is given, not what it is.
            TokenTree::Ident(word) if word == "fn" || word == "dyn" => return None,
            TokenTree::Punct(punct) if punct.as_char() == '&' => {
                let lifetime = matches!(tokens.peek(), Some(TokenTree::Punct(next)) if next.as_char() == '\'');
                if !lifetime {
                    return Some(Stray::Borrow(punct.span()));
                }
            }
            TokenTree::Punct(punct) if punct.as_char() == '\'' && !next_is_static(tokens.peek()) => {
                return Some(Stray::Borrow(punct.span()));
            }
            TokenTree::Group(group) => {
                if let Some(found) = stray(group.stream()) {
                    return Some(found);
                }
            }
            _ => {}
        }
    }
    None
}
