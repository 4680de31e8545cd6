//! The whole login, in process: a browser, a client and a provider that misbehaves on demand.
//!
//! Names of tests end in the rows of the acceptance list that they cover.

#![cfg(feature = "auth")]

#[cfg(test)]
mod access;
#[cfg(test)]
mod authorize;
#[cfg(test)]
mod bounds;
#[cfg(test)]
mod callback;
#[cfg(test)]
mod calls;
mod cimd;
#[cfg(test)]
mod client_keys;
#[cfg(test)]
mod configuration;
#[cfg(test)]
mod consent;
#[cfg(test)]
mod discovery;
#[cfg(test)]
mod fake;
#[cfg(test)]
mod kept;
#[cfg(test)]
mod logs;
#[cfg(all(test, feature = "metrics"))]
mod metrics;
#[cfg(test)]
mod outage;
#[cfg(test)]
mod redeem;
#[cfg(test)]
mod refresh;
#[cfg(test)]
mod register;
#[cfg(test)]
mod replicas;
#[cfg(test)]
mod revoke;
#[cfg(test)]
mod sessions;
#[cfg(test)]
mod shared;
#[cfg(test)]
mod site;
#[cfg(test)]
mod streams;
mod token;
#[cfg(test)]
mod world;
