//! Clients that registered themselves: those that nobody has logged in with, which are bounded in number, and the others.

use crate::auth::login::records::{CLIENT_TTL, CLIENTS, NEW_CLIENTS, UNUSED_CLIENT_TTL};
use crate::auth::request::client::Client;
use crate::store::{Key, Put, Record, Sealed, StoreError};

/// How many clients may wait for their first login. Each is kept for an hour, so a flood ends in refusals and never in
/// the loss of a client that was told it is registered; those that somebody has logged in with are none of them.
pub(crate) const MAX_NEW: u64 = 10_000;

/// The registered clients of a server.
pub(crate) struct RegisteredClients {
    store: Sealed,
}

/// Whether a client was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Kept {
    /// It is in the store.
    Yes,
    /// There are too many that nobody has logged in with.
    Full,
}

impl RegisteredClients {
    pub(crate) const fn new(store: Sealed) -> Self {
        Self { store }
    }

    pub(super) async fn find(&self, client_id: &str) -> Result<Option<Client>, StoreError> {
        if let Some(used) = self.store.get::<Client>(&Key::new(CLIENTS, client_id)).await? {
            return Ok(Some(used.into_inner()));
        }
        let new = self.store.get(&Key::new(NEW_CLIENTS, client_id)).await?;
        if new.is_some() {
            return Ok(new.map(Record::into_inner));
        }
        // Its first login may have moved it between the two looks.
        Ok(self.store.get(&Key::new(CLIENTS, client_id)).await?.map(Record::into_inner))
    }

    /// Keeps a client that has just registered, for as long as a first login may take.
    ///
    /// # Errors
    /// Those of the store.
    pub(crate) async fn keep_new(&self, client: &Client) -> Result<Kept, StoreError> {
        // Several at once may pass here, which is a handful more.
        if self.store.count(NEW_CLIENTS).await? >= MAX_NEW {
            return Ok(Kept::Full);
        }
        let put = Put::default().with_ttl(UNUSED_CLIENT_TTL);
        self.store.put(&Key::new(NEW_CLIENTS, &*client.client_id), client, put).await?;
        Ok(Kept::Yes)
    }

    /// Keeps a client from its last login on.
    pub(super) async fn keep_used(&self, client_id: &str) -> Result<(), StoreError> {
        let (used, new) = (Key::new(CLIENTS, client_id), Key::new(NEW_CLIENTS, client_id));
        if let Some(record) = self.store.get::<Client>(&used).await? {
            // Only its end moves; who was faster did the same.
            return self.store.swap(&used, &record, &*record, Some(CLIENT_TTL)).await.map(drop);
        }
        let Some(record) = self.store.get::<Client>(&new).await? else { return Ok(()) };
        self.store.put_if_absent(&used, &*record, Put::default().with_ttl(CLIENT_TTL)).await?;
        // In this order it is always in one of the two places; if this fails, it is in both for a while.
        self.store.delete(&new).await.map(drop)
    }
}
