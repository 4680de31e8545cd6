//! The options of a login.

use std::any::TypeId;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;

use crate::auth::clients::pre_registered::PreRegisteredClient;
use crate::auth::fetch::network::TestNetwork;
use crate::auth::provider::{AnyProvider, IdentifyError, Identity, Provider, UpstreamTokens};
use crate::clock::Clock;
use crate::store::Store;

/// dari as the OAuth authorization server that MCP clients want to see, in front of a [`Provider`] that knows nothing
/// of MCP.
///
/// `.auth(provider)` on the server is short for `.auth(OAuthProxy::new(provider))`; the options below have safe
/// defaults, and only [`public_url`](Self::public_url) has to be said where the server is reached from outside.
pub struct OAuthProxy {
    pub(super) provider: Arc<dyn AnyProvider>,
    pub(super) public_url: Option<String>,
    pub(super) issuer: Option<String>,
    pub(super) redirect_path: String,
    pub(super) required_scopes: Vec<String>,
    pub(super) scopes_supported: Vec<String>,
    pub(super) allowed_redirect_uris: Option<Vec<String>>,
    pub(super) redirect_schemes: Vec<String>,
    pub(super) pre_registered: Vec<PreRegisteredClient>,
    pub(super) registration: bool,
    pub(super) client_documents: bool,
    pub(super) trusted_proxies: Vec<String>,
    pub(super) test_network: Option<TestNetwork>,
    pub(super) secrets: Vec<SecretString>,
    pub(super) store: Option<Arc<dyn Store>>,
    pub(super) data_dir: Option<PathBuf>,
    pub(super) clock: Clock,
    pub(super) consent: bool,
    pub(super) access_token_lifetime: Duration,
    pub(super) refresh_token_idle_lifetime: Duration,
    pub(super) identity_check_interval: Duration,
    pub(super) identity_grace: Duration,
    pub(super) upstream_timeout: Duration,
    /// Which environment variables options came from.
    pub(super) variables: Vec<(&'static str, &'static str)>,
}

impl OAuthProxy {
    /// A login with this provider, with the defaults of every option.
    #[must_use]
    pub fn new<P: Provider>(provider: P) -> Self {
        let provider = Arc::new(provider);
        let proxy = Self {
            provider: provider.clone(),
            public_url: None,
            issuer: None,
            redirect_path: "/auth/callback".to_owned(),
            required_scopes: Vec::new(),
            scopes_supported: Vec::new(),
            allowed_redirect_uris: None,
            redirect_schemes: Vec::new(),
            pre_registered: Vec::new(),
            registration: true,
            client_documents: true,
            trusted_proxies: Vec::new(),
            test_network: None,
            secrets: Vec::new(),
            store: None,
            data_dir: None,
            clock: Clock::system(),
            consent: true,
            access_token_lifetime: Duration::from_secs(60 * 60),
            refresh_token_idle_lifetime: Duration::from_secs(30 * 24 * 60 * 60),
            identity_check_interval: Duration::from_secs(15 * 60),
            identity_grace: Duration::from_secs(60 * 60),
            upstream_timeout: Duration::from_secs(10),
            variables: vec![("public_url", "BASE_URL")],
        };
        provider.configure(proxy)
    }

    /// The URL under which clients reach this server, such as `https://mcp.example.com`, without the MCP path.
    /// https, or http on loopback. Every URL of the login is made of it, byte for byte. Default: `BASE_URL`.
    #[must_use]
    pub fn public_url(mut self, url: impl Into<String>) -> Self {
        self.public_url = Some(url.into());
        self
    }

