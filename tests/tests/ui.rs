//! Mistakes and what the compiler says of them, and a program with everything that must compile.
//!
//! The texts belong to one compiler: `TRYBUILD=overwrite cargo test -p dari-tests --test ui` writes them anew.

#[test]
fn mistakes_are_told_in_our_words_and_once() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass/*.rs");
    cases.compile_fail("tests/ui/fail/*.rs");
}
