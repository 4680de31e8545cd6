//! The secret and the store, from inside.

use std::time::Duration;

use super::{CheckUp, Verdict};
use crate::auth::proxy::{AuthConfigError, Defaults, OAuthProxy};
use crate::auth::random::random_id;
use crate::store::{Collection, Key, Put, Sealed, StoreError};

const WHAT: &str = "store";
const RECORDS: Collection = Collection::new("checkup");
/// In case it is not taken out again.
const TTL: Duration = Duration::from_secs(60);

/// Whether the store opens with the configured secret, and takes a record.
pub(super) async fn look(proxy: &OAuthProxy, defaults: &Defaults<'_>, found: &mut CheckUp) {
    match proxy.open_store(defaults) {
        Ok((name, store)) => match try_out(&store).await {
            Ok(true) => found.add(WHAT, Verdict::Good, format!("{name} opens with this secret, and can be written")),
            Ok(false) => found.add(WHAT, Verdict::Bad, format!("{name} did not give back what was written")),
            Err(error) => found.add(WHAT, Verdict::Bad, error.to_string()),
        },
        Err(AuthConfigError::Store(error)) if error.is_in_use() => {
            let detail = format!("{error} (if that is the running server, all is well: see `readiness`)");
            found.add(WHAT, Verdict::Unknown, detail);
        }
        Err(AuthConfigError::Store(error)) => found.add(WHAT, Verdict::Bad, error.to_string()),
        // The configuration says it.
        Err(_) => {}
    }
}

async fn try_out(store: &Sealed) -> Result<bool, StoreError> {
    let Ok(id) = random_id() else { return Ok(false) };
    let key = Key::new(RECORDS, &*id);
    store.put(&key, &id, Put::default().with_ttl(TTL)).await?;
    Ok(store.take::<String>(&key).await?.as_ref() == Some(&id))
}
