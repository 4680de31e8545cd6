//! All mistakes of one macro call, told together.

use std::fmt::Display;

use proc_macro2::TokenStream;
use quote::ToTokens;

/// Where mistakes are collected.
#[derive(Default)]
pub(crate) struct Sink(Option<syn::Error>);

impl Sink {
    /// Notes a mistake on these tokens.
    pub(crate) fn add(&mut self, tokens: impl ToTokens, message: impl Display) {
        self.push(syn::Error::new_spanned(tokens, message));
    }

    /// Notes a mistake that the parser found.
    pub(crate) fn push(&mut self, error: syn::Error) {
        match &mut self.0 {
            Some(errors) => errors.combine(error),
            None => self.0 = Some(error),
        }
    }

    /// The errors for the compiler, if there are any.
    pub(crate) fn into_errors(self) -> Option<TokenStream> {
        self.0.map(|errors| errors.into_compile_error())
    }
}
