//! A request as nearly all are, read in one pass over the body.

use std::borrow::Cow;

use super::json::{Json, Walk};
use super::{Params, RequestId};

/// A request that is well-formed. What is wrong with any other, [`Message::parse`](super::Message::parse) says.
pub(crate) struct WellFormed<'a> {
    pub(crate) id: RequestId,
    pub(crate) method: Cow<'a, str>,
    pub(crate) params: Params<'a>,
}

impl<'a> WellFormed<'a> {
    pub(crate) fn read(body: &'a [u8]) -> Option<Self> {
        let (mut jsonrpc, mut id, mut method, mut params) = (None, None, None, None);
        // As a whole: what is passed over unread nobody looks at.
        Walk::whole(std::str::from_utf8(body).ok()?, |walk| {
            walk.object(|walk, name| match &*name {
                "jsonrpc" => walk.value_into(&mut jsonrpc),
                "id" => walk.value_into(&mut id),
                "method" => walk.value_into(&mut method),
                "params" => params.replace(Params::walk(walk)?).is_none().then_some(()),
                // Of a response: whoever sends both has something in mind.
                "result" | "error" => None,
                _ => walk.value().map(drop),
            })
        })?;
        let id = id?.read().ok()?;
        (jsonrpc?.get() == "\"2.0\"").then_some(())?;
        Some(Self { id, method: method?.text()?, params: params.unwrap_or_default() })
    }
}

/// The `params` of a message that was read before.
pub(crate) fn params_of(message: &[u8]) -> Option<Json<'_>> {
    member(std::str::from_utf8(message).ok()?, "params")
}

/// The `_meta` of the `params` of a message.
pub(crate) fn meta_of(params: &str) -> Option<Json<'_>> {
    member(params, "_meta")
}

fn member<'a>(object: &'a str, wanted: &str) -> Option<Json<'a>> {
    let mut member = None;
    Walk::whole(object, |walk| {
        walk.object(|walk, name| match name == wanted {
            true => walk.value_into(&mut member),
            false => walk.value().map(drop),
        })
    })?;
    // `null` says as little as nothing.
    member.filter(|json| !json.is_null())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_pass_takes_what_the_closer_look_takes_and_nothing_else() {
        let meta = r#"{"io.modelcontextprotocol/protocolVersion":"2026-07-28","x":[{}]}"#;
        let good = format!(
            r#"{{"x":1,"jsonrpc":"2.0","params":{{"_meta":{meta},"name":"a\u0062","arguments":{{"a":[1]}}}},"id":7,"method":"tools/call"}}"#
        );
        let WellFormed { id, method, params } = WellFormed::read(good.as_bytes()).expect("a request");
        assert_eq!((id, &*method), (RequestId::Number(7), "tools/call"));
        assert_eq!(params.name().unwrap().as_deref(), Some("ab"));
        assert_eq!(params.arguments.unwrap().get(), r#"{"a":[1]}"#);
        assert_eq!(params.meta.protocol_version(), Some("2026-07-28"));
        assert_eq!(meta_of(params_of(good.as_bytes()).unwrap().get()).unwrap().get(), meta);
        for bare in [
            r#"{"jsonrpc":"2.0","id":"a","method":"x"}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"x","params":{"_meta":null}}"#,
        ] {
            assert!(WellFormed::read(bare.as_bytes()).is_some(), "{bare}");
            assert_eq!(params_of(bare.as_bytes()).and_then(|params| meta_of(params.get())), None, "{bare}");
        }
        for bad in [
            r#"{"jsonrpc":"2.0","id":1}"#,
            r#"{"jsonrpc":"2.0","method":"x"}"#,
            r#"{"jsonrpc":"2.1","id":1,"method":"x"}"#,
            r#"{"jsonrpc":"2.0","id":null,"method":"x"}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"x","params":null}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"x","params":["a"]}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"x","params":{"_meta":[]}}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"x","params":{"name":"a","name":"b"}}"#,
            r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"x"}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"x","result":{}}"#,
            r#"[{"jsonrpc":"2.0","id":1,"method":"x"}]"#,
            r#"["2.0",1,"x"]"#,
        ] {
            assert!(WellFormed::read(bad.as_bytes()).is_none(), "{bad}");
        }
    }
}
