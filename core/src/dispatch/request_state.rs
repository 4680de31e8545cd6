//! `requestState`: what the client keeps for us between two tries of a request (MCP 2026-07-28, Multi Round-Trip
//! Requests, Server Requirements).
//!
//! It holds the answers of earlier rounds, signed, and is good for the same caller, the same request and one hour.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use crate::auth::Principal;
use crate::clock::Clock;
use crate::context::Shared;
use crate::exchange::{Answers, AskedCall, REQUEST_STATE_LIFETIME};
use crate::protocol::RpcError;
use crate::spent::SpentId;

/// The request that a state belongs to.
pub(super) struct Binding {
    pub(super) shared: Arc<Shared>,
    pub(super) principal: Option<Principal>,
    pub(super) method: &'static str,
    /// The name of the tool or prompt, or the URI of the resource.
    pub(super) target: Cow<'static, str>,
    pub(super) arguments: Bytes,
}

/// What is signed.
#[derive(Serialize, Deserialize)]
struct State<I, A> {
    /// A random id, by which it can be spent.
    i: I,
    /// Expiry, in seconds since the epoch.
    e: u64,
    /// The answers so far.
    a: A,
}

impl Binding {
    /// A state that holds these answers.
    ///
    /// They are of one call, whatever its rounds: its first state says until when all of them are good.
    pub(super) fn seal(&self, answers: &Answers, call: Option<AskedCall>) -> Result<String, RpcError> {
        let AskedCall { id, expires } = match call {
            Some(call) => call,
            None => {
                let mut id = SpentId::default();
                getrandom::fill(&mut id).map_err(|_| RpcError::internal())?;
                AskedCall { id, expires: Clock::system().unix().saturating_add(REQUEST_STATE_LIFETIME.as_secs()) }
            }
        };
        let state = State { i: BASE64.encode(id), e: expires, a: answers };
        let state = serde_json::to_vec(&state).map_err(|_| RpcError::internal())?;
        self.shared.request_states.sign(&self.digest(), &state).ok_or_else(RpcError::internal)
    }

    /// The answers in a state, and its call. What was altered, is of another caller or of another request does not open.
    pub(super) fn open(&self, state: &str) -> Result<(Answers, AskedCall), RpcError> {
        let refused = || {
            RpcError::invalid_params(
                "`params.requestState` is not one that this request was given, or it is older than an hour: \
                 send the request again without it",
            )
        };
        let state = self.shared.request_states.verify(&self.digest(), state).ok_or_else(refused)?;
        let state: State<&str, Answers> = serde_json::from_slice(&state).map_err(|_| refused())?;
        if state.e <= Clock::system().unix() {
            return Err(refused());
        }
        let id = BASE64.decode(state.i).ok().and_then(|id| id.try_into().ok()).ok_or_else(refused)?;
        let call = AskedCall { id, expires: state.e };
        Ok((state.a, call))
    }

    /// What tells this request from any other.
    fn digest(&self) -> [u8; 32] {
        let mut digest = Sha256::new();
        let mut add = |part: &[u8]| {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        };
        add(self.method.as_bytes());
        add(self.target.as_bytes());
        add(&canonical(&self.arguments));
        if let Some(principal) = &self.principal {
            add(principal.subject().as_bytes());
            add(principal.client_id().as_bytes());
        }
        digest.finalize().into()
    }
}

/// Arguments in one form, however the client writes them down: without white space, members sorted by name.
fn canonical(arguments: &[u8]) -> Vec<u8> {
    fn sorted(value: Value) -> Value {
        match value {
            Value::Object(members) => {
                // Sorted by hand, for the order of serde_json's own map depends on its features.
                let mut by_name: BTreeMap<String, Value> = BTreeMap::new();
                by_name.extend(members.into_iter().map(|(name, member)| (name, sorted(member))));
                let mut members = Map::new();
                members.extend(by_name);
                Value::Object(members)
            }
            Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
            other => other,
        }
    }
    match serde_json::from_slice(arguments) {
        Ok(Value::Null) | Err(_) if arguments.is_empty() || arguments == b"null" => b"{}".to_vec(),
        Ok(value) => sorted(value).to_string().into_bytes(),
        // The function's own reading of its arguments will refuse these.
        Err(_) => arguments.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::*;
    use crate::signed::Signer;

    fn binding(arguments: &'static str, user: &str) -> Binding {
        let shared = Shared { request_states: Signer::new(&[[7; 32]], "test"), ..Shared::default() };
        Binding {
            shared: Arc::new(shared),
            principal: Some(Principal::new(user, "client", [""; 0])),
            method: "tools/call",
            target: "delete".into(),
            arguments: Bytes::from_static(arguments.as_bytes()),
        }
    }

    #[test]
    fn a_state_is_good_for_its_own_request_and_caller_only() {
        let answers: Answers =
            [("confirm".to_owned(), RawValue::from_string(r#"{"action":"accept"}"#.into()).unwrap())].into();
        let state = binding(r#"{"a":1,"b":{"d":[1,{"y":2,"x":1}],"c":2}}"#, "kim").seal(&answers, None).unwrap();
        let (opened, _) =
            binding(r#"{ "b": {"c": 2, "d": [1, {"x":1, "y":2}]}, "a": 1 }"#, "kim").open(&state).unwrap();
        assert_eq!(opened["confirm"].get(), r#"{"action":"accept"}"#, "the order of members says nothing");

        let same = r#"{"a":1,"b":{"d":[1,{"y":2,"x":1}],"c":2}}"#;
        assert!(binding(same, "lee").open(&state).is_err());
        assert!(binding(r#"{"a":2,"b":{"d":[1,{"y":2,"x":1}],"c":2}}"#, "kim").open(&state).is_err());
        assert!(Binding { target: "create".into(), ..binding(same, "kim") }.open(&state).is_err());
        assert!(Binding { method: "prompts/get", ..binding(same, "kim") }.open(&state).is_err());
        assert!(Binding { principal: None, ..binding(same, "kim") }.open(&state).is_err());
        for tampered in [format!("{state}-TAMPERED"), state[1..].to_owned(), String::new(), "a.b".to_owned()] {
            assert!(binding(same, "kim").open(&tampered).is_err(), "{tampered}");
        }
    }

    #[test]
    fn no_arguments_are_an_empty_object() {
        let state = binding("", "kim").seal(&Answers::new(), None).unwrap();
        for same in ["{}", "null", " {} "] {
            assert!(binding(same, "kim").open(&state).is_ok(), "{same}");
        }
    }
}
