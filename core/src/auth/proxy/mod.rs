//! The authorization server's endpoints, one a file, and the builder that makes it.

mod answer;
mod authorize;
mod build;
mod builder;
mod callback;
mod consent;
mod register;
mod routes;
mod token;

pub use build::{AuthConfigError, Defaults};
pub use builder::OAuthProxy;
pub(crate) use routes::{app_routes, well_known_routes};
