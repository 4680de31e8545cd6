//! Naver as the provider behind a login.

use std::borrow::Cow;
use std::time::Duration;

#[cfg(feature = "naver-unlink")]
use axum::Router;
#[cfg(feature = "naver-unlink")]
use dari::auth::Sessions;
use dari::auth::{
    BoxFuture, ClientAuth, IdentifyError, Identity, OAuthProxy, Provider, ProviderConfig, TokenCall, UpstreamError,
    UpstreamTokens,
};
use dari::store::configured_secrets;
use reqwest::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::Url;

use super::http::Http;
use super::settings::{BaseUrl, KeyPair, LOGIN, NaverConfigError};
#[cfg(feature = "naver-unlink")]
use super::unlink::UnlinkKey;
use super::{NaverError, NaverErrorKind, NaverOpenApi, NaverProfile};
use crate::env::{Env, EnvFileError};

/// Naver Login, by its OpenID Connect endpoints (which know PKCE).
///
/// It goes to `.auth(..)` as it is, or inside an [`OAuthProxy`] with settings of its own:
///
/// ```no_run
/// use dari::auth::OAuthProxy;
/// use dari::prelude::*;
/// use dari_providers::naver::NaverProvider;
///
/// # fn build() -> Result<McpServer, dari::Error> {
/// let login = OAuthProxy::new(NaverProvider::from_env()?).public_url("https://mcp.example.com");
/// Ok(McpServer::new("Naver Remote MCP", "1.0.0").auth(login))
/// # }
/// ```
#[derive(Debug)]
pub struct NaverProvider {
    config: ProviderConfig,
    keys: KeyPair,
    open_api: NaverOpenApi,
    http: Http,
    revoke_url: Url,
    #[cfg(feature = "naver-unlink")]
    unlink: Option<UnlinkKey>,
    settings: ProxySettings,
}

/// The name under which functions ask for this provider's token: `AccessToken<Naver>`.
pub type Naver = NaverProvider;

/// Settings of the login as a whole that the environment holds beside those of the provider.
#[derive(Clone, Debug, Default)]
struct ProxySettings {
    public_url: Option<String>,
    issuer: Option<String>,
    redirect_path: Option<String>,
    required_scopes: Option<Vec<String>>,
    allowed_redirect_uris: Option<Vec<String>>,
    secrets: Vec<SecretString>,
    timeout: Option<Duration>,
}

impl NaverProvider {
    /// Naver Login for the application with this client id and secret (<https://developers.naver.com/apps>).
    pub fn builder(client_id: impl Into<String>, client_secret: SecretString) -> NaverProviderBuilder {
        NaverProviderBuilder {
            keys: KeyPair { id: client_id.into(), secret: client_secret },
            login_url: LOGIN.to_owned(),
            open_api_url: None,
            timeout: Duration::from_secs(10),
            #[cfg(feature = "naver-unlink")]
            unlink_webhook: false,
            settings: ProxySettings::default(),
        }
    }

    /// Naver Login from the process environment and a `.env` file.
    ///
    /// | variable | meaning |
    /// |---|---|
    /// | `NAVER_CLIENT_ID`, `NAVER_CLIENT_SECRET` | the application's keys; required |
    /// | `BASE_URL` | the public URL of this server: [`OAuthProxy::public_url`] |
    /// | `DARI_SECRET`, `DARI_SECRET_PREVIOUS` | the key ring: [`configured_secrets`] |
    /// | `NAVER_REQUIRED_SCOPES` | comma-separated: [`OAuthProxy::required_scopes`] |
    /// | `NAVER_ALLOWED_CLIENT_REDIRECT_URIS` | comma-separated patterns: [`OAuthProxy::allowed_redirect_uris`] |
    /// | `NAVER_REDIRECT_PATH` | [`OAuthProxy::redirect_path`]; `/auth/callback` unless set |
    /// | `NAVER_ISSUER_URL` | [`OAuthProxy::issuer`]; the public URL unless set |
    /// | `NAVER_TIMEOUT_SECONDS` | how long one request to Naver may take, 1 to 30; 10 unless set |
    /// | `NAVER_UNLINK_WEBHOOK` | `true` adds the route for it (feature `naver-unlink`): `unlink_webhook` of the builder |
    /// | `NAVER_LOGIN_URL`, `NAVER_OPENAPI_URL` | a stand-in or a gateway instead of Naver's hosts |
    ///
    /// Each secret (`NAVER_CLIENT_SECRET`, `DARI_SECRET`, `DARI_SECRET_PREVIOUS`) may be in a file instead, which a variable
    /// with `_FILE` at the end of its name names.
    ///
    /// # Errors
    /// When variables are missing or cannot be used: all mistakes at once.
    pub fn from_env() -> Result<Self, NaverConfigError> {
        Self::from_env_with(&Env::load()?)
    }

