//! The provider over HTTP: where its login page is, and its token endpoint.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use http::{Response, StatusCode};
use oauth2::basic::{
    BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType,
};
use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointNotSet, EndpointSet,
    ExtraTokenFields, HttpRequest, HttpResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RefreshToken,
    RequestTokenError, Scope, StandardRevocableToken, StandardTokenResponse, TokenResponse as _, TokenUrl,
};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    AnyProvider, BoxFuture, ClientAuth, IdentifyError, Identity, ProviderConfig, TokenCall, UpstreamError,
    UpstreamTokens,
};
use crate::auth::counters::{Counts, count};

/// The most bytes of a token answer that are read.
const MAX_BODY: usize = 64 * 1024;

/// What OpenID Connect adds to a token answer.
#[derive(Debug, Deserialize, Serialize)]
struct IdToken {
    id_token: Option<String>,
}
impl ExtraTokenFields for IdToken {}

type TokenAnswer = StandardTokenResponse<IdToken, BasicTokenType>;
type Client = oauth2::Client<
    BasicErrorResponse,
    TokenAnswer,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// The provider, and this server as its client.
pub(crate) struct Upstream {
    endpoint: TokenEndpoint,
    client: Client,
    timeout: Duration,
    counts: Arc<Counts>,
}

/// The token endpoint: who speaks to it, and who reads its answers.
#[derive(Clone)]
struct TokenEndpoint {
    provider: Arc<dyn AnyProvider>,
    http: reqwest::Client,
}

