//! Which redirect URIs clients may register here.

use super::redirect_uri::{Kind, Parts, RedirectUri, RedirectUriError, is_loopback_host};

/// Private-use schemes that are allowed from the start, with the authority they are good for.
///
/// The MCP text wants https or localhost only; these are the stated deviation. Cursor registers
/// `cursor://anysphere.cursor-mcp/oauth/callback` beside two others, and a refusal of one refuses all.
/// VS Code itself registers `https://vscode.dev/redirect` and loopback; its scheme is for MCP clients that are extensions,
/// whose id is the authority.
const DEFAULT_SCHEMES: [(&str, Authority); 3] = [
    ("cursor", Authority::Only("anysphere.cursor-mcp")),
    ("vscode", Authority::Extension),
    ("vscode-insiders", Authority::Extension),
];

#[derive(Debug, Clone, Copy)]
enum Authority {
    Only(&'static str),
    /// `publisher.name`, but none that ships with the editor.
    Extension,
}

/// The operator's word on redirect URIs, on top of what their shape must be.
#[derive(Debug, Clone)]
pub(crate) struct RedirectPolicy {
    own_callback: String,
    schemes: Vec<String>,
    patterns: Option<Vec<Pattern>>,
}

/// Why an option of the policy makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RedirectPolicyError {
    /// Not a scheme, or one that is never allowed or needs no permission.
    #[error(
        "allow_redirect_scheme: {0:?} is not a private-use scheme; give the part before the colon in lower case, \
         such as \"com.example.app\""
    )]
    Scheme(String),
    /// Not a pattern.
    #[error(
        "allowed_redirect_uris: {0:?} is not a pattern; write a whole URI, in which `*` may stand for the first \
         label of a host, for a port, and for any text in the path, such as \"https://*.example.com/oauth/*\""
    )]
    Pattern(String),
}

impl RedirectPolicy {
    /// The default: https anywhere, http on loopback, the listed private-use schemes, never `own_callback`.
    pub(crate) fn new(own_callback: &str) -> Self {
        Self { own_callback: own_callback.to_owned(), schemes: Vec::new(), patterns: None }
    }

    /// Allows one more private-use scheme (RFC 8252 §7.1).
    pub(crate) fn allow_scheme(mut self, scheme: &str) -> Result<Self, RedirectPolicyError> {
        let probe = format!("{scheme}://app/callback");
        let private = Parts::split(&probe).is_some_and(|parts| parts.scheme == scheme)
            && scheme == scheme.to_ascii_lowercase()
            && RedirectUri::shape(&probe).is_ok_and(|uri| uri.kind() == Kind::PrivateUse);
        if !private {
            return Err(RedirectPolicyError::Scheme(scheme.to_owned()));
        }
        self.schemes.push(scheme.to_owned());
        Ok(self)
    }

