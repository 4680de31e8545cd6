//! How many logins one user may have at this server.

use std::sync::Arc;

use super::grants::Grants;
use super::records::{GRANTS, Grant};
use crate::auth::login::grant_id::GrantId;
use crate::auth::reason::Reason;
use crate::store::{Key, StoreError};

/// How many grants one user may have, over all clients. Whoever logs in once more loses the one that was not used for
/// longest; a person does not come near it.
pub(crate) const MAX_GRANTS: usize = 100;

impl Grants {
    /// Makes room for one more grant of this user.
    ///
    /// # Errors
    /// Those of the store.
    pub(crate) async fn make_room(self: &Arc<Self>, subject: &str) -> Result<(), StoreError> {
        let ids = self.store().owned_by(GRANTS, subject).await?;
        let Some(excess) = (ids.len() + 1).checked_sub(MAX_GRANTS).filter(|excess| *excess > 0) else {
            return Ok(());
        };
        let mut by_end = Vec::with_capacity(ids.len());
        for id in ids {
            if let Some(grant) = self.store().get::<Grant>(&Key::new(GRANTS, &*id)).await? {
                by_end.push((grant.expires_at, GrantId::from(id)));
            }
        }
        by_end.sort_by_key(|(expires_at, _)| *expires_at);
        for (_, id) in by_end.iter().take(excess) {
            self.end(id, Reason::GrantsFull).await?;
        }
        Ok(())
    }
}
