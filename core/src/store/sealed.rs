//! The store as the rest of the crate sees it: typed records, sealed before they reach a backend.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::aead::{self, Unsealable};
use super::keys::{KeyError, KeyId, KeyRing};
use super::{Collection, Key, Put, Record, Store, StoreError};
use crate::clock::Clock;

/// The label of the key that seals records.
const RECORDS: &str = "dari/store";
/// The label of the key under which owners are hidden.
const OWNERS: &str = "dari/store/owner";

const META: Collection = Collection::new("dari");
const CANARY: &str = "canary";

/// A [`Store`] whose records are JSON sealed with XChaCha20-Poly1305.
///
/// The associated data of a record is its collection and id: a ciphertext moved to another place does
/// not open. New records are sealed under the first key of the ring; records of the older keys open.
/// Owners reach the backend as HMAC-SHA256 under a key of their own. Ids of records do lie in clear,
/// hence [`Key::hashed`] for those that are secrets. What this does not prevent: whoever can write the
/// file can put an older version of it back.
///
/// Clones share the store.
#[derive(Clone, Debug)]
pub struct Sealed {
    store: Arc<dyn Store>,
    keys: KeyRing,
    clock: Clock,
}

impl Sealed {
    /// Puts the ring on a store, and checks that it is the right one: the first use leaves a sealed
    /// record, which has to open ever after.
    ///
    /// # Errors
    /// [`StoreError::WrongKey`] if the store was made with another secret; no record is changed then.
    pub async fn open(store: Arc<dyn Store>, keys: KeyRing, clock: Clock) -> Result<Self, StoreError> {
        let sealed = Self { store, keys, clock };
        let canary = Key::new(META, CANARY);
        let id = sealed.keys.id().to_string();
        loop {
            match sealed.get::<String>(&canary).await? {
                Some(seen) if *seen == id => return Ok(sealed),
                // The secret was changed, and the old one is still in the ring. Several replicas may be
                // doing this at once; whoever loses looks again.
                Some(seen) => sealed.swap(&canary, &seen, &id, None).await?,
                None => sealed.put_if_absent(&canary, &id, Put::default()).await?,
            };
        }
    }

    /// Whether other processes may write to it, as [`Store::is_shared`].
    pub fn is_shared(&self) -> bool {
        self.store.is_shared()
    }

    /// The name of the store for messages, as [`Store::describe`].
    pub fn describe(&self) -> String {
        self.store.describe()
    }

    /// The key ring, for what else is derived from it.
    pub fn keys(&self) -> &KeyRing {
        &self.keys
    }

    /// The clock.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The record, if there is one.
    ///
    /// # Errors
    /// Those of the backend; [`StoreError::Damaged`] if the record was altered or is of another type,
    /// [`StoreError::WrongKey`] if its key is not in the ring. So for every method that reads.
    pub async fn get<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<Record<T>>, StoreError> {
        let sealed = self.store.get(key).await?;
        sealed.map(|sealed| self.unseal(key, sealed)).transpose()
    }

    /// Writes the record, over whatever was there.
    ///
    /// # Errors
    /// Those of the backend; [`StoreError::Unstorable`] if the value has no JSON form. So for every method that writes.
    pub async fn put<T: Serialize>(&self, key: &Key, value: &T, put: Put) -> Result<(), StoreError> {
        let sealed = self.seal(key, value)?;
        self.store.put(key, sealed, self.hide(put)).await
    }

