//! The data of a provider.

use secrecy::SecretString;

/// How this server proves to the provider who it is (RFC 6749 §2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientAuth {
    /// `client_secret_post`: id and secret in the form body.
    Post,
    /// `client_secret_basic`: id and secret in an `Authorization: Basic` header.
    Basic,
    /// `none`: a public client, that has no secret.
    None,
}

/// Endpoints, client and scopes of a provider.
///
/// ```
/// use dari::auth::{ClientAuth, ProviderConfig};
///
/// let config = ProviderConfig::new("Example", "https://id.example/authorize", "https://id.example/token", "my-client")
///     .client_secret("s3cret".to_owned().into(), ClientAuth::Post)
///     .scopes(["openid"]);
/// assert_eq!(config.name(), "Example");
/// ```
#[derive(Clone, Debug)]
pub struct ProviderConfig {
    pub(crate) name: String,
    pub(crate) authorize_url: String,
    pub(crate) token_url: String,
    pub(crate) client_id: String,
    pub(crate) client_secret: Option<SecretString>,
    pub(crate) client_auth: ClientAuth,
    pub(crate) pkce: bool,
    pub(crate) scopes: Vec<String>,
    pub(crate) authorize_params: Vec<(String, String)>,
    pub(crate) reprompt_params: Vec<(String, String)>,
}

impl ProviderConfig {
    /// A provider with this name (people read it), authorization endpoint and token endpoint, and this server's
    /// `client_id` there. PKCE is on; there is no secret and there are no scopes yet.
    #[must_use]
    pub fn new(
        name: impl Into<String>,
        authorize_url: impl Into<String>,
        token_url: impl Into<String>,
        client_id: impl Into<String>,
    ) -> Self {
        Self {
            name: name.into(),
            authorize_url: authorize_url.into(),
            token_url: token_url.into(),
            client_id: client_id.into(),
            client_secret: None,
            client_auth: ClientAuth::None,
            pkce: true,
            scopes: Vec::new(),
            authorize_params: Vec::new(),
            reprompt_params: Vec::new(),
        }
    }

    /// The client secret, and how it is sent.
    #[must_use]
    pub fn client_secret(mut self, secret: SecretString, how: ClientAuth) -> Self {
        self.client_secret = Some(secret);
        self.client_auth = how;
        self
    }

    /// The scopes to ask the provider for, in its own words.
    #[must_use]
    pub fn scopes(mut self, scopes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// For a provider that rejects the parameters of PKCE (RFC 7636). One that only ignores them needs no such word.
    #[must_use]
    pub const fn without_pkce(mut self) -> Self {
        self.pkce = false;
        self
    }

    /// One more parameter for the authorization request, such as `access_type=offline`.
    #[must_use]
    pub fn authorize_param(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.authorize_params.push((name.into(), value.into()));
        self
    }

    /// A parameter that makes the provider ask a user once more for what they did not permit, such as
    /// `auth_type=reprompt` with Naver or `prompt=consent` elsewhere. It is sent when a tool answered
    /// [`ToolError::needs_scope`](crate::ToolError::needs_scope) for this user.
    #[must_use]
    pub fn reprompt_param(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.reprompt_params.push((name.into(), value.into()));
        self
    }

    /// The provider's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// This server's `client_id` at the provider.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// The scopes that the provider is asked for.
    pub fn asked_scopes(&self) -> impl Iterator<Item = &str> {
        self.scopes.iter().map(String::as_str)
    }
}
