//! Doc comments as descriptions.

use syn::{Attribute, Meta};

use crate::attribute::string_literal;

/// The text of the doc comments among these attributes, if there is any.
pub(crate) fn text(attributes: &[Attribute]) -> Option<String> {
    let comments = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => string_literal(&pair.value).map(syn::LitStr::value),
        _ => None,
    });
    let text: Vec<String> = comments.map(|comment| unindented(&comment)).collect();
    let text = text.join("\n").trim().to_owned();
    (!text.is_empty()).then_some(text)
}

/// A comment without the space after its slashes, or, of a block, without the indentation that its lines share.
fn unindented(comment: &str) -> String {
    let mut lines = comment.split('\n');
    let first = lines.next().unwrap_or_default();
    let mut text = first.strip_prefix(' ').unwrap_or(first).trim_end().to_owned();
    let rest: Vec<&str> = lines.collect();
    let indentation = |line: &&str| line.len() - line.trim_start_matches(' ').len();
    let shared = rest.iter().filter(|line| !line.trim().is_empty()).map(indentation).min().unwrap_or(0);
    for line in rest {
        text.push('\n');
        text.push_str(line.get(shared..).unwrap_or_default().trim_end());
    }
    text
}
