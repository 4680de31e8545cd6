//! `#[mcp_prompt(..)]`: what only a prompt has, which is nothing.

use proc_macro2::TokenStream;
use quote::quote;

use crate::about_attribute::OwnAttribute;
use crate::attribute::Entry;
use crate::check::Checked;
use crate::expand::{Names, Product};
use crate::kind::Kind;
use crate::sink::Sink;

/// The attribute, read.
#[derive(Default)]
pub(crate) struct PromptAttribute;

impl OwnAttribute for PromptAttribute {
    const KIND: Kind = Kind::Prompt;
    const OWN_KEYS: &'static str = "";

    fn set(&mut self, _: &Entry, _: &mut Sink) -> bool {
        false
    }
}

impl Product for PromptAttribute {
    fn key(&self, checked: &Checked<'_>) -> TokenStream {
        let name = &checked.name;
        quote!(#name)
    }

    fn builder(&self, Names { dari, about, signature, item, .. }: &Names) -> TokenStream {
        quote!(let #item = #dari::__private::PromptBuilder::new(#about, #signature);)
    }
}
