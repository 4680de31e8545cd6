//! Dari beside a bare axum handler and beside its peers: the requests, the load, and what is measured of a process.

pub mod build_cost;
pub mod contender;
pub mod instructions;
pub mod load;
#[cfg(feature = "login")]
pub mod login;
pub mod memory;
pub mod process;
pub mod progress;
pub mod request;
pub mod servers;
pub mod speed;

/// Whatever keeps a measurement from being one.
pub type Error = Box<dyn std::error::Error + Send + Sync>;
