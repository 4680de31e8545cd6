//! From options to a login: every check that can be made before the first request.

use std::collections::HashMap;
use std::fmt::Display;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use super::OAuthProxy;
use super::cookies::BrowserCookie;
use super::gate::Gate;
use super::limits::Limits;
use super::metadata::{Metadata, Offer};
use super::server::AuthorizationServer;
use super::urls::Urls;
use super::verified::VerifiedTokens;
use crate::auth::bounds::source::Proxies;
use crate::auth::clients::Clients;
use crate::auth::clients::assertion::Assertions;
use crate::auth::clients::documents::ClientDocuments;
use crate::auth::clients::registered::RegisteredClients;
use crate::auth::counters::{Counted, Counts};
use crate::auth::fetch::fetcher::Fetcher;
use crate::auth::login::grants::Grants;
use crate::auth::login::leases::Leases;
use crate::auth::login::logins::Logins;
use crate::auth::login::permissions::Permissions;
use crate::auth::login::records::CLIENT_TTL;
use crate::auth::provider::upstream::Upstream;
use crate::auth::request::client::Client;
use crate::auth::request::redirect_policy::RedirectPolicy;
use crate::auth::request::scope::Scopes;
use crate::auth::tokens::access_token::AccessTokens;
use crate::auth::tokens::codes::Codes;
use crate::auth::tokens::mac::Authenticator;
use crate::auth::tokens::refresh_tokens::RefreshTokens;
use crate::store::{
    DiskStore, KeyError, KeyRing, PathError, Sealed, Secret, SettingError, Store, StoreError, configured_secrets,
    default_data_path, default_secret_path,
};

/// The longest life of an access token: it cannot be taken back by anybody but us.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// The longest life of an unused login: when its client comes again, it must be registered still. The day is for what
/// lies between the callback, where the client's time begins, and the end of its code.
const LONGEST_IDLE: Duration = CLIENT_TTL.saturating_sub(DAY);
/// The longest wait for the provider: clients give up after about a minute, and a refresh may need two requests.
const MAX_UPSTREAM_TIMEOUT: Duration = Duration::from_secs(30);

/// What the server knows that the login is built for.
#[derive(Clone, Debug)]
pub struct Defaults<'a> {
    /// The public URL, where [`OAuthProxy::public_url`] was not said.
    pub public_url: Option<String>,
    /// The path of the MCP endpoint, such as `/mcp`.
    pub mcp_path: &'a str,
    /// The name of the server: on the consent page, and of the default store's folder.
    pub server_name: &'a str,
}

