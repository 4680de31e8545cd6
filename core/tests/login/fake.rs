//! A provider on loopback with Naver's habits, which fails on demand and counts what it is asked.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dari::auth::{
    BoxFuture, ClientAuth, IdentifyError, Identity, Provider, ProviderConfig, TokenCall, UpstreamError, UpstreamTokens,
};
use http::{HeaderMap, StatusCode, header};
use secrecy::ExposeSecret as _;
use serde_json::json;
use sha2::{Digest as _, Sha256};

/// The secret of our server at the provider.
pub(crate) const CLIENT_SECRET: &str = "upstream-client-secret";

/// How an endpoint answers.
#[derive(Clone)]
pub(crate) enum Mode {
    Well,
    Says(u16, &'static str),
    Slow(Duration),
    /// Closes the connection.
    Cuts,
}

pub(crate) struct Inside {
    pub(crate) token: Mode,
    pub(crate) profile: Mode,
    pub(crate) revoke: Mode,
    /// What was revoked.
    pub(crate) revoked: Vec<String>,
    /// Whether that makes all tokens of the user void, as at Naver.
    pub(crate) unlinks: bool,
    /// How long the profile is under way once it was read.
    pub(crate) profile_lag: Duration,
    pub(crate) rotates: bool,
    pub(crate) gives_refresh_tokens: bool,
    /// In the answer as it is: Naver writes a string.
    pub(crate) expires_in: serde_json::Value,
    pub(crate) subject: &'static str,
    pub(crate) access_token: String,
    pub(crate) refresh_token: String,
    /// The challenge that came with the authorization request.
    pub(crate) challenge: String,
    pub(crate) exchanges: u32,
    pub(crate) refreshes: u32,
    pub(crate) profiles: u32,
    /// What the token endpoint was sent last.
    pub(crate) form: HashMap<String, String>,
    issued: u32,
}

#[derive(Clone)]
pub(crate) struct Fake {
    inside: Arc<Mutex<Inside>>,
    pub(crate) base: String,
}

impl Fake {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let inside = Inside {
            token: Mode::Well,
            profile: Mode::Well,
            revoke: Mode::Well,
            revoked: Vec::new(),
            unlinks: false,
            profile_lag: Duration::ZERO,
            rotates: false,
            gives_refresh_tokens: true,
            expires_in: json!("3600"),
            subject: "naver-user-1",
            access_token: String::new(),
            refresh_token: String::new(),
            challenge: String::new(),
            exchanges: 0,
            refreshes: 0,
            profiles: 0,
            form: HashMap::new(),
            issued: 0,
        };
        let fake = Self { inside: Arc::new(Mutex::new(inside)), base };
        let app = axum::Router::new()
            .route("/token", post(token))
            .route("/me", get(profile))
            .route("/revoke", post(revoke))
            .with_state(fake.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        fake
    }

    pub(crate) fn set(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap()
    }

    pub(crate) fn provider(&self) -> FakeProvider {
        let config =
            ProviderConfig::new("Fake", format!("{}/authorize", self.base), format!("{}/token", self.base), "dari")
                .client_secret(CLIENT_SECRET.to_owned().into(), ClientAuth::Post)
                .scopes(["openid"])
                .authorize_param("extra", "1");
        FakeProvider { config, base: self.base.clone(), http: reqwest::Client::new() }
    }
}

async fn misbehave(mode: Mode) -> Option<Response> {
    match mode {
        Mode::Well => None,
        Mode::Says(status, body) => Some((StatusCode::from_u16(status).unwrap(), body).into_response()),
        Mode::Slow(time) => {
            tokio::time::sleep(time).await;
            None
        }
        Mode::Cuts => {
            let broken = futures_util::stream::once(async { Err::<bytes::Bytes, _>(std::io::Error::other("cut")) });
            Some(axum::body::Body::from_stream(broken).into_response())
        }
    }
}

async fn token(State(fake): State<Fake>, body: String) -> Response {
    let form: HashMap<String, String> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let mode = {
        let mut inside = fake.set();
        match form["grant_type"].as_str() {
            "refresh_token" => inside.refreshes += 1,
            _ => inside.exchanges += 1,
        }
        inside.form = form.clone();
        inside.token.clone()
    };
    if let Some(response) = misbehave(mode).await {
        return response;
    }
    let mut inside = fake.set();
    let refused = |error: &str| {
        (StatusCode::OK, json!({ "error": error, "error_description": "<b>x</b>" }).to_string()).into_response()
    };
    if form.get("client_secret").map(String::as_str) != Some(CLIENT_SECRET) {
        return refused("invalid_client");
    }
    let refreshing = form["grant_type"] == "refresh_token";
    if refreshing && form["refresh_token"] != inside.refresh_token {
        return refused("invalid_grant");
    }
    let fits = |verifier: &String| URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)) == inside.challenge;
    let code_fits = || form["code"] == "good-code" && form.get("code_verifier").is_some_and(fits);
    if !refreshing && !code_fits() {
        return refused("invalid_request");
    }
    inside.issued += 1;
    inside.access_token = format!("upstream-access-{}", inside.issued);
    let mut answer = json!({
        "access_token": inside.access_token,
        "token_type": "bearer",
        "expires_in": inside.expires_in,
    });
    if inside.gives_refresh_tokens && (!refreshing || inside.rotates) {
        inside.refresh_token = format!("upstream-refresh-{}", inside.issued);
        answer["refresh_token"] = json!(inside.refresh_token);
    }
    ([(header::CONTENT_TYPE, "application/json")], answer.to_string()).into_response()
}

