//! Sending one request and sorting its reply.

use std::time::Duration;

use reqwest::header::HeaderValue;
use reqwest::{Client, RequestBuilder, Response};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::Url;

use super::error::{CallAuth, NaverError, classify};

/// No reply of these APIs comes near this; a larger one is not worth the memory.
const MAX_BODY: usize = 1024 * 1024;

/// The HTTP client of all calls to Naver.
#[derive(Debug)]
pub(crate) struct Http(Client);

/// A reply that is a success and a JSON object.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Http {
    pub(crate) fn new(timeout: Duration) -> Result<Self, reqwest::Error> {
        let client = Client::builder()
            .timeout(timeout)
            // A redirect would carry the keys to another place.
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .user_agent(concat!("dari-providers/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self(client))
    }

    pub(crate) fn get(&self, url: Url) -> RequestBuilder {
        self.0.get(url)
    }

    pub(crate) fn post(&self, url: Url) -> RequestBuilder {
        self.0.post(url)
    }

    /// Sends and sorts. The body is read as JSON whatever its content type says: the calendar calls it `text/html`, and
    /// the HUB `text/plain`.
    pub(crate) async fn send(&self, auth: CallAuth, request: RequestBuilder) -> Result<Reply, NaverError> {
        let response = request.send().await.map_err(NaverError::transport)?;
        let status = response.status().as_u16();
        let body = read(response).await?;
        // The body itself is never logged: it may be somebody's profile.
        let body = classify(auth, status, serde_json::from_slice(&body).ok()).inspect_err(|error| {
            tracing::debug!(status, %error, "a call to Naver failed");
        })?;
        Ok(Reply { status, body })
    }

    /// Sends, and gives the status of whatever comes back; the body is not read. For calls that answer with nothing.
    pub(crate) async fn status(&self, request: RequestBuilder) -> Result<u16, NaverError> {
        let response = request.send().await.map_err(NaverError::transport)?;
        Ok(response.status().as_u16())
    }
}

async fn read(mut response: Response) -> Result<Vec<u8>, NaverError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(NaverError::transport)? {
        if body.len() + chunk.len() > MAX_BODY {
            return Err(NaverError::garbage(response.status().as_u16(), "the reply is larger than 1 MiB"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Adds a user's token; the header is marked as not to be shown.
pub(crate) fn bearer(request: RequestBuilder, token: &SecretString) -> RequestBuilder {
    request.bearer_auth(token.expose_secret())
}

/// Adds a secret header; a value that can't be one fails when the request is sent.
pub(crate) fn secret_header(request: RequestBuilder, name: &'static str, value: &SecretString) -> RequestBuilder {
    match HeaderValue::from_str(value.expose_secret()) {
        Ok(mut value) => {
            value.set_sensitive(true);
            request.header(name, value)
        }
        // Lets reqwest report the bad value in its own error, which does not show it.
        Err(_) => request.header(name, "\n"),
    }
}
