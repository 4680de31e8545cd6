//! Mistakes, and what the compiler says of them.
//!
//! Every case is built against this crate in a target folder of its own. With a login that would be hundreds of crates
//! more, and the macros know nothing of it: so this runs without `auth` only, by `cargo test -p dari --test ui`.
//! Nothing here compiles; what must compile is in `macros/`. A single case that had to be linked would make each of
//! them a build of its own.
//!
//! The texts belong to one compiler: `TRYBUILD=overwrite cargo test -p dari --test ui` writes them anew.

#![cfg(not(feature = "auth"))]

#[test]
fn mistakes_are_told_in_our_words_and_once() {
    trybuild::TestCases::new().compile_fail("tests/ui/fail/*.rs");
}
