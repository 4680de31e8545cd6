//! Where a client wants its answers sent: the shape of a redirect URI, and how two of them are compared.
//!
//! *Which* URIs a client may register is [`RedirectPolicy`]'s to say.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use url::Url;

use super::redirect_policy::RedirectPolicy;

const MAX_BYTES: usize = 2048;
/// Schemes that run or read something on the user's machine instead of handing the answer to a client.
const NEVER: [&str; 12] = [
    "javascript",
    "data",
    "file",
    "vbscript",
    "blob",
    "about",
    "filesystem",
    "view-source",
    "ftp",
    "ws",
    "wss",
    "intent",
];
/// The parameters that this server adds; a URI that has them already would carry them twice (RFC 9207 §2.4).
const OURS: [&str; 6] = ["code", "state", "iss", "error", "error_description", "error_uri"];

/// A redirect URI, exactly as the client wrote it: comparison is of strings (RFC 9700 §2.1).
///
/// That it exists means that its shape is sound, see [`RedirectUriError`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RedirectUri {
    text: String,
    kind: Kind,
    host: String,
}

/// What answers at a redirect URI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A web server, over TLS.
    Https,
    /// A program on the user's machine that listens on a port (RFC 8252 §7.3).
    Loopback,
    /// A program on the user's machine that owns a scheme (RFC 8252 §7.1).
    PrivateUse,
}

/// Why a redirect URI was refused (`invalid_redirect_uri`, RFC 7591 §3.2.2).
///
/// The texts keep to the characters that `error_description` may have, and never repeat the URI.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RedirectUriError {
    /// None at all, where one is needed.
    #[error("redirect_uri is missing: the client has not registered exactly one that could stand in for it")]
    Missing,
    /// More than [`MAX_BYTES`].
    #[error("a redirect URI may have at most {MAX_BYTES} bytes")]
    TooLong,
    /// Relative, or with characters that no URI has (RFC 3986).
    #[error("a redirect URI must be an absolute URI in ASCII, without spaces and backslashes (RFC 3986)")]
    NotAbsolute,
    /// A scheme that runs a script or opens a file.
    #[error("a redirect URI must not have the scheme {0}")]
    ForbiddenScheme(String),
    /// RFC 6749 §3.1.2.
    #[error("a redirect URI must not have a fragment, not even an empty one")]
    Fragment,
    /// It would show another host than the real one on the consent page.
    #[error("a redirect URI must not have a user name or password")]
    UserInfo,
    /// `*`, an escaped or unusual spelling of a host, a bad port.
    #[error(
        "the host and port of a redirect URI must be written plainly: no wildcard, no escapes, no short forms of an address"
    )]
    Host,
    /// `.` or `..` between slashes.
    #[error("a redirect URI must not have dot segments in its path")]
    DotSegments,
    /// A parameter that this server will add.
    #[error("the query of a redirect URI must not have the parameter {0}: the authorization response adds it")]
    ReservedParameter(&'static str),
    /// MCP "Communication Security": localhost or https.
    #[error("a redirect URI with http must be on 127.0.0.1, [::1] or localhost; use https elsewhere")]
    HttpNotLoopback,
    /// A private-use scheme that is not on the list.
    #[error("the scheme {0} is not allowed here; the operator can allow it with allow_redirect_scheme")]
    SchemeNotAllowed(String),
    /// A private-use URI with a query: the app would take it for a command.
    #[error("a redirect URI with a private-use scheme must not have a query")]
    PrivateUseQuery,
    /// Not on the operator's list.
    #[error("the redirect URI is not among those this server allows; the operator can add it to allowed_redirect_uris")]
    NotAllowed,
    /// The callback of this very server.
    #[error("a redirect URI must not be the callback of this server")]
    OwnCallback,
    /// Not one of the client's (RFC 6749 §3.1.2.4).
    #[error("redirect_uri is not one of those the client has registered")]
    NotRegistered,
}

