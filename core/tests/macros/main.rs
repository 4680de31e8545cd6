//! The macros from outside: what a crate that depends on `dari` gets of them.

#[cfg(test)]
mod everything;
#[cfg(test)]
mod no_implicit_prelude;
#[cfg(test)]
mod outside;
#[cfg(test)]
mod renamed;
