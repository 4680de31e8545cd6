//! The example in a process of its own, with its secrets in the environment.

use std::path::Path;

use dari_providers::naver::sandbox::NaverSandbox;
use dari_tests::server::{Example, Start};
use serde_json::json;

use crate::person::Person;
use crate::world::{Tokens, World};

const PROGRAM: &str = env!("CARGO_BIN_EXE_naver_calendar");
const OLD: &str = "the old secret of a test, which is long enough for it";
const NEW: &str = "the new secret of a test, which is long enough for it";
const MINJI: Person = Person { name: "minji", ticks_calendar: true };

fn start<'a>(sandbox: &NaverSandbox, home: &'a Path, secrets: &[(&str, &str)]) -> Start<'a> {
    let start = Start::new(PROGRAM, home)
        .env("NAVER_CLIENT_ID", sandbox.client_id())
        .env("NAVER_CLIENT_SECRET", sandbox.client_secret())
        .env("NAVER_LOGIN_URL", sandbox.login_url())
        .env("NAVER_OPENAPI_URL", sandbox.open_api_url());
    secrets.iter().fold(start, |start, (name, value)| start.env(name, value))
}

async fn works(world: &World, held: &Tokens) -> bool {
    world.call(held, "get_current_time", json!({})).await.status() == 200
}

fn base(example: &Example) -> String {
    example.mcp_url.trim_end_matches("/mcp").to_owned()
}

#[tokio::test]
async fn tok_14_a_secret_is_changed_by_the_environment_and_nobody_is_logged_out() {
    let home = tempfile::tempdir().expect("a folder");
    let sandbox = NaverSandbox::start(([127, 0, 0, 1], 0).into()).await.expect("the sandbox starts");
    let old = start(&sandbox, home.path(), &[("DARI_SECRET", OLD)]).start().await;
    let url = old.mcp_url.clone();
    let file = home.path().join("old-secret");
    std::fs::write(&file, format!("{OLD}\n")).expect("a file");
    let both = [("DARI_SECRET", NEW), ("DARI_SECRET_PREVIOUS_FILE", file.to_str().expect("a path"))];
    let starts = [start(&sandbox, home.path(), &both), start(&sandbox, home.path(), &[("DARI_SECRET", NEW)])];

    let world = World::at(base(&old), sandbox);
    let held = world.log_in(MINJI).await;
    assert!(works(&world, &held).await);
    old.stop().await;

    let [with_both, only_new] = starts;
    let example = with_both.at(&url).start().await;
    assert!(works(&world, &held).await, "a token that the old secret signed");
    assert_eq!(world.refresh(&held).await, 200);
    assert!(works(&world, &world.log_in(MINJI).await).await);
    example.stop().await;

    // Without the old secret its tokens are nobody's.
    let example = only_new.at(&url).start().await;
    assert_eq!(world.call(&held, "get_current_time", json!({})).await.status(), 401);
    example.stop().await;
}
