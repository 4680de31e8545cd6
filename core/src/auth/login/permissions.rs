//! What users did not permit at the provider, where it does not say so itself.
//!
//! Such a provider is taken at its word: what was asked for counts as granted, until its API refuses a call. The user is
//! then asked again at the next login; and where that did not help, is told how to take the consent back.

use super::grants::store_reason;
use super::records::{ASKED_AGAIN_TTL, Standing, UNPERMITTED, UNPERMITTED_TTL, Unpermitted};
use crate::auth::request::scope::Scopes;
use crate::store::{Key, Put, Sealed, StoreError};

/// The permissions that are missing, by user.
pub(crate) struct Permissions {
    store: Sealed,
}

impl Permissions {
    pub(crate) const fn new(store: Sealed) -> Self {
        Self { store }
    }

    /// Notes that a call needed these scopes, and that the provider did not let the user have them.
    pub(crate) async fn lacks(&self, subject: &str, scopes: &Scopes) -> Result<(), StoreError> {
        let known = self.store.get::<Unpermitted>(&key(subject)).await?;
        let (scopes, standing) = match known.as_deref() {
            None => (scopes.clone(), Standing::Wanted),
            // A client that calls again and again writes nothing.
            Some(known) if known.standing != Standing::AskedAgain && scopes.is_subset(&known.scopes) => return Ok(()),
            Some(known) => {
                let standing =
                    if known.standing == Standing::Wanted { Standing::Wanted } else { Standing::WantedStill };
                (known.scopes.union(scopes), standing)
            }
        };
        let put = Put::default().with_ttl(UNPERMITTED_TTL);
        self.store.put(&key(subject), &Unpermitted { scopes, standing }, put).await
    }

    /// Whether a user who logs in for these scopes did not permit some of them before.
    pub(crate) async fn standing(&self, subject: &str, scopes: &Scopes) -> Result<Option<Standing>, StoreError> {
        let known = self.store.get::<Unpermitted>(&key(subject)).await?;
        let known = known.filter(|known| !known.scopes.intersection(scopes).is_empty());
        Ok(known.map(|known| known.standing))
    }

    /// Notes that the user was asked again.
    pub(crate) async fn asked_again(&self, subject: &str) -> Result<(), StoreError> {
        let Some(known) = self.store.get::<Unpermitted>(&key(subject)).await? else { return Ok(()) };
        let asked = Unpermitted { standing: Standing::AskedAgain, ..(*known).clone() };
        // Who was faster has noted something newer.
        self.store.swap(&key(subject), &known, &asked, Some(ASKED_AGAIN_TTL)).await.map(drop)
    }

    /// Begins anew: the user was told what to do, or the consent that it was missing from is gone. Gives what was missing.
    pub(crate) async fn forget(&self, subject: &str) -> Result<Scopes, StoreError> {
        let known = self.store.take::<Unpermitted>(&key(subject)).await?;
        Ok(known.map(|known| known.scopes).unwrap_or_default())
    }

    /// The same at the end of a login, which has ended whether this can be done or not.
    pub(super) async fn forget_or_log(&self, subject: &str) {
        if let Err(error) = self.forget(subject).await {
            store_reason(&error).log_failure(&error);
        }
    }
}

fn key(subject: &str) -> Key {
    Key::hashed(UNPERMITTED, subject)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::auth::counters::{Counted, Counts};
    use crate::clock::Clock;
    use crate::store::{KeyRing, MemoryStore, Secret};

    #[tokio::test]
    async fn what_is_known_is_not_written_again() {
        let counts = Arc::new(Counts::default());
        let store = Arc::new(Counted::new(Arc::new(MemoryStore::new()), counts.clone()));
        let keys = KeyRing::new([Secret::random().unwrap()]).unwrap();
        let permissions = Permissions::new(Sealed::open(store, keys, Clock::system()).await.unwrap());
        let lacks = async |scopes: &str| {
            let before = counts.read().store_writes;
            permissions.lacks("user", &Scopes::parse(scopes).unwrap()).await.unwrap();
            let standing = permissions.standing("user", &Scopes::parse("a b").unwrap()).await.unwrap();
            (counts.read().store_writes - before, standing)
        };
        assert_eq!(lacks("a").await, (1, Some(Standing::Wanted)));
        assert_eq!(lacks("a").await, (0, Some(Standing::Wanted)));
        assert_eq!(lacks("b").await, (1, Some(Standing::Wanted)), "another scope");
        assert_eq!(lacks("a b").await, (0, Some(Standing::Wanted)));
        permissions.asked_again("user").await.unwrap();
        assert_eq!(lacks("a").await, (1, Some(Standing::WantedStill)), "it is missing still");
        assert_eq!(lacks("a").await, (0, Some(Standing::WantedStill)));
        assert_eq!(permissions.forget("user").await.unwrap(), Scopes::parse("a b").unwrap());
        assert_eq!(permissions.forget("user").await.unwrap(), Scopes::default());
    }
}
