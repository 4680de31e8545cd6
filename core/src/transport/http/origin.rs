//! Scheme, host and port: where a server is, and where a page comes from.

use std::fmt::{self, Display, Formatter};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::Uri;

/// An origin of the web (RFC 6454 §4), as a browser writes it: in lower case, with no port but an unusual one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    scheme: &'static str,
    host: String,
    /// `None`: the usual port of the scheme.
    port: Option<u16>,
}

impl Origin {
    /// Where an `http` or `https` URL leads, which names no user.
    pub(crate) fn of(url: &str) -> Option<Self> {
        let url: Uri = url.parse().ok()?;
        let (scheme, usual) = match url.scheme_str()? {
            "https" => ("https", 443),
            "http" => ("http", 80),
            _ => return None,
        };
        let (host, port) = host_and_port(url.authority()?.as_str())?;
        Some(Self { scheme, host: canonical(host)?, port: port.filter(|port| *port != usual) })
    }

    /// Reads the value of `Origin`, and nothing that a browser would write in another way.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::of(text).filter(|origin| origin.to_string() == text)
    }

    pub(crate) fn is_https(&self) -> bool {
        self.scheme == "https"
    }

    /// Whether it is this very machine.
    pub(crate) fn is_loopback(&self) -> bool {
        is_loopback_host(&self.host)
    }

    /// Host and port, as in `Host`.
    pub(crate) fn authority(&self) -> String {
        self.port.map_or_else(|| self.host.clone(), |port| format!("{}:{port}", self.host))
    }
}

impl Display for Origin {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}://{}", self.scheme, self.authority())
    }
}

/// A host with or without a port, and nothing else (RFC 3986 §3.2.2: names are letters, digits and a few marks; an IPv6
/// address stands in brackets).
pub(crate) fn host_and_port(text: &str) -> Option<(&str, Option<u16>)> {
    let host_end = match text.strip_prefix('[') {
        Some(rest) => rest.find(']')? + 2,
        None => text.find(':').unwrap_or(text.len()),
    };
    let (host, port) = text.split_at(host_end);
    let port = match port.strip_prefix(':') {
        // `parse` would take a sign.
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => Some(digits.parse().ok()?),
        None if port.is_empty() => None,
        _ => return None,
    };
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'[' | b']' | b':');
    (!host.is_empty() && host.bytes().all(legal)).then_some((host, port))
}

/// A literal or the one reserved name: anything else could be made to resolve here by a stranger.
pub(crate) fn is_loopback_host(host: &str) -> bool {
    let literal = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    host.eq_ignore_ascii_case("localhost") || literal.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The host as browsers write it; an IPv4 address that they would write in another way (`127.1`, `0x7f.0.0.1`) is none.
fn canonical(host: &str) -> Option<String> {
    if let Some(literal) = host.strip_prefix('[') {
        let address: Ipv6Addr = literal.strip_suffix(']')?.parse().ok()?;
        return Some(format!("[{address}]"));
    }
    let host = host.to_ascii_lowercase();
    let last = host.strip_suffix('.').unwrap_or(&host).rsplit('.').next().unwrap_or_default();
    // What ends in a number is an address (WHATWG URL, "ends in a number checker").
    let is_number = match last.strip_prefix("0x") {
        Some(digits) => digits.bytes().all(|byte| byte.is_ascii_hexdigit()),
        None => last.bytes().all(|byte| byte.is_ascii_digit()),
    };
    (!is_number || host.parse::<Ipv4Addr>().is_ok()).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_that_of_a_browser() {
        for (url, origin) in [
            ("https://mcp.example.com", "https://mcp.example.com"),
            ("HTTPS://MCP.Example.com:443/path?q#f", "https://mcp.example.com"),
            ("https://mcp.example.com.:0443", "https://mcp.example.com."),
            ("https://mcp.example.com:80/", "https://mcp.example.com:80"),
            ("http://127.0.0.1:80/mcp", "http://127.0.0.1"),
            ("http://[0:0:0:0:0:0:0:1]:8000", "http://[::1]:8000"),
            ("https://[2001:DB8::A]", "https://[2001:db8::a]"),
            ("https://xn--hu5b25c.kr", "https://xn--hu5b25c.kr"),
            ("https://my_host", "https://my_host"),
            ("https://0xlab", "https://0xlab"),
        ] {
            let parsed = Origin::of(url).unwrap();
            assert_eq!(parsed.to_string(), origin, "{url}");
            assert_eq!(Origin::parse(origin), Some(parsed), "{url}");
            assert!(url == origin || Origin::parse(url).is_none(), "{url}");
        }
    }

    #[test]
    fn what_has_no_origin() {
        for url in [
            "",
            "null",
            "mcp.example.com",
            "mcp.example.com:8000",
            "/mcp",
            "https:mcp.example.com",
            "https://",
            "https:///mcp",
            "https://:443",
            "https://mcp.example.com:",
            "https://mcp.example.com:65536",
            "https://mcp.example.com:+1",
            "https://user@mcp.example.com",
            "https://user:password@mcp.example.com",
            "https://@mcp.example.com",
            "https://mcp%2eexample.com",
            "https://m cp.example.com",
            " https://mcp.example.com",
            "https://mcp.example.com\\@evil.example",
            "https://한국.kr",
            "https://[::1",
            "https://[::1]x",
            "https://[evil]",
            "https://[::1%25eth0]",
            "https://127.1",
            "https://0x7f.0.0.1",
            "https://127.0.0.1.",
            "https://2130706433",
            "wss://mcp.example.com",
            "chrome-extension://abcdef",
        ] {
            assert_eq!(Origin::of(url), None, "{url}");
        }
    }

    #[test]
    fn loopback_is_a_literal_or_the_reserved_name() {
        for (url, loopback) in [
            ("http://localhost:8000", true),
            ("http://LOCALHOST", true),
            ("http://127.8.9.10", true),
            ("http://[::1]", true),
            ("http://localhost.", false),
            ("http://localhost.evil.example", false),
            ("http://127.0.0.1.evil.example", false),
            ("http://[::ffff:127.0.0.1]", false),
        ] {
            assert_eq!(Origin::of(url).unwrap().is_loopback(), loopback, "{url}");
        }
    }
}
