//! `tools![..]`: an array of tools, no two of one name.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, format_ident, quote, quote_spanned};
use syn::parse::Parser as _;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned as _;
use syn::{Path, Token};

use crate::paths;
use crate::sink::Sink;

/// Expands `tools![..]`.
pub(crate) fn expand(tokens: TokenStream) -> TokenStream {
    let dari = paths::dari();
    let mut sink = Sink::default();
    let parsed = Punctuated::<Path, Token![,]>::parse_terminated.parse2(tokens).unwrap_or_else(|error| {
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

    let aliases: Vec<_> = (0..paths.len()).map(|index| format_ident!("DariTool{index}")).collect();
    // An alias each, so that a path that leads nowhere is told once.
    let declared = aliases.iter().zip(&paths).map(|(alias, path)| quote_spanned!(path.span()=> type #alias = #path;));
    let distinct = (1..paths.len()).map(|index| {
        let (alias, earlier) = (&aliases[index], &aliases[..index]);
        quote_spanned! {paths[index].span()=>
            const _: () = ::core::assert!(
                #dari::__private::is_new(
                    <#alias as #dari::__private::ToolFn>::NAME,
                    &[#(<#earlier as #dari::__private::ToolFn>::NAME),*],
                ),
                "a tool before this one has the same name: give one of them another with `name = \"…\"`",
            );
        }
    });
    let tools = aliases
        .iter()
        .zip(&paths)
        .map(|(alias, path)| quote_spanned!(path.span()=> #dari::__private::register(#alias {})));
    let count = paths.len();
    let errors = sink.into_errors();
    quote! {
        {
            #errors
            #(#declared)*
            #(#distinct)*
            let tools: [#dari::Tool; #count] = [#(#tools),*];
            tools
        }
    }
}
