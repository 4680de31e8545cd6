//! What waits for a subscriber, and who is hung up on.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::{Changes, Reader, Subscription, TooMany};
use crate::protocol::{Change, SubscriptionFilter};

fn filter(uris: &[&str]) -> SubscriptionFilter {
    SubscriptionFilter {
        tools_list_changed: true,
        resource_subscriptions: uris.iter().map(|uri| (*uri).to_owned()).collect(),
        ..SubscriptionFilter::default()
    }
}

fn subscribe(changes: &Changes, uris: &[&str]) -> Arc<Subscription> {
    Arc::new(changes.subscribe(&filter(uris), None).unwrap())
}

fn taken(reader: &Reader) -> Vec<Change> {
    let mut context = Context::from_waker(Waker::noop());
    let mut changes = Vec::new();
    while let Poll::Ready(Some(change)) = reader.poll_next(&mut context) {
        changes.push(change);
    }
    changes
}

fn has_ended(reader: &Reader) -> bool {
    reader.poll_next(&mut Context::from_waker(Waker::noop())) == Poll::Ready(None)
}

#[test]
fn what_was_asked_for_is_told_once_however_often_it_changed() {
    let changes = Changes::new();
    let subscription = subscribe(&changes, &["a:1", "a:2"]);
    changes.resource("a:1");
    let reader = subscription.read(None);
    for _ in 0..100 {
        changes.tools();
        changes.prompts();
        changes.resources();
        changes.resource("a:2");
        changes.resource("a:3");
    }
    assert_eq!(taken(&reader), [Change::Tools, Change::Resource("a:1".into()), Change::Resource("a:2".into())]);
    assert_eq!(taken(&reader), []);
    subscription.remove("a:2");
    subscription.add("a:3").unwrap();
    subscription.add("a:3").unwrap();
    changes.resource("a:2");
    changes.resource("a:3");
    assert_eq!(taken(&reader), [Change::Resource("a:3".into())]);
}

#[test]
fn a_change_goes_to_one_reader_of_a_subscription() {
    let changes = Changes::new();
    let subscription = subscribe(&changes, &[]);
    let (one, other) = (subscription.read(None), subscription.read(None));
    changes.tools();
    assert_eq!(taken(&other).len() + taken(&one).len(), 1);
    let more: Vec<_> = (0..4).map(|_| subscription.read(None)).collect();
    assert!(has_ended(&one) && has_ended(&other), "the oldest make room");
    changes.tools();
    drop(other);
    assert_eq!(taken(&more[0]).len(), 1);
    subscription.end();
    assert!(more.iter().all(has_ended));
}

#[tokio::test(start_paused = true)]
async fn who_takes_nothing_for_half_a_minute_is_hung_up_on() {
    let changes = Changes::new();
    let (slow, quick) = (subscribe(&changes, &[]), subscribe(&changes, &[]));
    let connection = tokio::spawn(std::future::pending::<()>());
    let (stuck, reading) = (slow.read(Some(connection.abort_handle())), quick.read(None));
    tokio::time::advance(Duration::from_secs(100)).await;
    changes.tools();
    assert_eq!(taken(&reading).len(), 1);
    tokio::time::advance(Duration::from_secs(29)).await;
    assert!(changes.hang_up_on_stalled() && !connection.is_finished());
    changes.tools();
    tokio::time::advance(Duration::from_secs(1)).await;
    changes.hang_up_on_stalled();
    assert!(has_ended(&stuck) && connection.await.unwrap_err().is_cancelled());
    assert_eq!(taken(&reading).len(), 1, "nobody else is");
    assert_eq!(taken(&slow.read(None)).len(), 1, "what waited still does");
}

#[test]
fn subscriptions_are_bounded_and_leave_nothing_behind() {
    let changes = Changes::new();
    let long = "x".repeat(10_000);
    let subscription = subscribe(&changes, &[]);
    for number in 0..6 {
        subscription.add(&format!("{number}{long}")).unwrap();
    }
    assert_eq!(subscription.add(&long), Err(TooMany), "64 KiB");
    let many: Vec<_> = (0..1001).map(|number| number.to_string()).collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    assert!(changes.subscribe(&filter(&many[..1000]), None).is_ok());
    assert!(changes.subscribe(&filter(&many), None).is_err());

    let of_one: Vec<_> = (0..200).map(|_| changes.subscribe(&filter(&["a:1"]), Some("kim")).unwrap()).collect();
    assert!(changes.subscribe(&filter(&[]), Some("kim")).is_err());
    assert!(changes.subscribe(&filter(&[]), Some("lee")).is_ok());
    drop(of_one);
    assert!(changes.subscribe(&filter(&[]), Some("kim")).is_ok());
    drop(subscription);
    assert!(!changes.hang_up_on_stalled(), "nobody is left");
    let all: Vec<_> = (0..10_000).map(|_| changes.subscribe(&filter(&[]), None).unwrap()).collect();
    assert!(changes.subscribe(&filter(&[]), None).is_err());
    drop(all);
}
