//! URLs that a client names for us to fetch: its own identifier, and the one of its keys.

use url::Url;

/// The most bytes of such a URL. As a `client_id` it stands in every access token.
const MAX_BYTES: usize = 512;

/// Why a URL cannot be a client identifier (draft-ietf-oauth-client-id-metadata-document-00 §3).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DocumentUrlError {
    /// Too long.
    #[error("it has more than {MAX_BYTES} bytes")]
    TooLong,
    /// No https URL.
    #[error("it is not an https URL")]
    NotHttps,
    /// RFC 3986 §3.5, also an empty one.
    #[error("it has a fragment")]
    Fragment,
    /// It would disguise the host.
    #[error("it has a user name or password")]
    UserInfo,
    /// Another spelling of another URL: dot segments, escapes, short forms of an address, capitals in the host.
    #[error("it is not written in its normal form")]
    NotNormal,
    /// Nothing after the host.
    #[error("it has no path")]
    NoPath,
}

/// Whether this text claims to be the URL of a client-id metadata document. Whatever is not one was never fetched.
pub(crate) fn claims_to_be_url(client_id: &str) -> bool {
    client_id.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://"))
}

/// The URL of a client-id metadata document.
pub(crate) fn client_id_url(text: &str) -> Result<Url, DocumentUrlError> {
    let url = fetchable(text)?;
    if url.path() == "/" { Err(DocumentUrlError::NoPath) } else { Ok(url) }
}

/// A URL that may be fetched, as far as its text says: where its host leads is another matter.
///
/// Strings are compared here (CIMD §3), so only the one normal form is taken: what a URL parser would change is refused.
/// That refuses dot segments in all their spellings, and the odd forms of addresses, too.
pub(crate) fn fetchable(text: &str) -> Result<Url, DocumentUrlError> {
    use DocumentUrlError as E;
    if text.len() > MAX_BYTES {
        return Err(E::TooLong);
    }
    let url = Url::parse(text).ok().filter(|url| url.scheme() == "https").ok_or(E::NotHttps)?;
    if text.contains('#') {
        return Err(E::Fragment);
    }
    if !url.username().is_empty() || url.password().is_some() || url.authority().contains('@') {
        return Err(E::UserInfo);
    }
    // Of a URL without a path the parser makes one with a slash; so the check of the form comes last.
    if url.as_str().strip_suffix('/') == Some(text) {
        return Err(E::NoPath);
    }
    if url.as_str() != text {
        return Err(E::NotNormal);
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_may_be_a_client_id_cimd_03() {
        use DocumentUrlError as E;
        for good in [
            "https://claude.ai/oauth/claude-code-client-metadata",
            "https://a.example:8443/client.json",
            "https://a.example/c?version=2",
            "https://[2606:4700::1111]/c",
            "https://xn--o39aqg.example/c",
            "https://a.example/%ED%95%9C",
        ] {
            assert_eq!(client_id_url(good).unwrap().as_str(), good);
        }
        let long = format!("https://a.example/{}", "x".repeat(MAX_BYTES));
        for (bad, error) in [
            ("https://a.example", E::NoPath),
            ("https://a.example/", E::NoPath),
            ("https://a.example?x", E::NotNormal),
            ("https://a.example/c#", E::Fragment),
            ("https://a.example/c#x", E::Fragment),
            ("https://user@a.example/c", E::UserInfo),
            ("https://user:pw@a.example/c", E::UserInfo),
            ("https://a.example/../c", E::NotNormal),
            ("https://a.example/b/./c", E::NotNormal),
            ("https://a.example/b/%2e%2E/c", E::NotNormal),
            ("https://a.example/b\\c", E::NotNormal),
            ("https://a.example/b c", E::NotNormal),
            ("https://A.example/c", E::NotNormal),
            ("https://a.example:443/c", E::NotNormal),
            ("https:/a.example/c", E::NotNormal),
            ("https://2130706433/c", E::NotNormal),
            ("https://0x7f.1/c", E::NotNormal),
            ("https://0177.0.0.1/c", E::NotNormal),
            ("https://한글.example/c", E::NotNormal),
            (" https://a.example/c", E::NotNormal),
            ("http://a.example/c", E::NotHttps),
            ("file:///etc/passwd", E::NotHttps),
            ("https://", E::NotHttps),
            (&long, E::TooLong),
        ] {
            assert_eq!(client_id_url(bad), Err(error), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_judged_and_what_passes_is_plain(text in "(https://)?\\PC{0,60}") {
            if let Ok(url) = client_id_url(&text) {
                prop_assert!(claims_to_be_url(&text));
                prop_assert_eq!(url.as_str(), text.as_str());
                prop_assert!(!text.contains("/../") && !text.contains('@') || url.path().contains('@')
                    || url.query().is_some());
            }
        }
    }
}
