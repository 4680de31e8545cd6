//! A login, from registration to an access token, at a provider that lets everybody in.

use std::collections::HashMap;

use axum::Router;
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dari::auth::{
    BoxFuture, ClientAuth, IdentifyError, Identity, OAuthProxy, Provider, ProviderConfig, UpstreamTokens,
};
use dari::store::MemoryStore;
use reqwest::header::{CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::Error;

const REDIRECT: &str = "http://localhost:3334/callback";
const VERIFIER: &str = "a-verifier-that-is-at-least-forty-three-characters-long";

/// The provider, and where the server is that asks it.
pub struct Login {
    provider: String,
    server: String,
}

/// A provider that knows one user, and gives a token for any code.
struct Everybody(ProviderConfig);

impl Provider for Everybody {
    type Profile = HashMap<String, String>;

    fn config(&self) -> &ProviderConfig {
        &self.0
    }

    fn identify<'a>(&'a self, _: &'a UpstreamTokens) -> BoxFuture<'a, Result<Identity, IdentifyError>> {
        Box::pin(async { Ok(Identity { subject: "user-1".to_owned(), profile: json!({}) }) })
    }
}

impl Login {
    /// Starts the provider.
    ///
    /// # Errors
    ///
    /// Those of the socket.
    pub async fn start(server: &str) -> std::io::Result<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let provider = format!("http://{}", listener.local_addr()?);
        let token = async || {
            let answer = json!({ "access_token": "upstream", "token_type": "bearer", "expires_in": 86400 });
            ([(CONTENT_TYPE, "application/json")], answer.to_string())
        };
        tokio::spawn(async move { axum::serve(listener, Router::new().route("/token", post(token))).await });
        Ok(Self { provider, server: server.to_owned() })
    }

    /// The login of the server.
    #[must_use]
    pub fn proxy(&self) -> OAuthProxy {
        let (authorize, token) = (format!("{}/authorize", self.provider), format!("{}/token", self.provider));
        let config = ProviderConfig::new("Everybody", authorize, token, "bench")
            .client_secret("a secret".to_owned().into(), ClientAuth::Post);
        OAuthProxy::new(Everybody(config))
            .public_url(&self.server)
            .secret("a secret of more than thirty-two bytes, for benchmarks".to_owned().into())
            .store(MemoryStore::default())
    }

    /// Does what a client and a browser do; gives the access token.
    ///
    /// # Errors
    ///
    /// A step of the login failed.
    pub async fn log_in(&self) -> Result<String, Error> {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
        let at = |path: &str| format!("{}{path}", self.server);
        let metadata = json!({ "redirect_uris": [REDIRECT], "client_name": "load" }).to_string();
        let registered =
            http.post(at("/register")).header(CONTENT_TYPE, "application/json").body(metadata).send().await?;
        let registered: Value = serde_json::from_str(&registered.text().await?)?;
        let client_id = registered["client_id"].as_str().ok_or("no client_id")?.to_owned();

        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
        let asked = [
            ("response_type", "code"),
            ("client_id", &client_id),
            ("redirect_uri", REDIRECT),
            ("state", "s"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        let page = http.get(Url::parse_with_params(&at("/authorize"), asked)?).send().await?;
        let cookie = page.headers().get(SET_COOKIE).ok_or("no cookie")?.to_str()?;
        let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        let page = page.text().await?;
        let (form, csrf) = (field(&page, "form")?, field(&page, "csrf")?);
        let consent = [("form", form), ("csrf", csrf), ("decision", "approve".to_owned())];
        let sent = http.post(at("/consent")).header(COOKIE, &cookie).form(&consent).send().await?;
        let state = parameter(&sent, "state")?;

        let back = Url::parse_with_params(&at("/auth/callback"), [("code", "any"), ("state", &state)])?;
        let back = http.get(back).header(COOKIE, &cookie).send().await?;
        let code = parameter(&back, "code")?;
        let exchange = [
            ("grant_type", "authorization_code"),
            ("client_id", &client_id),
            ("code", &code),
            ("redirect_uri", REDIRECT),
            ("code_verifier", VERIFIER),
        ];
        let tokens = http.post(at("/token")).form(&exchange).send().await?.text().await?;
        let tokens: Value = serde_json::from_str(&tokens)?;
        Ok(tokens["access_token"].as_str().ok_or("no access_token")?.to_owned())
    }
}

/// A hidden field of a page.
fn field(page: &str, name: &str) -> Result<String, Error> {
    let start = format!("name=\"{name}\" value=\"");
    let at = page.find(&start).ok_or_else(|| format!("no field {name} in {page}"))? + start.len();
    Ok(page[at..].split('"').next().unwrap_or_default().to_owned())
}

/// A parameter of a redirect.
fn parameter(response: &reqwest::Response, name: &str) -> Result<String, Error> {
    let location = response.headers().get(LOCATION).ok_or("no redirect")?.to_str()?;
    let url = Url::parse(location)?;
    let value = url.query_pairs().find_map(|(key, value)| (key == name).then(|| value.into_owned()));
    value.ok_or_else(|| format!("no {name} in {location}").into())
}
