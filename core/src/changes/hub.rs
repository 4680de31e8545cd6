//! Where changes are told, and where those are who asked for them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::subscription::Subscriber;
use crate::protocol::Change;

/// How many subscriptions there may be in a process, and how many of one user.
const SUBSCRIPTIONS: usize = 10_000;
const OF_ONE_SUBJECT: u32 = 200;

/// How many bytes the URIs of all subscriptions may have.
const ALL_URI_BYTES: usize = 64 * 1024 * 1024;

/// There are as many subscriptions as there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooMany;

/// All subscriptions.
#[derive(Default)]
pub(super) struct Hub(Mutex<Subscribers>);

#[derive(Default)]
struct Subscribers {
    all: HashMap<u64, Arc<Subscriber>>,
    /// Who asked for a resource.
    by_uri: HashMap<Arc<str>, Vec<u64>>,
    by_subject: HashMap<Box<str>, u32>,
    uri_bytes: usize,
    next: u64,
}

impl Hub {
    /// Tells all who asked for it. Nobody is waited for.
    pub(super) fn publish(&self, change: &Change) {
        let mut wakers = Vec::new();
        {
            let subscribers = self.lock();
            match change {
                Change::Resource(uri) => {
                    let numbers = subscribers.by_uri.get(&**uri).map(Vec::as_slice).unwrap_or_default();
                    for subscriber in numbers.iter().filter_map(|number| subscribers.all.get(number)) {
                        subscriber.tell(change, &mut wakers);
                    }
                }
                Change::Tools | Change::Prompts | Change::Resources => {
                    for subscriber in subscribers.all.values() {
                        subscriber.tell(change, &mut wakers);
                    }
                }
            }
        }
        // Outside of the locks: whoever is woken may want them.
        wakers.into_iter().for_each(std::task::Waker::wake);
    }

    pub(super) fn insert(&self, subscriber: Arc<Subscriber>, subject: Option<&str>) -> Result<u64, TooMany> {
        let mut subscribers = self.lock();
        if subscribers.all.len() >= SUBSCRIPTIONS {
            tracing::warn!("a subscription was refused: there are {SUBSCRIPTIONS} already");
            return Err(TooMany);
        }
        if let Some(subject) = subject {
            let count = subscribers.by_subject.entry(subject.into()).or_default();
            if *count >= OF_ONE_SUBJECT {
                tracing::warn!("a subscription was refused: its user has {OF_ONE_SUBJECT} already");
                return Err(TooMany);
            }
            *count += 1;
        }
        subscribers.next += 1;
        let number = subscribers.next;
        subscribers.all.insert(number, subscriber);
        Ok(number)
    }

    pub(super) fn remove(&self, number: u64, uris: impl Iterator<Item = Arc<str>>, subject: Option<&str>) {
        let mut subscribers = self.lock();
        uris.for_each(|uri| subscribers.unlist(&uri, number));
        subscribers.all.remove(&number);
        if let Some(subject) = subject
            && let Some(count) = subscribers.by_subject.get_mut(subject)
        {
            *count -= 1;
            if *count == 0 {
                subscribers.by_subject.remove(subject);
            }
        }
    }

    /// Lists a subscription under a URI; gives back the URI as all share it.
    pub(super) fn list(&self, uri: &str, number: u64) -> Result<Arc<str>, TooMany> {
        let mut subscribers = self.lock();
        if subscribers.uri_bytes.saturating_add(uri.len()) > ALL_URI_BYTES {
            tracing::warn!("a subscription was refused: the URIs of all have {ALL_URI_BYTES} bytes already");
            return Err(TooMany);
        }
        subscribers.uri_bytes += uri.len();
        let shared = subscribers.by_uri.get_key_value(uri).map_or_else(|| Arc::from(uri), |(uri, _)| Arc::clone(uri));
        subscribers.by_uri.entry(Arc::clone(&shared)).or_default().push(number);
        Ok(shared)
    }

    pub(super) fn unlist(&self, uri: &str, number: u64) {
        self.lock().unlist(uri, number);
    }

    pub(super) fn hang_up_on_stalled(&self) -> bool {
        // Outside of the lock: who is hung up on goes.
        let all: Vec<_> = self.lock().all.values().cloned().collect();
        for subscriber in &all {
            subscriber.hang_up_if_stalled();
        }
        !all.is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, Subscribers> {
        // A panic inside the lock leaves nothing half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Subscribers {
    fn unlist(&mut self, uri: &str, number: u64) {
        let Some(numbers) = self.by_uri.get_mut(uri) else { return };
        let before = numbers.len();
        numbers.retain(|listed| *listed != number);
        self.uri_bytes -= (before - numbers.len()) * uri.len();
        if numbers.is_empty() {
            self.by_uri.remove(uri);
        }
    }
}
