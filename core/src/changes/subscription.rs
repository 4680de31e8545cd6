//! One subscription: what it wants, what it has not been told yet, and who reads it.

use std::collections::BTreeSet;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::hub::{Hub, TooMany};
use crate::protocol::{Change, SubscriptionFilter};

/// How many URIs a subscription may have, and how many bytes of them.
const URIS: usize = 1000;
const URI_BYTES: usize = 64 * 1024;

/// How long a reader may take nothing while something waits.
const STALLED: Duration = Duration::from_secs(30);

/// How many may read one subscription.
const READERS: usize = 4;

/// A subscription, for as long as this lives.
pub(crate) struct Subscription {
    hub: Arc<Hub>,
    number: u64,
    subject: Option<Box<str>>,
    subscriber: Arc<Subscriber>,
    /// Held while the hub and the subscriber are told of a URI, so that they agree.
    changing: Mutex<()>,
}

/// What the hub knows of a subscription.
pub(super) struct Subscriber(Mutex<State>);

/// What waits is bounded by what is wanted: that something changed twice is told once.
struct State {
    wanted: Lists,
    uris: BTreeSet<Arc<str>>,
    uri_bytes: usize,
    waiting: Lists,
    waiting_uris: BTreeSet<Arc<str>>,
    /// Since when something waits, and nothing was taken.
    since: Instant,
    readers: Vec<Reading>,
    next_reader: u64,
    /// When the last reader left.
    unread_since: Instant,
}

#[derive(Clone, Copy, Default)]
struct Lists {
    tools: bool,
    prompts: bool,
    resources: bool,
}

struct Reading {
    number: u64,
    waker: Option<Waker>,
    hang_up: Option<AbortHandle>,
}

impl Subscription {
    pub(super) fn new(hub: &Arc<Hub>, filter: &SubscriptionFilter, subject: Option<&str>) -> Result<Self, TooMany> {
        let wanted = Lists {
            tools: filter.tools_list_changed,
            prompts: filter.prompts_list_changed,
            resources: filter.resources_list_changed,
        };
        let subscriber = Arc::new(Subscriber(Mutex::new(State {
            wanted,
            uris: BTreeSet::new(),
            uri_bytes: 0,
            waiting: Lists::default(),
            waiting_uris: BTreeSet::new(),
            since: Instant::now(),
            readers: Vec::new(),
            next_reader: 0,
            unread_since: Instant::now(),
        })));
        let number = hub.insert(Arc::clone(&subscriber), subject)?;
        let subscription = Self {
            hub: Arc::clone(hub),
            number,
            subject: subject.map(Into::into),
            subscriber,
            changing: Mutex::default(),
        };
        for uri in &filter.resource_subscriptions {
            subscription.add(uri)?;
        }
        Ok(subscription)
    }

    /// Adds a resource.
    pub(crate) fn add(&self, uri: &str) -> Result<(), TooMany> {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        {
            let state = self.subscriber.state();
            if state.uris.contains(uri) {
                return Ok(());
            }
            if state.uris.len() >= URIS || state.uri_bytes + uri.len() > URI_BYTES {
                return Err(TooMany);
            }
        }
        // The hub is locked before its subscribers, so not with this one in hand.
        let uri = self.hub.list(uri, self.number)?;
        let mut state = self.subscriber.state();
        state.uri_bytes += uri.len();
        state.uris.insert(uri);
        Ok(())
    }

    /// Takes a resource out.
    pub(crate) fn remove(&self, uri: &str) {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        {
            let mut state = self.subscriber.state();
            if !state.uris.remove(uri) {
                return;
            }
            state.uri_bytes -= uri.len();
            state.waiting_uris.remove(uri);
        }
        self.hub.unlist(uri, self.number);
    }

    /// Reads it from here on. Each change goes to one of its readers. One that takes nothing for too long is hung up
    /// on.
    pub(crate) fn read(self: &Arc<Self>, hang_up: Option<AbortHandle>) -> Reader {
        let mut state = self.subscriber.state();
        let oldest = (state.readers.len() >= READERS).then(|| state.readers.remove(0));
        state.next_reader += 1;
        let number = state.next_reader;
        if state.readers.is_empty() {
            state.since = Instant::now();
        }
        state.readers.push(Reading { number, waker: None, hang_up });
        drop(state);
        oldest.into_iter().for_each(Reading::hang_up);
        Reader { subscription: Arc::clone(self), number }
    }

