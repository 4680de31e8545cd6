//! The chain of addresses that proxies write down: `X-Forwarded-For`, and `Forwarded` (RFC 7239).

use std::net::{IpAddr, SocketAddr};

/// The addresses of `X-Forwarded-For`, the nearest first. What cannot be read is `None`.
pub(super) fn x_forwarded_for(value: &str) -> impl Iterator<Item = Option<IpAddr>> {
    value.rsplit(',').map(|node| address(node.trim()))
}

/// The addresses of `Forwarded`, the nearest first. An element without a readable `for` is `None`.
pub(super) fn forwarded(value: &str) -> impl Iterator<Item = Option<IpAddr>> {
    let elements: Vec<&str> = split(value, ',').collect();
    elements.into_iter().rev().map(|element| {
        split(element, ';').find_map(|pair| {
            let (name, value) = pair.split_once('=')?;
            name.trim().eq_ignore_ascii_case("for").then(|| address(unquoted(value.trim())))?
        })
    })
}

/// Splits at a separator that is not inside of a quoted string (RFC 9110 §5.6.4).
fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(move |character| {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => return character == separator && !quoted,
        }
        false
    })
}

fn unquoted(value: &str) -> &str {
    // A node with an escape in it is no address, and stays unread.
    value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value)
}

/// An address with or without brackets and port; `unknown` and hidden names (`_…`) are none.
fn address(node: &str) -> Option<IpAddr> {
    let bare = node.strip_prefix('[').and_then(|node| node.strip_suffix(']')).unwrap_or(node);
    let address = bare.parse().ok().or_else(|| node.parse::<SocketAddr>().ok().map(|node| node.ip()));
    address.map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ip(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn x_forwarded_for_in_the_forms_that_proxies_write() {
        let value = "203.0.113.9, 198.51.100.1:4711, [2001:db8::1]:80, 2001:db8::2, unknown,";
        let read: Vec<_> = x_forwarded_for(value).collect();
        let written = [None, None, ip("2001:db8::2"), ip("2001:db8::1"), ip("198.51.100.1"), ip("203.0.113.9")];
        assert_eq!(read, written);
        assert_eq!(x_forwarded_for("::ffff:192.0.2.1").next().unwrap(), ip("192.0.2.1"));
    }

    #[test]
    fn forwarded_as_rfc_7239_has_it() {
        let value = r#"for=192.0.2.43, For="[2001:db8:cafe::17]:4711";proto=https, for=_gazonk, by=203.0.113.43;FOR=198.51.100.17, by=x"#;
        let read: Vec<_> = forwarded(value).collect();
        assert_eq!(read, [None, ip("198.51.100.17"), None, ip("2001:db8:cafe::17"), ip("192.0.2.43")]);
    }

    #[test]
    fn a_quoted_string_hides_no_element() {
        let value = r#"for="1.1.1.1, for=2.2.2.2", for=3.3.3.3;host="a\",b""#;
        assert_eq!(forwarded(value).collect::<Vec<_>>(), [ip("3.3.3.3"), None]);
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in "\\PC{0,200}") {
            x_forwarded_for(&text).for_each(drop);
            forwarded(&text).for_each(drop);
        }

        #[test]
        fn what_was_written_is_read(addresses in prop::collection::vec(any::<IpAddr>(), 1..8), port in 1_u16..) {
            let nearest_first: Vec<_> = addresses.iter().rev().map(|ip| Some(ip.to_canonical())).collect();
            let list = addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            prop_assert_eq!(x_forwarded_for(&list).collect::<Vec<_>>(), nearest_first.clone());
            let list = addresses.iter().map(|ip| format!("proto=http;for=\"{}\"", SocketAddr::new(*ip, port)));
            prop_assert_eq!(forwarded(&list.collect::<Vec<_>>().join(",")).collect::<Vec<_>>(), nearest_first);
        }
    }
}
