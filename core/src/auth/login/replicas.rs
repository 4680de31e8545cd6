//! What other replicas did to a grant: on a store that several processes share, a grant in the cache is looked up anew
//! every few seconds.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::grant_id::GrantId;
use super::grants::{GrantError, LiveGrant};
use super::logins::Logins;

/// From this age on the store is looked into, while what is known serves.
const LOOK_AHEAD: Duration = Duration::from_secs(2);
/// From this age on a call waits for the look: what another replica ended serves here no longer than this and the
/// patience together, which is 5 s.
const LOOK: Duration = Duration::from_secs(4);
/// How long a call waits for the look. A store that is away ends no login, and nobody could have ended one in it.
const PATIENCE: Duration = Duration::from_secs(1);

impl Logins {
    /// Whether the grant is what [`find`](Self::find) would give now, without a look at anything else.
    pub(super) fn is_found(&self, live: &LiveGrant, now: u64) -> bool {
        self.grants.is_at_hand(live, now) && (!self.grants.is_shared || live.looked() < LOOK_AHEAD)
    }

    /// The grant, as no older than a few seconds. A grant in steady use never waits for the store.
    pub(crate) async fn find(self: &Arc<Self>, id: &GrantId) -> Result<Arc<LiveGrant>, GrantError> {
        let live = self.grants.load(id).await?;
        if !self.grants.is_shared {
            return Ok(live);
        }
        let age = live.looked();
        if age < LOOK_AHEAD {
            return Ok(live);
        }
        let look = live.look.join(|| {
            let (logins, live) = (self.clone(), live.clone());
            async move { logins.look(&live).await }
        });
        if age < LOOK {
            return Ok(live);
        }
        match timeout(PATIENCE, look).await {
            Ok(Some(Err(GrantError::Ended))) => Err(GrantError::Ended),
            _ => Ok(live),
        }
    }

    async fn look(&self, live: &LiveGrant) -> Result<(), GrantError> {
        let looked = self.grants.reload(live).await;
        if matches!(looked, Err(GrantError::Store(_))) {
            // Not every call is to wait for a store that is away.
            live.set_looked();
        }
        looked.map(drop)
    }
}
