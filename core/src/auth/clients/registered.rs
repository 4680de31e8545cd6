//! Clients that registered themselves: those that nobody has logged in with, which are bounded in number, and the others.

use std::collections::HashSet;

use crate::auth::login::grants::Grants;
use crate::auth::login::records::{CLIENT_TTL, CLIENTS, NEW_CLIENTS, UNUSED_CLIENT_TTL};
use crate::auth::request::client::Client;
use crate::store::{Key, Put, Record, Sealed, StoreError};

/// How many clients may wait for their first login. Each is kept for an hour, so a flood ends in refusals and never in
/// the loss of a client that was told it is registered; those that somebody has logged in with are none of them.
pub(crate) const MAX_NEW: u64 = 10_000;

/// How many clients are kept of one user, that nobody else has logged in with. A program that registers anew for every
/// login leaves one each time, which nothing will ever use again.
pub(crate) const MAX_OF_USER: usize = 100;

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

    /// Keeps a client from its last refresh on.
    pub(super) async fn keep_used(&self, client_id: &str) -> Result<(), StoreError> {
        let used = Key::new(CLIENTS, client_id);
        let Some(record) = self.store.get::<Client>(&used).await? else { return Ok(()) };
        // Only its end moves; who was faster did the same.
        self.store.swap(&used, &record, &*record, Some(CLIENT_TTL)).await.map(drop)
    }

    /// Keeps a client from its last login on. It counts to this user, unless another one has logged in with it, too: then
    /// it counts to nobody, and must not be lost to what one of them does.
    pub(super) async fn keep_login(&self, client_id: &str, user: &str, grants: &Grants) -> Result<(), StoreError> {
        let (used, new) = (Key::new(CLIENTS, client_id), Key::new(NEW_CLIENTS, client_id));
        let put = Put::default().with_ttl(CLIENT_TTL);
        let own = self.store.owned_by(CLIENTS, user).await?;
        if let Some(record) = self.store.get::<Client>(&used).await? {
            return match own.iter().any(|id| id == client_id) {
                true => self.keep_used(client_id).await,
                false => self.store.put(&used, &*record, put).await,
            };
        }
        let Some(record) = self.store.get::<Client>(&new).await? else { return Ok(()) };
        self.make_room(own, user, grants).await?;
        self.store.put_if_absent(&used, &*record, put.with_owner(user)).await?;
        // In this order it is always in one of the two places; if this fails, it is in both for a while.
        self.store.delete(&new).await.map(drop)
    }

    /// Makes room for one more client of this user, who loses the one that registered first of those that hold no login.
    /// There is one: a user has no more logins than clients, and one of them is the new client's.
    async fn make_room(&self, own: Vec<String>, user: &str, grants: &Grants) -> Result<(), StoreError> {
        let Some(excess) = (own.len() + 1).checked_sub(MAX_OF_USER).filter(|excess| *excess > 0) else {
            return Ok(());
        };
        let mut logged_in = HashSet::new();
        for id in grants.of_user(user).await? {
            logged_in.extend(grants.read(&id).await?.map(|grant| grant.client_id));
        }
        let mut by_age = Vec::new();
        for id in own.into_iter().filter(|id| !logged_in.contains(id)) {
            if let Some(client) = self.store.get::<Client>(&Key::new(CLIENTS, &*id)).await? {
                by_age.push((client.registered_at, id));
            }
        }
        by_age.sort_unstable();
        for (_, id) in by_age.into_iter().take(excess) {
            self.store.delete(&Key::new(CLIENTS, id)).await?;
        }
        Ok(())
    }
}
