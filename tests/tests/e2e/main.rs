//! The main job over real sockets: the example, a real browser, and clients that we did not write.

mod builder;
mod clients;
mod documents;
#[expect(dead_code, reason = "the example's own main is not run here")]
mod example;
mod login;
// The README's example of a test, word for word: a doctest would not look into a `#[tokio::test]`.
mod readme;
mod step_up;

/// The `naver_calendar` example.
const PROGRAM: &str = env!("CARGO_BIN_EXE_naver_calendar");

/// Its tools, in order.
const TOOLS: [&str; 3] = ["get_current_time", "web_search", "create_calendar_schedule"];

#[test]
fn the_readme_shows_the_test_that_is_run_here() {
    assert!(include_str!("../../../README.md").contains(include_str!("readme.rs")));
}