impl RedirectUri {
    /// Checks a URI that a client wants to register.
    pub(crate) fn register(text: &str, policy: &RedirectPolicy) -> Result<Self, RedirectUriError> {
        let uri = Self::shape(text)?;
        policy.check(&uri)?;
        Ok(uri)
    }

    /// The URI to answer to: what an authorization request presented, if it is one of the client's.
    ///
    /// Without `redirect_uri` it is the only registered one (RFC 6749 §3.1.2.3). The policy is asked again: the
    /// operator may have narrowed it since, and another loopback port may be our own.
    pub(crate) fn resolve(
        registered: &[Self],
        presented: Option<&str>,
        policy: &RedirectPolicy,
    ) -> Result<Self, RedirectUriError> {
        let text = match (presented, registered) {
            (Some(text), _) if registered.iter().any(|uri| uri.matches(text)) => text,
            (Some(_), _) => return Err(RedirectUriError::NotRegistered),
            (None, [only]) => only.as_str(),
            (None, _) => return Err(RedirectUriError::Missing),
        };
        Self::register(text, policy)
    }

    /// The shape alone.
    pub(crate) fn shape(text: &str) -> Result<Self, RedirectUriError> {
        use RedirectUriError as E;
        if text.len() > MAX_BYTES {
            return Err(E::TooLong);
        }
        let in_uris = |byte: u8| {
            byte.is_ascii_graphic() && !matches!(byte, b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}')
        };
        let parts = Parts::split(text).filter(|_| text.bytes().all(in_uris)).ok_or(E::NotAbsolute)?;
        let scheme = parts.scheme.to_ascii_lowercase();
        if NEVER.contains(&scheme.as_str()) {
            return Err(E::ForbiddenScheme(scheme));
        }
        let url = Url::parse(text).map_err(|_| if text.contains("://") { E::Host } else { E::NotAbsolute })?;
        if text.contains('#') {
            return Err(E::Fragment);
        }
        if parts.authority.contains('@') {
            return Err(E::UserInfo);
        }
        if has_dot_segments(parts.path) {
            return Err(E::DotSegments);
        }
        if let Some(ours) = OURS.into_iter().find(|ours| url.query_pairs().any(|(name, _)| name == *ours)) {
            return Err(E::ReservedParameter(ours));
        }
        let (host, port) = parts.host_and_port();
        if port.is_some_and(|port| !is_port(port)) || host.contains('*') {
            return Err(E::Host);
        }
        let kind = match scheme.as_str() {
            "https" => Kind::Https,
            "http" if is_loopback_host(host) => Kind::Loopback,
            "http" => return Err(E::HttpNotLoopback),
            _ if parts.query.is_some() => return Err(E::PrivateUseQuery),
            _ => Kind::PrivateUse,
        };
        // What a browser makes of the host must be what the consent page shows: no `127.1`, no `%65xample.com`.
        if kind != Kind::PrivateUse && (host.is_empty() || url.host_str() != Some(&host.to_ascii_lowercase())) {
            return Err(E::Host);
        }
        let host = if host.is_empty() { format!("{scheme}:") } else { host.to_ascii_lowercase() };
        Ok(Self { text: text.to_owned(), kind, host })
    }

    /// Whether an authorization request that presents this text means this URI.
    ///
    /// The strings must be the same; on loopback the port may be another, or be there or not (RFC 8252 §7.3).
    pub(crate) fn matches(&self, presented: &str) -> bool {
        if self.text == presented {
            return true;
        }
        self.kind == Kind::Loopback
            && split_port(&self.text).zip(split_port(presented)).is_some_and(
                |((start, _, end), (other_start, port, other_end))| {
                    start == other_start && end == other_end && port.is_none_or(is_port)
                },
            )
    }

