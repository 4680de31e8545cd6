//! The acceptance list of security and robustness, row by row, over real sockets.
//!
//! A test is named by the row that it proves (`red_04_…`); the rows themselves stand in [`list`], which fails where one
//! has no test. `SECURITY.md` names the tests by these ids.

mod access;
mod callback;
mod codes;
mod consent;
mod discovery;
mod documents;
// The provider of the login's own tests: one fake, one set of habits.
#[path = "../../../core/tests/login/fake.rs"]
mod fake;
mod http;
mod hygiene;
#[cfg(test)]
mod list;
mod person;
mod pkce;
mod process;
mod redirect;
mod refresh;
mod registration;
mod revocation;
mod server;
#[path = "../../../core/tests/login/shared.rs"]
#[allow(dead_code, reason = "the login's own tests use all of it")]
mod shared;
#[path = "../../../core/tests/login/site.rs"]
#[allow(dead_code, reason = "the login's own tests use all of it")]
mod site;
mod suite;
mod tools;
mod world;
