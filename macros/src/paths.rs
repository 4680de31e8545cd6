//! Where `dari` is, and what an attribute says of it.

use proc_macro2::{Span, TokenStream};
use quote::quote;

/// The path of the crate `dari`, where an attribute says no other with `crate = path`.
pub(crate) fn dari() -> TokenStream {
    quote!(::dari)
}

/// The same path, which the compiler is to show at this place.
pub(crate) fn at(path: &TokenStream, place: Span) -> TokenStream {
    let moved = path.clone().into_iter().map(|mut token| {
        token.set_span(token.span().located_at(place));
        token
    });
    moved.collect()
}
