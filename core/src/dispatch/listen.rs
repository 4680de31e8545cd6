//! `subscriptions/listen`: what a client wants to be told of, and what of it is honoured.

use std::collections::HashSet;

use serde::Deserialize;

use super::{Dispatched, Registry, check_scopes};
use crate::RequestContext;
use crate::auth::Principal;
use crate::changes::{Subscription, TooMany};
use crate::extract::Refused;
use crate::outcome::Outcome;
use crate::protocol::{ErrorCode, MethodParams, RpcError, SubscriptionFilter};
use crate::resource;

/// A subscription, and what of the client's filter it honours.
pub(crate) struct Listening {
    pub(crate) honoured: SubscriptionFilter,
    pub(crate) subscription: Subscription,
}

#[derive(Deserialize)]
struct Params {
    notifications: SubscriptionFilter,
}

impl Registry {
    /// Whether there is anything that clients can be told to have changed.
    pub(crate) fn tells_anything(&self) -> bool {
        self.tells_changes && (self.has_tools() || self.has_prompts() || self.has_resources())
    }

    /// Whether clients can be told that a resource has changed.
    pub(crate) fn tells_resources(&self) -> bool {
        self.tells_changes && self.has_resources()
    }

    /// Everything that a client can be told of but single resources: what the handshake revisions tell without being
    /// asked.
    pub(crate) fn all_lists(&self) -> SubscriptionFilter {
        SubscriptionFilter {
            tools_list_changed: self.tells_changes && self.has_tools(),
            prompts_list_changed: self.tells_changes && self.has_prompts(),
            resources_list_changed: self.tells_resources(),
            resource_subscriptions: Vec::new(),
        }
    }

    /// Whether a caller may be told of the resource at this URI: it is there, and may be read.
    pub(crate) fn may_watch(&self, uri: &str, principal: Option<&Principal>) -> Result<(), NotWatched> {
        let (resource, _) = self.resource(uri).ok_or(NotWatched::NotFound)?;
        check_scopes(resource.scopes(), principal).map_err(NotWatched::Refused)
    }

    pub(super) fn listen(&self, params: &MethodParams<'_>, context: &RequestContext) -> Dispatched {
        if let Err(error) = self.check_subscription(params, context) {
            return Dispatched::error(error);
        }
        let Params { notifications } = match params.read() {
            Ok(params) => params,
            Err(error) => return Dispatched::error(error),
        };
        let principal = context.principal.as_ref();
        let honoured = self.honour(notifications, principal);
        match context.shared.changes.subscribe(&honoured, principal.map(Principal::subject)) {
            Ok(subscription) => Dispatched::Listening(Listening { honoured, subscription }),
            Err(error) => Dispatched::error(too_many(error)),
        }
    }

    /// The part of a filter that can be honoured for this caller (MCP 2026-07-28, Subscriptions, Acknowledgment).
    fn honour(&self, wanted: SubscriptionFilter, principal: Option<&Principal>) -> SubscriptionFilter {
        let all = self.all_lists();
        let mut known = HashSet::new();
        let uris = wanted.resource_subscriptions.iter();
        let uris = uris.filter(|uri| known.insert(uri.as_str()) && self.may_watch(uri, principal).is_ok());
        SubscriptionFilter {
            tools_list_changed: wanted.tools_list_changed && all.tools_list_changed,
            prompts_list_changed: wanted.prompts_list_changed && all.prompts_list_changed,
            resources_list_changed: wanted.resources_list_changed && all.resources_list_changed,
            resource_subscriptions: uris.cloned().collect(),
        }
    }
}

/// Why a caller is not told of a resource.
pub(crate) enum NotWatched {
    NotFound,
    Refused(Refused),
}

impl NotWatched {
    /// The answer to who asked for this resource alone.
    pub(crate) fn answer(self, uri: &str) -> Result<Outcome, Refused> {
        match self {
            Self::NotFound => Ok(resource::not_found(uri)),
            Self::Refused(refused) => Err(refused),
        }
    }
}

/// The answer where a limit of subscriptions is met.
pub(crate) fn too_many(TooMany: TooMany) -> RpcError {
    RpcError::new(
        ErrorCode::InternalError,
        "There are too many subscriptions: end some, or ask for fewer resources with each (1000 URIs, 64 KiB in all)",
    )
}
