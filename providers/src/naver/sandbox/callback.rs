//! Which callback URLs are accepted, and how a browser is sent back to one.

use std::collections::BTreeSet;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use url::{Host, Url};

#[derive(Debug)]
pub(super) struct Callbacks {
    pub(super) registered: BTreeSet<String>,
    pub(super) registered_only: bool,
}

impl Callbacks {
    /// The URL, if it may be redirected to.
    pub(super) fn accept(&self, text: &str) -> Option<Url> {
        let url = Url::parse(text).ok()?;
        let accepted = self.registered.contains(text) || (!self.registered_only && on_loopback(&url));
        accepted.then_some(url)
    }
}

fn on_loopback(url: &Url) -> bool {
    let local = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    local && matches!(url.scheme(), "http" | "https")
}

/// Sends the browser back with parameters added to those that the callback URL has.
pub(super) fn send_back(callback: &Url, parameters: &[(&str, &str)]) -> Response {
    let mut url = callback.clone();
    url.query_pairs_mut().extend_pairs(parameters.iter().filter(|(_, value)| !value.is_empty()));
    (StatusCode::FOUND, [(header::LOCATION, String::from(url))]).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_and_registered_ones_are_accepted() {
        let mut callbacks =
            Callbacks { registered: ["https://a.kr/auth/callback".to_owned()].into(), registered_only: false };
        for good in [
            "http://127.0.0.1:8000/auth/callback",
            "http://localhost/x",
            "http://[::1]:1/",
            "https://a.kr/auth/callback",
        ] {
            assert!(callbacks.accept(good).is_some(), "{good}");
        }
        for bad in ["https://a.kr/auth/callback/", "https://evil.kr", "http://localhost.evil.kr/", "x", "javascript:1"]
        {
            assert!(callbacks.accept(bad).is_none(), "{bad}");
        }
        callbacks.registered_only = true;
        assert!(callbacks.accept("http://localhost/x").is_none());
        assert!(callbacks.accept("https://a.kr/auth/callback").is_some());
    }
}