    /// The same from an environment read before, or one made for a test.
    ///
    /// # Errors
    /// As [`from_env`](Self::from_env).
    pub fn from_env_with(env: &Env) -> Result<Self, NaverConfigError> {
        let mut wrong = Vec::new();
        let keys = match KeyPair::from_env(env, "NAVER_CLIENT_ID", "NAVER_CLIENT_SECRET") {
            Ok(Ok(keys)) => Some(keys),
            Ok(Err(names)) => {
                wrong.push(NaverConfigError::Missing { names });
                None
            }
            Err(error) => {
                wrong.push(error.into());
                None
            }
        };
        // Without keys there is no provider, and yet its other settings are looked at: all mistakes at once.
        let keys = keys.unwrap_or_else(|| KeyPair { id: String::new(), secret: SecretString::default() });
        let mut builder = Self::builder(keys.id, keys.secret);
        builder.settings = ProxySettings::from_env(env, &mut wrong);
        if let Some(url) = env.get("NAVER_LOGIN_URL") {
            builder = builder.login_url(url);
        }
        if let Some(url) = env.get("NAVER_OPENAPI_URL") {
            builder = builder.open_api_url(url);
        }
        if let Some(seconds) = env.get("NAVER_TIMEOUT_SECONDS") {
            match seconds.parse().ok().filter(|seconds| (1..=30).contains(seconds)) {
                Some(seconds) => builder = builder.timeout(Duration::from_secs(seconds)),
                None => wrong.push(NaverConfigError::Timeout { name: "NAVER_TIMEOUT_SECONDS" }),
            }
        }
        match env.get("NAVER_UNLINK_WEBHOOK").as_deref() {
            None | Some("false") => {}
            #[cfg(feature = "naver-unlink")]
            Some("true") => builder = builder.unlink_webhook(),
            #[cfg(not(feature = "naver-unlink"))]
            Some("true") => wrong.push(NaverConfigError::NoUnlinkFeature),
            Some(_) => wrong.push(NaverConfigError::NotABool { name: "NAVER_UNLINK_WEBHOOK" }),
        }
        match (builder.build(), wrong.is_empty()) {
            (Ok(provider), true) => Ok(provider),
            (built, _) => {
                wrong.extend(built.err());
                Err(NaverConfigError::all(wrong))
            }
        }
    }
}

impl ProxySettings {
    fn from_env(env: &Env, wrong: &mut Vec<NaverConfigError>) -> Self {
        let list = |name| {
            let text = env.get(name)?;
            Some(text.split(',').map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()).collect())
        };
        let secrets = configured_secrets(|name| env.get(name)).unwrap_or_else(|errors| {
            wrong.extend(errors.into_iter().map(NaverConfigError::from));
            Vec::new()
        });
        Self {
            public_url: env.get("BASE_URL"),
            issuer: env.get("NAVER_ISSUER_URL"),
            redirect_path: env.get("NAVER_REDIRECT_PATH"),
            required_scopes: list("NAVER_REQUIRED_SCOPES"),
            allowed_redirect_uris: list("NAVER_ALLOWED_CLIENT_REDIRECT_URIS"),
            secrets,
            timeout: None,
        }
    }
}