    /// The URI with these parameters added to its query, each value percent-encoded byte for byte.
    pub(crate) fn with_query<'a>(&self, pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
        let mut uri = self.text.clone();
        for (name, value) in pairs {
            match uri.find('?') {
                None => uri.push('?'),
                Some(_) if uri.ends_with(['?', '&']) => {}
                Some(_) => uri.push('&'),
            }
            encode(name, &mut uri);
            uri.push('=');
            encode(value, &mut uri);
        }
        uri
    }

    /// The exact text.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// What answers there.
    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// Whether the answer goes to some program on the user's own machine that anybody could have started.
    pub(crate) fn is_loopback(&self) -> bool {
        self.kind == Kind::Loopback || (self.kind == Kind::Https && is_loopback_host(&self.host))
    }

    /// The host for the consent page, in lower case, with its port where it is not the scheme's own; of a private-use URI
    /// that has none, its scheme.
    pub(crate) fn display_host(&self) -> Cow<'_, str> {
        let usual = match self.kind {
            Kind::Https => Some(443),
            Kind::Loopback => Some(80),
            Kind::PrivateUse => None,
        };
        let port = self.parts().host_and_port().1.and_then(|port| port.parse::<u16>().ok());
        match port.filter(|port| Some(*port) != usual) {
            Some(port) => format!("{}:{port}", self.host).into(),
            None => Cow::Borrowed(&self.host),
        }
    }

    /// The parts of the text.
    pub(crate) fn parts(&self) -> Parts<'_> {
        // The text was split before it became a `RedirectUri`.
        Parts::split(&self.text).unwrap_or_default()
    }
}

/// A URI's parts as they are written.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Parts<'a> {
    pub(crate) scheme: &'a str,
    pub(crate) authority: &'a str,
    pub(crate) path: &'a str,
    pub(crate) query: Option<&'a str>,
}

impl<'a> Parts<'a> {
    /// Splits as RFC 3986 appendix B does; `None` without a scheme.
    pub(crate) fn split(text: &'a str) -> Option<Self> {
        let (scheme, rest) = text.split_once(':')?;
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
        if !scheme.starts_with(|first: char| first.is_ascii_alphabetic()) || !scheme.bytes().all(legal) {
            return None;
        }
        let rest = rest.split('#').next().unwrap_or_default();
        let (authority, rest) = match rest.strip_prefix("//") {
            Some(rest) => rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len())),
            None => ("", rest),
        };
        let (path, query) = match rest.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (rest, None),
        };
        Some(Self { scheme, authority, path, query })
    }

    /// The authority's host, and its port if a colon announces one.
    pub(crate) fn host_and_port(&self) -> (&'a str, Option<&'a str>) {
        let after_literal = self.authority.rfind(']').map_or(0, |at| at + 1);
        match self.authority[after_literal..].split_once(':') {
            Some((name, port)) => (&self.authority[..after_literal + name.len()], Some(port)),
            None => (self.authority, None),
        }
    }
}

/// Whether this host is the machine the browser runs on, and written as such.
pub(crate) fn is_loopback_host(host: &str) -> bool {
    matches!(host, "127.0.0.1" | "[::1]" | "localhost")
}

fn is_port(port: &str) -> bool {
    port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port != 0)
}

/// An http URI before its port, the port, and all after it.
fn split_port(text: &str) -> Option<(&str, Option<&str>, &str)> {
    let parts = Parts::split(text)?;
    let (host, port) = parts.host_and_port();
    let start = parts.scheme.len() + "://".len() + host.len();
    let end = start + port.map_or(0, |port| port.len() + 1);
    Some((text.get(..start)?, port, text.get(end..)?))
}

fn has_dot_segments(path: &str) -> bool {
    path.split('/').any(|segment| {
        let segment = segment.to_ascii_lowercase().replace("%2e", ".");
        segment == "." || segment == ".."
    })
}

/// All but the unreserved characters as `%XX` (RFC 3986 §2.3): safe in a query however the client decodes it.
fn encode(text: &str, into: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            into.push(char::from(byte));
        } else {
            into.push_str(&format!("%{byte:02X}"));
        }
    }
}

impl Serialize for RedirectUri {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for RedirectUri {
    /// From our own store: the shape is checked anew, the policy when it is used.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::shape(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
