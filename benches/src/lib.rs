//! Dari beside a bare axum handler and beside its peers: the requests, the load, and what is measured of a process.

pub mod load;
pub mod login;
pub mod process;
pub mod request;
pub mod servers;
