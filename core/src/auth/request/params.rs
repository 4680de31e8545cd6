//! Request parameters in `application/x-www-form-urlencoded`, from a query or a body (RFC 6749 appendix B).

use std::fmt;

/// The most bytes that are read as parameters; a real request has less than 4 KiB.
pub(crate) const MAX_BYTES: usize = 32 * 1024;
/// The most parameters one request may have.
const MAX_PARAMS: usize = 64;

/// The parameters of one request: each at most once, none empty (RFC 6749 §3.1 and §3.2).
///
/// Codes, verifiers and refresh tokens are among the values, so `Debug` shows the names only.
#[derive(Clone)]
pub(crate) struct Params(Vec<(String, String)>);

/// Why a request's parameters were refused; an `invalid_request` (RFC 6749 §4.1.2.1, §5.2), for `resource` an
/// `invalid_target` (RFC 8707 §2).
///
/// The texts keep to the characters that `error_description` may have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ParamError {
    /// More bytes or parameters than any login needs.
    #[error("the request is too large: at most {MAX_BYTES} bytes and {MAX_PARAMS} parameters are read")]
    TooLarge,
    /// A parameter was sent twice.
    #[error("the parameter {name} was sent more than once")]
    Repeated {
        /// Its name, made printable.
        name: String,
    },
    /// `resource` was sent with two different values.
    #[error("resource was sent with different values: ask for one resource at a time")]
    DifferentResources,
    /// The percent-decoded bytes are no text.
    #[error("a parameter is not valid UTF-8 once percent-decoded")]
    NotUtf8,
}

impl ParamError {
    /// The OAuth error code of this refusal.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::DifferentResources => "invalid_target",
            Self::TooLarge | Self::Repeated { .. } | Self::NotUtf8 => "invalid_request",
        }
    }
}

impl Params {
    /// Reads a query string (without `?`) or a form body.
    ///
    /// A parameter without a value counts as left out (RFC 6749 §3.1).
    /// `resource` may come more than once (RFC 8707 §2), but only with one value: a token here is for one resource.
    pub(crate) fn parse(encoded: impl AsRef<[u8]>) -> Result<Self, ParamError> {
        let encoded = encoded.as_ref();
        if encoded.len() > MAX_BYTES {
            return Err(ParamError::TooLarge);
        }
        let mut params: Vec<(String, String)> = Vec::new();
        for pair in encoded.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            let at = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
            let (name, value) = (decode(&pair[..at])?, decode(pair.get(at + 1..).unwrap_or_default())?);
            if value.is_empty() {
                continue;
            }
            match params.iter().find(|(known, _)| *known == name) {
                Some((_, known)) if name == "resource" && *known == value => {}
                Some(_) if name == "resource" => return Err(ParamError::DifferentResources),
                Some(_) => {
                    return Err(ParamError::Repeated { name: printable(&name) });
                }
                None if params.len() == MAX_PARAMS => return Err(ParamError::TooLarge),
                None => params.push((name, value)),
            }
        }
        Ok(Self(params))
    }

    /// The value of a parameter, if it was sent with one.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

impl fmt::Debug for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Params")?;
        f.debug_set().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

/// Undoes the form encoding. A `%` that no two hex digits follow stands for itself, as browsers have it.
fn decode(encoded: &[u8]) -> Result<String, ParamError> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded;
    while let [first, tail @ ..] = rest {
        let escaped = match tail {
            [high, low, ..] if *first == b'%' => hex(*high).zip(hex(*low)),
            _ => None,
        };
        match escaped {
            Some((high, low)) => bytes.push(high << 4 | low),
            None => bytes.push(if *first == b'+' { b' ' } else { *first }),
        }
        rest = if escaped.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8(bytes).map_err(|_| ParamError::NotUtf8)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// A client's word as it may stand in an `error_description` (RFC 6749 §5.2): visible ASCII, no quotes, not long.
pub(crate) fn printable(text: &str) -> String {
    let visible = |c: char| {
        if c.is_ascii_graphic() && c != '"' && c != '\\' { c } else { '?' }
    };
    let mut short: String = text.chars().take(80).map(visible).collect();
    if text.chars().nth(80).is_some() {
        short.push_str("...");
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_decoded_exactly_iss_01() {
        let params = Params::parse("state=a%26b%3Dc%2Bd+e%25%22%27&name=%ED%95%9C%EA%B8%80&odd=%zz%4").unwrap();
        assert_eq!(params.get("state"), Some("a&b=c+d e%\"'"));
        assert_eq!(params.get("name"), Some("한글"));
        assert_eq!(params.get("odd"), Some("%zz%4"));
        assert_eq!(params.get("missing"), None);
    }

    #[test]
    fn a_parameter_without_a_value_is_absent_rfc_6749_3_1() {
        for query in ["scope=", "scope", "scope=&scope=", "&&scope=&", ""] {
            assert_eq!(Params::parse(query).unwrap().get("scope"), None, "{query}");
        }
        assert_eq!(Params::parse("scope=&scope=a").unwrap().get("scope"), Some("a"));
        assert_eq!(Params::parse("a=b=c").unwrap().get("a"), Some("b=c"));
    }

    #[test]
    fn repeated_parameters_are_refused_code_09() {
        for query in ["code=a&code=b", "code=a&code=a", "c%6Fde=a&code=b"] {
            let error = Params::parse(query).unwrap_err();
            assert_eq!(error, ParamError::Repeated { name: "code".into() }, "{query}");
            assert_eq!(error.code(), "invalid_request");
        }
    }

    #[test]
    fn resource_may_repeat_with_one_value_only_code_06() {
        let same = Params::parse("resource=https%3A%2F%2Fa&resource=https://a").unwrap();
        assert_eq!(same.get("resource"), Some("https://a"));
        let error = Params::parse("resource=https://a&resource=https://b").unwrap_err();
        assert_eq!((error.clone(), error.code()), (ParamError::DifferentResources, "invalid_target"));
    }

    #[test]
    fn size_is_bounded_code_09() {
        let long = format!("state={}", "x".repeat(MAX_BYTES));
        assert_eq!(Params::parse(&long).unwrap_err(), ParamError::TooLarge);
        let many: String = (0..=MAX_PARAMS).map(|n| format!("p{n}=1&")).collect();
        assert_eq!(Params::parse(&many).unwrap_err(), ParamError::TooLarge);
        assert!(Params::parse(&long[..MAX_BYTES]).is_ok());
    }

    #[test]
    fn bytes_that_are_no_text_are_refused() {
        assert_eq!(Params::parse("state=%ff%fe").unwrap_err(), ParamError::NotUtf8);
        assert_eq!(Params::parse(b"state=\xff").unwrap_err(), ParamError::NotUtf8);
    }

    #[test]
    fn debug_and_errors_hold_no_values_hyg_02() {
        let params = Params::parse("code=s3cret&code_verifier=v3rifier").unwrap();
        assert_eq!(format!("{params:?}"), r#"Params{"code", "code_verifier"}"#);
        let error = Params::parse("%22%0a<b>=s3cret&%22%0a<b>=s3cret").unwrap_err();
        assert_eq!(error.to_string(), "the parameter ??<b> was sent more than once");
    }
}
