//! The code that declares a parameter, with its errors at its type.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Expr, ExprRange, LitStr, RangeLimits, Type};

use crate::arg_attribute::ArgAttribute;
use crate::attribute::string_literal;
use crate::check::{Kind, Parameter};
use crate::{literal, paths};

/// The declaration of a parameter.
pub(crate) fn declare(dari: &TokenStream, signature: &Ident, parameter: &Parameter<'_>) -> TokenStream {
    let r#type = parameter.r#type;
    let span = r#type.span();
    match &parameter.kind {
        Kind::Injected => quote_spanned!(span=> #dari::__private::injected::<#r#type, _, _>(&mut #signature)),
        Kind::Named { name, description } => {
            let arg = named(dari, name, description.as_deref());
            quote_spanned!(span=> #dari::__private::param::<#r#type, _, _>(&mut #signature, #arg))
        }
        Kind::Variable { name, description } => {
            let arg = named(dari, name, description.as_deref());
            quote_spanned!(span=> #dari::__private::variable::<#r#type, _, _>(&mut #signature, #arg))
        }
        Kind::Beside => quote_spanned!(span=> #dari::__private::beside::<#r#type, _, _>(&mut #signature)),
        Kind::Argument { name, description, attribute } => {
            let arg = named(dari, name, description.as_deref());
            let constraints = constraints(dari, attribute);
            let (default, published) = default(dari, r#type, attribute);
            quote_spanned!(span=>
                #dari::__private::argument::<#r#type, _, _>(&mut #signature, #arg #constraints #published, #default)
            )
        }
    }
}

fn named(dari: &TokenStream, name: &LitStr, description: Option<&str>) -> TokenStream {
    let description = description.map(|text| quote!(.description(#text)));
    quote!(#dari::__private::Arg::named(#name) #description)
}

fn constraints(dari: &TokenStream, attribute: &ArgAttribute) -> TokenStream {
    let mut tokens = TokenStream::new();
    if let Some(ExprRange { start, limits, end, .. }) = &attribute.range {
        if let Some(start) = start {
            let start = constant(dari, start);
            tokens.extend(quote!(.minimum(#start)));
        }
        if let Some(end) = end {
            let end = constant(dari, end);
            tokens.extend(match limits {
                RangeLimits::Closed(_) => quote!(.maximum(#end)),
                RangeLimits::HalfOpen(_) => quote!(.below(#end)),
            });
        }
    }
    if let Some(ExprRange { start, limits, end, .. }) = &attribute.length {
        if let Some(start) = start {
            let start = constant(dari, start);
            tokens.extend(quote!(.min_length(#start)));
        }
        if let Some(end) = end {
            let end = match limits {
                RangeLimits::Closed(_) => constant(dari, end),
                RangeLimits::HalfOpen(_) => last_before(dari, end),
            };
            tokens.extend(quote!(.max_length(#end)));
        }
    }
    if let Some(pattern) = &attribute.pattern {
        tokens.extend(quote!(.pattern(#pattern)));
    }
    for example in &attribute.examples {
        let example = constant(dari, example);
        tokens.extend(quote!(.example(#example)));
    }
    if let Some(header) = &attribute.header {
        tokens.extend(quote!(.header(#header)));
    }
    if let Some(function) = &attribute.complete {
        let span = function.span();
        let completer = quote_spanned!(span=> #dari::__private::completer(#function));
        tokens.extend(quote!(.complete(#completer)));
    }
    tokens
}

/// The length before this one, which is the first that is not allowed.
fn last_before(dari: &TokenStream, end: &Expr) -> TokenStream {
    match literal::integer(end) {
        Some(end) => {
            let json = (end - 1).to_string();
            quote!(#dari::__private::literal(#json))
        }
        None => quote_spanned!(end.span()=> #dari::__private::constant(&(#end - 1))),
    }
}

/// How a default is made at each call, and what is published of it.
fn default(dari: &TokenStream, r#type: &Type, attribute: &ArgAttribute) -> (TokenStream, TokenStream) {
    let Some(default) = &attribute.default else {
        return (quote!(::core::option::Option::None), TokenStream::new());
    };
    let span = default.value.as_ref().map_or_else(|| default.key.span(), syn::spanned::Spanned::span);
    let made = match &default.value {
        None => quote_spanned!(span=> <#r#type as ::core::default::Default>::default()),
        Some(value) if string_literal(value).is_some() => {
            let dari = paths::at(dari, span);
            quote_spanned!(span=> #dari::__private::from_text(#value))
        }
        Some(value) => quote!(#value),
    };
    let made = quote_spanned!(span=> ::core::option::Option::Some::<fn() -> #r#type>(|| #made));
    let published = match default.value.as_ref().and_then(literal::json) {
        Some(json) => quote!(#dari::__private::literal(#json)),
        None => quote_spanned!(span=> #dari::__private::published(#made)),
    };
    (made, quote!(.default_value(#published)))
}

/// The value of an expression as JSON: written here if it is a literal.
pub(crate) fn constant(dari: &TokenStream, expression: &Expr) -> TokenStream {
    match literal::json(expression) {
        Some(json) => quote!(#dari::__private::literal(#json)),
        None => quote_spanned!(expression.span()=> #dari::__private::constant(&#expression)),
    }
}
