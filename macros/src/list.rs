//! `tools![..]`, `prompts![..]`, `resources![..]`: arrays, in which no two have one name or URI.
//!
//! The macros of these names are in the crate `dari`, and hand their `$crate` over.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens as _, format_ident, quote, quote_spanned};
use syn::parse::{Parse, ParseStream, Parser as _};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned as _;
use syn::{Path, Token};

use crate::kind::Kind;
use crate::sink::Sink;

/// `$crate, tool, a, b::c`
struct List {
    dari: Path,
    kind: Kind,
    paths: TokenStream,
}

impl Parse for List {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let dari = input.parse()?;
        input.parse::<Token![,]>()?;
        let noun: Ident = input.parse()?;
        let kinds = [Kind::Tool, Kind::Prompt, Kind::Resource];
        let kind = kinds.into_iter().find(|kind| noun == kind.noun());
        let kind = kind.ok_or_else(|| syn::Error::new_spanned(noun, "no kind of list"))?;
        input.parse::<Token![,]>()?;
        Ok(Self { dari, kind, paths: input.parse()? })
    }
}

/// Expands a list.
pub(crate) fn expand(tokens: TokenStream) -> TokenStream {
    let List { dari, kind, paths } = match syn::parse2(tokens) {
        Ok(list) => list,
        Err(error) => return error.into_compile_error(),
    };
    let (trait_name, key, product) = (kind.trait_name(), kind.key(), kind.product());
    let same = match kind {
        Kind::Tool | Kind::Prompt => {
            format!("a {} before this one has the same name: give one of them another with `name = \"…\"`", kind.noun())
        }
        Kind::Resource => {
            "a resource before this one has the same URI: a client could read only one of them".to_owned()
        }
    };
    let mut sink = Sink::default();
    let parsed = Punctuated::<Path, Token![,]>::parse_terminated.parse2(paths).unwrap_or_else(|error| {
        sink.push(error);
        Punctuated::new()
    });
    let mut paths: Vec<Path> = Vec::with_capacity(parsed.len());
    for path in parsed {
        let text = path.to_token_stream().to_string();
        if paths.iter().any(|earlier| earlier.to_token_stream().to_string() == text) {
            sink.add(&path, format_args!("`{}` is in this list already", text.replace(' ', "")));
        } else {
            paths.push(path);
        }
    }

    let alias = |(index, path): (usize, &Path)| format_ident!("Dari{product}{index}", span = path.span());
    let aliases: Vec<Ident> = paths.iter().enumerate().map(alias).collect();
    // An alias each, so that a path that leads nowhere is told once.
    let declared = aliases.iter().zip(&paths).map(|(alias, path)| quote_spanned!(path.span()=> type #alias = #path;));
    let distinct = (1..paths.len()).map(|index| {
        let (alias, earlier) = (&aliases[index], &aliases[..index]);
        quote_spanned! {paths[index].span()=>
            const _: () = ::core::assert!(
                #dari::__private::is_new(
                    <#alias as #dari::__private::#trait_name>::#key,
                    &[#(<#earlier as #dari::__private::#trait_name>::#key),*],
                ),
                #same,
            );
        }
    });
    let items = aliases.iter().zip(&paths).map(|(alias, path)| {
        let register = Ident::new(kind.register(), path.span());
        quote_spanned!(path.span()=> #dari::__private::#register(#alias {}))
    });
    let count = paths.len();
    let errors = sink.into_errors();
    quote! {
        {
            #errors
            #(#declared)*
            #(#distinct)*
            let items: [#dari::#product; #count] = [#(#items),*];
            items
        }
    }
}