/// Makes a [`NaverProvider`].
#[derive(Debug)]
#[must_use]
pub struct NaverProviderBuilder {
    keys: KeyPair,
    login_url: String,
    open_api_url: Option<String>,
    timeout: Duration,
    #[cfg(feature = "naver-unlink")]
    unlink_webhook: bool,
    settings: ProxySettings,
}

impl NaverProviderBuilder {
    /// Base URL of the login, `https://nid.naver.com` unless set.
    pub fn login_url(mut self, url: impl Into<String>) -> Self {
        self.login_url = url.into();
        self
    }

    /// Base URL of the Open APIs, where profiles are read; `https://openapi.naver.com` unless set.
    pub fn open_api_url(mut self, url: impl Into<String>) -> Self {
        self.open_api_url = Some(url.into());
        self
    }

    /// How long one request to Naver may take; ten seconds unless set.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self.settings.timeout = Some(timeout);
        self
    }

    /// Adds the route that Naver tells when a user disconnects the application: the user's sessions end at once, and not
    /// only when the login next asks Naver whose token it has.
    ///
    /// Register its URL in the application's settings: the public URL, followed by `/auth/provider/unlink`.
    #[cfg(feature = "naver-unlink")]
    pub fn unlink_webhook(mut self) -> Self {
        self.unlink_webhook = true;
        self
    }

    /// Makes the provider.
    ///
    /// # Errors
    /// When a URL can't be used: neither TLS nor on this machine, or no URL at all.
    pub fn build(self) -> Result<NaverProvider, NaverConfigError> {
        let login = BaseUrl::parse("NAVER_LOGIN_URL", &self.login_url)?;
        let mut open_api =
            NaverOpenApi::builder().client(&self.keys.id, self.keys.secret.clone()).timeout(self.timeout);
        if let Some(url) = self.open_api_url {
            open_api = open_api.open_api_url(url);
        }
        // `openid` is what the OpenID Connect endpoints ask for; permissions are set in the application's settings.
        let config =
            ProviderConfig::new("Naver", login.at("/oauth2/authorize"), login.at("/oauth2/token"), &self.keys.id)
                .client_secret(self.keys.secret.clone(), ClientAuth::Post)
                .scopes(["openid"])
                // Documented for the older endpoints only; where it is refused, the user is told what to do instead.
                .reprompt_param("auth_type", "reprompt");
        Ok(NaverProvider {
            config,
            open_api: open_api.build()?,
            http: Http::new(self.timeout).map_err(NaverConfigError::HttpClient)?,
            // There is no endpoint to revoke at beside `oauth2/token`: the older family's serves both.
            revoke_url: login.at("/oauth2.0/revoke"),
            #[cfg(feature = "naver-unlink")]
            unlink: self.unlink_webhook.then(|| UnlinkKey::new(&self.keys.id, &self.keys.secret)),
            keys: self.keys,
            settings: self.settings,
        })
    }
}

impl Provider for NaverProvider {
    type Profile = NaverProfile;

    fn config(&self) -> &ProviderConfig {
        &self.config
    }

    fn configure(&self, mut proxy: OAuthProxy) -> OAuthProxy {
        let settings = self.settings.clone();
        for (option, variable) in [
            ("issuer", "NAVER_ISSUER_URL"),
            ("redirect_path", "NAVER_REDIRECT_PATH"),
            ("required_scopes", "NAVER_REQUIRED_SCOPES"),
            ("allowed_redirect_uris", "NAVER_ALLOWED_CLIENT_REDIRECT_URIS"),
            ("upstream_timeout", "NAVER_TIMEOUT_SECONDS"),
        ] {
            proxy = proxy.variable(option, variable);
        }
        if let Some(url) = settings.public_url {
            proxy = proxy.public_url(url);
        }
        if let Some(issuer) = settings.issuer {
            proxy = proxy.issuer(issuer);
        }
        if let Some(path) = settings.redirect_path {
            proxy = proxy.redirect_path(path);
        }
        if let Some(scopes) = settings.required_scopes {
            proxy = proxy.required_scopes(scopes);
        }
        if let Some(patterns) = settings.allowed_redirect_uris {
            proxy = proxy.allowed_redirect_uris(patterns);
        }
        if !settings.secrets.is_empty() {
            proxy = proxy.secrets(settings.secrets);
        }
        if let Some(timeout) = settings.timeout {
            proxy = proxy.upstream_timeout(timeout);
        }
        proxy
    }

