//! The authorization server: its endpoints, one a file, what they share, the builder that makes it, and the gate.

mod answer;
mod authorize;
mod body;
mod build;
mod builder;
mod callback;
mod caller;
mod challenge;
mod client_auth;
mod consent;
mod cookies;
mod cors;
mod form;
mod gate;
mod limits;
mod metadata;
mod oauth_error;
mod register;
mod revoke;
mod routes;
mod server;
mod token;
mod urls;
mod verified;

pub use build::{AuthConfigError, Defaults};
pub use builder::OAuthProxy;
pub(crate) use gate::Login;
pub use gate::{Gate, Refusal};
pub(crate) use server::AuthorizationServer;
