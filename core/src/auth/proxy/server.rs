//! The authorization server: what its endpoints share.

use std::any::TypeId;
use std::sync::Arc;
use std::time::Duration;

use super::cookies::BrowserCookie;
use super::metadata::Metadata;
use super::urls::Urls;
use crate::auth::counters::Counts;
use crate::auth::login::logins::Logins;
use crate::auth::login::records::{CLIENT_TTL, CLIENTS, UNUSED_CLIENT_TTL};
use crate::auth::login::sessions::Sessions;
use crate::auth::provider::AnyProvider;
use crate::auth::request::client::Client;
use crate::auth::request::redirect_policy::RedirectPolicy;
use crate::auth::request::scope::Scopes;
use crate::auth::tokens::access_token::AccessTokens;
use crate::auth::tokens::codes::Codes;
use crate::auth::tokens::mac::Authenticator;
use crate::auth::tokens::refresh_tokens::RefreshTokens;
use crate::store::{Key, Put, Record, Sealed, StoreError};

/// Everything behind the endpoints and the gate.
pub(crate) struct AuthorizationServer {
    pub(crate) name: String,
    pub(crate) urls: Urls,
    pub(crate) metadata: Metadata,
    pub(crate) provider: Arc<dyn AnyProvider>,
    pub(crate) provider_type: (TypeId, &'static str),
    pub(crate) redirect_policy: RedirectPolicy,
    /// What every call needs, and what a client gets that asks for nothing.
    pub(crate) required_scopes: Scopes,
    /// What a client may ask for; the required ones are among them.
    pub(crate) supported_scopes: Scopes,
    /// Whether users are asked before they go to the provider.
    pub(crate) asks_consent: bool,
    pub(crate) cookie: BrowserCookie,
    pub(crate) csrf: Authenticator,
    pub(crate) store: Sealed,
    pub(crate) codes: Codes,
    pub(crate) refresh_tokens: RefreshTokens,
    pub(crate) access_tokens: AccessTokens,
    pub(crate) logins: Arc<Logins>,
    pub(crate) access_token_lifetime: Duration,
    pub(crate) refresh_token_idle_lifetime: Duration,
    pub(crate) counts: Arc<Counts>,
}

impl AuthorizationServer {
    /// The registered client.
    ///
    /// # Errors
    /// Those of the store.
    pub(crate) async fn client(&self, client_id: &str) -> Result<Option<Client>, StoreError> {
        let record = self.store.get(&Key::new(CLIENTS, client_id)).await?;
        Ok(record.map(Record::into_inner))
    }

    /// The users' logins, for who may list and end them.
    pub(crate) fn sessions(&self) -> Sessions {
        Sessions::new(self.logins.clone())
    }

    /// Keeps a client that has just registered, for as long as a first login may take.
    ///
    /// # Errors
    /// Those of the store.
    pub(crate) async fn keep_new_client(&self, client: &Client) -> Result<(), StoreError> {
        let put = Put::default().with_ttl(UNUSED_CLIENT_TTL);
        self.store.put(&Key::new(CLIENTS, &*client.client_id), client, put).await
    }

    /// Keeps a client that somebody uses. Says nothing of one that is gone: its grant tells.
    ///
    /// # Errors
    /// Those of the store.
    pub(crate) async fn keep_used_client(&self, client_id: &str) -> Result<(), StoreError> {
        let key = Key::new(CLIENTS, client_id);
        let Some(record) = self.store.get::<Client>(&key).await? else { return Ok(()) };
        // Only its end moves; who was faster did the same.
        self.store.swap(&key, &record, &*record, Some(CLIENT_TTL)).await.map(drop)
    }

    /// The scopes to grant where these were asked for: unknown ones are left out, and none means the required ones.
    /// `None`: all of them are unknown.
    pub(crate) fn scopes_for(&self, asked: &Scopes) -> Option<Scopes> {
        if asked.is_empty() {
            return Some(self.required_scopes.clone());
        }
        let known = asked.intersection(&self.supported_scopes);
        (!known.is_empty() || self.supported_scopes.is_empty()).then_some(known)
    }
}
