//! The rules for a function that is to be a tool, all in one place.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt as _;
use syn::{FnArg, GenericParam, LitStr, Pat, PatType, ReturnType, Safety, Type};

use crate::arg_attribute::ArgAttribute;
use crate::ast::Function;
use crate::sink::Sink;
use crate::tool_attribute::ToolAttribute;
use crate::{doc, grammar};

/// A function that may be a tool, as far as its signature tells.
pub(crate) struct Checked<'a> {
    /// The name that clients call it by.
    pub(crate) name: LitStr,
    pub(crate) description: Option<String>,
    pub(crate) parameters: Vec<Parameter<'a>>,
    /// `None` stands for `()`.
    pub(crate) output: Option<&'a Type>,
}

/// One parameter.
pub(crate) struct Parameter<'a> {
    pub(crate) kind: Kind,
    pub(crate) r#type: &'a Type,
}

/// What is known of a parameter without knowing its type.
pub(crate) enum Kind {
    /// It has a pattern and no name, so it must be injected.
    Injected,
    /// It has a name, and may be either.
    Named { name: LitStr, description: Option<String> },
    /// It has `#[arg(..)]`, so it must be an argument.
    Argument { name: LitStr, description: Option<String>, attribute: Box<ArgAttribute> },
}

/// Applies all rules.
pub(crate) fn check<'a>(function: &'a Function, attribute: &ToolAttribute, sink: &mut Sink) -> Checked<'a> {
    check_signature(function, attribute, sink);
    let ident = &function.signature.ident;
    let name = attribute.name.clone().unwrap_or_else(|| {
        let name = ident.unraw().to_string();
        if let Some(fault) = grammar::tool_name_fault(&name) {
            sink.add(ident, fault);
        }
        LitStr::new(&name, ident.span())
    });
    let description = attribute.description.as_ref().map(LitStr::value);
    let description = description.or_else(|| doc::text(&function.attributes));
    let parameters: Vec<Parameter<'a>> =
        function.signature.inputs.iter().filter_map(|input| parameter(input, sink)).collect();
    check_names(&parameters, sink);
    Checked { name, description, parameters, output: output(&function.signature.output, sink) }
}

fn check_signature(function: &Function, attribute: &ToolAttribute, sink: &mut Sink) {
    let signature = &function.signature;
    if let Some(generic) = signature.generics.params.first() {
        let what = match generic {
            GenericParam::Lifetime(_) => "no lifetimes: its parameters own their data",
            _ => "no generics: a model sends values, not types",
        };
        sink.add(&signature.generics, format_args!("a tool has {what}"));
    }
    if let Some(clause) = signature.generics.where_clause.as_ref().filter(|_| signature.generics.params.is_empty()) {
        sink.add(clause, "a tool has no `where` clause");
    }
    if let Safety::Unsafe(token) = &signature.safety {
        sink.add(token, "a tool is called by a model: it cannot be `unsafe`");
    }
    if let Some(abi) = &signature.abi {
        sink.add(abi, "a tool is a function of Rust");
    }
    if let Some(variadic) = &signature.variadic {
        sink.add(variadic, "a tool has a fixed number of parameters");
    }
    if let Some(inline) = &attribute.inline {
        if signature.asyncness.is_some() {
            sink.add(inline, "`inline` is for a plain `fn`: an `async fn` runs in place anyway");
        } else if let Some(timeout) = &attribute.timeout {
            sink.add(&timeout.key, "nothing can stop a function that runs in place: take `inline` or `timeout` away");
        }
    }
}

