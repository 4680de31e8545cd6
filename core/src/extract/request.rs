//! What a request says of itself, as parameters.

use std::ops::Deref;

use http::HeaderMap;

use super::{FromContext, OptionalFromContext, Rejection};
use crate::RequestContext;
use crate::protocol::{ClientInfo, RequestMeta};

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

impl FromContext for RequestMeta {
    async fn from_context(context: &RequestContext) -> Result<Self, Rejection> {
        Ok(context.meta().clone())
    }
}

/// The HTTP headers of the request, without `Authorization` and `Cookie`; none on stdio.
#[derive(Clone, Debug, Default)]
pub struct HttpHeaders(pub HeaderMap);

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
