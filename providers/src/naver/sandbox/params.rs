//! Parameters of a request: from its query, and from its body where that is a form.

use axum::extract::FromRequest;
use axum::extract::Request;
use axum::http::{HeaderMap, header};
use axum::response::Response;
use axum::{body::Bytes, response::IntoResponse};
use url::form_urlencoded;

/// What a request says, with its headers.
#[derive(Debug)]
pub(super) struct Params {
    pub(super) headers: HeaderMap,
    query: String,
    pairs: Vec<(String, String)>,
    body_pairs: usize,
}

impl Params {
    /// The first value of a parameter from body or query; an empty one counts as missing.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        find(&self.pairs, name)
    }

    /// The same from the body only.
    pub(super) fn form(&self, name: &str) -> Option<&str> {
        find(&self.pairs[..self.body_pairs], name)
    }

    pub(super) fn text(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok().filter(|value| !value.is_empty())
    }

    /// The bearer token, if there is one.
    pub(super) fn bearer(&self) -> Option<&str> {
        let (scheme, token) = self.header("authorization")?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim()).filter(|token| !token.is_empty())
    }

    /// Whether the query decodes to UTF-8: a decoder puts in U+FFFD where it does not.
    pub(super) fn query_is_utf8(&self) -> bool {
        self.query.to_ascii_uppercase().contains("%EF%BF%BD")
            || !form_urlencoded::parse(self.query.as_bytes()).any(|(_, value)| value.contains('\u{fffd}'))
    }
}

fn find<'p>(pairs: &'p [(String, String)], name: &str) -> Option<&'p str> {
    pairs.iter().find(|(key, value)| key == name && !value.is_empty()).map(|(_, value)| value.as_str())
}

impl<S: Send + Sync> FromRequest<S> for Params {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        let headers = request.headers().clone();
        let query = request.uri().query().unwrap_or_default().to_owned();
        let is_form = headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.to_ascii_lowercase().starts_with("application/x-www-form-urlencoded"));
        let body = Bytes::from_request(request, state).await.map_err(IntoResponse::into_response)?;
        let mut pairs = Vec::new();
        if is_form {
            pairs.extend(form_urlencoded::parse(&body).into_owned());
        }
        let body_pairs = pairs.len();
        pairs.extend(form_urlencoded::parse(query.as_bytes()).into_owned());
        Ok(Self { headers, query, pairs, body_pairs })
    }
}
