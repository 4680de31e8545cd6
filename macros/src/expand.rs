//! The code that is written for a function.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Expr, ExprRange, Item, LitStr, RangeLimits, Type};

use crate::arg_attribute::ArgAttribute;
use crate::ast::Function;
use crate::attribute::string_literal;
use crate::check::{Checked, Kind, Parameter, check};
use crate::sink::Sink;
use crate::tool_attribute::ToolAttribute;
use crate::{literal, paths};

/// Expands `#[mcp_tool(..)]`.
pub(crate) fn mcp_tool(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let function: Function = match syn::parse2(item.clone()) {
        Ok(function) => function,
        Err(error) => {
            let error = match syn::parse2::<Item>(item.clone()) {
                Ok(other) => {
                    syn::Error::new_spanned(other, "`#[mcp_tool]` makes a tool of a function, and this is none")
                }
                Err(_) => error,
            };
            let error = error.into_compile_error();
            return quote!(#item #error);
        }
    };
    let mut sink = Sink::default();
    let attribute = ToolAttribute::parse(attribute, &mut sink);
    let checked = check(&function, &attribute, &mut sink);

    let dari = paths::dari();
    let errors = sink.into_errors();
    let (about, signature) = (Ident::new("about", Span::mixed_site()), Ident::new("signature", Span::mixed_site()));
    let params: Vec<Ident> = (0..checked.parameters.len()).map(|index| at(index, "param")).collect();
    let declared = checked.parameters.iter().map(|parameter| declare(&dari, &signature, parameter));
    let said = facts(&dari, &about, &attribute, &checked);
    let finish = if errors.is_some() {
        // The parameters above are checked as far as they can be; there is no tool to make.
        quote!(::core::unreachable!())
    } else {
        finish(&dari, &[about.clone(), signature.clone()], &function, &attribute, &checked, &params)
    };

    let tokens = function.to_tokens();
    if function.signature.receiver().is_some() {
        // It stands in an `impl`, where no type can be put beside it.
        return quote!(#tokens #errors);
    }
    let (visibility, ident, name) = (&function.visibility, &function.signature.ident, &checked.name);
    let conditions: Vec<_> = function.conditions().collect();
    let unused = errors.is_some().then(|| quote!(#[allow(unused, reason = "the function is no tool yet")]));
    quote! {
        #tokens

        #(#conditions)*
        #[doc(hidden)]
        #[allow(non_camel_case_types, reason = "it has the name of its function")]
        #visibility struct #ident {}

        #(#conditions)*
        #[allow(clippy::all, clippy::pedantic, reason = "nobody wrote this")]
        impl #dari::__private::ToolFn for #ident {
            const NAME: &'static str = #name;

            #unused
            fn tool() -> #dari::Tool {
                let mut #about = #dari::__private::About::new(#name);
                #(#said)*
                let mut #signature = #dari::__private::Signature::new();
                #(let #params = #declared;)*
                #finish
            }
        }

        #errors
    }
}

fn at(index: usize, name: &str) -> Ident {
    format_ident!("{name}{index}", span = Span::mixed_site())
}

/// What is said of the tool as a whole.
fn facts(dari: &TokenStream, about: &Ident, attribute: &ToolAttribute, checked: &Checked<'_>) -> Vec<TokenStream> {
    let mut facts = Vec::new();
    if let Some(title) = &attribute.title {
        facts.push(quote!(#about.title(#title);));
    }
    if let Some(description) = &checked.description {
        facts.push(quote!(#about.description(#description);));
    }
    for scope in &attribute.scopes {
        facts.push(quote!(#about.scope(#scope);));
    }
    if let Some(timeout) = &attribute.timeout {
        let milliseconds = timeout.milliseconds;
        facts.push(quote!(#about.timeout_ms(#milliseconds);));
    }
    for icon in &attribute.icons {
        facts.push(if string_literal(icon).is_some() {
            quote!(#about.icon(#dari::__private::Icon::new(#icon));)
        } else {
            quote!(#about.icon(#icon);)
        });
    }
    for entry in &attribute.meta {
        let (key, value) = (&entry.key, constant(dari, &entry.value));
        facts.push(quote!(#about.meta(#key, #value);));
    }
    facts
}

/// The declaration of a parameter, with its errors at its type.
fn declare(dari: &TokenStream, signature: &Ident, parameter: &Parameter<'_>) -> TokenStream {
    let r#type = parameter.r#type;
    let span = r#type.span();
    match &parameter.kind {
        Kind::Injected => quote_spanned!(span=> #dari::__private::injected::<#r#type, _, _>(&mut #signature)),
        Kind::Named { name, description } => {
            let arg = named(dari, name, description.as_deref());
            quote_spanned!(span=> #dari::__private::param::<#r#type, _, _>(&mut #signature, #arg))
        }
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
fn constant(dari: &TokenStream, expression: &Expr) -> TokenStream {
    match literal::json(expression) {
        Some(json) => quote!(#dari::__private::literal(#json)),
        None => quote_spanned!(expression.span()=> #dari::__private::constant(&#expression)),
    }
}

/// The tool of the parameters, with the errors of the future at the function's name and those of the result at its type.
fn finish(
    dari: &TokenStream,
    [about, signature]: &[Ident; 2],
    function: &Function,
    attribute: &ToolAttribute,
    checked: &Checked<'_>,
    params: &[Ident],
) -> TokenStream {
    let ident = &function.signature.ident;
    let output = match checked.output {
        Some(r#type) => quote_spanned!(r#type.span()=> #dari::__private::output::<#r#type>()),
        None => quote!(#dari::__private::output::<()>()),
    };
    let way = match (&function.signature.asyncness, &attribute.inline) {
        (Some(_), _) => "asynchronous",
        (None, Some(_)) => "inline",
        (None, None) => "blocking",
    };
    let way = Ident::new(way, ident.span());
    let values: Vec<Ident> = (0..params.len()).map(|index| at(index, "value")).collect();
    let list = nested(params);
    let pattern = nested(&values);
    let (tool, result) = (Ident::new("tool", Span::mixed_site()), Ident::new("output", Span::mixed_site()));
    let hints = attribute.hints.iter().map(|(hint, value)| quote!(#tool.#hint(#value);));
    let call = quote_spanned!(ident.span()=> #tool.#way(#list, #result, |#pattern| #ident(#(#values),*)));
    quote! {
        let #result = #output;
        let mut #tool = #dari::__private::ToolBuilder::new(#about, #signature);
        #(#hints)*
        #call
    }
}

/// `(first, (second, ()))`
fn nested(names: &[Ident]) -> TokenStream {
    names.iter().rev().fold(quote!(()), |rest, name| quote!((#name, #rest)))
}
