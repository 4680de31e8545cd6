//! One fetch, within its limits.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_cache_semantics::CachePolicy;
use url::{Host, Url};

use super::address::is_global_unicast;
use super::network::{NotPublic, PublicOnly, TestNetwork};
use crate::clock::Clock;

/// How long a fetch may take, from the name's look-up to the last byte.
const TIMEOUT: Duration = Duration::from_secs(5);
const NO_CONNECTION: &str = "no connection could be made";

/// Why something was not fetched. The texts hold nothing that the other side said.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FetchError {
    /// The other side gave no answer, or one that says nothing of the document: it may be well again soon.
    #[error("{0}")]
    Away(&'static str),
    /// The other side's answer is not the document.
    #[error("{0}")]
    Refused(&'static str),
}

/// What was fetched.
#[derive(Debug)]
pub(super) struct Fetched {
    pub(super) body: Bytes,
    /// How long its headers let a shared cache keep it (RFC 9111 §4.2).
    pub(super) fresh_for: Duration,
}

/// Fetches documents.
pub(crate) struct Fetcher {
    http: reqwest::Client,
    clock: Clock,
}

impl Fetcher {
    /// # Errors
    /// Those of the TLS library.
    pub(crate) fn new(test: Option<TestNetwork>, clock: Clock) -> Result<Self, reqwest::Error> {
        let test = test.unwrap_or_default();
        let mut http = reqwest::Client::builder()
            .https_only(true)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .retry(reqwest::retry::never())
            // A proxy would resolve the name a second time, and dial what it likes.
            .no_proxy()
            // Every connection is made for its request, to an address that was judged for it.
            .pool_max_idle_per_host(0)
            .timeout(TIMEOUT)
            .user_agent(concat!("dari/", env!("CARGO_PKG_VERSION")));
        if let Some(root) = test.root() {
            http = http.tls_certs_only([reqwest::Certificate::from_der(root)?]);
        }
        let http = http.dns_resolver(Arc::new(PublicOnly::new(test))).build()?;
        Ok(Self { http, clock })
    }

    /// The JSON document at this URL, of at most `limit` bytes.
    pub(super) async fn fetch(&self, url: &Url, limit: usize) -> Result<Fetched, FetchError> {
        // An address in the URL goes past the resolver.
        let literal = match url.host() {
            Some(Host::Ipv4(address)) => Some(address.into()),
            Some(Host::Ipv6(address)) => Some(address.into()),
            Some(Host::Domain(_)) | None => None,
        };
        if literal.is_some_and(|address| !is_global_unicast(address)) {
            return Err(not_public(url));
        }
        let request = self.http.get(url.clone()).header(header::ACCEPT, "application/json");
        let mut response = request.send().await.map_err(|error| failed(url, &error))?;
        check_head(response.status(), response.headers())?;
        if response.content_length().is_some_and(|length| length > limit as u64) {
            return Err(FetchError::Refused("it is too large"));
        }
        let fresh_for = self.fresh_for(url, &response);
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| failed(url, &error))? {
            if body.len() + chunk.len() > limit {
                return Err(FetchError::Refused("it is too large"));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Fetched { body: body.freeze(), fresh_for })
    }

    fn fresh_for(&self, url: &Url, response: &reqwest::Response) -> Duration {
        let now = self.clock.now();
        let request = http::Request::get(url.as_str()).body(());
        let mut head = http::Response::new(());
        *head.status_mut() = response.status();
        head.headers_mut().clone_from(response.headers());
        let Ok(request) = request else { return Duration::ZERO };
        let options = http_cache_semantics::CacheOptions { shared: true, ..Default::default() };
        let policy = CachePolicy::new_options(&request.into_parts().0, &head.into_parts().0, now, options);
        if policy.is_storable() { policy.time_to_live(now) } else { Duration::ZERO }
    }
}

fn check_head(status: StatusCode, headers: &HeaderMap) -> Result<(), FetchError> {
    match status.as_u16() {
        200 => {}
        300..=399 => return Err(FetchError::Refused("it answers with a redirect")),
        408 | 425 | 429 | 500.. => return Err(FetchError::Away("its server is not well")),
        _ => return Err(FetchError::Refused("there is no such document")),
    }
    if headers.get(header::CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        return Err(FetchError::Refused("it is compressed, which was not asked for"));
    }
    if !headers.get(header::CONTENT_TYPE).is_some_and(is_json) {
        return Err(FetchError::Refused("its content type is not application/json"));
    }
    Ok(())
}

/// `application/json`, or a type of its kind (RFC 6839 §3.1).
fn is_json(value: &HeaderValue) -> bool {
    let kind = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

/// Strangers are told the same as of a name that leads nowhere: which names this machine knows is none of their business.
fn not_public(url: &Url) -> FetchError {
    tracing::info!(target: "dari::auth", %url, "not fetched: its address is not on the public internet");
    FetchError::Away(NO_CONNECTION)
}

fn failed(url: &Url, error: &reqwest::Error) -> FetchError {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if inner.is::<NotPublic>() {
            return not_public(url);
        }
        cause = inner.source();
    }
    FetchError::Away(match () {
        () if error.is_timeout() => "it took too long",
        () if error.is_connect() => NO_CONNECTION,
        () => "the connection broke",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_json_counts_cimd_05() {
        for (kind, json) in [
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            ("application/oauth-client+json", true),
            ("text/html", false),
            ("application/jsonp", false),
            ("text/x+json", false),
            ("", false),
        ] {
            assert_eq!(is_json(&HeaderValue::from_static(kind)), json, "{kind}");
        }
    }
}
