//! Where `dari` is, whatever a user calls it.

use proc_macro_crate::{FoundCrate, crate_name};
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

/// The path of the crate `dari`.
pub(crate) fn dari() -> TokenStream {
    let name = match crate_name("dari") {
        Ok(FoundCrate::Name(name)) => name,
        // Inside `dari` it is an alias of the crate itself; and where there is no manifest, this is the best guess.
        Ok(FoundCrate::Itself) | Err(_) => "dari".to_owned(),
    };
    let name = Ident::new(&name, Span::call_site());
    quote!(::#name)
}

/// The same path, which the compiler is to show at this place.
pub(crate) fn at(path: &TokenStream, place: Span) -> TokenStream {
    let moved = path.clone().into_iter().map(|mut token| {
        token.set_span(token.span().located_at(place));
        token
    });
    moved.collect()
}
