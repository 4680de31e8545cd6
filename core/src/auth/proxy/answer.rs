//! How a login answers: a redirect to the client, or a page where there is nowhere to send the user.

use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::oauth_error::OAuthError;
use super::server::AuthorizationServer;
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
    let mut response = problem.render(Lang::of(headers), reason, detail).into_response(problem.status());
    if response.status() == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER.into());
    }
    response
}

/// The page for a failure of ours, by its error.
pub(super) fn failure(headers: &HeaderMap, error: &OAuthError) -> Response {
    // It was logged where it came up.
    page(headers, Problem::Unavailable, error.reason(), Some(error.code()))
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
