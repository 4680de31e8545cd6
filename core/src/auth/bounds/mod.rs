//! How much strangers may ask for, and who counts as one stranger.

pub(super) mod forwarded;
pub(super) mod rate;
pub(super) mod source;
