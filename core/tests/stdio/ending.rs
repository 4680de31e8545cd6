//! How a connection ends: by the client, by the process, or by a client that does not read.

use std::sync::atomic::AtomicBool;
use std::time::Instant;

use crate::*;

#[tokio::test]
async fn who_closes_the_line_gets_the_answers_that_are_due_soon() {
    let mut client = Client::start().await;
    client.call(1, "wait", json!({})).await;
    client.started().await;
    client.call(2, "add", json!({ "a": 1, "b": 2 })).await;
    client.close();
    assert_eq!(text(&client.next().await), "3");
    client.seen.release.notify_waiters();
    assert_eq!(text(&client.next().await), "waited");
    assert_eq!(client.next_or_end().await, None, "and then the server closes its side");
    client.ended().await.expect("a client that goes is no error");
}

#[tokio::test]
async fn a_last_message_needs_no_line_break() {
    let mut client = Client::start().await;
    let ping = json!({ "jsonrpc": "2.0", "id": 1, "method": "ping" }).to_string();
    client.input.as_mut().expect("an open input").write_all(ping.as_bytes()).await.expect("it reads");
    client.close();
    assert_eq!(client.next().await["id"], 1);
    client.ended().await.expect("no error");
}

#[tokio::test]
async fn calls_that_do_not_end_hold_nothing_up() {
    for by_signal in [false, true] {
        let mut client = Client::start().await;
        client.call(1, "wait", json!({})).await;
        client.started().await;
        client.call(2, "tidy", json!({})).await;
        client.started().await;
        let start = Instant::now();
        if by_signal {
            client.stop.take().expect("it runs").send(()).expect("it listens");
        } else {
            client.close();
        }
        assert_eq!(client.next_or_end().await, None, "no answers to cancelled calls");
        let seen = client.seen.clone();
        client.ended().await.expect("no error");
        let took = start.elapsed();
        assert!(took >= Duration::from_millis(900) && took < Duration::from_secs(10), "{took:?}");
        assert_eq!(seen.told.load(Ordering::SeqCst), 1, "who listens is told");
        assert_eq!(seen.ended.load(Ordering::SeqCst), 1, "and tidies up");
    }
}

#[tokio::test]
async fn an_idle_server_ends_at_once() {
    let mut client = Client::start().await;
    client.nothing_but_pong().await;
    let start = Instant::now();
    client.close();
    client.ended().await.expect("no error");
    assert!(start.elapsed() < Duration::from_millis(500), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_client_that_goes_away_ends_it_and_its_calls() {
    let mut client = Client::start().await;
    client.call(1, "tidy", json!({})).await;
    client.started().await;
    let Client { input, output, seen, serving, stop, .. } = client;
    drop((input, output));
    timeout(SOON, serving).await.expect("it ends").expect("no panic").expect("no error");
    let told = async {
        while seen.told.load(Ordering::SeqCst) == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await
        }
    };
    timeout(SOON, told).await.expect("its call is told");
    drop(stop);
}

#[tokio::test]
async fn a_client_that_does_not_read_makes_the_server_wait() {
    let mut client = Client::start().await;
    let mut input = client.input.take().expect("an open input");
    let (sent, enough) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicBool::new(false)));
    let writing = tokio::spawn({
        let (sent, enough) = (Arc::clone(&sent), Arc::clone(&enough));
        async move {
            while !enough.load(Ordering::SeqCst) {
                let id = sent.fetch_add(1, Ordering::SeqCst);
                let params = json!({ "name": "flood", "arguments": { "bytes": 20_000 }, "_meta": meta() });
                let request = json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params });
                input.write_all(format!("{request}\n").as_bytes()).await.expect("the server reads");
                // Answers in line, for which the lines after them wait.
                let ping = json!({ "jsonrpc": "2.0", "id": format!("p{id}"), "method": "ping" });
                input.write_all(format!("{ping}\n").as_bytes()).await.expect("the server reads");
            }
            input
        }
    });
    // However slow the machine: at some time the server reads no more.
    let waits = async {
        let mut before = 0;
        while before == 0 || before != sent.load(Ordering::SeqCst) {
            before = sent.load(Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(1000)).await;
        }
    };
    timeout(SOON, waits).await.expect("the server reads on and on, for a client that does not");
    enough.store(true, Ordering::SeqCst);
    for _ in 0..2 * sent.load(Ordering::SeqCst) {
        let answer = client.next().await;
        assert!(answer["result"].is_object() || code(&answer) == -32603, "{answer}");
    }
    client.input = Some(writing.await.expect("no panic"));
    client.nothing_but_pong().await;
}