/// Why there can be no such provider.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UpstreamConfigError {
    #[error("the {what} of the provider, {url:?}, is not a URL")]
    NotAUrl { what: &'static str, url: String },
    #[error("the {what} of the provider, {url:?}, must begin with https://; http:// is for loopback only")]
    NotHttps { what: &'static str, url: String },
    #[error("the provider has no client id; give the one it issued for this server")]
    NoClientId,
    #[error("the provider has no client secret, or an empty one; give the one it issued for this server")]
    NoSecret,
    #[error("no HTTP client for the provider could be made: {0}")]
    Http(#[source] reqwest::Error),
}

/// What for a user is sent to the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Visit {
    /// To log in.
    LogsIn,
    /// To be asked once more for what they did not permit.
    AsksAgain,
}

/// The user's way to the provider.
pub(crate) struct Departure {
    /// The provider's login page.
    pub(crate) url: String,
    /// The PKCE verifier for the way back, where the provider knows PKCE.
    pub(crate) verifier: Option<String>,
}

impl Upstream {
    pub(crate) fn new(
        provider: Arc<dyn AnyProvider>,
        callback: &str,
        timeout: Duration,
        counts: Arc<Counts>,
    ) -> Result<Self, Vec<UpstreamConfigError>> {
        let config = provider.config();
        let mut wrong = Vec::new();
        if config.client_id.is_empty() {
            wrong.push(UpstreamConfigError::NoClientId);
        }
        let secret = config.client_secret.as_ref().map(|secret| secret.expose_secret()).filter(|text| !text.is_empty());
        if config.client_auth != ClientAuth::None && secret.is_none() {
            wrong.push(UpstreamConfigError::NoSecret);
        }
        let mut check = |what, url: &str| check_url(what, url).map_err(|error| wrong.push(error)).ok();
        let urls = (
            check("authorization endpoint", &config.authorize_url)
                .and_then(|()| AuthUrl::new(config.authorize_url.clone()).ok()),
            check("token endpoint", &config.token_url).and_then(|()| TokenUrl::new(config.token_url.clone()).ok()),
            RedirectUrl::new(callback.to_owned()).ok(),
        );
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            // Secrets go straight to the provider, whatever proxy the environment names.
            .no_proxy()
            .timeout(timeout)
            .build();
        match (urls, http) {
            ((Some(authorize), Some(token), Some(callback)), Ok(http)) if wrong.is_empty() => {
                let client = client(config, secret, authorize, token, callback);
                Ok(Self { client, timeout, counts, endpoint: TokenEndpoint { provider: provider.clone(), http } })
            }
            (_, Err(error)) => {
                wrong.push(UpstreamConfigError::Http(error));
                Err(wrong)
            }
            _ => Err(wrong),
        }
    }

    /// Where to send the user, with our own `state` and PKCE challenge and nothing of the client's.
    pub(crate) fn departure(&self, state: &str, visit: Visit) -> Departure {
        let config = self.endpoint.provider.config();
        let mut request = self.client.authorize_url(|| CsrfToken::new(state.to_owned()));
        request = request.add_scopes(config.scopes.iter().cloned().map(Scope::new));
        let again = config.reprompt_params.iter().filter(|_| visit == Visit::AsksAgain);
        for (name, value) in config.authorize_params.iter().chain(again) {
            request = request.add_extra_param(name, value);
        }
        let mut verifier = None;
        if config.pkce {
            let (challenge, secret) = PkceCodeChallenge::new_random_sha256();
            request = request.set_pkce_challenge(challenge);
            verifier = Some(secret.into_secret());
        }
        Departure { url: request.url().0.into(), verifier }
    }

    /// Whether the provider can be told to ask a user once more.
    pub(crate) fn can_ask_again(&self) -> bool {
        !self.endpoint.provider.config().reprompt_params.is_empty()
    }

    /// Exchanges a code (RFC 6749 §4.1.3).
    pub(crate) async fn exchange(
        &self,
        code: &str,
        state: &str,
        verifier: Option<String>,
    ) -> Result<UpstreamTokens, UpstreamError> {
        count(&self.counts.exchanges);
        let mut request = self.client.exchange_code(AuthorizationCode::new(code.to_owned()));
        for (name, value) in self.endpoint.provider.extra_token_params(TokenCall::Exchange { state }) {
            request = request.add_extra_param(name, value);
        }
        if let Some(verifier) = verifier {
            request = request.set_pkce_verifier(PkceCodeVerifier::new(verifier));
        }
        outcome(request.request_async(&self.endpoint.caller()).await)
    }

    /// Refreshes tokens (RFC 6749 §6).
    pub(crate) async fn refresh(&self, refresh_token: &SecretString) -> Result<UpstreamTokens, UpstreamError> {
        count(&self.counts.refreshes);
        let token = RefreshToken::new(refresh_token.expose_secret().to_owned());
        let mut request = self.client.exchange_refresh_token(&token);
        for (name, value) in self.endpoint.provider.extra_token_params(TokenCall::Refresh) {
            request = request.add_extra_param(name, value);
        }
        outcome(request.request_async(&self.endpoint.caller()).await)
    }

    /// Asks the provider whose tokens these are, within the time limit.
    pub(crate) async fn identify(&self, tokens: &UpstreamTokens) -> Result<Identity, IdentifyError> {
        count(&self.counts.identifications);
        let answer = tokio::time::timeout(self.timeout, self.endpoint.provider.identify(tokens)).await;
        match answer {
            Ok(Ok(identity)) if identity.subject.is_empty() => {
                Err(IdentifyError::Unavailable("it named no user".into()))
            }
            Ok(answer) => answer,
            Err(_) => Err(IdentifyError::Unavailable("it took too long".into())),
        }
    }

    /// Has the provider end these tokens, within the time limit.
    pub(crate) async fn revoke(&self, tokens: &UpstreamTokens) -> Result<(), UpstreamError> {
        count(&self.counts.revocations);
        let answer = tokio::time::timeout(self.timeout, self.endpoint.provider.revoke(tokens)).await;
        answer.unwrap_or_else(|_| Err(UpstreamError::Unavailable("it took too long".into())))
    }
}

impl TokenEndpoint {
    /// The function through which [`oauth2`] makes its requests.
    fn caller(&self) -> impl Fn(HttpRequest) -> BoxFuture<'static, Result<HttpResponse, UpstreamError>> + use<> {
        let endpoint = self.clone();
        move |request| {
            let endpoint = endpoint.clone();
            Box::pin(async move { endpoint.send(request).await })
        }
    }

    /// One request to the token endpoint. The provider reads the answer, and what it read is written anew as RFC 6749
    /// has it: [`oauth2`] takes nothing else.
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, UpstreamError> {
        let (status, body) = self.fetch(request).await?;
        let tokens = self.provider.read_token_response(status, &body)?;
        let body = json!({
            "access_token": tokens.access_token().expose_secret(),
            "token_type": "bearer",
            "expires_in": tokens.expires_in().map(|lifetime| lifetime.as_secs()),
            "refresh_token": tokens.refresh_token().map(|token| token.expose_secret()),
            "id_token": tokens.id_token().map(|token| token.expose_secret()),
            "scope": tokens.scope(),
        });
        Ok(Response::new(body.to_string().into_bytes()))
    }

    async fn fetch(&self, request: HttpRequest) -> Result<(StatusCode, Vec<u8>), UpstreamError> {
        let away = |what: &'static str| UpstreamError::Unavailable(Cow::Borrowed(what));
        let request = reqwest::Request::try_from(request).map_err(|_| away("the request could not be made"))?;
        // The error's own text holds the URL: only its kind is told.
        let failed = |error: reqwest::Error| {
            away(match () {
                () if error.is_timeout() => "it took too long",
                () if error.is_connect() => "no connection",
                () => "the connection broke",
            })
        };
        let mut response = self.http.execute(request).await.map_err(failed)?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > MAX_BODY {
                return Err(away("its answer is too large"));
            }
            body.extend_from_slice(&chunk);
        }
        Ok((response.status(), body))
    }
}

