//! The few pages a person sees: consent, error, signed in, permission missing. Server-rendered, without script and without any resource
//! but the page itself, in Korean or English.

mod consent;
mod error;
mod headers;
mod lang;
mod layout;
mod signed_in;
mod untrusted;
mod withdraw;

use axum::body::Body;
use axum::response::Response;
use http::StatusCode;

pub(crate) use consent::{ConsentPage, ScopeLine};
pub(crate) use error::Problem;
pub(crate) use lang::Lang;
pub(crate) use signed_in::SignedInPage;
pub(crate) use withdraw::WithdrawPage;

/// A rendered page. It holds what only its browser may see, so it has no `Debug`.
#[derive(Clone)]
pub(crate) struct Page {
    lang: Lang,
    html: String,
}

impl Page {
    /// The response with this status and every header a page of ours must have.
    pub(crate) fn into_response(self, status: StatusCode) -> Response {
        let mut response = Response::new(Body::from(self.html));
        *response.status_mut() = status;
        headers::write(response.headers_mut(), self.lang);
        response
    }
}

#[cfg(test)]
mod tests;
