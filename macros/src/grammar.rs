//! The grammars of names and times.

/// What is wrong with the name of a tool (MCP 2026-07-28, Tools, Tool Names).
pub(crate) fn tool_name_fault(name: &str) -> Option<String> {
    let allowed = |character: char| character.is_ascii_alphanumeric() || "_-.".contains(character);
    if name.is_empty() || name.len() > 128 {
        return Some(format!("a tool's name has 1 to 128 characters, this one has {}", name.chars().count()));
    }
    let stray = name.chars().find(|character| !allowed(*character))?;
    Some(format!("a tool's name is made of `A-Z a-z 0-9 _ - .`, and {stray:?} is none of these: set `name = \"…\"`"))
}

/// Whether a text is a token of HTTP (RFC 9110 §5.6.2), as the name of a header must be.
pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// Whether a text is a scope (RFC 6749 §3.3).
pub(crate) fn is_scope(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}

/// The milliseconds of `250ms`, `30s` or `2m`; more than none.
pub(crate) fn milliseconds(text: &str) -> Option<u64> {
    let end = text.find(|character: char| !character.is_ascii_digit())?;
    let (number, unit) = text.split_at(end);
    let unit = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(unit).filter(|time| *time > 0)
}

/// Whether a text is a media type, parameters and all (RFC 9110 §8.3.1).
pub(crate) fn is_media_type(text: &str) -> bool {
    let (kind, parameters) = text.split_once(';').map_or((text, None), |(kind, rest)| (kind, Some(rest)));
    let is_sound = |parameters: &str| parameters.chars().all(|character| (' '..='~').contains(&character));
    kind.trim_end().split_once('/').is_some_and(|(kind, subtype)| is_token(kind) && is_token(subtype))
        && parameters.is_none_or(is_sound)
}
