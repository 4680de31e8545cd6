//! A server with a Naver login in front of the sandbox, over real sockets, with a person and a client of a few lines.
//!
//! Names of tests begin or end with the rows of the acceptance list that they cover.

mod doctor;
mod person;
mod secrets;
mod step_up;
mod unlink;
mod world;
