//! Clients that we did not write list and call everything that the conformance fixture offers, in both eras, over HTTP
//! and stdio: rmcp here, the others as programs of `tests/clients`.

mod drivers;
#[path = "../conformance/fixture.rs"]
mod fixture;
mod rmcp_client;
