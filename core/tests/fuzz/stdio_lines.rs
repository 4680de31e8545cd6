//! Lines over stdio, on one connection that must outlive them all.

use std::collections::HashSet;
use std::time::Duration;

use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};

use crate::http_answer::{check, id_of};
use crate::mutation::{messages, mutated};
use crate::{fuzz, runtime, server};

#[test]
fn stdio_lines() {
    let runtime = runtime();
    let stdio = runtime.block_on(server::server().body_limit(4096).build_stdio()).expect("it builds");
    let (client, theirs) = tokio::io::duplex(64 * 1024);
    let (input, output) = tokio::io::split(theirs);
    let serving = runtime.spawn(async move { stdio.serve(input, output, std::future::pending()).await });
    let (output, mut input) = tokio::io::split(client);
    let mut output = BufReader::new(output).lines();

    // Answers of calls may come after those to later lines.
    let mut asked: HashSet<String> = HashSet::new();
    let mut pings = 0_u64;
    let strategy = (mutated(messages()), 1..200_usize, 0..400_u16);
    fuzz("stdio_lines", strategy, |(line, piece, long)| {
        let mut line: Vec<u8> = line.iter().copied().filter(|byte| *byte != b'\n').collect();
        if *long == 0 {
            line = line.repeat(5000 / line.len().max(1) + 1);
        }
        asked.insert(id_of(&line).to_string());
        pings += 1;
        let ping = format!("ping-{pings}");
        // A case that failed leaves its answer to the next one.
        asked.insert(json!(ping).to_string());
        line.push(b'\n');
        line.extend_from_slice(json!({ "jsonrpc": "2.0", "id": ping, "method": "ping" }).to_string().as_bytes());
        line.push(b'\n');
        let exchange = async {
            for piece in line.chunks(*piece) {
                input.write_all(piece).await.map_err(|error| error.to_string())?;
            }
            let mut word = "nothing".to_owned();
            loop {
                let line = output.next_line().await.map_err(|error| error.to_string())?.ok_or("the server ended")?;
                serde_json::from_str::<&RawValue>(&line).map_err(|error| format!("no JSON: {error}: {line}"))?;
                // What a client logs may hold a number that is JSON, and too large for this test to read.
                let Ok(message) = serde_json::from_str::<Value>(&line) else { continue };
                let of = &message["id"];
                if *of == json!(ping) {
                    check(&message, of)?;
                    return Ok(word);
                }
                if !of.is_null() && message.get("method").is_none() && !asked.contains(&of.to_string()) {
                    return Err(format!("nobody asked: {line}"));
                }
                check(&message, of)?;
                word = message["error"]["code"].as_i64().map_or("an answer".to_owned(), |code| code.to_string());
            }
        };
        let outcome = runtime.block_on(async { tokio::time::timeout(Duration::from_secs(20), exchange).await });
        outcome.map_err(|_| "no answer in time".to_owned())?
    });
    drop((input, output));
    let ended = runtime.block_on(async { tokio::time::timeout(Duration::from_secs(20), serving).await });
    ended.expect("it ends with its client").expect("no panic").expect("no error");
}
