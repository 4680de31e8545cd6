//! What a client wants to be told of, and how it is told (MCP 2026-07-28, Subscriptions).

use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{Notification, RequestId};

/// The key under which every message of a subscription names it.
pub(crate) const SUBSCRIPTION_ID: &str = "io.modelcontextprotocol/subscriptionId";

/// What a client wants to be told of (`SubscriptionFilter` in the schema).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct SubscriptionFilter {
    #[serde(skip_serializing_if = "is_false")]
    pub(crate) tools_list_changed: bool,
    #[serde(skip_serializing_if = "is_false")]
    pub(crate) prompts_list_changed: bool,
    #[serde(skip_serializing_if = "is_false")]
    pub(crate) resources_list_changed: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) resource_subscriptions: Vec<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
const fn is_false(wanted: &bool) -> bool {
    !*wanted
}

/// Something that has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// The list of tools.
    Tools,
    /// The list of prompts.
    Prompts,
    /// The list of resources.
    Resources,
    /// The resource at this URI.
    Resource(Arc<str>),
}

#[derive(Serialize)]
struct Params<'a> {
    #[serde(rename = "_meta", skip_serializing_if = "Option::is_none")]
    meta: Option<Meta<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notifications: Option<&'a SubscriptionFilter>,
}

#[derive(Serialize)]
struct Meta<'a> {
    #[serde(rename = "io.modelcontextprotocol/subscriptionId")]
    subscription_id: &'a RequestId,
}

impl Change {
    /// The notification; the handshake revisions know no subscriptions to name.
    pub(crate) fn notification(&self, subscription: Option<&RequestId>) -> Bytes {
        let (method, uri) = match self {
            Self::Tools => ("notifications/tools/list_changed", None),
            Self::Prompts => ("notifications/prompts/list_changed", None),
            Self::Resources => ("notifications/resources/list_changed", None),
            Self::Resource(uri) => ("notifications/resources/updated", Some(&**uri)),
        };
        let meta = subscription.map(|subscription_id| Meta { subscription_id });
        let params = (meta.is_some() || uri.is_some()).then_some(Params { meta, uri, notifications: None });
        json(method, params)
    }
}

/// The first message of a subscription: what of the filter is honoured.
pub(crate) fn acknowledged(subscription: &RequestId, honoured: &SubscriptionFilter) -> Bytes {
    let meta = Some(Meta { subscription_id: subscription });
    json("notifications/subscriptions/acknowledged", Some(Params { meta, uri: None, notifications: Some(honoured) }))
}

fn json(method: &'static str, params: Option<Params<'_>>) -> Bytes {
    // Strings and booleans can always be written.
    Notification { jsonrpc: "2.0", method, params }.to_json().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn value(json: &Bytes) -> Value {
        serde_json::from_slice(json).unwrap()
    }

    #[test]
    fn changes_name_their_subscription_where_there_are_some() {
        let id = RequestId::String("s".into());
        assert_eq!(
            value(&Change::Resource("a:b".into()).notification(Some(&id))),
            json!({ "jsonrpc": "2.0", "method": "notifications/resources/updated",
                    "params": { "_meta": { SUBSCRIPTION_ID: "s" }, "uri": "a:b" } })
        );
        assert_eq!(
            value(&Change::Tools.notification(None)),
            json!({ "jsonrpc": "2.0", "method": "notifications/tools/list_changed" })
        );
    }

    #[test]
    fn what_was_not_asked_for_is_not_written() {
        let filter: SubscriptionFilter = serde_json::from_str(r#"{"toolsListChanged":true,"other":1}"#).unwrap();
        assert_eq!(
            value(&acknowledged(&RequestId::Number(1), &filter)),
            json!({ "jsonrpc": "2.0", "method": "notifications/subscriptions/acknowledged",
                    "params": { "_meta": { SUBSCRIPTION_ID: 1 }, "notifications": { "toolsListChanged": true } } })
        );
        assert!(serde_json::from_str::<SubscriptionFilter>(r#"{"toolsListChanged":"yes"}"#).is_err());
    }
}
