//! Several processes on one store, and some that end.

use super::*;
use crate::store::{KeyRing, MemoryStore, Sealed};

struct Shared {
    store: Sealed,
    hand: ManualClock,
}

impl Shared {
    async fn new() -> Self {
        let (clock, hand) = Clock::manual(SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000));
        let store = Arc::new(MemoryStore::with_clock(clock.clone()));
        Self { store: Sealed::open(store, KeyRing::ephemeral().unwrap(), clock).await.unwrap(), hand }
    }

    /// Another process.
    fn process(&self) -> Arc<Tasks> {
        Arc::new(Tasks::new(TaskSettings::new(), Records::Store(self.store.clone()), json!({ "name": "test" })))
    }

    /// Lets time go by, for clocks of both kinds.
    async fn pass(&self, seconds: u64) {
        for _ in 0..seconds {
            self.hand.advance(Duration::from_secs(1));
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
}

async fn status(tasks: &Tasks, id: &str) -> String {
    view(tasks, id, None).await.unwrap()["status"].as_str().unwrap().to_owned()
}

#[tokio::test(start_paused = true)]
async fn another_process_tells_of_a_task_and_passes_on_what_it_is_sent() {
    let shared = Shared::new().await;
    let (here, there) = (shared.process(), shared.process());
    let script = Script::begin(&here, None).await;
    assert_eq!(status(&there, &script.id).await, "working", "it is there as soon as its id is told");
    script.step(Step::Say("asking"));
    script.step(Step::Ask("a"));
    shared.pass(2).await;
    let seen = view(&there, &script.id, None).await.unwrap();
    assert_eq!(seen, view(&here, &script.id, None).await.unwrap());
    assert_eq!((&seen["status"], &seen["statusMessage"]), (&json!("input_required"), &json!("asking")));

    there.update(&script.id, accept("a"), None).await.unwrap();
    shared.pass(4).await;
    assert_eq!(status(&here, &script.id).await, "working");
    assert_eq!(status(&there, &script.id).await, "working");
    shared.pass(300).await;
    assert_eq!(status(&there, &script.id).await, "working", "the lease is renewed");
    script.step(Step::Complete);
    shared.pass(1).await;
    let seen = view(&there, &script.id, None).await.unwrap();
    assert_eq!(seen["result"]["content"][0]["text"], "1", "the answer got there");

    let script = Script::begin(&here, None).await;
    there.cancel(&script.id, None).await.unwrap();
    shared.pass(4).await;
    assert_eq!(status(&here, &script.id).await, "cancelled");
}

#[tokio::test(start_paused = true)]
async fn a_task_whose_process_is_gone_has_failed() {
    let shared = Shared::new().await;
    let here = shared.process();
    let (runs, done) = (Script::begin(&here, None).await, Script::begin(&here, None).await);
    done.step(Step::Complete);
    shared.pass(1).await;
    // A process that crashes does nothing more, and its store's clock goes on.
    let there = shared.process();
    shared.hand.advance(Duration::from_secs(25));
    assert_eq!(status(&there, &runs.id).await, "working", "it may be slow");
    shared.hand.advance(Duration::from_secs(10));
    there.cancel(&runs.id, None).await.unwrap();
    let gone = view(&there, &runs.id, None).await.unwrap();
    assert_eq!((&gone["status"], &gone["error"]["code"]), (&json!("failed"), &json!(-32603)));
    assert!(gone["statusMessage"].as_str().unwrap().contains("is gone"), "{gone}");
    assert_eq!(status(&there, &done.id).await, "completed");

    // It was only slow, and hears of it: what its client was told stays.
    runs.step(Step::Say("still here"));
    shared.pass(1).await;
    runs.step(Step::Complete);
    shared.pass(10).await;
    assert_eq!(view(&there, &runs.id, None).await.unwrap(), gone);
    assert_eq!(view(&here, &runs.id, None).await.unwrap(), gone);
}

#[tokio::test(start_paused = true)]
async fn a_process_that_stops_leaves_nothing_to_wait_for() {
    let shared = Shared::new().await;
    let (here, there) = (shared.process(), shared.process());
    let script = Script::begin(&here, None).await;
    here.abandon().await;
    assert_eq!(status(&there, &script.id).await, "failed");
    let runners = crate::store::Collection::new("task-runner");
    assert_eq!(here.records.count(runners).await.unwrap(), 0, "its lease is given up");
    shared.pass(60).await;
    let again = shared.process();
    let script = Script::begin(&again, None).await;
    script.step(Step::Complete);
    shared.pass(60).await;
    assert_eq!(here.records.count(runners).await.unwrap(), 0, "a process without tasks needs none");
    let script = Script::begin(&again, None).await;
    shared.pass(60).await;
    assert_eq!(status(&there, &script.id).await, "working");
}
