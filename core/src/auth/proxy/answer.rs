//! How a login answers: a redirect to the client, or a page where there is nowhere to send the user.

use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::oauth_error::OAuthError;
use super::server::AuthorizationServer;
use crate::auth::clients::ClientError;
use crate::auth::fetch::cache::DocumentError;
use crate::auth::login::logins::RETRY_AFTER;
use crate::auth::login::records::AuthorizationRequest;
use crate::auth::pages::{Lang, Problem, SignedInPage};
use crate::auth::reason::Reason;
use crate::auth::request::redirect_uri::RedirectUri;

/// A page that ends the login here, without a redirect. It shows the code under which this is in the log.
pub(super) fn problem(headers: &HeaderMap, problem: Problem, reason: Reason, detail: Option<&str>) -> Response {
    reason.log();
    page(headers, problem, reason, detail)
}

fn page(headers: &HeaderMap, problem: Problem, reason: Reason, detail: Option<&str>) -> Response {
    problem.render(Lang::of(headers), reason, detail).into_response(problem.status())
}

/// The page for a failure of ours, by its error.
pub(super) fn failure(headers: &HeaderMap, error: &OAuthError) -> Response {
    let what = if error.is_too_many() { Problem::Busy } else { Problem::Unavailable };
    // It was logged where it came up.
    let mut response = page(headers, what, error.reason(), Some(error.code()));
    response.headers_mut().insert(header::RETRY_AFTER, error.retry_after().unwrap_or(RETRY_AFTER).into());
    response
}

/// The page where there is no client of this name.
pub(super) fn no_client(headers: &HeaderMap, error: ClientError) -> Response {
    let (what, reason) = match &error {
        ClientError::Unknown => return problem(headers, Problem::UnknownClient, Reason::ClientUnknown, None),
        ClientError::Store(_) | ClientError::Document(DocumentError::TooOften(_)) => {
            return failure(headers, &error.into());
        }
        ClientError::Url(_) => (Problem::BadClientDocument, Reason::ClientUnknown),
        ClientError::Document(error) if error.is_outage() => (Problem::BadClientDocument, Reason::ClientDocumentAway),
        ClientError::Document(_) => (Problem::BadClientDocument, Reason::ClientDocumentInvalid),
    };
    problem(headers, what, reason, Some(&error.to_string()))
}

/// Where a proven client is answered. It exists only for a redirect URI that was checked.
#[derive(Clone, Copy)]
pub(super) struct ClientAnswer<'a> {
    pub(super) server: &'a AuthorizationServer,
    pub(super) redirect_uri: &'a RedirectUri,
    pub(super) state: Option<&'a str>,
}

impl<'a> ClientAnswer<'a> {
    /// The answer to a request that was valid.
    pub(super) fn to(server: &'a AuthorizationServer, request: &'a AuthorizationRequest) -> Self {
        Self { server, redirect_uri: &request.redirect_uri, state: request.state.as_deref() }
    }

    /// An error (RFC 6749 §4.1.2.1, RFC 9207 §2).
    pub(super) fn error(self, code: &str, description: &str) -> Response {
        see_other(&self.error_url(code, description))
    }

    /// The same as a URL, for a page that leads there.
    pub(super) fn error_url(self, code: &str, description: &str) -> String {
        let parameters = self.parameters([("error", code), ("error_description", description)]);
        self.redirect_uri.with_query(parameters)
    }

    /// The code (RFC 6749 §4.1.2, RFC 9207 §2), with a page below for browsers that stay where they are.
    pub(super) fn code(self, code: &str, client_name: Option<&str>, lang: Lang) -> Response {
        let parameters: Vec<_> = self.parameters([("code", code)]).collect();
        let location = self.redirect_uri.with_query(parameters.iter().copied());
        let page = SignedInPage {
            server_name: &self.server.name,
            client_name,
            answer: Some((self.redirect_uri, &parameters)),
        };
        let mut response = page.render(lang).into_response(StatusCode::SEE_OTHER);
        set_location(&mut response, &location);
        response
    }

    fn parameters<const N: usize>(self, first: [(&'a str, &'a str); N]) -> impl Iterator<Item = (&'a str, &'a str)> {
        let state = self.state.map(|state| ("state", state));
        first.into_iter().chain(state).chain([("iss", self.server.urls.issuer())])
    }
}

/// A redirect after which the browser fetches by GET and sends no form on (RFC 9700 §4.12).
pub(super) fn see_other(location: &str) -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::SEE_OTHER;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    set_location(&mut response, location);
    response
}

fn set_location(response: &mut Response, location: &str) {
    match HeaderValue::try_from(location) {
        Ok(location) => {
            response.headers_mut().insert(header::LOCATION, location);
        }
        // Redirect URIs and provider URLs are visible ASCII; without one the status must not promise a place.
        Err(_) => *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR,
    }
}
