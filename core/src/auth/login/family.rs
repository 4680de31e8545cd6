//! The refresh tokens of a grant that has ended.

use super::grant_id::GrantId;
use super::grants::Grants;
use super::records::{ENDED_FAMILY_TTL, REFRESH_TOKENS, RefreshToken};
use crate::store::{Key, Sealed, StoreError};

impl Grants {
    /// Lets the refresh tokens of a grant that has ended expire soon. Without their grant they open nothing, but would lie
    /// there for a month; and who logs in and refreshes again and again makes as many as the limits allow.
    ///
    /// A task of its own, for which nobody waits: what it does not come to expires in its own time.
    pub(super) fn expire_refresh_tokens(&self, id: &GrantId) {
        let (store, id) = (self.store().clone(), id.clone());
        tokio::spawn(async move {
            if let Err(error) = expire(&store, &id).await {
                tracing::debug!(target: "dari::auth", grant = %id, %error, "refresh tokens expire in their own time");
            }
        });
    }
}

async fn expire(store: &Sealed, id: &GrantId) -> Result<(), StoreError> {
    for token in store.owned_by(REFRESH_TOKENS, id.as_str()).await? {
        let key = Key::new(REFRESH_TOKENS, token);
        if let Some(record) = store.get::<RefreshToken>(&key).await? {
            store.swap(&key, &record, &*record, Some(ENDED_FAMILY_TTL)).await?;
        }
    }
    Ok(())
}