    fn identify<'a>(&'a self, tokens: &'a UpstreamTokens) -> BoxFuture<'a, Result<Identity, IdentifyError>> {
        Box::pin(async {
            let profile = self.open_api.profile(tokens.access_token()).await.map_err(|error| verdict(&error))?;
            let subject = profile.id.clone();
            let profile = serde_json::to_value(profile)
                .map_err(|_| IdentifyError::Unavailable("the profile cannot be written as JSON".into()))?;
            Ok(Identity { subject, profile })
        })
    }

    fn read_token_response(&self, status: StatusCode, body: &[u8]) -> Result<UpstreamTokens, UpstreamError> {
        // `invalid_request` under HTTP 200 is a dead code or token, and also a wrong client secret. Only the description
        // tells the two apart: a mistyped secret must end nobody's login.
        let answer: Value = serde_json::from_slice(body).unwrap_or_default();
        if matches!(answer["error_description"].as_str(), Some("wrong client secret" | "wrong client id")) {
            return Err(UpstreamError::ClientRefused("Naver does not know this client id and secret".into()));
        }
        UpstreamTokens::read(status, body)
    }

    fn extra_token_params(&self, call: TokenCall<'_>) -> Vec<(Cow<'static, str>, String)> {
        match call {
            // Documented as required at the token call, unlike anywhere else.
            TokenCall::Exchange { state } => vec![("state".into(), state.to_owned())],
            _ => Vec::new(),
        }
    }

    #[cfg(feature = "naver-unlink")]
    fn routes(&self, sessions: Sessions) -> Router {
        match &self.unlink {
            Some(key) => super::unlink::routes(key.clone(), sessions),
            None => Router::new(),
        }
    }

    /// The permissions of Naver's settings that tools of this crate need.
    fn describe_scope(&self, scope: &str, language: &str) -> Option<String> {
        let (korean, english) = match scope {
            "profile" => ("네이버 프로필 보기", "See your Naver profile"),
            "calendar" => ("네이버 캘린더에 일정 추가", "Add schedules to your Naver calendar"),
            _ => return None,
        };
        Some(if language == "ko" { korean } else { english }.to_owned())
    }

    fn describe_withdrawal(&self, language: &str) -> Option<String> {
        let text = if language == "ko" {
            "네이버의 내 정보에서 '연결된 서비스 관리'를 열고, 이 서비스의 연결을 끊으세요(동의 철회)."
        } else {
            "In your Naver account, open \"connected services\" and disconnect this service."
        };
        Some(text.to_owned())
    }

    /// Unlinks this application from the user: both tokens end, and the next login asks for permission again.
    fn revoke<'a>(&'a self, tokens: &'a UpstreamTokens) -> BoxFuture<'a, Result<(), UpstreamError>> {
        Box::pin(async {
            let (token, hint) = match tokens.refresh_token() {
                Some(token) => (token, "refresh_token"),
                None => (tokens.access_token(), "access_token"),
            };
            let form = [
                ("client_id", self.keys.id.as_str()),
                ("client_secret", self.keys.secret.expose_secret()),
                ("token", token.expose_secret()),
                ("token_type_hint", hint),
            ];
            let status = self.http.status(self.http.post(self.revoke_url.clone()).form(&form)).await;
            match status.map_err(|_| UpstreamError::Unavailable("the revocation cannot be reached".into()))? {
                200 => Ok(()),
                status @ (400 | 401) => {
                    Err(UpstreamError::ClientRefused(format!("revocation answered {status}").into()))
                }
                status => Err(UpstreamError::Unavailable(format!("revocation answered {status}").into())),
            }
        })
    }
}

