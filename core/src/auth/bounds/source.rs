//! Where a request comes from, as far as it can be believed.

use std::net::{IpAddr, Ipv4Addr};

use http::{HeaderMap, HeaderName, header};
use ipnet::IpNet;

use super::forwarded::{forwarded, x_forwarded_for};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Whom a rate limit counts as one: an IPv4 address, or the network of an IPv6 address, since whoever has one of its
/// addresses has all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Source {
    /// An address.
    V4(Ipv4Addr),
    /// The first 64 bits.
    V6([u16; 4]),
}

impl From<IpAddr> for Source {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Self::V6([a, b, c, d])
            }
        }
    }
}

/// The proxies whose word on the client's address is taken.
#[derive(Clone, Debug, Default)]
pub(crate) struct Proxies(Vec<IpNet>);

/// Why a list of proxies cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("trusted_proxies: {0:?} is no address or network; write \"10.0.0.7\" or \"10.0.0.0/8\"")]
pub(crate) struct ProxyError(String);

impl Proxies {
    /// Reads addresses and networks in CIDR form.
    pub(crate) fn parse(texts: &[String]) -> Result<Self, ProxyError> {
        let parse = |text: &String| {
            let network = text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
            network.ok_or_else(|| ProxyError(text.clone()))
        };
        texts.iter().map(parse).collect::<Result<_, _>>().map(Self)
    }

    /// Whom to count a request to that came from this peer.
    ///
    /// If the peer is one of the proxies, its headers are followed back to the first address that is none. Proxies
    /// write one of the two headers and pass the other on as the client sent it, so where both are there and differ,
    /// neither is believed: then it counts to the proxy.
    pub(crate) fn source(&self, peer: IpAddr, headers: &HeaderMap) -> Source {
        let peer = peer.to_canonical();
        if !self.contains(peer) {
            return peer.into();
        }
        let by_list = joined(headers, &X_FORWARDED_FOR).map(|value| self.follow(peer, x_forwarded_for(&value)));
        let by_rfc = joined(headers, &header::FORWARDED).map(|value| self.follow(peer, forwarded(&value)));
        match (by_list, by_rfc) {
            (Some(one), Some(other)) if Source::from(one) != Source::from(other) => peer.into(),
            (Some(client), _) | (None, Some(client)) => client.into(),
            (None, None) => peer.into(),
        }
    }

    /// From proxy to proxy, as long as each is trusted and names the one before it.
    fn follow(&self, peer: IpAddr, chain: impl Iterator<Item = Option<IpAddr>>) -> IpAddr {
        let mut last = peer;
        for node in chain {
            let Some(node) = node else { break };
            last = node;
            if !self.contains(node) {
                break;
            }
        }
        last
    }

    /// Whether this is the address of one of them.
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// All values of a header as the one list that they are (RFC 9110 §5.3).
fn joined(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let values: Vec<&str> = headers.get_all(name).iter().map(|value| value.to_str().unwrap_or_default()).collect();
    (!values.is_empty()).then(|| values.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(proxies: &[&str], peer: &str, headers: &[(&'static str, &str)]) -> Source {
        let proxies: Vec<String> = proxies.iter().map(|text| (*text).to_owned()).collect();
        let headers = headers.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()));
        let mut map = HeaderMap::new();
        headers.for_each(|(name, value)| {
            map.append(name, value);
        });
        Proxies::parse(&proxies).unwrap().source(peer.parse().unwrap(), &map)
    }

    fn of(address: &str) -> Source {
        address.parse::<IpAddr>().unwrap().into()
    }

    #[test]
    fn an_ipv6_network_is_one_source_reg_08() {
        assert_eq!(of("2001:db8:1:2:3::4"), of("2001:db8:1:2:ffff::"));
        assert_ne!(of("2001:db8:1:2::"), of("2001:db8:1:3::"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }

    #[test]
    fn only_configured_proxies_are_believed_reg_08() {
        let sent = [("x-forwarded-for", "203.0.113.9, 198.51.100.7")];
        for (proxies, peer, expected) in [
            (&[][..], "10.0.0.1", "10.0.0.1"),
            (&["10.0.0.2"], "10.0.0.1", "10.0.0.1"),
            (&["10.0.0.0/8"], "10.0.0.1", "198.51.100.7"),
            (&["10.0.0.0/8"], "::ffff:10.0.0.1", "198.51.100.7"),
            (&["10.0.0.0/8", "198.51.100.7"], "10.0.0.1", "203.0.113.9"),
            (&["0.0.0.0/0"], "10.0.0.1", "203.0.113.9"),
            (&["fd00::/8"], "fd00::1", "198.51.100.7"),
        ] {
            assert_eq!(source(proxies, peer, &sent), of(expected), "{proxies:?} {peer}");
        }
    }

    #[test]
    fn what_a_client_sends_itself_does_not_count_reg_08() {
        let proxies = &["10.0.0.1"];
        for (headers, expected) in [
            (&[][..], "10.0.0.1"),
            (&[("x-forwarded-for", "garbage")], "10.0.0.1"),
            (&[("x-forwarded-for", "1.1.1.1"), ("x-forwarded-for", "2.2.2.2")], "2.2.2.2"),
            (&[("forwarded", "for=1.1.1.1"), ("x-forwarded-for", "2.2.2.2")], "10.0.0.1"),
            (&[("forwarded", "for=2.2.2.2"), ("x-forwarded-for", "1.1.1.1, 2.2.2.2")], "2.2.2.2"),
            (&[("forwarded", "for=1.1.1.1, for=\"[2001:db8::1]\"")], "2001:db8::1"),
            (&[("forwarded", "for=1.1.1.1, for=_hidden")], "10.0.0.1"),
        ] {
            assert_eq!(source(proxies, "10.0.0.1", headers), of(expected), "{headers:?}");
        }
    }

    #[test]
    fn what_is_no_network_is_refused_by_name() {
        for text in ["", "10.0.0.0/33", "proxy.internal", "10.0.0.1:80", "*"] {
            let error = Proxies::parse(&[text.to_owned()]).unwrap_err().to_string();
            assert!(error.contains("trusted_proxies") && error.contains(text), "{error}");
        }
    }
}