    /// Allows only URIs that one of these patterns matches; a pattern with a private-use scheme allows that, too.
    ///
    /// A `*` stands for one or more labels at the start of a host (`*.example.com`), for any port or none, or for any
    /// text in the path and query. The port of a loopback pattern is always free.
    pub(crate) fn only(
        mut self,
        patterns: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<Self, RedirectPolicyError> {
        let patterns = patterns.into_iter().map(|text| Pattern::parse(text.as_ref()));
        self.patterns = Some(patterns.collect::<Result<_, _>>()?);
        Ok(self)
    }

    /// Whether a client may have this URI.
    pub(crate) fn check(&self, uri: &RedirectUri) -> Result<(), RedirectUriError> {
        if same_place(&self.own_callback, uri.as_str()) {
            return Err(RedirectUriError::OwnCallback);
        }
        match &self.patterns {
            Some(patterns) if patterns.iter().any(|pattern| pattern.matches(uri)) => Ok(()),
            Some(_) => Err(RedirectUriError::NotAllowed),
            None if uri.kind() == Kind::PrivateUse && !self.allows_private_use(uri.parts()) => {
                Err(RedirectUriError::SchemeNotAllowed(uri.parts().scheme.to_owned()))
            }
            None => Ok(()),
        }
    }

    fn allows_private_use(&self, parts: Parts<'_>) -> bool {
        let by_default = DEFAULT_SCHEMES.iter().any(|(scheme, authority)| {
            parts.scheme == *scheme
                && match authority {
                    Authority::Only(only) => parts.authority == *only,
                    Authority::Extension => parts.authority.contains('.') && !parts.authority.starts_with("vscode."),
                }
        });
        by_default || self.schemes.iter().any(|scheme| parts.scheme == scheme)
    }
}

/// One pattern of `allowed_redirect_uris`, part by part, so that a `*` never reaches from the path into the host.
#[derive(Debug, Clone)]
struct Pattern {
    scheme: String,
    host: String,
    port: Option<String>,
    rest: String,
}

impl Pattern {
    fn parse(text: &str) -> Result<Self, RedirectPolicyError> {
        let wrong = || RedirectPolicyError::Pattern(text.to_owned());
        let parts = Parts::split(text).ok_or_else(wrong)?;
        let (host, port) = parts.host_and_port();
        let pattern = Self {
            scheme: parts.scheme.to_owned(),
            host: host.to_ascii_lowercase(),
            port: port.map(str::to_owned),
            rest: rest(parts),
        };
        // With its wildcards filled in, a pattern must be a redirect URI that could be registered.
        let sample = format!(
            "{}:{}{}{}{}",
            pattern.scheme,
            if host.is_empty() { "" } else { "//" },
            host.strip_prefix("*.").map_or(host.to_owned(), |host| format!("any.{host}")),
            port.map_or(String::new(), |port| format!(":{}", if port == "*" { "1" } else { port })),
            pattern.rest.replace('*', "any"),
        );
        if text.contains('#') || RedirectUri::shape(&sample).is_err() {
            return Err(wrong());
        }
        Ok(pattern)
    }

