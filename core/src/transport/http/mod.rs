//! Streamable HTTP, for both eras at one endpoint.

mod access;
mod answer;
mod body;
mod call;
mod caretaker;
mod connection;
mod cors;
mod endpoint;
mod era;
mod guard;
mod head;
mod head_timer;
mod headers;
mod health;
mod legacy;
mod listen;
mod origin;
mod post;
mod router;
mod serve;
mod session;
mod sse;
#[cfg(feature = "__steps")]
pub(crate) mod steps;

pub(crate) use access::Access;
pub(crate) use endpoint::Endpoint;
pub(crate) use guard::{AllowedHost, Guard};
pub(crate) use origin::Origin;
pub(crate) use router::{Routers, routers};
pub(crate) use serve::{Lanes, serve};
