//! Transports: how messages come in and answers go out. Here the eras end: inside, every request has one shape.

mod encode;
pub(crate) mod http;