    /// Writes the record unless there is one. True when it was written.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub async fn put_if_absent<T: Serialize>(&self, key: &Key, value: &T, put: Put) -> Result<bool, StoreError> {
        let sealed = self.seal(key, value)?;
        self.store.put_if_absent(key, sealed, self.hide(put)).await
    }

    /// Reads and deletes in one step: of concurrent callers one gets the record.
    ///
    /// # Errors
    /// As [`get`](Self::get); the record is gone even if it did not open.
    pub async fn take<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>, StoreError> {
        let sealed = self.store.take(key).await?;
        let record = sealed.map(|sealed| self.unseal(key, sealed)).transpose()?;
        Ok(record.map(Record::into_inner))
    }

    /// Replaces the record by `new` if it still is the one that was `seen`. True when it was replaced;
    /// false when somebody was faster, or it is gone. The owner stays; `ttl` counts from now.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub async fn swap<T: Serialize>(
        &self,
        key: &Key,
        seen: &Record<T>,
        new: &T,
        ttl: Option<Duration>,
    ) -> Result<bool, StoreError> {
        let sealed = self.seal(key, new)?;
        self.store.compare_and_swap(key, seen.stored(), sealed, ttl).await
    }

    /// Deletes the record. True when there was one.
    ///
    /// # Errors
    /// Those of the backend.
    pub async fn delete(&self, key: &Key) -> Result<bool, StoreError> {
        self.store.delete(key).await
    }

    /// The ids of all records of an owner in a collection, under whichever key they were filed.
    ///
    /// # Errors
    /// Those of the backend.
    pub async fn owned_by(&self, collection: Collection, owner: &str) -> Result<Vec<String>, StoreError> {
        let mut ids = Vec::new();
        for id in self.keys.ids() {
            let hidden = self.hidden(id, owner);
            ids.extend(self.store.owned_by(collection, &hidden).await?);
        }
        Ok(ids)
    }

    /// How many records a collection holds, as [`Store::count`].
    ///
    /// # Errors
    /// Those of the backend.
    pub async fn count(&self, collection: Collection) -> Result<u64, StoreError> {
        self.store.count(collection).await
    }

    /// [`KeyRing::seal_token`] with the ring and the clock of this store; `None` lives without end.
    ///
    /// # Errors
    /// As there.
    pub fn seal_token(
        &self,
        label: &str,
        context: &[u8],
        bytes: &[u8],
        ttl: Option<Duration>,
    ) -> Result<String, KeyError> {
        // An end beyond the representable time is none.
        let expires = ttl.and_then(|ttl| self.clock.now().checked_add(ttl));
        self.keys.seal_token(label, context, bytes, expires)
    }

    /// [`KeyRing::open_token`] with the ring and the clock of this store.
    pub fn open_token(&self, label: &str, context: &[u8], token: &str) -> Option<Zeroizing<Vec<u8>>> {
        self.keys.open_token(label, context, token, self.clock.now())
    }

    fn seal<T: Serialize>(&self, key: &Key, value: &T) -> Result<Bytes, StoreError> {
        let fail = |reason| StoreError::Unstorable { collection: key.collection().name(), reason };
        // The message of serde is left out here and below: it may quote the value.
        let plain = serde_json::to_vec(value).map_err(|_| fail("it has no JSON form"))?;
        let plain = Zeroizing::new(plain);
        aead::seal(&self.keys, RECORDS, &key.associated_data(), &plain)
            .map(Bytes::from)
            .map_err(|refused| fail(refused.0))
    }

    fn unseal<T: DeserializeOwned>(&self, key: &Key, sealed: Bytes) -> Result<Record<T>, StoreError> {
        let damaged = |what: &str| StoreError::Damaged {
            store: self.store.describe(),
            reason: format!("a record of the collection `{}` {what}", key.collection()),
        };
        let plain = match aead::open(&self.keys, RECORDS, &key.associated_data(), &sealed) {
            Ok(plain) => plain,
            Err(Unsealable::Altered) => return Err(damaged("was altered or cut off")),
            Err(Unsealable::UnknownKey(id)) => {
                return Err(StoreError::WrongKey { store: self.store.describe(), sealed_under: id.to_string() });
            }
        };
        let value =
            serde_json::from_slice(&plain).map_err(|_| damaged("is not what this version of the program writes"))?;
        Ok(Record::new(value, sealed))
    }

    fn hide(&self, put: Put) -> Put {
        match put.owner() {
            Some(owner) => {
                let hidden = self.hidden(self.keys.id(), owner);
                put.with_owner(hidden)
            }
            None => put,
        }
    }

    /// The name under which a backend knows an owner. Of a key outside the ring: the empty name, which owns nothing.
    fn hidden(&self, id: KeyId, owner: &str) -> String {
        let mac = self.keys.derive_for(id, OWNERS).and_then(|key| {
            let mac = Hmac::<Sha256>::new_from_slice(key.as_slice()).ok()?;
            Some(mac.chain_update(owner).finalize().into_bytes())
        });
        mac.map(|mac| URL_SAFE_NO_PAD.encode(mac)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