/// "No" is only what Naver says of the token itself, with code 024; all else is no answer, and no login is lost to it:
/// a firewall's 403, a missing header, an API that the operator has unticked.
///
/// The texts go to the log, so nothing of Naver's own text is in them.
fn verdict(error: &NaverError) -> IdentifyError {
    let reply = error.reply().map(|reply| (reply.status(), reply.code().unwrap_or_default()));
    match (error.kind(), reply) {
        (NaverErrorKind::PermissionDenied(_), Some((_, "024"))) => {
            IdentifyError::Rejected("the profile API answered 024".into())
        }
        (_, Some((status, _))) => IdentifyError::Unavailable(format!("the profile API answered HTTP {status}").into()),
        (_, None) if error.is_transient() => IdentifyError::Unavailable("the profile API cannot be reached".into()),
        (_, None) => IdentifyError::Unavailable("the profile API's answer cannot be read".into()),
    }
}

impl From<NaverConfigError> for dari::Error {
    fn from(error: NaverConfigError) -> Self {
        Self::config(error)
    }
}

impl From<EnvFileError> for dari::Error {
    fn from(error: EnvFileError) -> Self {
        Self::config(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provider() -> NaverProvider {
        NaverProvider::builder("id", "hunter2".into()).build().unwrap()
    }

    #[test]
    fn a_wrong_secret_is_not_taken_for_a_dead_token() {
        let read = |status: u16, body: &str| {
            provider().read_token_response(StatusCode::from_u16(status).unwrap(), body.as_bytes())
        };
        for refused in [
            (200, r#"{"error":"invalid_request","error_description":"wrong client secret"}"#),
            (200, r#"{"error":"invalid_request","error_description":"wrong client id"}"#),
            (401, r#"{"error":"invalid_client"}"#),
        ] {
            assert!(matches!(read(refused.0, refused.1), Err(UpstreamError::ClientRefused(_))), "{refused:?}");
        }
        let dead = r#"{"error":"invalid_request","error_description":"no valid data in session"}"#;
        assert!(matches!(read(200, dead), Err(UpstreamError::Rejected(_))));
        let dead = r#"{"error":"invalid_request","error_description":"the client's token is dead"}"#;
        assert!(matches!(read(200, dead), Err(UpstreamError::Rejected(_))));
        let tokens = read(200, r#"{"access_token":"a","token_type":"bearer","expires_in":"3600"}"#).unwrap();
        assert_eq!(tokens.expires_in(), Some(Duration::from_secs(3600)));
    }

    #[test]
    fn settings_come_from_the_environment_all_faults_named() {
        let env = |values: &[(&str, &str)]| NaverProvider::from_env_with(&Env::from_map(values.iter().copied()));
        let error = env(&[]).unwrap_err().to_string();
        assert!(error.contains("NAVER_CLIENT_ID and NAVER_CLIENT_SECRET"), "{error}");
        let keys = [("NAVER_CLIENT_ID", "id"), ("NAVER_CLIENT_SECRET", "hunter2")];
        let provider =
            env(&[keys[0], keys[1], ("BASE_URL", "https://mcp.example.com"), ("NAVER_REQUIRED_SCOPES", "a, b")]);
        let provider = provider.unwrap();
        assert_eq!(provider.settings.public_url.as_deref(), Some("https://mcp.example.com"));
        assert_eq!(provider.settings.required_scopes, Some(vec!["a".to_owned(), "b".to_owned()]));
        assert!(!format!("{provider:?}").contains("hunter2"));
        let bad = [
            ("NAVER_TIMEOUT_SECONDS", "soon"),
            ("NAVER_LOGIN_URL", "http://nid.naver.com"),
            ("NAVER_UNLINK_WEBHOOK", "maybe"),
            ("DARI_SECRET_FILE", "/nowhere/secret"),
        ];
        for bad in bad {
            assert!(env(&[keys[0], keys[1], bad]).unwrap_err().to_string().contains(bad.0));
        }
        let error = env(&bad).unwrap_err().to_string();
        for name in bad.map(|(name, _)| name).into_iter().chain(["NAVER_CLIENT_ID", "NAVER_CLIENT_SECRET"]) {
            assert!(error.contains(name), "{name} is not in {error}");
        }
    }
}
