//! `requestState`, and the answers that come with it.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::http_answer::{modern, post, request};
use crate::mutation::{mutate, mutations, text};
use crate::{fuzz, runtime, server};

#[test]
fn request_states() {
    let (runtime, router) = (runtime(), server::router());
    let call = |params: Value| {
        let body = request("tools/call", params);
        runtime.block_on(post(&router, &modern(&body), &body))
    };
    let asked = call(json!({ "name": "ask", "arguments": {} })).expect("a question");
    let state = asked.last()["result"]["requestState"].as_str().expect("a state").to_owned();
    let seed = state.clone();
    let states = prop_oneof![
        6 => mutations(2).prop_map(move |mutations| String::from_utf8_lossy(&mutate(seed.as_bytes(), &mutations)).into_owned()),
        1 => text(),
    ];
    let accepted = json!({ "action": "accept", "content": { "name": "x" } }).to_string().into_bytes();
    let responses = mutations(3).prop_map(move |mutations| mutate(&accepted, &mutations));
    fuzz("request_states", (states, responses), |(sent, response)| {
        let response: Value = serde_json::from_slice(response).unwrap_or_default();
        let answered = response["action"] == "accept" && response["content"]["name"].is_string();
        let answer = call(json!({
            "name": "ask",
            "arguments": {},
            "requestState": sent,
            "inputResponses": { "name": response },
        }))?;
        let word = answer.word();
        match &*word {
            "complete" if *sent == state && answered => Ok(word),
            "tool-error" if *sent == state && !answered => Ok(word),
            "-32602"
                if *sent != state
                    || !answered
                    || response["content"]["name"].as_str().is_some_and(|name| name.chars().count() > 20) =>
            {
                Ok(word)
            }
            _ => Err(format!("{sent:?} {}", answer.last())),
        }
    });
}
