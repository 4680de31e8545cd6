//! The logins of this server: grants whose upstream tokens are kept fresh and whose users are checked.

use std::sync::Arc;
use std::time::Duration;

use super::grants::Grants;
use super::leases::Leases;
use super::permissions::Permissions;
use crate::auth::provider::upstream::Upstream;
use crate::clock::Clock;
use crate::store::Sealed;

/// When a client may come again after an outage, in seconds.
pub(crate) const RETRY_AFTER: u32 = 5;
/// How long the provider is left alone after it was away, in seconds: what cannot be served without it is refused at
/// once, until it is time for the client to try again.
pub(super) const QUIET: u64 = RETRY_AFTER as u64;

/// Grants, and the provider that stands behind them.
///
/// The upstream tokens' refresh is in `upstream_refresh`, the check of the identity in `identity_check`, and the end of
/// the consent in `revocation`.
pub(crate) struct Logins {
    /// For what is known beside the grants.
    pub(crate) store: Sealed,
    pub(crate) grants: Arc<Grants>,
    pub(crate) permissions: Permissions,
    pub(crate) leases: Leases,
    pub(crate) upstream: Upstream,
    pub(crate) clock: Clock,
    /// How long one request to the provider may take.
    pub(crate) upstream_timeout: Duration,
    /// How old the provider's word on the identity may be, in seconds.
    pub(crate) identity_interval: u64,
    /// How much older it may be while the provider gives no new one, in seconds.
    pub(crate) identity_grace: u64,
}
