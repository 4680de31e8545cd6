//! The main job over real sockets: the example, a real browser, and clients that we did not write.

mod clients;
#[expect(dead_code, reason = "the example's own main is not run here")]
mod example;
mod login;

/// The `naver_calendar` example.
const PROGRAM: &str = env!("CARGO_BIN_EXE_naver_calendar");

/// Its tools, in order.
const TOOLS: [&str; 3] = ["get_current_time", "web_search", "create_calendar_schedule"];
