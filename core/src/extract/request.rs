//! What a request says of itself, as parameters.

use std::fmt;
use std::ops::Deref;

use http::HeaderMap;

use super::{FromContext, OptionalFromContext, Rejection};
use crate::RequestContext;
use crate::protocol::{ClientCapabilities, ClientInfo, RequestMeta};

/// Name and version of the client; both empty where it did not say (take an `Option` to tell).
impl FromContext for ClientInfo {
    async fn from_context(context: &RequestContext) -> Result<Self, Rejection> {
        Ok(context.client_info().unwrap_or_default())
    }
}

impl OptionalFromContext for ClientInfo {
    async fn from_context(context: &RequestContext) -> Result<Option<Self>, Rejection> {
        Ok(context.client_info())
    }
}

/// What the client declared that it can do.
impl FromContext for ClientCapabilities {
    async fn from_context(context: &RequestContext) -> Result<Self, Rejection> {
        Ok(context.client_capabilities())
    }
}

impl FromContext for RequestMeta {
    async fn from_context(context: &RequestContext) -> Result<Self, Rejection> {
        Ok(context.meta().clone())
    }
}

/// The HTTP headers of the request, without `Authorization` and `Cookie`; none of a
/// [`TestClient`](crate::TestClient), which speaks no HTTP.
///
/// `Debug` shows the names only: a gateway's header may hold a secret.
#[derive(Clone, Default)]
pub struct HttpHeaders(pub HeaderMap);

impl fmt::Debug for HttpHeaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.keys().map(http::HeaderName::as_str)).finish()
    }
}

impl Deref for HttpHeaders {
    type Target = HeaderMap;

    fn deref(&self) -> &HeaderMap {
        &self.0
    }
}

impl FromContext for HttpHeaders {
    async fn from_context(context: &RequestContext) -> Result<Self, Rejection> {
        Ok(Self(context.headers().clone()))
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderName, HeaderValue};

    use super::HttpHeaders;

    #[test]
    fn debug_shows_no_values() {
        let secret = (HeaderName::from_static("x-api-key"), HeaderValue::from_static("hunter2"));
        assert_eq!(format!("{:?}", HttpHeaders(HeaderMap::from_iter([secret]))), r#"["x-api-key"]"#);
    }
}
