//! The function under the attribute, as far as the macro looks: its body stays tokens.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, FnArg, Signature, Visibility};

/// A function.
pub(crate) struct Function {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) signature: Signature,
    body: TokenStream,
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        let visibility = input.parse()?;
        let signature = input.parse()?;
        Ok(Self { attributes, visibility, signature, body: input.parse()? })
    }
}

impl Function {
    /// The function as the compiler is to see it, without what only the macro reads.
    pub(crate) fn to_tokens(&self) -> TokenStream {
        let Self { attributes, visibility, signature, body } = self;
        let mut signature = signature.clone();
        for input in &mut signature.inputs {
            if let FnArg::Typed(input) = input {
                input.attrs.retain(|attribute| !is_ours(attribute));
            }
        }
        let mut tokens = quote! {
            #(#attributes)*
            #[allow(clippy::too_many_arguments, reason = "a client fills them by name")]
            #visibility #signature
        };
        body.to_tokens(&mut tokens);
        tokens
    }

    /// The conditions of the function, which hold for all that is written beside it.
    pub(crate) fn conditions(&self) -> impl Iterator<Item = &Attribute> {
        self.attributes.iter().filter(|attribute| attribute.path().is_ident("cfg"))
    }
}

/// Whether an attribute of a parameter is for the macro alone.
fn is_ours(attribute: &Attribute) -> bool {
    ["doc", "arg", "cfg", "cfg_attr"].iter().any(|name| attribute.path().is_ident(name))
}
