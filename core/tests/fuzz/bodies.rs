//! Request bodies, in both eras.

use crate::http_answer::{initialize, legacy, modern, post};
use crate::mutation::{messages, mutated};
use crate::{fuzz, runtime, server};

#[test]
fn bodies() {
    let (runtime, router) = (runtime(), server::router());
    let session = runtime.block_on(initialize(&router));
    fuzz("bodies", (mutated(messages()), 0..8_u8), |(body, era)| {
        let headers = match era {
            0..=4 => modern(body),
            5 | 6 => legacy(&session),
            _ => Vec::new(),
        };
        runtime.block_on(post(&router, &headers, body)).map(|answer| answer.word())
    });
}
