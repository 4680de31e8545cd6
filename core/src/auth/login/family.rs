//! The refresh tokens of a grant that has ended.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::grant_id::GrantId;
use super::grants::Grants;
use super::records::{ENDED_FAMILY_TTL, REFRESH_TOKENS, RefreshToken};
use crate::store::{Key, StoreError};

/// How many records are written at once: a store on disk writes them together.
const AT_ONCE: usize = 64;

impl Grants {
    /// Lets the refresh tokens of a grant that has ended expire soon. Without their grant they open nothing, but would lie
    /// there for a month; and who logs in and refreshes again and again makes as many as the limits allow.
    ///
    /// The grant has ended whatever comes of this: what it does not come to expires in its own time.
    pub(super) async fn expire_refresh_tokens(&self, id: &GrantId) {
        if let Err(error) = self.expire(id).await {
            tracing::debug!(target: "dari::auth", grant = %id, %error, "refresh tokens expire in their own time");
        }
    }

    async fn expire(&self, id: &GrantId) -> Result<(), StoreError> {
        let tokens = self.store().owned_by(REFRESH_TOKENS, id.as_str()).await?;
        let one = |token: String| async {
            let key = Key::new(REFRESH_TOKENS, token);
            if let Some(record) = self.store().get::<RefreshToken>(&key).await? {
                self.store().swap(&key, &record, &*record, Some(ENDED_FAMILY_TTL)).await?;
            }
            Ok(())
        };
        stream::iter(tokens).map(one).buffer_unordered(AT_ONCE).try_collect().await
    }
}
