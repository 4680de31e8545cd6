//! A request as it came in, read in one pass over its message where it is as nearly all are.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::json::{Json, Walk};
use super::{Params, ProtocolMeta, RequestId, RpcError};

/// What was read of a request, before its era is known. It borrows from the message.
#[derive(Debug)]
pub(crate) struct Incoming<'a> {
    pub(crate) id: RequestId,
    pub(crate) method: Cow<'a, str>,
    pub(crate) params: Params<'a>,
}

impl<'a> Incoming<'a> {
    /// A request that is well-formed. What is wrong with any other, [`Message::parse`](super::Message::parse) and
    /// [`read`](Self::read) say.
    pub(crate) fn well_formed(message: &'a [u8]) -> Option<Self> {
        let mut incoming = Self { id: RequestId::Number(0), method: Cow::Borrowed(""), params: Params::default() };
        let (mut jsonrpc, mut id, mut method, mut has_params) = (None, None, None, false);
        // As a whole: what is passed over unread nobody looks at.
        Walk::whole(std::str::from_utf8(message).ok()?, |walk| {
            walk.object(|walk, name| match &*name {
                "jsonrpc" => walk.value_into(&mut jsonrpc),
                "id" => walk.value_into(&mut id),
                "method" => walk.value_into(&mut method),
                "params" => {
                    incoming.params.walk(walk)?;
                    (!std::mem::replace(&mut has_params, true)).then_some(())
                }
                // Of a response: whoever sends both has something in mind.
                "result" | "error" => None,
                _ => walk.value().map(drop),
            })
        })?;
        (jsonrpc?.get() == "\"2.0\"").then_some(())?;
        incoming.id = id?.read().ok()?;
        incoming.method = method?.text()?;
        incoming.check().ok()?;
        Some(incoming)
    }

    /// The same at a closer look, which finds what is wrong.
    pub(crate) fn read(
        id: RequestId,
        method: Cow<'a, str>,
        params: Option<&'a RawValue>,
    ) -> Result<Self, (RequestId, RpcError)> {
        let read = params.map(|params| Params::read(params.get()).ok_or_else(|| fault(params))).transpose();
        let params = match read {
            Ok(params) => params.unwrap_or_default(),
            Err(error) => return Err((id, error)),
        };
        let incoming = Self { id, method, params };
        match incoming.check() {
            Ok(()) => Ok(incoming),
            Err(error) => Err((incoming.id, error)),
        }
    }

    fn check(&self) -> Result<(), RpcError> {
        // It is sent back with every report (MCP 2026-07-28, Progress).
        if self.params.meta.progress_token.is_some_and(|token| token.read::<RequestId>().is_err()) {
            return Err(RpcError::invalid_params("`progressToken` in `_meta` must be a string or an integer"));
        }
        Ok(())
    }

    /// The revision that it says it is in.
    pub(crate) fn protocol_version(&self) -> Option<&str> {
        self.params.meta.protocol_version()
    }
}

/// What is wrong with parameters all of whose members but `_meta` may be anything.
fn fault(params: &RawValue) -> RpcError {
    let meta = meta_of(params.get());
    let is_of_meta = meta.is_some_and(|meta| Walk::whole(meta.get(), ProtocolMeta::walk).is_none());
    RpcError::invalid_params(if is_of_meta {
        "`_meta` must be an object, its protocol version a string, no key twice"
    } else {
        "`params` names a member twice"
    })
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
        let Incoming { id, method, params } = Incoming::well_formed(good.as_bytes()).expect("a request");
        assert_eq!((id, &*method), (RequestId::Number(7), "tools/call"));
        assert_eq!(params.name().unwrap().as_deref(), Some("ab"));
        assert_eq!(params.arguments.unwrap().get(), r#"{"a":[1]}"#);
        assert_eq!(params.meta.protocol_version(), Some("2026-07-28"));
        assert_eq!(meta_of(params_of(good.as_bytes()).unwrap().get()).unwrap().get(), meta);
        for bare in [
            r#"{"jsonrpc":"2.0","id":"a","method":"x"}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"x","params":{"_meta":null}}"#,
        ] {
            assert!(Incoming::well_formed(bare.as_bytes()).is_some(), "{bare}");
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
            assert!(Incoming::well_formed(bad.as_bytes()).is_none(), "{bad}");
        }
    }
}
