//! Tools that can be watched, and that misbehave.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use dari::Tool;
use dari::prelude::*;
use tokio::sync::Semaphore;

use crate::fake::FakeProvider;

/// What the tools of a server tell the test, and hear from it.
#[derive(Clone)]
pub(crate) struct Probe(Arc<Inside>);

pub(crate) struct Inside {
    /// How often `count` ran.
    pub(crate) calls: AtomicU32,
    /// A permit for every `linger` or `block` that began.
    pub(crate) started: Semaphore,
    /// One is taken by every `linger` that may end.
    pub(crate) release: Semaphore,
    /// A permit for every `linger` that came to its end.
    pub(crate) finished: Semaphore,
    /// A permit for every `linger` that was dropped before.
    pub(crate) cancelled: Semaphore,
}

impl Default for Probe {
    fn default() -> Self {
        let none = || Semaphore::new(0);
        Self(Arc::new(Inside {
            calls: AtomicU32::new(0),
            started: none(),
            release: none(),
            finished: none(),
            cancelled: none(),
        }))
    }
}

impl std::ops::Deref for Probe {
    type Target = Inside;

    fn deref(&self) -> &Inside {
        &self.0
    }
}

/// Takes one permit.
pub(crate) async fn one(semaphore: &Semaphore) {
    let permit = tokio::time::timeout(Duration::from_secs(10), semaphore.acquire()).await;
    permit.expect("it happens within 10 s").unwrap().forget();
}

/// Tells who the caller is.
#[mcp_tool]
async fn whoami(token: AccessToken<FakeProvider>) -> String {
    let profile: HashMap<String, String> = token.profile().unwrap_or_default();
    format!("{} {}", token.user_id(), profile["nickname"])
}

/// Adds two numbers.
#[mcp_tool(read_only)]
fn add(a: i64, b: i64) -> String {
    (a + b).to_string()
}

/// Counts its calls.
#[mcp_tool]
async fn count(State(probe): State<Probe>) -> String {
    (probe.calls.fetch_add(1, Ordering::SeqCst) + 1).to_string()
}

/// Writes into the calendar.
#[mcp_tool(scopes("calendar", "profile"))]
async fn plan() -> String {
    "planned".to_owned()
}

/// Panics.
#[mcp_tool]
async fn explode() -> String {
    panic!("a secret of the inside at /srv/tool.rs:1")
}

/// Panics on a thread of its own.
#[mcp_tool]
fn explode_blocking() -> String {
    panic!("a secret of the inside at /srv/tool.rs:1")
}

struct Ended {
    probe: Probe,
    well: bool,
}

impl Drop for Ended {
    fn drop(&mut self) {
        let semaphore = if self.well { &self.probe.finished } else { &self.probe.cancelled };
        semaphore.add_permits(1);
    }
}

async fn until_released(probe: Probe) -> String {
    let mut ended = Ended { probe: probe.clone(), well: false };
    probe.started.add_permits(1);
    probe.release.acquire().await.unwrap().forget();
    ended.well = true;
    "finished".to_owned()
}

/// Goes on until it is released.
#[mcp_tool(timeout = "60s")]
async fn linger(State(probe): State<Probe>) -> String {
    until_released(probe).await
}

/// Reports that it has begun, and goes on until it is released.
#[mcp_tool(timeout = "60s")]
async fn report(progress: Progress, State(probe): State<Probe>) -> String {
    progress.report(1.0, 2.0, "begun");
    until_released(probe).await
}

/// Goes on until its time is over.
#[mcp_tool(timeout = "50ms")]
async fn overrun(State(probe): State<Probe>) -> String {
    until_released(probe).await
}

/// Holds its thread past its time.
#[mcp_tool(timeout = "50ms")]
fn block(State(probe): State<Probe>) -> String {
    probe.started.add_permits(1);
    while probe.release.try_acquire().map(tokio::sync::SemaphorePermit::forget).is_err() {
        std::thread::sleep(Duration::from_millis(5));
    }
    probe.finished.add_permits(1);
    "finished".to_owned()
}

/// Holds its thread, however long: a call that had a time limit might end before it has a thread at all.
#[mcp_tool]
fn hold(probe: State<Probe>) -> String {
    block(probe)
}

pub(crate) fn all() -> impl IntoIterator<Item = Tool> {
    tools![whoami, add, count, plan, explode, explode_blocking, linger, report, overrun, block, hold]
}
