//! Inputs: valid ones with something wrong, and arbitrary ones.

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

/// Messages that are valid, one a line.
pub(crate) fn messages() -> Vec<Vec<u8>> {
    include_str!("seeds/messages.jsonl").lines().map(|line| line.as_bytes().to_vec()).collect()
}

/// What stands in inputs that parsers get wrong.
const PIECES: [&[u8]; 40] = [
    b"null",
    b"true",
    b"-1",
    b"0",
    b"1e999",
    b"-0.0",
    b"18446744073709551616",
    b"9223372036854775807",
    b"0.1",
    b"{}",
    b"[]",
    b"\"\"",
    b"{",
    b"}",
    b"[",
    b"]",
    b"\"",
    b",",
    b":",
    b"\\",
    b"\\ud800",
    b"\\u0000",
    b"\xff",
    b"\xef\xbb\xbf",
    "한".as_bytes(),
    b"\n",
    b"\r",
    b" ",
    b"\0",
    b"\"id\":1,",
    b"\"params\":{},",
    b"\"_meta\":{}",
    b"\"method\":\"ping\",",
    b"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    b"{\"a\":{\"a\":{\"a\":",
    b"2026-07-28",
    b"2025-11-25",
    b"2099-01-01",
    b"=?base64?",
    b"?=",
];

#[derive(Clone, Debug)]
pub(crate) enum Mutation {
    Set(u16, u8),
    Insert(u16, u8),
    Piece(u16, u8),
    Remove(u16, u8),
    Repeat(u16, u8),
    Cut(u16),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    (0..6_u8, any::<u16>(), any::<u8>()).prop_map(|(kind, at, what)| match kind {
        0 => Mutation::Set(at, what),
        1 => Mutation::Insert(at, what),
        2 => Mutation::Piece(at, what),
        3 => Mutation::Remove(at, what % 32),
        4 => Mutation::Repeat(at, what % 64),
        _ => Mutation::Cut(at),
    })
}

/// At most so many mutations, and often none.
pub(crate) fn mutations(most: usize) -> impl Strategy<Value = Vec<Mutation>> {
    vec(mutation(), 0..=most)
}

/// Applies mutations.
pub(crate) fn mutate(input: &[u8], mutations: &[Mutation]) -> Vec<u8> {
    let mut bytes = input.to_vec();
    for mutation in mutations {
        // A place in it, its end too, however long it is.
        let place = |at: u16| usize::from(at) * (bytes.len() + 1) / (usize::from(u16::MAX) + 1);
        match *mutation {
            Mutation::Set(at, byte) => {
                let at = place(at);
                if let Some(old) = bytes.get_mut(at) {
                    *old = byte;
                }
            }
            Mutation::Insert(at, byte) => bytes.insert(place(at), byte),
            Mutation::Piece(at, piece) => {
                let at = place(at);
                bytes.splice(at..at, PIECES[usize::from(piece) % PIECES.len()].iter().copied());
            }
            Mutation::Remove(at, length) => {
                let at = place(at);
                bytes.drain(at..bytes.len().min(at + usize::from(length)));
            }
            Mutation::Repeat(at, length) => {
                let at = place(at);
                let again = bytes[at..bytes.len().min(at + usize::from(length))].to_vec();
                bytes.splice(at..at, again);
            }
            Mutation::Cut(at) => bytes.truncate(place(at)),
        }
    }
    bytes
}

/// Puts another value in the place of one inside, or takes it away. What is left is JSON.
fn replace(value: &mut Value, at: &mut usize, with: &Option<Value>) -> bool {
    if *at == 0 {
        *value = with.clone().unwrap_or_default();
        return true;
    }
    *at -= 1;
    let taken_away = |at: &usize| *at == 0 && with.is_none();
    match value {
        Value::Object(members) => {
            let names: Vec<String> = members.keys().cloned().collect();
            names.iter().any(|name| {
                if taken_away(at) {
                    return members.remove(name).is_some();
                }
                members.get_mut(name).is_some_and(|member| replace(member, at, with))
            })
        }
        Value::Array(items) => items.iter_mut().any(|item| replace(item, at, with)),
        _ => false,
    }
}

/// A message with other values in it.
fn restructure(seed: &[u8], changes: &[(usize, u8)]) -> Vec<u8> {
    let others = [
        json!(null),
        json!(true),
        json!(-1),
        json!(0),
        json!(1.5),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(1e300),
        json!(""),
        json!("a"),
        json!("\u{0}\u{ffff}"),
        json!("x".repeat(300)),
        json!("2026-07-28"),
        json!("2025-11-25"),
        json!({}),
        json!([]),
        json!([[[{ "a": [null] }]]]),
        json!({ "a": 1, "name": "x" }),
        json!({ "action": "cancel" }),
        json!("ask"),
        json!("echo"),
        json!("region"),
        json!("test://note/%2e%2e"),
        json!("tools/call"),
        json!("tasks/cancel"),
    ];
    let Ok(mut value) = serde_json::from_slice::<Value>(seed) else { return seed.to_vec() };
    for (at, with) in changes {
        let with = others.get(usize::from(*with) % (others.len() + 3));
        replace(&mut value, &mut { *at }, &with.cloned());
    }
    value.to_string().into_bytes()
}

/// One of these with other values or other bytes in it, or now and then bytes that never were anything.
pub(crate) fn mutated(seeds: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let (values, bytes) = (seeds.clone(), seeds);
    prop_oneof![
        6 => (0..values.len(), vec((1..24_usize, any::<u8>()), 0..4))
            .prop_map(move |(seed, changes)| restructure(&values[seed], &changes)),
        4 => (0..bytes.len(), mutations(2)).prop_map(move |(seed, mutations)| mutate(&bytes[seed], &mutations)),
        1 => vec(any::<u8>(), 0..100),
    ]
}

/// Text of all kinds, with much of what is special somewhere.
pub(crate) fn text() -> impl Strategy<Value = String> {
    let special = prop::sample::select(vec![
        '\n', '\r', '\t', '\0', '"', '\\', ':', ' ', '\u{2028}', '\u{85}', '한', '😀', '=', '?', '/', '{', '%',
    ]);
    let any = any::<char>();
    let ascii = (b' '..=b'~').prop_map(char::from);
    vec(prop_oneof![special, any, ascii], 0..24).prop_map(String::from_iter)
}
