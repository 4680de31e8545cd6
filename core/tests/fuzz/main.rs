//! Fuzz targets: whatever comes in, nothing panics, nothing answers 5xx, and every answer is JSON-RPC with the right id.
//!
//! Each target makes its inputs of valid ones (`seeds/`) by mutation, and of arbitrary bytes. What once failed is kept in
//! `regressions/` and tried first. `DARI_FUZZ_CASES` says how many cases each target tries; `scripts/fuzz` tries a
//! million.

mod bodies;
mod cursors;
mod event_streams;
mod headers;
mod http_answer;
mod mutation;
mod server;
mod sessions;
mod states;
mod stdio_lines;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, FileFailurePersistence, TestCaseError, TestRunner};

/// How many cases a target tries, where nothing else is said.
const CASES: u32 = 1_000;

/// How many panics there were, also such as the server caught.
static PANICS: AtomicU64 = AtomicU64::new(0);

/// What came of the cases of a target: shows that they reach further than the first check.
type Outcomes = BTreeMap<String, u64>;

/// Tries a target with many inputs. `case` says in a word what came of one.
fn fuzz<S: Strategy>(target: &str, strategy: S, mut case: impl FnMut(&S::Value) -> Result<String, String>)
where
    S::Value: Debug,
{
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            PANICS.fetch_add(1, Ordering::SeqCst);
            before(panic);
        }));
    });
    let cases = std::env::var("DARI_FUZZ_CASES").ok().map_or(CASES, |cases| cases.parse().expect("a number of cases"));
    let kept = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fuzz/regressions/");
    let kept: &'static str = Box::leak(format!("{kept}{target}.txt").into_boxed_str());
    let mut runner = TestRunner::new(Config {
        cases,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(kept))),
        max_shrink_iters: 20_000,
        ..Config::default()
    });
    let (start, outcomes) = (Instant::now(), std::cell::RefCell::new(Outcomes::new()));
    let case = std::cell::RefCell::new(&mut case);
    let result = runner.run(&strategy, |input| {
        let before = PANICS.load(Ordering::SeqCst);
        let outcome = (*case.borrow_mut())(&input).map_err(TestCaseError::fail)?;
        if PANICS.load(Ordering::SeqCst) != before {
            return Err(TestCaseError::fail("something panicked"));
        }
        *outcomes.borrow_mut().entry(outcome).or_default() += 1;
        Ok(())
    });
    if let Err(failure) = result {
        panic!("{target}: {failure}");
    }
    let seconds = start.elapsed().as_secs_f64();
    let outcomes: Vec<String> = outcomes.borrow().iter().map(|(outcome, times)| format!("{outcome} {times}")).collect();
    println!("fuzz {target}: {cases} cases in {seconds:.1} s: {}", outcomes.join(", "));
}

/// A runtime of one target, on its own thread.
fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}
