//! The `Host` and `Origin` checks: no page of a stranger's talks to this server through its visitor's browser.

use http::HeaderValue;
use http::uri::Authority;

use super::origin::{Origin, host_and_port, is_loopback_host};
use crate::sent::Sent;

/// Which hosts and origins are served. Those of the public URL follow from it; loopback is always served.
#[derive(Clone, Debug, Default)]
pub(crate) struct Guard {
    hosts: Vec<AllowedHost>,
    origins: Vec<String>,
}

/// A host that is served, with the ports under which it may be named.
#[derive(Clone, Debug)]
pub(crate) struct AllowedHost {
    text: String,
    host: String,
    /// `None`: the port of the scheme, said or unsaid.
    port: Option<u16>,
}

impl AllowedHost {
    /// `host` or `host:port`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (host, port) = host_and_port(text)?;
        Some(Self { text: text.to_owned(), host: host.to_ascii_lowercase(), port })
    }

    fn matches(&self, host: &str, port: Option<u16>) -> bool {
        let same_port = match self.port {
            Some(own) => port == Some(own),
            None => matches!(port, None | Some(80 | 443)),
        };
        same_port && host.eq_ignore_ascii_case(&self.host)
    }
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
    pub(crate) fn new(public: Option<&Origin>, hosts: Vec<AllowedHost>, origins: Vec<String>) -> Self {
        let mut guard = Self { hosts, origins };
        if let Some(origin) = public {
            guard.hosts.extend(AllowedHost::parse(&origin.authority()));
            guard.origins.push(origin.to_string());
        }
        guard
    }

    /// Checks `Host` (RFC 9110 §7.2), or the authority of the request line.
    pub(crate) fn check_host(&self, authority: Option<&Authority>, sent: Sent<'_>) -> Result<(), GuardError> {
        let host = match (sent.once(), authority) {
            (Some(host), _) => host.to_str().unwrap_or_default(),
            (None, Some(authority)) if sent.is_absent() => authority.as_str(),
            _ => "",
        };
        // Nearly all clients write it as the server does.
        if self.hosts.iter().any(|allowed| allowed.text == host) {
            return Ok(());
        }
        let served = host_and_port(host).is_some_and(|(host, port)| {
            is_loopback_host(host) || self.hosts.iter().any(|allowed| allowed.matches(host, port))
        });
        if served {
            return Ok(());
        }
        let allowed = self.hosts.iter().map(|allowed| allowed.text.as_str()).collect::<Vec<_>>();
        Err(GuardError::Host { received: shorten(host), allowed: list(&allowed) })
    }

    /// Checks `Origin` (MCP 2026-07-28, Streamable HTTP, Security); a request without one comes from no page.
    pub(crate) fn check_origin<'h>(&self, sent: Sent<'h>) -> Result<Option<&'h HeaderValue>, GuardError> {
        let Some(origin) = sent.first() else { return Ok(None) };
        let text = origin.to_str().unwrap_or_default();
        let allowed = self.origins.iter().any(|allowed| allowed == text)
            || Origin::parse(text).is_some_and(|origin| origin.is_loopback());
        if allowed && !sent.is_repeated() {
            return Ok(Some(origin));
        }
        Err(GuardError::Origin { received: shorten(text), allowed: list(&self.origins) })
    }
}

fn shorten(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(100).collect()
}

fn list(allowed: &[impl std::borrow::Borrow<str>]) -> String {
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
            Origin::of("https://mcp.example.com").as_ref(),
            AllowedHost::parse("Internal:8080").into_iter().collect(),
            vec!["https://app.example".into()],
        )
    }

    fn host(host: &'static str) -> Result<(), GuardError> {
        let mut sent = Sent::default();
        let value = HeaderValue::from_static(host);
        sent.add(&value);
        guard().check_host(None, sent)
    }

    fn origin(origin: &'static str) -> Result<(), GuardError> {
        let mut sent = Sent::default();
        let value = HeaderValue::from_static(origin);
        sent.add(&value);
        guard().check_origin(sent).map(drop)
    }

    #[test]
    fn hosts_follow_from_the_public_url() {
        for good in [
            "mcp.example.com",
            "mcp.example.com:443",
            "MCP.Example.com",
            "internal:8080",
            "127.0.0.1:9",
            "localhost",
            "[::1]:80",
        ] {
            assert_eq!(host(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "evil.example",
            "mcp.example.com:8443",
            "127.0.0.1.evil.example",
            "x@127.0.0.1",
            "localhost/x",
            "127.0.0.1#x",
            "/127.0.0.1",
            "internal",
            "internal:+8080",
            "internal:8080:8080",
            "internal:",
            "[::1",
            "[::1]x",
            "a b",
            ":80",
        ] {
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
