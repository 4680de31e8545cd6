//! `#[mcp_resource(..)]`: where a resource is, and what only a resource has.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, quote};
use syn::LitStr;

use crate::about_attribute::{OwnAttribute, Time, set_flag, time};
use crate::attribute::Entry;
use crate::check::Checked;
use crate::expand::{Names, Product};
use crate::grammar;
use crate::kind::Kind;
use crate::sink::Sink;
use crate::uri::{Part, Uri};

/// The attribute, read.
#[derive(Default)]
pub(crate) struct ResourceAttribute {
    /// Something was given, be it right or not.
    has_uri: bool,
    uri: Option<Uri>,
    mime: Option<LitStr>,
    ttl: Option<Time>,
    public: Option<Ident>,
}

impl OwnAttribute for ResourceAttribute {
    const KIND: Kind = Kind::Resource;
    const OWN_KEYS: &'static str = "`uri`, `mime`, `ttl`, `public`";

    fn set(&mut self, entry: &Entry, sink: &mut Sink) -> bool {
        match entry.key.to_string().as_str() {
            "uri" => {
                self.has_uri = true;
                self.uri = entry.string("uri = \"naver://profile\"", sink).and_then(|uri| Uri::parse(uri, sink));
            }
            "mime" => {
                self.mime = entry.string("mime = \"application/json\"", sink);
                if let Some(mime) = self.mime.as_ref().filter(|mime| !grammar::is_media_type(&mime.value())) {
                    sink.add(mime, "a media type has two parts, such as \"application/json\" (RFC 9110 §8.3.1)");
                }
            }
            "ttl" => self.ttl = time(entry, "ttl = \"60s\"", sink),
            "public" => self.public = set_flag(entry, sink),
            _ => return false,
        }
        true
    }

    fn finish(&mut self, sink: &mut Sink) {
        if !self.has_uri {
            sink.push(syn::Error::new(
                Span::call_site(),
                "a resource is somewhere: say where with `uri = \"naver://profile\"`, or `uri = \"naver://notes/{id}\"` \
                 for a template",
            ));
        }
    }
}

impl Product for ResourceAttribute {
    fn uri(&self) -> Option<&Uri> {
        self.uri.as_ref()
    }

    fn key(&self, _: &Checked<'_>) -> TokenStream {
        match &self.uri {
            Some(uri) => uri.text().to_token_stream(),
            None => quote!(""),
        }
    }

    fn builder(&self, names: &Names) -> TokenStream {
        let Names { dari, about, signature, item, .. } = names;
        let Some(uri) = &self.uri else { return TokenStream::new() };
        let text = uri.text();
        let made = if uri.is_template() {
            let parts = uri.parts().iter().map(|part| written(part, dari));
            quote!(#dari::__private::ResourceBuilder::template(#text, &[#(#parts),*], #about, #signature))
        } else {
            quote!(#dari::__private::ResourceBuilder::new(#text, #about, #signature))
        };
        let mime = self.mime.as_ref().map(|mime| quote!(#item.mime(#mime);));
        let ttl = self.ttl.as_ref().map(|ttl| {
            let milliseconds = ttl.milliseconds;
            quote!(#item.ttl_ms(#milliseconds);)
        });
        let public = self.public.as_ref().map(|_| quote!(#item.public();));
        let set = quote!(#mime #ttl #public);
        let mutable = (!set.is_empty()).then(|| quote!(mut));
        quote!(let #mutable #item = #made; #set)
    }
}

fn written(part: &Part, dari: &TokenStream) -> TokenStream {
    let part = match part {
        Part::Literal(text) => quote!(Literal(#text)),
        Part::Segment(name) => quote!(Segment(#name)),
        Part::Path(name) => quote!(Path(#name)),
        Part::NextSegment(name) => quote!(NextSegment(#name)),
        Part::Query(names) => quote!(Query(&[#(#names),*])),
    };
    quote!(#dari::__private::Part::#part)
}