fn client(
    config: &ProviderConfig,
    secret: Option<&str>,
    authorize: AuthUrl,
    token: TokenUrl,
    callback: RedirectUrl,
) -> Client {
    let client = oauth2::Client::new(ClientId::new(config.client_id.clone()))
        .set_auth_type(match config.client_auth {
            ClientAuth::Basic => AuthType::BasicAuth,
            ClientAuth::Post | ClientAuth::None => AuthType::RequestBody,
        })
        .set_auth_uri(authorize)
        .set_token_uri(token)
        .set_redirect_uri(callback);
    match secret {
        Some(secret) if config.client_auth != ClientAuth::None => {
            client.set_client_secret(ClientSecret::new(secret.to_owned()))
        }
        _ => client,
    }
}

fn check_url(what: &'static str, text: &str) -> Result<(), UpstreamConfigError> {
    let url = url::Url::parse(text).map_err(|_| UpstreamConfigError::NotAUrl { what, url: text.to_owned() })?;
    match (url.scheme(), url.host_str()) {
        ("https", Some(_)) | ("http", Some("127.0.0.1" | "[::1]" | "localhost")) => Ok(()),
        _ => Err(UpstreamConfigError::NotHttps { what, url: text.to_owned() }),
    }
}

/// What came of a token request. Whatever the provider did not say itself is no verdict on the login.
fn outcome(
    answer: Result<TokenAnswer, RequestTokenError<UpstreamError, BasicErrorResponse>>,
) -> Result<UpstreamTokens, UpstreamError> {
    let answer = answer.map_err(|error| match error {
        RequestTokenError::Request(error) => error,
        _ => UpstreamError::Unavailable("its answer could not be read".into()),
    })?;
    let mut tokens = UpstreamTokens::new(answer.access_token().secret().clone().into());
    if let Some(token) = answer.refresh_token() {
        tokens = tokens.with_refresh_token(token.secret().clone().into());
    }
    if let Some(token) = &answer.extra_fields().id_token {
        tokens = tokens.with_id_token(token.clone().into());
    }
    if let Some(lifetime) = answer.expires_in() {
        tokens = tokens.with_expires_in(lifetime);
    }
    if let Some(scopes) = answer.scopes() {
        let scopes: Vec<&str> = scopes.iter().map(|scope| scope.as_str()).collect();
        tokens = tokens.with_scope(scopes.join(" "));
    }
    Ok(tokens)
}
