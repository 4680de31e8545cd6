//! Session ids: the server's own are known, and no other is.

use http::StatusCode;
use proptest::prelude::*;

use crate::http_answer::{initialize, legacy, post};
use crate::mutation::{mutate, mutations};
use crate::{fuzz, runtime, server};

#[test]
fn session_ids() {
    let (runtime, router) = (runtime(), server::router());
    let session = runtime.block_on(initialize(&router));
    let seed = session.clone();
    let id = prop_oneof![
        4 => mutations(3).prop_map(move |mutations| mutate(seed.as_bytes(), &mutations)),
        1 => proptest::collection::vec(b'!'..=b'~', 0..80),
    ];
    let ping = br#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
    fuzz("session_ids", id, |id| {
        let id = String::from_utf8_lossy(id).into_owned();
        let headers = legacy(&id);
        // A value that can be no header is none.
        let sent = headers.len() == 2 && !id.is_empty();
        let same = id.trim_matches([' ', '\t']) == session;
        let answer = runtime.block_on(post(&router, &headers, ping))?;
        match (answer.status, answer.code()) {
            (StatusCode::OK, 0) if same || !sent => Ok("known".to_owned()),
            (StatusCode::NOT_FOUND, _) if !same => Ok("unknown".to_owned()),
            (StatusCode::BAD_REQUEST, _) if !same => Ok("no id".to_owned()),
            (status, _) => Err(format!("{status}: {}", answer.last())),
        }
    });
}