    /// The issuer (RFC 8414 §2), where it is not to be the public URL.
    #[must_use]
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = Some(issuer.into());
        self
    }

    /// The path at which the provider sends the user back; register it there, behind the public URL.
    /// Default: `/auth/callback`.
    #[must_use]
    pub fn redirect_path(mut self, path: impl Into<String>) -> Self {
        self.redirect_path = path.into();
        self
    }

    /// The scopes of this server that every call needs, and that a client gets which asks for none.
    #[must_use]
    pub fn required_scopes(mut self, scopes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.required_scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// The scopes of this server that a client may ask for beside the required ones.
    #[must_use]
    pub fn scopes_supported(mut self, scopes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.scopes_supported = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// Takes only clients whose redirect URIs match one of these patterns, such as `https://*.example.com/oauth/*`.
    #[must_use]
    pub fn allowed_redirect_uris(mut self, patterns: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.allowed_redirect_uris = Some(patterns.into_iter().map(Into::into).collect());
        self
    }

    /// Takes redirect URIs of one more private-use scheme (RFC 8252 §7.1), such as `com.example.app`.
    #[must_use]
    pub fn allow_redirect_scheme(mut self, scheme: impl Into<String>) -> Self {
        self.redirect_schemes.push(scheme.into());
        self
    }

    /// Knows one more client from the start, whose user types in its `client_id` ([MCP Client Registration,
    /// Pre-registration]).
    ///
    /// [MCP Client Registration, Pre-registration]: https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/client-registration#pre-registration
    #[must_use]
    pub fn client(mut self, client: PreRegisteredClient) -> Self {
        self.pre_registered.push(client);
        self
    }

    /// Lets no client register itself (RFC 7591): `/register` is not there, and is not advertised. Clients that have
    /// registered before are still known.
    #[must_use]
    pub const fn without_dynamic_registration(mut self) -> Self {
        self.registration = false;
        self
    }

    /// Takes no URL for a `client_id`, and does not advertise that it would ([MCP Client Registration, Client ID
    /// Metadata Documents]).
    ///
    /// For servers that cannot reach the internet: to know such a client, this server fetches the document at its URL,
    /// and some clients (Claude Code) use nothing else where it is advertised.
    ///
    /// [MCP Client Registration, Client ID Metadata Documents]: https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/client-registration#client-id-metadata-documents
    #[must_use]
    pub const fn without_client_id_metadata_documents(mut self) -> Self {
        self.client_documents = false;
        self
    }

    /// The reverse proxies in front of this server, as addresses or networks: `10.0.0.7`, `10.0.0.0/8`. What they write
    /// into `X-Forwarded-For` or `Forwarded` (RFC 7239) is then the client's address, by which rate limits count.
    /// Default: none; all clients behind a proxy count as one.
    #[must_use]
    pub fn trusted_proxies(mut self, networks: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.trusted_proxies = networks.into_iter().map(Into::into).collect();
        self
    }

    /// The network on which documents of clients are looked for, for tests of this crate.
    #[doc(hidden)]
    #[must_use]
    pub fn test_network(mut self, network: TestNetwork) -> Self {
        self.test_network = Some(network);
        self
    }

    /// The secret that everything stored or signed is keyed by: at least 32 random bytes. Default:
    /// [those of the environment](crate::store::configured_secrets), else one that is made and kept in this user's
    /// configuration folder.
    #[must_use]
    pub fn secret(self, secret: SecretString) -> Self {
        self.secrets([secret])
    }

    /// Several secrets: the first signs and seals, all of them verify and open. To change the secret, put the new one
    /// in front.
    #[must_use]
    pub fn secrets(mut self, secrets: impl IntoIterator<Item = SecretString>) -> Self {
        self.secrets = secrets.into_iter().collect();
        self
    }

    /// Says that an option is set by an environment variable, for messages about mistakes in it: for a
    /// [`Provider::configure`] that reads the environment.
    #[must_use]
    pub fn variable(mut self, option: &'static str, variable: &'static str) -> Self {
        self.variables.retain(|(known, _)| *known != option);
        self.variables.push((option, variable));
        self
    }

    /// Where logins are kept. Default: one file in this user's data folder.
    #[must_use]
    pub fn store(mut self, store: impl Store) -> Self {
        self.store = Some(Arc::new(store));
        self
    }

    /// The folder of the default store's file.
    #[must_use]
    pub fn data_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.data_dir = Some(folder.into());
        self
    }

    /// How long an access token of this server is valid. Default: 1 hour; at most 24 hours.
    #[must_use]
    pub const fn access_token_lifetime(mut self, lifetime: Duration) -> Self {
        self.access_token_lifetime = lifetime;
        self
    }

    /// How long a login lives without being refreshed, at most 89 days: its client stays registered for 90 days after the
    /// last refresh. Default: 30 days.
    #[must_use]
    pub const fn refresh_token_idle_lifetime(mut self, lifetime: Duration) -> Self {
        self.refresh_token_idle_lifetime = lifetime;
        self
    }

    /// How often the provider is asked again whose tokens these are. Default: 15 minutes; zero means at every call.
    #[must_use]
    pub const fn identity_check_interval(mut self, interval: Duration) -> Self {
        self.identity_check_interval = interval;
        self
    }

    /// How long the provider's last word on the identity serves after a new one fell due, while the provider gives
    /// none. Default: 1 hour. With the default interval, a user who was locked out at the provider just before it went
    /// away is let in for 75 minutes at most.
    #[must_use]
    pub const fn identity_grace(mut self, grace: Duration) -> Self {
        self.identity_grace = grace;
        self
    }

    /// The clock that lifetimes are judged by, for tests.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// How long one request to the provider may take. Default: 10 seconds.
    #[must_use]
    pub const fn upstream_timeout(mut self, timeout: Duration) -> Self {
        self.upstream_timeout = timeout;
        self
    }

    /// Sends users to the provider without asking for their consent first.
    ///
    /// Dangerous: a provider that knows the user asks nothing either, so any website can then log the user in to a
    /// client of its own choice (MCP Security Best Practices, Confused Deputy Problem). For tests.
    #[must_use]
    pub const fn dangerous_without_consent(mut self) -> Self {
        self.consent = false;
        self
    }
}

impl OAuthProxy {
    /// Whether a client can be granted this scope.
    pub(crate) fn grants_scope(&self, scope: &str) -> bool {
        self.required_scopes.iter().chain(&self.scopes_supported).any(|known| known == scope)
    }

    /// The type of the provider.
    pub(crate) fn provider_type(&self) -> (TypeId, &'static str) {
        self.provider.type_of()
    }

    /// Whose tokens these are, by the provider's word.
    pub(crate) async fn identify(&self, tokens: &UpstreamTokens) -> Result<Identity, IdentifyError> {
        self.provider.identify(tokens).await
    }
}

impl<P: Provider> From<P> for OAuthProxy {
    fn from(provider: P) -> Self {
        Self::new(provider)
    }
}

impl fmt::Debug for OAuthProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuthProxy")
            .field("provider", &self.provider_type().1)
            .field("public_url", &self.public_url)
            .finish_non_exhaustive()
    }
}
