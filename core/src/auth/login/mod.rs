//! Grants: one user's login for one client, from the callback to its end.

mod family;
mod flight;
pub(super) mod grant_id;
pub(super) mod grants;
mod identity_check;
pub(super) mod leases;
pub(super) mod logins;
pub(super) mod permissions;
pub(super) mod records;
mod replicas;
pub(super) mod revocation;
pub(super) mod room;
pub(super) mod sessions;
mod upstream_refresh;
