//! The cookie by which the browser that consents is known again at the callback (ISS-06, CONS-04).
//!
//! It holds a random id and nothing else; what belongs to the id is authenticated elsewhere.

use std::fmt;

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};
use subtle::ConstantTimeEq as _;

use crate::auth::random::{is_random_id, random_id};

/// How long a browser keeps the id, in seconds: as long as a slow login takes. It outlives the browser's process, since
/// phones end that while another app logs the user in.
const MAX_AGE: u32 = 3600;

/// A browser's id. Whoever knows it can finish the login of that browser, so `Debug` hides it.
#[derive(Clone)]
pub(crate) struct BrowserId(String);

impl BrowserId {
    /// A new one, of 128 bits.
    ///
    /// # Errors
    /// When the operating system has no randomness to give.
    pub(crate) fn random() -> Result<Self, getrandom::Error> {
        random_id().map(Self)
    }

    /// The id's text, for a MAC or a record.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is that id, in constant time.
    pub(crate) fn is(&self, id: &str) -> bool {
        self.0.as_bytes().ct_eq(id.as_bytes()).into()
    }
}

impl fmt::Debug for BrowserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BrowserId([REDACTED])")
    }
}

/// The cookie's name and attributes, by the scheme that browsers use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BrowserCookie {
    /// Over TLS: no other host and no plain http can set or read it (`__Host-`, RFC 6265bis §4.1.3.2).
    Https,
    /// Plain http on loopback, where browsers refuse `Secure` cookies.
    Loopback,
}

impl BrowserCookie {
    /// The cookie of a server that browsers reach over TLS, or not.
    pub(crate) fn new(is_https: bool) -> Self {
        if is_https { Self::Https } else { Self::Loopback }
    }

    /// The cookie's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Https => "__Host-dari",
            Self::Loopback => "dari",
        }
    }

    /// The value of a `Set-Cookie` that gives a browser this id.
    ///
    /// `Lax`, because the provider sends the browser back to us from its own site.
    pub(crate) fn set(self, id: &BrowserId) -> HeaderValue {
        let secure = if self == Self::Https { "; Secure" } else { "" };
        let cookie =
            format!("{}={}; Path=/; Max-Age={MAX_AGE}; HttpOnly; SameSite=Lax{secure}", self.name(), id.as_str());
        let mut value = HeaderValue::try_from(cookie).unwrap_or_else(|_| HeaderValue::from_static(""));
        value.set_sensitive(true);
        value
    }

    /// The id in a request's `Cookie` headers; none if there is none, or one that we never gave out.
    pub(crate) fn read(self, headers: &HeaderMap) -> Option<BrowserId> {
        headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(name, _)| *name == self.name())
            .map(|(_, value)| value)
            .find(|value| is_random_id(value))
            .map(|value| BrowserId(value.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(values: &[&'static str]) -> HeaderMap {
        values.iter().map(|value| (COOKIE, HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn attributes_cons_13() {
        let id = BrowserId::random().unwrap();
        let secure = BrowserCookie::new(true).set(&id);
        assert_eq!(
            secure.to_str().unwrap(),
            format!("__Host-dari={}; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax; Secure", id.as_str())
        );
        assert!(secure.is_sensitive());
        let plain = BrowserCookie::new(false).set(&id);
        assert_eq!(
            plain.to_str().unwrap(),
            format!("dari={}; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax", id.as_str())
        );
    }

    #[test]
    fn a_browser_brings_back_what_it_was_given_cons_04() {
        for cookie in [BrowserCookie::Https, BrowserCookie::Loopback] {
            let id = BrowserId::random().unwrap();
            let sent = format!("other=1; {}={}", cookie.name(), id.as_str());
            let headers = HeaderMap::from_iter([(COOKIE, HeaderValue::try_from(sent).unwrap())]);
            assert!(cookie.read(&headers).unwrap().is(id.as_str()));
        }
    }

    #[test]
    fn other_cookies_are_not_ours() {
        for values in [
            &[][..],
            &["dari=AAAAAAAAAAAAAAAAAAAAAA"],
            &["__Host-dari="],
            &["__Host-dari=short"],
            &["__Host-dari=\"AAAAAAAAAAAAAAAAAAAAAA\""],
            &["x__Host-dari=AAAAAAAAAAAAAAAAAAAAAA"],
            &["__host-dari=AAAAAAAAAAAAAAAAAAAAAA"],
        ] {
            assert!(BrowserCookie::Https.read(&headers(values)).is_none(), "{values:?}");
        }
        let several = headers(&["a=b", "c=d;__Host-dari=AAAAAAAAAAAAAAAAAAAAAA ; e"]);
        assert!(BrowserCookie::Https.read(&several).unwrap().is("AAAAAAAAAAAAAAAAAAAAAA"));
    }

    #[test]
    fn debug_hides_the_id_hyg_02() {
        let id = BrowserId::random().unwrap();
        assert!(!format!("{id:?} {:?}", BrowserCookie::Https.set(&id)).contains(id.as_str()));
    }
}
