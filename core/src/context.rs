//! What is known of a request while it is served: the one thing that both eras hand inwards.

use std::any::{Any, TypeId};
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use http::HeaderMap;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::auth::Principal;
use crate::changes::Changes;
use crate::exchange::Exchange;
use crate::extract::ResolvedArguments;
use crate::protocol::{
    ClientCapabilities, ClientInfo, LoggingLevel, ProtocolVersion, RawJson, RequestId, RequestMeta, TASKS,
};
use crate::signed::Signer;
use crate::spent::Spent;
use crate::trace::Observer;
use crate::{FromContext, Rejection};

/// One request, as extractors see it ([`FromContext`](crate::FromContext)).
pub struct RequestContext {
    pub(crate) reference: Reference,
    pub(crate) id: RequestId,
    pub(crate) version: ProtocolVersion,
    pub(crate) client_info: RawJson,
    pub(crate) client_capabilities: RawJson,
    pub(crate) meta: RequestMeta,
    pub(crate) headers: HeaderMap,
    pub(crate) principal: Option<Principal>,
    /// The token under which the client wants to hear of progress (`progressToken`), as JSON.
    pub(crate) progress_token: RawJson,
    /// The least level of the log messages that the client wants.
    pub(crate) log_level: Option<LoggingLevel>,
    /// What is filled in already of what is being completed.
    pub(crate) resolved: ResolvedArguments,
    pub(crate) exchange: Arc<Exchange>,
    pub(crate) shared: Arc<Shared>,
}

impl RequestContext {
    /// The JSON-RPC id.
    #[must_use]
    pub const fn id(&self) -> &RequestId {
        &self.id
    }

    /// What this request is found by in the log. The JSON-RPC id cannot serve: every client counts from one.
    #[must_use]
    pub const fn reference(&self) -> Reference {
        self.reference
    }

    /// The protocol revision that the client speaks.
    #[must_use]
    pub const fn protocol_version(&self) -> ProtocolVersion {
        self.version
    }

    /// Name and version of the client, as it says itself.
    #[must_use]
    pub fn client_info(&self) -> Option<ClientInfo> {
        self.client_info.read()
    }

    /// What the client declared that it can do.
    #[must_use]
    pub fn client_capabilities(&self) -> ClientCapabilities {
        self.client_capabilities.read().unwrap_or_default()
    }

    /// Whether the client can be answered with a task. A declaration counts for its own request, and not in the handshake
    /// revisions, which do not know the extension (SEP-2663, Capability Negotiation and Backward Compatibility).
    pub(crate) fn knows_tasks(&self) -> bool {
        #[derive(Deserialize)]
        struct Declared<'a> {
            #[serde(borrow)]
            extensions: Option<HashMap<Cow<'a, str>, &'a RawValue>>,
        }
        if self.version.is_legacy() {
            return false;
        }
        let declared: Option<Declared<'_>> = serde_json::from_slice(self.client_capabilities.as_bytes()).ok();
        let extensions = declared.and_then(|declared| declared.extensions);
        extensions.and_then(|extensions| extensions.get(TASKS).map(|settings| settings.get().starts_with('{')))
            == Some(true)
    }

    /// The request's `_meta`.
    #[must_use]
    pub const fn meta(&self) -> &RequestMeta {
        &self.meta
    }

    /// The HTTP headers, without those that hold credentials: `Authorization`, `Proxy-Authorization` and `Cookie`.
    #[must_use]
    pub const fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Who is calling; `None` on a server without login.
    #[must_use]
    pub const fn principal(&self) -> Option<&Principal> {
        self.principal.as_ref()
    }

    /// Fills an extractor, as for a parameter of this type.
    ///
    /// # Errors
    ///
    /// Those of the extractor.
    // No `async fn`: its future would be `Send` only where the compiler can look into it, which lifetimes keep it from.
    pub fn extract<T: FromContext>(&self) -> impl Future<Output = Result<T, Rejection>> + Send {
        T::from_context(self)
    }

    /// The value that was given to [`McpServer::state`](crate::McpServer::state), if one of this type was.
    #[must_use]
    pub fn state<T: Any + Send + Sync>(&self) -> Option<&T> {
        self.shared.states.get()
    }
}

impl fmt::Debug for RequestContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestContext")
            .field("id", &self.id)
            .field("version", &self.version)
            .field("client_info", &self.client_info())
            .field("principal", &self.principal)
            .finish_non_exhaustive()
    }
}

/// A short name for one request, which log lines and "internal error" results share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Reference(u64);

impl Reference {
    /// The next one: requests are numbered from a random start, so that two runs of a server do not share theirs.
    pub(crate) fn next() -> Self {
        static NEXT: LazyLock<AtomicU64> = LazyLock::new(|| {
            let mut start = [0; 8];
            // Without random numbers references may repeat after a restart, which harms nobody.
            let _ = getrandom::fill(&mut start);
            AtomicU64::new(u64::from_le_bytes(start))
        });
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Ten digits: enough to be found, short enough to be read out.
        write!(f, "{:010x}", self.0 & 0xff_ffff_ffff)
    }
}

/// What all requests of a server share.
#[derive(Default)]
pub(crate) struct Shared {
    pub(crate) states: States,
    /// Whether an argument must have the exact JSON type of its schema.
    pub(crate) strict_arguments: bool,
    /// Whether the model is told the text of errors that their author did not write for it.
    pub(crate) expose_errors: bool,
    /// Signs what a client has to send along with its next try (`requestState`).
    pub(crate) request_states: Signer,
    /// Whom the application told to watch what is served.
    pub(crate) observers: Vec<Observer>,
    /// Where changes are told.
    pub(crate) changes: Changes,
    /// The states that were used once, and may not be a second time.
    pub(crate) spent: Spent,
}

/// The values given to `.state(..)`, by type.
#[derive(Default)]
pub(crate) struct States(HashMap<TypeId, Box<dyn Any + Send + Sync>>);

impl States {
    /// Adds a value; gives back whether there already was one of this type.
    pub(crate) fn insert<T: Any + Send + Sync>(&mut self, value: T) -> bool {
        self.0.insert(TypeId::of::<T>(), Box::new(value)).is_some()
    }

    pub(crate) fn get<T: Any + Send + Sync>(&self) -> Option<&T> {
        self.0.get(&TypeId::of::<T>())?.downcast_ref()
    }

    pub(crate) fn contains(&self, type_id: TypeId) -> bool {
        self.0.contains_key(&type_id)
    }
}