fn parameter<'a>(input: &'a FnArg, sink: &mut Sink) -> Option<Parameter<'a>> {
    let input = match input {
        FnArg::Typed(input) => input,
        FnArg::Receiver(receiver) => {
            sink.add(
                receiver,
                "a tool has no `self`: take what it needs as `State<T>` and give the value to `.state(..)`",
            );
            return None;
        }
    };
    for attribute in &input.attrs {
        if attribute.path().is_ident("cfg") || attribute.path().is_ident("cfg_attr") {
            sink.add(attribute, "a tool has the same parameters everywhere: put the condition on the whole function");
        }
    }
    let attribute = ArgAttribute::find(&input.attrs, sink);
    let description = doc::text(&input.attrs);
    let is_sound = check_type(&input.ty, sink);
    let Some(ident) = plain_name(input) else {
        if attribute.is_some() {
            sink.add(&input.pat, "an argument has a plain name: take the value apart inside the function");
            return None;
        }
        return is_sound.then_some(Parameter { kind: Kind::Injected, r#type: &input.ty });
    };
    let name = LitStr::new(&ident.unraw().to_string(), ident.span());
    let kind = match attribute {
        None => Kind::Named { name, description },
        Some(attribute) => {
            if let Some(default) = attribute.default.as_ref().filter(|_| is_option(&input.ty)) {
                sink.add(
                    &default.key,
                    "an `Option` is `None` where nothing is given: take `default` away, or the `Option`",
                );
                return None;
            }
            let name = attribute.rename.clone().unwrap_or(name);
            Kind::Argument { name, description, attribute: Box::new(attribute) }
        }
    };
    is_sound.then_some(Parameter { kind, r#type: &input.ty })
}

/// The name of a parameter that has one and no more.
fn plain_name(input: &PatType) -> Option<&Ident> {
    match &*input.pat {
        Pat::Ident(pattern) if pattern.by_ref.is_none() && pattern.subpat.is_none() => Some(&pattern.ident),
        _ => None,
    }
}

fn is_option(r#type: &Type) -> bool {
    matches!(r#type, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Option"))
}

/// Finds what no type of a parameter may be; gives back whether all was well.
fn check_type(r#type: &Type, sink: &mut Sink) -> bool {
    if let Type::Reference(reference) = r#type {
        let owned = match reference.elem.to_token_stream().to_string().as_str() {
            "str" => "`String`".to_owned(),
            other if other.starts_with('[') => "a `Vec`".to_owned(),
            other => format!("`{other}`"),
        };
        sink.add(r#type, format_args!("a parameter of a tool owns its data: take {owned} instead of a reference"));
        return false;
    }
    match stray(r#type.to_token_stream()) {
        None => true,
        Some(Stray::Borrow(span)) => {
            sink.push(syn::Error::new(span, "a parameter of a tool owns its data, and this borrows"));
            false
        }
        Some(Stray::Impl(span)) => {
            sink.push(syn::Error::new(span, "a tool has no generics, and `impl` is one: name the type"));
            false
        }
    }
}

/// What cannot stand in the type of a parameter.
enum Stray {
    Borrow(Span),
    Impl(Span),
}

fn stray(tokens: TokenStream) -> Option<Stray> {
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let next_is_static =
            |next: Option<&TokenTree>| matches!(next, Some(TokenTree::Ident(name)) if name == "static");
        match &token {
            TokenTree::Ident(word) if word == "impl" => return Some(Stray::Impl(word.span())),
            // The signature of a function borrows what it is given, not what it is.
            TokenTree::Ident(word) if word == "fn" || word == "dyn" => return None,
            TokenTree::Punct(punct) if punct.as_char() == '&' => {
                let lifetime = matches!(tokens.peek(), Some(TokenTree::Punct(next)) if next.as_char() == '\'');
                if !lifetime {
                    return Some(Stray::Borrow(punct.span()));
                }
            }
            TokenTree::Punct(punct) if punct.as_char() == '\'' && !next_is_static(tokens.peek()) => {
                return Some(Stray::Borrow(punct.span()));
            }
            TokenTree::Group(group) => {
                if let Some(found) = stray(group.stream()) {
                    return Some(found);
                }
            }
            _ => {}
        }
    }
    None
}

fn check_names(parameters: &[Parameter<'_>], sink: &mut Sink) {
    let mut names: Vec<String> = Vec::new();
    let mut headers: Vec<String> = Vec::new();
    for parameter in parameters {
        let (name, header) = match &parameter.kind {
            Kind::Injected => continue,
            Kind::Named { name, .. } => (name, None),
            Kind::Argument { name, attribute, .. } => (name, attribute.header.as_ref()),
        };
        // Two parameters of one name are the compiler's to tell; here one of them was renamed.
        if names.contains(&name.value()) {
            sink.add(name, format_args!("another argument is called `{}` too", name.value()));
        }
        names.push(name.value());
        if let Some(header) = header {
            let lowercase = header.value().to_ascii_lowercase();
            if headers.contains(&lowercase) {
                sink.add(header, "another argument has this header; upper and lower case are the same");
            }
            headers.push(lowercase);
        }
    }
}

fn output<'a>(output: &'a ReturnType, sink: &mut Sink) -> Option<&'a Type> {
    let ReturnType::Type(_, r#type) = output else { return None };
    if let Some(Stray::Impl(span)) = stray(r#type.to_token_stream()) {
        sink.push(syn::Error::new(
            span,
            "the result of a tool has a name: `Json<T>`, `String`, `Result<Json<T>, ToolError>`, …",
        ));
        return None;
    }
    Some(r#type)
}
