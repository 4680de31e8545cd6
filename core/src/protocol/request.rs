//! A request as nearly all are, read in one pass over the body.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{Params, RequestId};

/// A request that is well-formed. What is wrong with any other, [`Message::parse`](super::Message::parse) says.
pub(crate) struct WellFormed<'a> {
    pub(crate) id: RequestId,
    pub(crate) method: Cow<'a, str>,
    pub(crate) params: Params<'a>,
}

impl<'a> WellFormed<'a> {
    pub(crate) fn read(body: &'a [u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct Members<'a> {
            #[serde(borrow)]
            jsonrpc: &'a RawValue,
            id: RequestId,
            #[serde(borrow)]
            method: Cow<'a, str>,
            #[serde(borrow, default, deserialize_with = "object")]
            params: Params<'a>,
            /// Of a response: whoever sends both has something in mind.
            result: Option<IgnoredAny>,
            error: Option<IgnoredAny>,
        }
        // As a whole: what a parser passes over unread it does not look at.
        let text = std::str::from_utf8(body).ok()?;
        let Object(Members { jsonrpc, id, method, params, result, error }) = serde_json::from_str(text).ok()?;
        let is_one = jsonrpc.get() == "\"2.0\"" && result.is_none() && error.is_none();
        is_one.then_some(Self { id, method, params })
    }
}

/// The `params` of a message that was read before.
pub(crate) fn params_of(message: &[u8]) -> Option<&RawValue> {
    #[derive(Deserialize)]
    struct Members<'a> {
        #[serde(borrow)]
        params: Option<&'a RawValue>,
    }
    serde_json::from_slice::<Object<Members<'_>>>(message).ok()?.0.params
}

/// The `_meta` of the `params` of a message.
pub(crate) fn meta_of(params: &RawValue) -> Option<&RawValue> {
    #[derive(Deserialize)]
    struct Members<'a> {
        #[serde(borrow, rename = "_meta")]
        meta: Option<&'a RawValue>,
    }
    serde_json::from_str::<Object<Members<'_>>>(params.get()).ok()?.0.meta
}

/// Reads an object only: serde would take an array for a struct as well, its items for the fields in their order.
pub(super) fn object<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    Object::deserialize(deserializer).map(|Object(value)| value)
}

/// The same, where `null` says as little as nothing.
pub(super) fn object_or_null<'de, T: Deserialize<'de> + Default, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.map_or_else(T::default, |Object(value)| value))
}

struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectVisitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
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
        assert_eq!(meta_of(params_of(good.as_bytes()).unwrap()).unwrap().get(), meta);
        for bare in [
            r#"{"jsonrpc":"2.0","id":"a","method":"x"}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"x","params":{"_meta":null}}"#,
        ] {
            assert!(WellFormed::read(bare.as_bytes()).is_some(), "{bare}");
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
