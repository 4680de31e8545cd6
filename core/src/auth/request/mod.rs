//! What clients and browsers send, checked: nothing here knows a store, a provider or a key of ours.

pub(super) mod client;
pub(super) mod client_document;
pub(super) mod document_url;
pub(super) mod key_set;
pub(super) mod params;
pub(super) mod pkce;
pub(super) mod redirect_policy;
pub(super) mod redirect_uri;
pub(super) mod scope;
