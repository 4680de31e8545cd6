//! The `Host` and `Origin` checks: no page of a stranger's talks to this server through its visitor's browser.

use http::header::{HOST, ORIGIN};
use http::{HeaderMap, HeaderValue, Uri};
use url::{Host, Url};

/// Which hosts and origins are served. Those of the public URL follow from it; loopback is always served.
#[derive(Clone, Debug, Default)]
pub(crate) struct Guard {
    hosts: Vec<String>,
    origins: Vec<String>,
}

/// A request that the guard turned away, in words for whoever set the server up.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum GuardError {
    #[error(
        "Host `{received}` is not served here; allowed are {allowed}. Set `public_url(..)` (BASE_URL) to the URL that clients use, or add the host with `allowed_hosts(..)`"
    )]
    Host { received: String, allowed: String },
    #[error(
        "Origin `{received}` is not allowed here; allowed are {allowed}. Add it with `allowed_origins(..)` if its pages may call this server"
    )]
    Origin { received: String, allowed: String },
}

impl Guard {
    /// A guard for a server at this URL, with what the user allowed besides.
    pub(crate) fn new(public_url: Option<&Url>, hosts: Vec<String>, origins: Vec<String>) -> Self {
        let mut guard = Self { hosts, origins };
        if let Some(url) = public_url {
            guard.hosts.extend(authority(url));
            guard.origins.push(url.origin().ascii_serialization());
        }
        for host in &mut guard.hosts {
            host.make_ascii_lowercase();
        }
        guard
    }

    /// Checks `Host` (RFC 9110 §7.2), or the authority of the request line.
    pub(crate) fn check_host(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), GuardError> {
        let mut hosts = headers.get_all(HOST).iter();
        let host = match (hosts.next(), hosts.next(), uri.authority()) {
            (Some(host), None, _) => host.to_str().unwrap_or_default(),
            (None, None, Some(authority)) => authority.as_str(),
            _ => "",
        };
        if self.hosts.iter().any(|allowed| allowed.eq_ignore_ascii_case(host)) || is_loopback_host(host) {
            return Ok(());
        }
        Err(GuardError::Host { received: shorten(host), allowed: list(&self.hosts) })
    }

    /// Checks `Origin` (MCP 2026-07-28, Streamable HTTP, Security); a request without one comes from no page.
    pub(crate) fn check_origin<'h>(&self, headers: &'h HeaderMap) -> Result<Option<&'h HeaderValue>, GuardError> {
        let mut origins = headers.get_all(ORIGIN).iter();
        let Some(origin) = origins.next() else { return Ok(None) };
        let text = origin.to_str().unwrap_or_default();
        let allowed = self.origins.iter().any(|allowed| allowed == text) || is_loopback_origin(text);
        if allowed && origins.next().is_none() {
            return Ok(Some(origin));
        }
        Err(GuardError::Origin { received: shorten(text), allowed: list(&self.origins) })
    }
}

/// `host:port` as clients send it: without the scheme's own port.
fn authority(url: &Url) -> Option<String> {
    let host = url.host_str()?;
    Some(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

fn is_loopback_host(host: &str) -> bool {
    // A literal or the one reserved name: anything else could be made to resolve here by a stranger.
    Url::parse(&format!("http://{host}/")).is_ok_and(|url| {
        let bare = url.username().is_empty() && url.password().is_none() && url.path() == "/" && url.query().is_none();
        bare && is_loopback(&url)
    })
}

fn is_loopback_origin(origin: &str) -> bool {
    Url::parse(origin).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https") && is_loopback(&url) && url.origin().ascii_serialization() == origin
    })
}

/// Whether a URL points at this very machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn shorten(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(100).collect()
}

fn list(allowed: &[String]) -> String {
    if allowed.is_empty() {
        "loopback addresses".to_owned()
    } else {
        format!("{} and loopback addresses", allowed.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard() -> Guard {
        Guard::new(
            Some(&Url::parse("https://mcp.example.com").unwrap()),
            vec!["Internal:8080".into()],
            vec!["https://app.example".into()],
        )
    }

    fn host(host: &'static str) -> Result<(), GuardError> {
        guard().check_host(&Uri::from_static("/mcp"), &HeaderMap::from_iter([(HOST, HeaderValue::from_static(host))]))
    }

    fn origin(origin: &'static str) -> Result<(), GuardError> {
        guard().check_origin(&HeaderMap::from_iter([(ORIGIN, HeaderValue::from_static(origin))])).map(drop)
    }

    #[test]
    fn hosts_follow_from_the_public_url() {
        for good in ["mcp.example.com", "MCP.Example.com", "internal:8080", "127.0.0.1:9", "localhost", "[::1]:80"] {
            assert_eq!(host(good), Ok(()), "{good}");
        }
        for bad in ["", "evil.example", "mcp.example.com:8443", "127.0.0.1.evil.example", "x@127.0.0.1", "localhost/x"]
        {
            assert!(matches!(host(bad), Err(GuardError::Host { .. })), "{bad}");
        }
    }

    #[test]
    fn origins_follow_from_the_public_url() {
        for good in ["https://mcp.example.com", "https://app.example", "http://localhost:6274", "http://127.0.0.1:5173"]
        {
            assert_eq!(origin(good), Ok(()), "{good}");
        }
        for bad in [
            "null",
            "",
            "https://evil.example",
            "http://mcp.example.com",
            "http://localhost:1/x",
            "http://localhost.evil.example",
        ] {
            assert!(matches!(origin(bad), Err(GuardError::Origin { .. })), "{bad}");
        }
    }

    #[test]
    fn refusals_name_the_setting_and_the_received_value() {
        let text = host("evil.example").unwrap_err().to_string();
        assert!(
            text.contains("evil.example") && text.contains("public_url") && text.contains("allowed_hosts"),
            "{text}"
        );
        let text = origin("https://evil.example").unwrap_err().to_string();
        assert!(text.contains("https://evil.example") && text.contains("allowed_origins"), "{text}");
    }
}
