//! What clients get for a grant, and how it is told from a forgery.

pub(super) mod access_token;
pub(super) mod codes;
pub(super) mod mac;
pub(super) mod refresh_tokens;
