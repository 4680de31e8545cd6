//! Clients: those that the operator registered, those that registered themselves, and those that describe themselves at
//! the URL that is their name — found, kept, and told from others.

pub(super) mod assertion;
pub(super) mod documents;
pub(super) mod pre_registered;
pub(super) mod registered;

use std::collections::HashMap;
use std::sync::Arc;

use self::documents::{ClientDocuments, DocumentRefusal};
use self::registered::RegisteredClients;
use super::bounds::source::Source;
use super::login::grants::Grants;
use super::random::is_random_id;
use super::request::client::Client;
use super::request::document_url::{DocumentUrlError, claims_to_be_url, client_id_url};
use crate::store::StoreError;

/// Every client that this server knows, and those it can get to know.
pub(crate) struct Clients {
    pub(crate) pre_registered: HashMap<String, Arc<Client>>,
    pub(crate) registered: RegisteredClients,
    /// `None`: switched off.
    pub(crate) documents: Option<ClientDocuments>,
}

/// Why there is no client of this name.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientError {
    /// Nobody knows it (any more).
    #[error("this client is not registered here (any more): register it again")]
    Unknown,
    /// A URL that no client can have.
    #[error("client_id is a URL that cannot be a client's: {0}")]
    Url(#[from] DocumentUrlError),
    /// Its document is not to be had, or describes no client.
    #[error("client_id is a URL, but {0}")]
    Document(DocumentRefusal),
    /// Whether it is known cannot be said now.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Clients {
    /// The client. `source` is who has to answer for what must be fetched.
    pub(crate) async fn find(&self, client_id: &str, source: Option<Source>) -> Result<Arc<Client>, ClientError> {
        if let Some(client) = self.pre_registered.get(client_id) {
            return Ok(client.clone());
        }
        if let Some(documents) = self.documents.as_ref().filter(|_| claims_to_be_url(client_id)) {
            return documents.find(client_id, source).await;
        }
        // What we never gave out needs no look into the store.
        let known = if is_random_id(client_id) { self.registered.find(client_id).await? } else { None };
        known.map(Arc::new).ok_or(ClientError::Unknown)
    }

    /// The host at which this client describes itself, if it does, with its port where it is not that of https.
    pub(crate) fn document_host(&self, client: &Client) -> Option<String> {
        let from_store = self.documents.is_none() || self.pre_registered.contains_key(&client.client_id);
        let url = client_id_url(&client.client_id).ok().filter(|_| !from_store)?;
        let host = url.host_str()?;
        Some(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
    }

    /// Keeps a client that this user has just logged in with. One that is gone, or that is not kept here, is left alone.
    ///
    /// # Errors
    /// Those of the store.
    pub(crate) async fn keep_login(&self, client_id: &str, user: &str, grants: &Grants) -> Result<(), StoreError> {
        if self.is_registered(client_id) {
            self.registered.keep_login(client_id, user, grants).await?;
        }
        Ok(())
    }

    /// The same for a client that has just refreshed a login.
    ///
    /// # Errors
    /// Those of the store.
    pub(crate) async fn keep_used(&self, client_id: &str) -> Result<(), StoreError> {
        if self.is_registered(client_id) {
            self.registered.keep_used(client_id).await?;
        }
        Ok(())
    }

    /// Whether it may be one of those that registered themselves.
    fn is_registered(&self, client_id: &str) -> bool {
        is_random_id(client_id) && !self.pre_registered.contains_key(client_id)
    }
}