    fn matches(&self, uri: &RedirectUri) -> bool {
        let parts = uri.parts();
        let (host, port) = parts.host_and_port();
        let host = host.to_ascii_lowercase();
        let host_matches = match self.host.strip_prefix('*') {
            Some(suffix) => host.len() > suffix.len() && host.ends_with(suffix),
            None => host == self.host,
        };
        let port_matches =
            uri.kind() == Kind::Loopback || self.port.as_deref() == Some("*") || self.port.as_deref() == port;
        self.scheme == parts.scheme && host_matches && port_matches && glob(&self.rest, &rest(parts))
    }
}

fn rest(parts: Parts<'_>) -> String {
    match parts.query {
        Some(query) => format!("{}?{query}", parts.path),
        None => parts.path.to_owned(),
    }
}

/// Whether `text` is `pattern` with every `*` replaced by some text.
fn glob(pattern: &str, text: &str) -> bool {
    let Some((start, stars)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut text) = text.strip_prefix(start) else {
        return false;
    };
    let mut pieces: Vec<&str> = stars.split('*').collect();
    let end = pieces.pop().unwrap_or_default();
    for piece in pieces {
        let Some(at) = text.find(piece) else {
            return false;
        };
        text = &text[at + piece.len()..];
    }
    text.ends_with(end)
}

/// Whether both lead to the same path of the same server, whatever their queries; all names of loopback are one host.
fn same_place(one: &str, other: &str) -> bool {
    let place = |text: &str| {
        let url = url::Url::parse(text).ok()?;
        let host = url.host_str()?.trim_end_matches('.').to_owned();
        let host = if is_loopback_host(&host) { "localhost".to_owned() } else { host };
        Some((host, url.port_or_known_default(), url.path().trim_end_matches('/').to_owned()))
    };
    place(one).is_some_and(|one| place(other) == Some(one))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "http://127.0.0.1:8000/auth/callback";

    fn check(policy: &RedirectPolicy, uri: &str) -> Result<(), RedirectUriError> {
        RedirectUri::register(uri, policy).map(|_| ())
    }

    #[test]
    fn private_use_schemes_only_from_the_list() {
        let policy = RedirectPolicy::new(OWN).allow_scheme("com.example.app").unwrap();
        for (uri, allowed) in [
            ("cursor://anysphere.cursor-mcp/oauth/callback", true),
            ("cursor://anysphere.cursor-deeplink/mcp/install", false),
            ("vscode://saoudrizwan.claude-dev/mcp-auth/callback/1f", true),
            ("vscode-insiders://publisher.name/callback", true),
            ("vscode://vscode.git/clone", false),
            ("vscode://file/etc/passwd", false),
            ("vscode:extension/publisher.name", false),
            ("com.example.app:/callback", true),
            ("com.example.app2:/callback", false),
            ("myapp://callback", false),
        ] {
            assert_eq!(check(&policy, uri).is_ok(), allowed, "{uri}");
        }
        assert!(
            matches!(check(&policy, "myapp://cb"), Err(RedirectUriError::SchemeNotAllowed(scheme)) if scheme == "myapp")
        );
    }

    #[test]
    fn schemes_that_cannot_be_allowed() {
        for scheme in ["https", "http", "javascript", "data", "MyApp", "my app", "app:", "", "1app"] {
            assert!(RedirectPolicy::new(OWN).allow_scheme(scheme).is_err(), "{scheme}");
        }
    }

    #[test]
    fn own_callback_is_never_a_clients() {
        for (own, uri, refused) in [
            (OWN, "http://127.0.0.1:8000/auth/callback", true),
            (OWN, "http://localhost:8000/auth/callback?a=b", true),
            (OWN, "http://[::1]:8000/auth/callback/", true),
            (OWN, "http://127.0.0.1:8001/auth/callback", false),
            ("https://mcp.example/auth/callback", "https://MCP.example:443/auth/callback", true),
            ("https://mcp.example/auth/callback", "https://mcp.example./auth/callback", true),
            ("https://mcp.example/auth/callback", "https://mcp.example/callback", false),
        ] {
            let own_callback = check(&RedirectPolicy::new(own), uri) == Err(RedirectUriError::OwnCallback);
            assert_eq!(own_callback, refused, "{uri}");
        }
    }

    #[test]
    fn patterns_narrow_what_is_allowed() {
        for (pattern, uri, allowed) in [
            ("https://claude.ai/api/mcp/auth_callback", "https://claude.ai/api/mcp/auth_callback", true),
            ("https://claude.ai/api/mcp/auth_callback", "https://claude.ai/api/mcp/auth_callback2", false),
            ("https://*.example.com/*", "https://a.b.example.com/x?y", true),
            ("https://*.example.com/*", "https://example.com/x", false),
            ("https://*.example.com/*", "https://evil.example/.example.com/x", false),
            ("https://*.example.com/*", "https://evilexample.com/x", false),
            ("https://a.example/*/cb", "https://a.example/1/2/cb", true),
            ("https://a.example/*/cb", "https://a.example/1/cb/2", false),
            ("https://a.example/cb", "https://a.example:8443/cb", false),
            ("https://a.example:*/cb", "https://a.example:8443/cb", true),
            ("http://localhost/callback", "http://localhost:5000/callback", true),
            ("http://localhost:*/callback", "http://127.0.0.1:5000/callback", false),
            ("http://localhost:*", "http://localhost:5000", true),
            ("myapp://login/*", "myapp://login/callback", true),
            ("https://a.example/*", "cursor://anysphere.cursor-mcp/oauth/callback", false),
        ] {
            let policy = RedirectPolicy::new(OWN).only([pattern]).unwrap();
            assert_eq!(check(&policy, uri).is_ok(), allowed, "{pattern} {uri}");
        }
        let none: [&str; 0] = [];
        assert_eq!(
            check(&RedirectPolicy::new(OWN).only(none).unwrap(), "https://a.example/"),
            Err(RedirectUriError::NotAllowed)
        );
    }

    #[test]
    fn patterns_that_would_allow_too_much_are_refused() {
        for pattern in [
            "*",
            "https://*",
            "https://*/cb",
            "https://a*.example/",
            "https://a.*.example/",
            "http://*.example.com/",
            "http://example.com/",
            "https://a.example/#*",
            "https://*@a.example/",
            "javascript:*",
            "*://a.example/",
            "",
        ] {
            assert!(RedirectPolicy::new(OWN).only([pattern]).is_err(), "{pattern}");
        }
    }

    #[test]
    fn globs() {
        for (pattern, text, matches) in [
            ("", "", true),
            ("a", "a", true),
            ("a", "ab", false),
            ("*", "", true),
            ("a*", "a/b", true),
            ("a*a", "a", false),
            ("*a*b*", "xaybz", true),
            ("*a*b", "ba", false),
            ("a*b*b", "ab", false),
        ] {
            assert_eq!(glob(pattern, text), matches, "{pattern} {text}");
        }
    }
}