    /// Ends the reading of it.
    pub(crate) fn end(&self) {
        let readers = mem::take(&mut self.subscriber.state().readers);
        // Who is woken finds that it reads no more.
        readers.into_iter().filter_map(|reader| reader.waker).for_each(Waker::wake);
    }

    /// Whether anybody reads it.
    pub(crate) fn is_read(&self) -> bool {
        !self.subscriber.state().readers.is_empty()
    }

    /// Whether nobody has read it for so long.
    pub(crate) fn is_unread_for(&self, time: Duration) -> bool {
        let state = self.subscriber.state();
        state.readers.is_empty() && state.unread_since.elapsed() >= time
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let uris = mem::take(&mut self.subscriber.state().uris);
        self.hub.remove(self.number, uris.into_iter(), self.subject.as_deref());
    }
}

impl Subscriber {
    /// Notes a change, if it is wanted; `wakers` are of those to be woken for it.
    pub(super) fn tell(&self, change: &Change, wakers: &mut Vec<Waker>) {
        let mut state = self.state();
        let idle = !state.is_waiting();
        let State { wanted, waiting, .. } = &mut *state;
        match change {
            Change::Tools => waiting.tools |= wanted.tools,
            Change::Prompts => waiting.prompts |= wanted.prompts,
            Change::Resources => waiting.resources |= wanted.resources,
            Change::Resource(uri) => {
                if let Some(uri) = state.uris.get(uri).cloned() {
                    state.waiting_uris.insert(uri);
                }
            }
        }
        if idle && state.is_waiting() {
            state.since = Instant::now();
            wakers.extend(state.readers.iter_mut().filter_map(|reader| reader.waker.take()));
        }
    }

    pub(super) fn hang_up_if_stalled(&self) {
        let stalled = {
            let mut state = self.state();
            if state.readers.is_empty() || !state.is_waiting() || state.since.elapsed() < STALLED {
                return;
            }
            state.unread_since = Instant::now();
            mem::take(&mut state.readers)
        };
        tracing::warn!("a client is hung up on: it has read nothing for {} s", STALLED.as_secs());
        stalled.into_iter().for_each(Reading::hang_up);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic inside the lock leaves nothing half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_waiting(&self) -> bool {
        let Lists { tools, prompts, resources } = self.waiting;
        tools || prompts || resources || !self.waiting_uris.is_empty()
    }

    fn take(&mut self) -> Option<Change> {
        let taken = if mem::take(&mut self.waiting.tools) {
            Change::Tools
        } else if mem::take(&mut self.waiting.prompts) {
            Change::Prompts
        } else if mem::take(&mut self.waiting.resources) {
            Change::Resources
        } else {
            Change::Resource(self.waiting_uris.pop_first()?)
        };
        self.since = Instant::now();
        Some(taken)
    }
}

impl Reading {
    fn hang_up(self) {
        if let Some(hang_up) = self.hang_up {
            hang_up.abort();
        }
        self.waker.into_iter().for_each(Waker::wake);
    }
}

/// Who reads a subscription.
pub(crate) struct Reader {
    subscription: Arc<Subscription>,
    number: u64,
}

impl Reader {
    /// The next change; `None` once it was hung up on.
    pub(crate) fn poll_next(&self, context: &mut Context<'_>) -> Poll<Option<Change>> {
        let mut state = self.subscription.subscriber.state();
        let Some(at) = state.readers.iter().position(|reader| reader.number == self.number) else {
            return Poll::Ready(None);
        };
        if let Some(change) = state.take() {
            return Poll::Ready(Some(change));
        }
        let waker = &mut state.readers[at].waker;
        if waker.as_ref().is_none_or(|waker| !waker.will_wake(context.waker())) {
            *waker = Some(context.waker().clone());
        }
        Poll::Pending
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let mut state = self.subscription.subscriber.state();
        state.readers.retain(|reader| reader.number != self.number);
        state.unread_since = Instant::now();
        // It may have been woken for something that it did not take.
        if state.is_waiting() {
            let wakers: Vec<_> = state.readers.iter_mut().filter_map(|reader| reader.waker.take()).collect();
            drop(state);
            wakers.into_iter().for_each(Waker::wake);
        }
    }
}
