//! Sessions of the handshake revisions, kept by the client: the id is a signed token that holds everything.
//!
//! What `initialize` settled (revision, capabilities, client) is in the id itself, so a restart or another replica
//! with the same key can serve it. The server remembers only the sessions that were ended before their time.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::auth::Principal;
use crate::protocol::{ProtocolVersion, RawJson};
use crate::signed::Signer;

/// How long a session lives. The server keeps nothing of it, so the limit only bounds how long a leaked id is good.
const LIFETIME: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The longest payload that is signed: clients repeat it on every request.
const PAYLOAD_LIMIT: usize = 1024;

/// How many ended sessions are remembered.
const TOMBSTONE_LIMIT: usize = 100_000;

/// What a session settled.
pub(super) struct Session {
    pub(super) version: ProtocolVersion,
    pub(super) client_info: RawJson,
    pub(super) client_capabilities: RawJson,
    id: SessionId,
    expires: u64,
}

impl Session {
    /// What a process knows it by; a client without a session cannot be found again.
    pub(super) fn key(&self) -> Option<SessionId> {
        (self.expires > 0).then_some(self.id)
    }

    /// What is known of a client that opened no session: its revision.
    pub(super) fn sessionless(version: ProtocolVersion) -> Self {
        let nothing = RawJson::default;
        Self { version, client_info: nothing(), client_capabilities: nothing(), id: SessionId::default(), expires: 0 }
    }
}

/// What one process knows a session by.
pub(super) type SessionId = [u8; 16];

/// Opens, reads and ends sessions.
pub(super) struct Sessions {
    signer: Signer,
    ended: Mutex<Tombstones>,
}

#[derive(Serialize, Deserialize)]
struct Payload<'a> {
    v: &'a str,
    /// Expiry, in seconds since the epoch.
    e: u64,
    /// The random id, as base64.
    i: &'a str,
    /// Whom it belongs to.
    p: Option<&'a str>,
    #[serde(borrow)]
    c: Option<&'a RawValue>,
    #[serde(borrow)]
    n: Option<&'a RawValue>,
}

impl Sessions {
    pub(super) fn new(keys: &[[u8; 32]]) -> Self {
        Self { signer: Signer::new(keys, "session"), ended: Mutex::default() }
    }

    /// The id of a new session.
    pub(super) fn open(
        &self,
        version: ProtocolVersion,
        client_info: Option<&RawValue>,
        client_capabilities: Option<&RawValue>,
        principal: Option<&Principal>,
    ) -> Option<String> {
        let mut random = SessionId::default();
        getrandom::fill(&mut random).ok()?;
        let id = BASE64.encode(random);
        let owner = principal.map(owner);
        let mut payload = Payload {
            v: version.as_str(),
            e: now().saturating_add(LIFETIME.as_secs()),
            i: &id,
            p: owner.as_deref(),
            c: client_capabilities,
            n: client_info,
        };
        let mut json = serde_json::to_vec(&payload).ok()?;
        if json.len() > PAYLOAD_LIMIT {
            // A long description of the client is worth less than its capabilities, and both less than an answer.
            payload.n = None;
            json = serde_json::to_vec(&payload).ok()?;
        }
        if json.len() > PAYLOAD_LIMIT {
            tracing::warn!("a client declared more capabilities than fit a session id: it is served as if it had none");
            payload.c = None;
            json = serde_json::to_vec(&payload).ok()?;
        }
        self.signer.sign(&[], &json)
    }

    /// The session of this id, if it is alive and belongs to the caller.
    pub(super) fn find(&self, id: &str, principal: Option<&Principal>) -> Option<Session> {
        let json = self.signer.verify(&[], id)?;
        let payload: Payload<'_> = serde_json::from_slice(&json).ok()?;
        let raw = |value: Option<&RawValue>| {
            RawJson::new(value.map_or_else(Bytes::new, |value| Bytes::copy_from_slice(value.get().as_bytes())))
        };
        let session = Session {
            version: ProtocolVersion::parse(payload.v)?,
            client_info: raw(payload.n),
            client_capabilities: raw(payload.c),
            id: BASE64.decode(payload.i).ok()?.try_into().ok()?,
            expires: payload.e,
        };
        let owned = payload.p == principal.map(owner).as_deref();
        (owned && self.is_alive(&session)).then_some(session)
    }

