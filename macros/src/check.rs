//! The rules for a function that is to be a tool, prompt or resource, all in one place.

use proc_macro2::Ident;
use quote::ToTokens;
use syn::ext::IdentExt as _;
use syn::{FnArg, GenericParam, LitStr, Pat, PatType, ReturnType, Safety, Type};

use crate::about_attribute::AboutAttribute;
use crate::arg_attribute::ArgAttribute;
use crate::ast::Function;
use crate::doc;
use crate::kind::Kind as Item;
use crate::sink::Sink;
use crate::types::{Stray, check_type, stray};
use crate::uri::Uri;

/// A function that may be one of them, as far as its signature tells.
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
    /// It has the name of a variable of the URI, so it must be an argument.
    Variable { name: LitStr, description: Option<String> },
    /// It has a name that is no variable of the URI, so it must be injected.
    Beside,
    /// It has `#[arg(..)]`, so it must be an argument.
    Argument { name: LitStr, description: Option<String>, attribute: Box<ArgAttribute> },
}

/// Applies all rules.
pub(crate) fn check<'a>(
    function: &'a Function,
    item: Item,
    about: &AboutAttribute,
    uri: Option<&Uri>,
    sink: &mut Sink,
) -> Checked<'a> {
    check_signature(function, item, about, sink);
    let ident = &function.signature.ident;
    let name = about.name.clone().unwrap_or_else(|| {
        let name = ident.unraw().to_string();
        if let Some(fault) = item.name_fault(&name) {
            sink.add(ident, fault);
        }
        LitStr::new(&name, ident.span())
    });
    let description = about.description.as_ref().map(LitStr::value);
    let description = description.or_else(|| doc::text(&function.attributes));
    let mut parameters: Vec<Parameter<'a>> =
        function.signature.inputs.iter().filter_map(|input| parameter(input, item, sink)).collect();
    check_names(&parameters, sink);
    check_keys(&parameters, item, uri, sink);
    if let Some(uri) = uri {
        assign_variables(&mut parameters, uri, sink);
    }
    Checked { name, description, parameters, output: output(&function.signature.output, item, sink) }
}

fn check_signature(function: &Function, item: Item, about: &AboutAttribute, sink: &mut Sink) {
    let (signature, noun, caller) = (&function.signature, item.noun(), item.caller());
    if let Some(generic) = signature.generics.params.first() {
        let what = match generic {
            GenericParam::Lifetime(_) => "no lifetimes: its parameters own their data".to_owned(),
            _ => format!("no generics: a {caller} sends values, not types"),
        };
        sink.add(&signature.generics, format_args!("a {noun} has {what}"));
    }
    if let Some(clause) = signature.generics.where_clause.as_ref().filter(|_| signature.generics.params.is_empty()) {
        sink.add(clause, format_args!("a {noun} has no `where` clause"));
    }
    if let Safety::Unsafe(token) = &signature.safety {
        sink.add(token, format_args!("a {noun} is called by a {caller}: it cannot be `unsafe`"));
    }
    if let Some(abi) = &signature.abi {
        sink.add(abi, format_args!("a {noun} is a function of Rust"));
    }
    if let Some(variadic) = &signature.variadic {
        sink.add(variadic, format_args!("a {noun} has a fixed number of parameters"));
    }
    if let Some(inline) = &about.inline {
        if signature.asyncness.is_some() {
            sink.add(inline, "`inline` is for a plain `fn`: an `async fn` runs in place anyway");
        } else if let Some(timeout) = &about.timeout {
            sink.add(&timeout.key, "nothing can stop a function that runs in place: take `inline` or `timeout` away");
        }
    }
}

fn parameter<'a>(input: &'a FnArg, item: Item, sink: &mut Sink) -> Option<Parameter<'a>> {
    let noun = item.noun();
    let input = match input {
        FnArg::Typed(input) => input,
        FnArg::Receiver(receiver) => {
            sink.add(
                receiver,
                format_args!(
                    "a {noun} has no `self`: take what it needs as `State<T>` and give the value to `.state(..)`"
                ),
            );
            return None;
        }
    };
    for attribute in &input.attrs {
        if attribute.path().is_ident("cfg") || attribute.path().is_ident("cfg_attr") {
            sink.add(
                attribute,
                format_args!("a {noun} has the same parameters everywhere: put the condition on the whole function"),
            );
        }
    }
    let attribute = ArgAttribute::find(&input.attrs, sink);
    let description = doc::text(&input.attrs);
    let is_sound = check_type(&input.ty, item, sink);
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

fn check_names(parameters: &[Parameter<'_>], sink: &mut Sink) {
    let mut names: Vec<String> = Vec::new();
    let mut headers: Vec<String> = Vec::new();
    for parameter in parameters {
        let (name, header) = match &parameter.kind {
            Kind::Injected | Kind::Beside => continue,
            Kind::Named { name, .. } | Kind::Variable { name, .. } => (name, None),
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

/// Finds what `#[arg(..)]` says in vain.
fn check_keys(parameters: &[Parameter<'_>], item: Item, uri: Option<&Uri>, sink: &mut Sink) {
    for parameter in parameters {
        let Kind::Argument { name, attribute, .. } = &parameter.kind else { continue };
        if let Some(header) = attribute.header.as_ref().filter(|_| item != Item::Tool) {
            sink.add(header, "`header` is for the arguments of a tool: clients repeat no others in headers");
        }
        if let Some(complete) = attribute.complete.as_ref().filter(|_| item == Item::Tool) {
            sink.add(complete, "`complete` is for prompts and resources: no client completes the arguments of a tool");
        }
        let always = uri.is_some_and(|uri| uri.always_has(&name.value()));
        if let Some(default) = attribute.default.as_ref().filter(|_| always) {
            sink.add(
                &default.key,
                format_args!("every URI of the template has `{}`: take `default` away", name.value()),
            );
        }
    }
}

/// Makes arguments of the parameters that are variables of the URI, and of no others.
fn assign_variables(parameters: &mut [Parameter<'_>], uri: &Uri, sink: &mut Sink) {
    for variable in uri.variables() {
        let is_it = |parameter: &Parameter<'_>| match &parameter.kind {
            Kind::Named { name, .. } | Kind::Argument { name, .. } => name.value() == *variable,
            Kind::Injected | Kind::Variable { .. } | Kind::Beside => false,
        };
        if !parameters.iter().any(is_it) {
            sink.add(
                uri.text(),
                format_args!("no parameter takes `{variable}`: add `{variable}: String` to the function"),
            );
        }
    }
    for parameter in parameters {
        match &parameter.kind {
            Kind::Named { name, description } => {
                parameter.kind = if uri.has(&name.value()) {
                    Kind::Variable { name: name.clone(), description: description.clone() }
                } else {
                    Kind::Beside
                };
            }
            Kind::Argument { name, .. } if !uri.has(&name.value()) => {
                sink.add(name, format_args!("the URI has no variable `{0}`: write `{{{0}}}` into it", name.value()));
            }
            _ => {}
        }
    }
}

fn output<'a>(output: &'a ReturnType, item: Item, sink: &mut Sink) -> Option<&'a Type> {
    let ReturnType::Type(_, r#type) = output else { return None };
    if let Some(Stray::Impl(span)) = stray(r#type.to_token_stream()) {
        sink.push(syn::Error::new(
            span,
            format_args!("the result of a {} has a name: {}", item.noun(), item.results()),
        ));
        return None;
    }
    Some(r#type)
}
