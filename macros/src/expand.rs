//! The code that is written for a function.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, format_ident, quote, quote_spanned};
use syn::Item;
use syn::spanned::Spanned as _;

use crate::about_attribute::{self, AboutAttribute, OwnAttribute};
use crate::ast::Function;
use crate::attribute::string_literal;
use crate::check::{Checked, check};
use crate::declare::{constant, declare};
use crate::kind::Kind;
use crate::paths;
use crate::sink::Sink;
use crate::uri::Uri;

/// What the code of a kind has of its own.
pub(crate) trait Product: OwnAttribute {
    /// Where it is, of what is somewhere.
    fn uri(&self) -> Option<&Uri> {
        None
    }

    /// Checks what it says against the function.
    fn check(&self, _checked: &Checked<'_>, _sink: &mut Sink) {}

    /// The value that tells it from others of its kind.
    fn key(&self, checked: &Checked<'_>) -> TokenStream;

    /// Statements that make `item` a builder.
    fn builder(&self, names: &Names) -> TokenStream;
}

/// How the code calls what it works with.
pub(crate) struct Names {
    /// The path of the crate `dari`.
    pub(crate) dari: TokenStream,
    pub(crate) about: Ident,
    pub(crate) signature: Ident,
    pub(crate) item: Ident,
}

/// Expands an attribute of this kind.
pub(crate) fn expand<A: Product>(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let function: Function = match syn::parse2(item.clone()) {
        Ok(function) => function,
        Err(error) => {
            let error = match syn::parse2::<Item>(item.clone()) {
                Ok(other) => {
                    let (attribute, noun) = (A::KIND.attribute(), A::KIND.noun());
                    let message = format_args!("`{attribute}` makes a {noun} of a function, and this is none");
                    syn::Error::new_spanned(other, message)
                }
                Err(_) => error,
            };
            let error = error.into_compile_error();
            return quote!(#item #error);
        }
    };
    let mut sink = Sink::default();
    let (about, own) = about_attribute::parse::<A>(attribute, &mut sink);
    let checked = check(&function, A::KIND, &about, own.uri(), &mut sink);
    own.check(&checked, &mut sink);
    let errors = sink.into_errors();

    let tokens = function.to_tokens();
    if function.signature.receiver().is_some() {
        // It stands in an `impl`, where no type can be put beside it.
        return quote!(#tokens #errors);
    }
    let local = |name| Ident::new(name, Span::mixed_site());
    let dari = about.dari.as_ref().map_or_else(paths::dari, |path| path.to_token_stream());
    let names = Names { dari, about: local("about"), signature: local("signature"), item: local("item") };
    let body = body(&names, &function, &about, &own, &checked, errors.is_some());
    let beside = beside(&names.dari, A::KIND, &function, &own.key(&checked), &body, errors.is_some());
    quote!(#tokens #beside #errors)
}

/// The type beside the function, which knows what became of it.
fn beside(
    dari: &TokenStream,
    kind: Kind,
    function: &Function,
    key_value: &TokenStream,
    body: &TokenStream,
    is_wrong: bool,
) -> TokenStream {
    let (visibility, ident) = (&function.visibility, &function.signature.ident);
    let conditions: Vec<_> = function.conditions().collect();
    let (trait_name, key, make, product) = (kind.trait_name(), kind.key(), kind.make(), kind.product());
    let reason = format!("the function is no {} yet", kind.noun());
    let unused = is_wrong.then(|| quote!(#[allow(unused, reason = #reason)]));
    quote! {
        #(#conditions)*
        #[doc(hidden)]
        #[allow(non_camel_case_types, reason = "it has the name of its function")]
        #visibility struct #ident {}

        #(#conditions)*
        #[allow(clippy::all, clippy::pedantic, reason = "nobody wrote this")]
        impl #dari::__private::#trait_name for #ident {
            const #key: &'static str = #key_value;

            #unused
            fn #make() -> #dari::#product {
                #body
            }
        }
    }
}

/// What makes a tool, prompt or resource of the function.
fn body<A: Product>(
    names: &Names,
    function: &Function,
    about: &AboutAttribute,
    own: &A,
    checked: &Checked<'_>,
    is_wrong: bool,
) -> TokenStream {
    let Names { dari, about: about_name, signature, .. } = names;
    let name = &checked.name;
    let said = facts(dari, about_name, about, checked);
    let params: Vec<Ident> = (0..checked.parameters.len()).map(|index| at(index, "param")).collect();
    let declared = checked.parameters.iter().map(|parameter| declare(dari, signature, parameter));
    let finish = if is_wrong {
        // The parameters above are checked as far as they can be; there is nothing to make.
        quote!(::core::unreachable!())
    } else {
        let builder = own.builder(names);
        let finish = finish(names, A::KIND, function, about, checked, &params);
        quote!(#builder #finish)
    };
    quote! {
        let mut #about_name = #dari::__private::About::new(#name);
        #(#said)*
        let mut #signature = #dari::__private::Signature::new();
        #(let #params = #declared;)*
        #finish
    }
}

fn at(index: usize, name: &str) -> Ident {
    format_ident!("{name}{index}", span = Span::mixed_site())
}

/// What is said of it as a whole.
fn facts(dari: &TokenStream, about: &Ident, attribute: &AboutAttribute, checked: &Checked<'_>) -> Vec<TokenStream> {
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
    if attribute.hidden_without_scope.is_some() {
        facts.push(quote!(#about.hidden_without_scope();));
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

/// The parameters and the function put together, with the errors of the future at the function's name and those of the
/// result at its type.
fn finish(
    Names { dari, item, .. }: &Names,
    kind: Kind,
    function: &Function,
    about: &AboutAttribute,
    checked: &Checked<'_>,
    params: &[Ident],
) -> TokenStream {
    let ident = &function.signature.ident;
    let span = checked.output.map_or_else(Span::call_site, syn::spanned::Spanned::span);
    let convert = Ident::new(kind.output(), span);
    let output = match checked.output {
        Some(r#type) => quote_spanned!(r#type.span()=> #dari::__private::#convert::<#r#type>()),
        None => quote!(#dari::__private::#convert::<()>()),
    };
    let way = match (&function.signature.asyncness, &about.inline) {
        (Some(_), _) => "asynchronous",
        (None, Some(_)) => "inline",
        (None, None) => "blocking",
    };
    let way = Ident::new(way, ident.span());
    let values: Vec<Ident> = (0..params.len()).map(|index| at(index, "value")).collect();
    let list = nested(params);
    let pattern = nested(&values);
    let result = Ident::new("output", Span::mixed_site());
    let call = quote_spanned!(ident.span()=> #item.#way(#list, #result, |#pattern| #ident(#(#values),*)));
    quote! {
        let #result = #output;
        #call
    }
}

/// `(first, (second, ()))`
fn nested(names: &[Ident]) -> TokenStream {
    names.iter().rev().fold(quote!(()), |rest, name| quote!((#name, #rest)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::list;
    use crate::prompt::PromptAttribute;
    use crate::resource::ResourceAttribute;
    use crate::tool::ToolAttribute;

    #[test]
    fn nothing_is_looked_for_but_where_the_attribute_says() {
        let parameters = quote! {
            #[arg(default = "a", length = ..MOST, examples("a", OTHER))] a: String,
            #[arg(default = 1 + 1, range = 0..5)] b: u8,
            #[arg(default, header = "C")] c: u8,
            State(d): State<u8>,
        };
        let about =
            quote!(crate = elsewhere, title = "a", scopes("a"), timeout = "1s", icons("a", ICON), meta("a" = A));
        let tool = expand::<ToolAttribute>(
            quote!(#about, read_only, task, input_schema = SCHEMA),
            quote!(async fn f(#parameters) -> String {}),
        );
        let prompt = expand::<PromptAttribute>(
            about.clone(),
            quote!(
                fn f(#[arg(complete = c)] a: String) {}
            ),
        );
        let resource = expand::<ResourceAttribute>(
            quote!(#about, uri = "a://{a}/{+b}{/c}{?d}", mime = "a/b", ttl = "1s", public),
            quote!(
                fn f(a: u8, b: u8, c: u8, d: u8, e: E) {}
            ),
        );
        let list = list::expand(quote!(elsewhere, tool, a, b::c));
        for written in [tool, prompt, resource, list].map(|tokens| tokens.to_string()) {
            assert!(written.contains("elsewhere :: __private"), "{written}");
            assert!(!written.contains(":: dari ::"), "{written}");
        }
    }
}
