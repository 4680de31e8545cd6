//! Cursors: the server's own lead to their page, others nowhere.

use proptest::prelude::*;
use serde_json::json;

use crate::http_answer::{modern, post, request};
use crate::mutation::{mutate, mutations, text};
use crate::{fuzz, runtime, server};

#[test]
fn cursors() {
    let (runtime, router) = (runtime(), server::router());
    let list = |cursor: Option<&str>| {
        let body = request("tools/list", cursor.map_or(json!({}), |cursor| json!({ "cursor": cursor })));
        runtime.block_on(post(&router, &modern(&body), &body))
    };
    let mut known = Vec::new();
    while let Some(next) = {
        let page = list(known.last().map(String::as_str)).expect("a page");
        page.last()["result"]["nextCursor"].as_str().map(str::to_owned)
    } {
        known.push(next);
    }
    assert_eq!(known.len(), 2, "six tools in pages of two");
    let seeds = known.clone();
    let cursor = prop_oneof![
        (0..seeds.len(), mutations(2)).prop_map(move |(seed, mutations)| String::from_utf8_lossy(&mutate(
            seeds[seed].as_bytes(),
            &mutations
        ))
        .into_owned()),
        text(),
    ];
    fuzz("cursors", cursor, |cursor| {
        let answer = list(Some(cursor))?;
        match (known.contains(cursor), answer.code()) {
            (true, 0) => Ok("a page".to_owned()),
            (false, -32602) => Ok("refused".to_owned()),
            _ => Err(format!("{}", answer.last())),
        }
    });
}