    /// Whether a session that was alive still is.
    pub(super) fn is_alive(&self, session: &Session) -> bool {
        session.expires > now() && !self.ended().contains(&session.id)
    }

    /// Ends a session before its time.
    pub(super) fn end(&self, session: &Session) {
        self.ended().insert(session.id, session.expires);
    }

    fn ended(&self) -> std::sync::MutexGuard<'_, Tombstones> {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The sessions that were ended, until they would have ended by themselves.
#[derive(Default)]
struct Tombstones {
    ids: HashMap<SessionId, u64>,
    order: VecDeque<SessionId>,
}

impl Tombstones {
    fn contains(&self, id: &SessionId) -> bool {
        self.ids.contains_key(id)
    }

    fn insert(&mut self, id: SessionId, expires: u64) {
        if self.ids.insert(id, expires).is_none() {
            self.order.push_back(id);
        }
        // All sessions live equally long, so the oldest is the first to be done with.
        while let Some(oldest) = self.order.front() {
            let done = self.ids.get(oldest).is_none_or(|expires| *expires <= now());
            if !done && self.order.len() <= TOMBSTONE_LIMIT {
                break;
            }
            self.ids.remove(oldest);
            self.order.pop_front();
        }
    }
}

/// What stands in the token for its owner: enough to compare, nothing to read.
fn owner(principal: &Principal) -> String {
    let mut digest = Sha256::new();
    digest.update((principal.client_id().len() as u64).to_be_bytes());
    digest.update(principal.client_id());
    digest.update(principal.subject());
    BASE64.encode(&digest.finalize()[..16])
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sessions() -> Sessions {
        Sessions::new(&[[7; 32]])
    }

    fn open(sessions: &Sessions, principal: Option<&Principal>) -> String {
        let info = RawValue::from_string(r#"{"name":"클라이언트","version":"1"}"#.into()).unwrap();
        let capabilities = RawValue::from_string(r#"{"sampling":{}}"#.into()).unwrap();
        sessions.open(ProtocolVersion::V2025_06_18, Some(&info), Some(&capabilities), principal).unwrap()
    }

    #[test]
    fn an_id_holds_what_was_settled() {
        let sessions = sessions();
        let id = open(&sessions, None);
        assert!(id.bytes().all(|byte| byte.is_ascii_graphic()), "visible ASCII only");
        let session = Sessions::new(&[[1; 32], [7; 32]]).find(&id, None).expect("another replica serves it");
        assert_eq!(session.version, ProtocolVersion::V2025_06_18);
        assert_eq!(session.client_capabilities.as_bytes(), br#"{"sampling":{}}"#);
        assert!(session.client_info.read::<crate::ClientInfo>().is_some_and(|info| info.name == "클라이언트"));
    }

    #[test]
    fn an_id_of_another_key_or_caller_is_unknown() {
        let sessions = sessions();
        let alice = Principal::new("alice", "client", ["openid"]);
        let bob = Principal::new("bob", "client", ["openid"]);
        let id = open(&sessions, Some(&alice));
        assert!(sessions.find(&id, Some(&alice)).is_some());
        assert!(sessions.find(&id, Some(&bob)).is_none());
        assert!(sessions.find(&id, None).is_none());
        assert!(Sessions::new(&[[8; 32]]).find(&id, Some(&alice)).is_none());
        for garbage in ["", ".", "a.b", "a", &id[1..], &format!("{id}x")] {
            assert!(sessions.find(garbage, Some(&alice)).is_none(), "{garbage}");
        }
    }

    #[test]
    fn an_ended_session_stays_ended() {
        let sessions = sessions();
        let (first, second) = (open(&sessions, None), open(&sessions, None));
        sessions.end(&sessions.find(&first, None).unwrap());
        assert!(sessions.find(&first, None).is_none());
        assert!(sessions.find(&second, None).is_some());
    }

    #[test]
    fn a_client_that_says_too_much_still_gets_a_short_id() {
        let long = RawValue::from_string(format!("{{\"name\":\"{}\"}}", "x".repeat(10_000))).unwrap();
        let id = sessions().open(ProtocolVersion::V2025_11_25, Some(&long), Some(&long), None).unwrap();
        assert!(id.len() < 1500 && sessions().find(&id, None).is_some());
    }
}