/// What is wrong with the configuration of a login, and how to mend it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthConfigError {
    /// Nobody said where this server is reached.
    #[error(
        "the login needs the public URL of this server; set BASE_URL (or `public_url`), such as \"https://mcp.example.com\""
    )]
    NoPublicUrl,
    /// A URL, path, scope or redirect rule that cannot be, or is not safe.
    #[error("{option}: {reason}")]
    Setting {
        /// The option, and the environment variable that it came from.
        option: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A lifetime that cannot be, or is not safe.
    #[error("{option} is {got:?}, but must be {must}")]
    Lifetime {
        /// The option, and the environment variable that it came from.
        option: String,
        /// What was given.
        got: Duration,
        /// What would do.
        must: &'static str,
    },
    /// A client that was registered in code, or a proxy. The text says which.
    #[error("{0}")]
    Client(String),
    /// There is no way in.
    #[error(
        "no client could ever log in: leave out `without_dynamic_registration` or `without_client_id_metadata_documents`, or register one with `client`"
    )]
    NoClients,
    /// The HTTP client for the documents of clients.
    #[error("the documents of clients cannot be fetched (`without_client_id_metadata_documents` does without): {0}")]
    Fetch(#[from] reqwest::Error),
    /// The provider's own configuration.
    #[error("{0}")]
    Provider(String),
    /// A secret that was given in code or in the environment.
    #[error("{which} cannot be used: {source}")]
    Secret {
        /// Which of them, by its option and variable.
        which: String,
        /// What is wrong with it.
        source: KeyError,
    },
    /// A secret of the environment that cannot be read.
    #[error(transparent)]
    SecretSetting(#[from] SettingError),
    /// The secret that was to be kept in a file.
    #[error("no secret is configured (DARI_SECRET, or `secret`), and none can be kept in a file: {0}")]
    SecretFile(#[from] KeyError),
    /// Metadata that cannot be written.
    #[error("the metadata cannot be written as JSON: {0}")]
    Metadata(#[from] serde_json::Error),
    /// No random bytes.
    #[error("the system's random generator failed: {0}")]
    Random(#[from] getrandom::Error),
    /// No place for the secret or the store.
    #[error(transparent)]
    Path(#[from] PathError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The runtime that opens the store could not be started.
    #[error("the store could not be opened: {0}")]
    Runtime(#[from] std::io::Error),
}

impl OAuthProxy {
    /// Checks everything, opens the store, and makes the [`Gate`]. This blocks while the store's file is read.
    ///
    /// # Errors
    ///
    /// All mistakes at once; what concerns secret and store only when the rest is right, since looking at them makes
    /// their files.
    pub fn build(self, defaults: Defaults<'_>) -> Result<Gate, Vec<AuthConfigError>> {
        let mut wrong = self.wrong_lifetimes();
        let urls = self.urls(&defaults).map_err(|error| wrong.push(error)).ok();
        // With a wrong public URL the other mistakes are still worth telling.
        let callback = urls.as_ref().map_or("https://localhost/", Urls::callback);
        let policy = self.redirect_policy(callback).map_err(|error| wrong.push(error));
        let secrets = self.configured_secrets().map_err(|errors| wrong.extend(errors));
        let mut scopes = |option, tokens: &[String]| match Scopes::from_tokens(tokens) {
            Ok(scopes) => scopes,
            Err(error) => {
                wrong.push(self.wrong(option, error));
                Scopes::default()
            }
        };
        let required = scopes("required_scopes", &self.required_scopes);
        let supported = required.union(&scopes("scopes_supported", &self.scopes_supported));
        let pre_registered = self.pre_registered(policy.as_ref().ok(), &mut wrong);
        let proxies = Proxies::parse(&self.trusted_proxies)
            .map_err(|error| wrong.push(AuthConfigError::Client(error.to_string())))
            .unwrap_or_default();
        let documents = self.documents(policy.as_ref().ok()).map_err(|error| wrong.push(error.into())).ok().flatten();
        let counts = Arc::new(Counts::default());
        let upstream = Upstream::new(self.provider.clone(), callback, self.upstream_timeout, counts.clone())
            .map_err(|errors| wrong.extend(errors.iter().map(|error| AuthConfigError::Provider(error.to_string()))));
        let (Some(urls), Ok(redirect_policy), Ok(upstream), Ok(secrets)) = (urls, policy, upstream, secrets) else {
            return Err(wrong);
        };
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let keys = match secrets {
            Some(keys) => keys,
            None => kept_secret(&urls, defaults.server_name).map_err(|error| vec![error])?,
        };
        let store = self.sealed(&keys, counts.clone(), defaults.server_name).map_err(|error| vec![error])?;
        let leases = Leases::new(&store).map_err(|error| vec![error.into()])?;
        let offer = Offer {
            server_name: defaults.server_name,
            scopes_supported: &supported,
            registration: self.registration,
            client_documents: self.client_documents,
        };
        let metadata = Metadata::new(&urls, offer).map_err(|error| vec![error.into()])?;
        Ok(Gate::new(Arc::new(AuthorizationServer {
            name: defaults.server_name.to_owned(),
            metadata,
            provider_type: self.provider.type_of(),
            redirect_policy,
            required_scopes: required,
            supported_scopes: supported,
            asks_consent: self.consent,
            cookie: BrowserCookie::new(urls.is_https()),
            csrf: Authenticator::new(&keys, "dari/csrf"),
            clients: Clients { pre_registered, registered: RegisteredClients::new(store.clone()), documents },
            assertions: Assertions::new(urls.issuer(), urls.token(), store.clone()),
            takes_registrations: self.registration,
            proxies,
            limits: Limits::new(self.access_token_lifetime),
            codes: Codes::new(store.clone()),
            refresh_tokens: RefreshTokens::new(store.clone(), &keys),
            verified: VerifiedTokens::new().map_err(|error| vec![error.into()])?,
            access_tokens: AccessTokens::new(&keys, urls.issuer(), urls.resource(), self.clock.clone()),
            logins: Arc::new(Logins {
                store: store.clone(),
                grants: Arc::new(Grants::new(store.clone())),
                permissions: Permissions::new(store.clone()),
                leases,
                upstream,
                clock: self.clock,
                upstream_timeout: self.upstream_timeout,
                identity_interval: self.identity_check_interval.as_secs(),
                identity_grace: self.identity_grace.as_secs(),
            }),
            access_token_lifetime: self.access_token_lifetime,
            refresh_token_idle_lifetime: self.refresh_token_idle_lifetime,
            provider: self.provider,
            store,
            counts,
            urls,
        })))
    }

    fn wrong_lifetimes(&self) -> Vec<AuthConfigError> {
        const SECOND: Duration = Duration::from_secs(1);
        let bounds = [
            ("access_token_lifetime", self.access_token_lifetime, SECOND..=DAY, "from 1 second to 24 hours"),
            (
                "refresh_token_idle_lifetime",
                self.refresh_token_idle_lifetime,
                SECOND..=LONGEST_IDLE,
                "from 1 second to 89 days: a client stays registered for 90 days after its last refresh",
            ),
            ("identity_check_interval", self.identity_check_interval, Duration::ZERO..=DAY, "at most 24 hours"),
            ("identity_grace", self.identity_grace, Duration::ZERO..=DAY, "at most 24 hours"),
            (
                "upstream_timeout",
                self.upstream_timeout,
                Duration::from_millis(100)..=MAX_UPSTREAM_TIMEOUT,
                "from 100 milliseconds to 30 seconds",
            ),
        ];
        let wrong = bounds.into_iter().filter(|(_, got, bounds, _)| !bounds.contains(got));
        wrong
            .map(|(option, got, _, must)| AuthConfigError::Lifetime { option: self.named(option), got, must })
            .collect()
    }

    fn urls(&self, defaults: &Defaults<'_>) -> Result<Urls, AuthConfigError> {
        let public_url =
            self.public_url.as_ref().or(defaults.public_url.as_ref()).ok_or(AuthConfigError::NoPublicUrl)?;
        Urls::new(public_url, defaults.mcp_path, &self.redirect_path, self.issuer.as_deref())
            .map_err(|error| self.wrong(error.option(), error))
    }

    fn redirect_policy(&self, callback: &str) -> Result<RedirectPolicy, AuthConfigError> {
        let mut policy = RedirectPolicy::new(callback);
        for scheme in &self.redirect_schemes {
            policy = policy.allow_scheme(scheme).map_err(|error| self.wrong("allow_redirect_scheme", error))?;
        }
        match &self.allowed_redirect_uris {
            Some(patterns) => policy.only(patterns).map_err(|error| self.wrong("allowed_redirect_uris", error)),
            None => Ok(policy),
        }
    }

    /// The clients that were registered in code, by their `client_id`.
    fn pre_registered(
        &self,
        policy: Option<&RedirectPolicy>,
        wrong: &mut Vec<AuthConfigError>,
    ) -> HashMap<String, Arc<Client>> {
        let mut clients = HashMap::new();
        if !self.registration && !self.client_documents && self.pre_registered.is_empty() {
            wrong.push(AuthConfigError::NoClients);
        }
        // Without a policy there is a mistake already, and which redirect URIs are good cannot be said.
        for client in self.pre_registered.iter().filter_map(|client| Some(client.check(policy?))) {
            match client {
                Ok(client) if clients.contains_key(&client.client_id) => {
                    wrong.push(AuthConfigError::Client(format!("client {:?} is registered twice", client.client_id)));
                }
                Ok(client) => drop(clients.insert(client.client_id.clone(), Arc::new(client))),
                Err(why) => wrong.push(AuthConfigError::Client(why)),
            }
        }
        clients
    }

    fn documents(&self, policy: Option<&RedirectPolicy>) -> Result<Option<ClientDocuments>, reqwest::Error> {
        let Some(policy) = policy.filter(|_| self.client_documents) else { return Ok(None) };
        let fetcher = Fetcher::new(self.test_network.clone(), self.clock.clone())?;
        Ok(Some(ClientDocuments::new(fetcher, policy.clone(), &self.clock)))
    }

    /// The secrets that were given in code, else those of the environment. None at all is no mistake.
    fn configured_secrets(&self) -> Result<Option<KeyRing>, Vec<AuthConfigError>> {
        let of_environment;
        let secrets = if self.secrets.is_empty() {
            of_environment = configured_secrets(|name| std::env::var(name).ok())
                .map_err(|errors| errors.into_iter().map(AuthConfigError::from).collect::<Vec<_>>())?;
            &of_environment
        } else {
            &self.secrets
        };
        let mut wrong = Vec::new();
        let parsed: Vec<Secret> = secrets
            .iter()
            .enumerate()
            .filter_map(|(index, secret)| {
                let which = || match index {
                    0 => "the secret (DARI_SECRET, or `secret`)".to_owned(),
                    index => format!("previous secret {index} (DARI_SECRET_PREVIOUS, or `secrets`)"),
                };
                Secret::parse(secret)
                    .map_err(|source| wrong.push(AuthConfigError::Secret { which: which(), source }))
                    .ok()
            })
            .collect();
        if wrong.is_empty() { Ok(KeyRing::new(parsed).ok()) } else { Err(wrong) }
    }

    /// A mistake in the value of an option.
    fn wrong(&self, option: &'static str, reason: impl Display) -> AuthConfigError {
        AuthConfigError::Setting { option: self.named(option), reason: reason.to_string() }
    }

    /// The option, with the variable that it is set by.
    fn named(&self, option: &str) -> String {
        match self.variables.iter().find(|(known, _)| *known == option) {
            Some((_, variable)) => format!("{variable} (`{option}`)"),
            None => format!("`{option}`"),
        }
    }

    /// The store with the configured secret, and what it is called.
    pub(crate) fn open_store(&self, defaults: &Defaults<'_>) -> Result<(String, Sealed), AuthConfigError> {
        let of_environment = self.configured_secrets().map_err(|mut errors| errors.remove(0))?;
        let keys = match of_environment {
            Some(keys) => keys,
            None => kept_secret(&self.urls(defaults)?, defaults.server_name)?,
        };
        let store = self.sealed(&keys, Arc::new(Counts::default()), defaults.server_name)?;
        Ok((store.describe(), store))
    }

    fn sealed(&self, keys: &KeyRing, counts: Arc<Counts>, server_name: &str) -> Result<Sealed, AuthConfigError> {
        let store: Arc<dyn Store> = match (&self.store, &self.data_dir) {
            (Some(store), _) => store.clone(),
            (None, Some(folder)) => {
                Arc::new(DiskStore::open_with_clock(folder.join("store.redb"), self.clock.clone())?)
            }
            (None, None) => Arc::new(DiskStore::open_with_clock(default_data_path(server_name)?, self.clock.clone())?),
        };
        let counted = Arc::new(Counted::new(store, counts));
        Ok(wait_for(Sealed::open(counted, keys.clone(), self.clock.clone()))??)
    }
}

/// The secret that is kept in the folder of this user's configuration.
fn kept_secret(urls: &Urls, server_name: &str) -> Result<KeyRing, AuthConfigError> {
    let path = default_secret_path(server_name)?;
    if urls.is_https() {
        tracing::warn!(
            target: "dari::auth",
            path = %path.display(),
            "no secret is configured: using the one in this file, which only this machine has; \
             set DARI_SECRET to keep logins across machines and containers"
        );
    }
    Ok(KeyRing::load_or_create(path)?)
}

/// Waits for a future where there may or may not be a runtime: on a thread with one of its own.
fn wait_for<T: Send>(future: impl Future<Output = T> + Send) -> std::io::Result<T> {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            Ok(runtime.block_on(future))
        });
        thread.join().unwrap_or_else(|_| Err(std::io::Error::other("the opening thread panicked")))
    })
}