async fn profile(State(fake): State<Fake>, headers: HeaderMap) -> Response {
    let mode = {
        let mut inside = fake.set();
        inside.profiles += 1;
        inside.profile.clone()
    };
    if let Some(response) = misbehave(mode).await {
        return response;
    }
    let (response, lag) = {
        let inside = fake.set();
        let sent = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let response = if sent == format!("Bearer {}", inside.access_token) {
            json!({ "id": inside.subject, "nickname": "다리" }).to_string().into_response()
        } else {
            StatusCode::UNAUTHORIZED.into_response()
        };
        (response, inside.profile_lag)
    };
    tokio::time::sleep(lag).await;
    response
}

async fn revoke(State(fake): State<Fake>, token: String) -> Response {
    let mode = {
        let mut inside = fake.set();
        inside.revoked.push(token);
        inside.revoke.clone()
    };
    let response = misbehave(mode).await.unwrap_or_default();
    let mut inside = fake.set();
    if inside.unlinks {
        inside.access_token.clear();
        inside.refresh_token.clear();
    }
    response
}

pub(crate) struct FakeProvider {
    config: ProviderConfig,
    base: String,
    http: reqwest::Client,
}

impl Provider for FakeProvider {
    type Profile = HashMap<String, String>;

    fn config(&self) -> &ProviderConfig {
        &self.config
    }

    fn identify<'a>(&'a self, tokens: &'a UpstreamTokens) -> BoxFuture<'a, Result<Identity, IdentifyError>> {
        Box::pin(async move {
            let away = |_| IdentifyError::Unavailable("no answer".into());
            let request = self.http.get(format!("{}/me", self.base)).bearer_auth(tokens.access_token().expose_secret());
            let response = request.send().await.map_err(away)?;
            match response.status().as_u16() {
                200 => {}
                401 => return Err(IdentifyError::Rejected("401".into())),
                _ => return Err(IdentifyError::Unavailable("status".into())),
            }
            let body = response.text().await.map_err(away)?;
            let profile: serde_json::Value =
                serde_json::from_str(&body).map_err(|_| IdentifyError::Unavailable("not JSON".into()))?;
            Ok(Identity { subject: profile["id"].as_str().unwrap_or_default().to_owned(), profile })
        })
    }

    fn extra_token_params(&self, call: TokenCall<'_>) -> Vec<(std::borrow::Cow<'static, str>, String)> {
        match call {
            TokenCall::Exchange { state } => vec![("state".into(), state.to_owned())],
            _ => Vec::new(),
        }
    }

    fn revoke<'a>(&'a self, tokens: &'a UpstreamTokens) -> BoxFuture<'a, Result<(), UpstreamError>> {
        Box::pin(async {
            let away = |_| UpstreamError::Unavailable("no answer".into());
            let token = tokens.refresh_token().unwrap_or(tokens.access_token()).expose_secret().to_owned();
            let response = self.http.post(format!("{}/revoke", self.base)).body(token).send().await.map_err(away)?;
            response.error_for_status().map(drop).map_err(away)
        })
    }

    fn describe_scope(&self, scope: &str, language: &str) -> Option<String> {
        (scope == "calendar")
            .then(|| if language == "ko" { "일정 쓰기".to_owned() } else { "Write events".to_owned() })
    }
}
