//! Fetching what a stranger names: client-id metadata documents, and the key sets of clients.
//!
//! A stranger may name any URL, so this is the one place where a request of ours goes where somebody else says. It goes
//! over https, straight to addresses of the public internet only, follows nobody's redirect, reads a few KiB, and is
//! over in seconds (draft-ietf-oauth-client-id-metadata-document-00 §6, MCP Client ID Metadata Document Security).

pub(super) mod address;
pub(super) mod cache;
pub(super) mod fetcher;
pub(crate) mod network;
