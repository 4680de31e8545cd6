//! Transports: how messages come in and answers go out. Here the eras end: inside, every request has one shape.
//!
//! What is a transport's own is in its folder; what all of them need stands beside it.

mod detach;
mod encode;
mod handshake;
pub(crate) mod http;
mod incoming;
mod questions;
pub(crate) mod stdio;

pub(crate) use detach::{HangUp, Held};
