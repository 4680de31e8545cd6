//! Grants: one user's login for one client, from the callback to its end.

mod flight;
pub(super) mod grant_id;
pub(super) mod grants;
mod identity_check;
pub(super) mod logins;
pub(super) mod records;
pub(super) mod room;
mod upstream_refresh;
