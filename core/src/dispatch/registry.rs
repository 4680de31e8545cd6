//! What a server offers, with every answer that never changes serialized once.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use bytes::Bytes;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value, json};

use super::list::{Entry, List, cacheable};
use super::tasks::{TaskSettings, Tasks};
use crate::extract::Requirements;
use crate::function::completer::Completions;
use crate::outcome::StaticResult;
use crate::prompt::Prompt;
use crate::protocol::{Implementation, ProtocolVersion, TASKS};
use crate::resource::Resource;
use crate::store::Records;
use crate::tool::{self, Tool};

/// What a server was given to offer. Names and URIs were found to be different.
pub(crate) struct Offer {
    pub(crate) server: Implementation,
    pub(crate) instructions: Option<String>,
    pub(crate) tools: Vec<Tool>,
    pub(crate) prompts: Vec<Prompt>,
    pub(crate) resources: Vec<Resource>,
    /// How many entries a page of a list has.
    pub(crate) page_size: usize,
    pub(crate) tasks: TaskSettings,
    /// Where tasks are kept.
    pub(crate) records: Records,
    /// Whether the application tells of changes by itself.
    pub(crate) changes: bool,
}

/// The functions of a server, and the answers that tell of them.
pub(crate) struct Registry {
    tools: Vec<Tool>,
    tools_by_name: BTreeMap<Box<str>, usize>,
    prompts: HashMap<Box<str>, Prompt>,
    /// By their URI.
    resources: HashMap<Box<str>, Resource>,
    /// In the order in which they were given: the first that fits is taken.
    templates: Vec<Resource>,
    pub(super) tool_list: List,
    pub(super) prompt_list: List,
    pub(super) resource_list: List,
    pub(super) template_list: List,
    /// Whether any argument completes.
    pub(super) has_completions: bool,
    pub(super) discover: StaticResult,
    /// `capabilities`, `serverInfo` and `instructions`, as `initialize` answers them.
    pub(crate) handshake: Map<String, Value>,
    pub(crate) server_info: Box<RawValue>,
    logs: bool,
    /// Whether a tool may be answered with one of the tasks.
    has_tasks: bool,
    pub(crate) tasks: Arc<Tasks>,
    pub(super) tells_changes: bool,
}

impl Offer {
    fn requirements(&self) -> impl Iterator<Item = &Requirements> {
        let tools = self.tools.iter().map(Tool::requirements);
        let prompts = self.prompts.iter().map(Prompt::requirements);
        tools.chain(prompts).chain(self.resources.iter().map(Resource::requirements))
    }

    /// Whether clients are told of changes: by the application, or by some function.
    fn tells_changes(&self) -> bool {
        self.changes || self.requirements().any(|requirements| requirements.changes)
    }

    /// `ServerCapabilities` in the schema.
    fn capabilities(&self) -> Map<String, Value> {
        let mut capabilities = Map::new();
        let mut add = |has: bool, name: &str, value: Value| {
            if has {
                capabilities.insert(name.into(), value);
            }
        };
        let changes = self.tells_changes();
        let list = if changes { json!({ "listChanged": true }) } else { json!({}) };
        let resources = if changes { json!({ "listChanged": true, "subscribe": true }) } else { json!({}) };
        add(!self.tools.is_empty(), "tools", list.clone());
        add(!self.prompts.is_empty(), "prompts", list);
        add(!self.resources.is_empty(), "resources", resources);
        let prompts = self.prompts.iter().map(Prompt::completions);
        let mut completions = prompts.chain(self.resources.iter().map(Resource::completions));
        add(completions.any(Completions::any), "completions", json!({}));
        add(self.requirements().any(|requirements| requirements.logs), "logging", json!({}));
        capabilities
    }
}

impl Registry {
    /// Serializes what never changes.
    pub(crate) fn new(offer: Offer) -> Result<Self, serde_json::Error> {
        let server_info = to_raw_value(&offer.server)?;
        let capabilities = offer.capabilities();
        let (logs, tells_changes) = (capabilities.contains_key("logging"), offer.tells_changes());

        let mut handshake = Map::new();
        handshake.insert("capabilities".into(), capabilities.clone().into());
        handshake.insert("serverInfo".into(), serde_json::to_value(&offer.server)?);
        let mut discover = Map::new();
        discover.insert("supportedVersions".into(), json!(ProtocolVersion::ALL.map(ProtocolVersion::as_str)));
        let has_tasks = offer.tools.iter().any(|tool| tool.tasks() != tool::Tasks::Never);
        discover.insert("capabilities".into(), with_extensions(capabilities, has_tasks).into());
        if let Some(instructions) = offer.instructions {
            handshake.insert("instructions".into(), instructions.clone().into());
            discover.insert("instructions".into(), instructions.into());
        }
        let mut discover = serde_json::to_string(&discover)?;
        // Its last brace: more members follow.
        discover.pop();
        let discover = cacheable(&discover, "public", &server_info);

        let list = |member, entries: Result<Vec<Entry>, _>| List::new(member, entries?, offer.page_size, &server_info);
        let tools =
            offer.tools.iter().map(|tool| Entry::new(tool, shown_to(tool.hidden_without_scope(), tool.scopes())));
        let prompts = offer
            .prompts
            .iter()
            .map(|prompt| Entry::new(prompt, shown_to(prompt.hidden_without_scope(), prompt.scopes())));
        let (templates, resources): (Vec<Resource>, Vec<Resource>) =
            offer.resources.into_iter().partition(Resource::is_template);
        let entry =
            |resource: &Resource| Entry::new(resource, shown_to(resource.hidden_without_scope(), resource.scopes()));
        let mut tools_by_name = BTreeMap::new();
        tools_by_name.extend(offer.tools.iter().enumerate().map(|(index, tool)| (Box::from(tool.name()), index)));
        Ok(Self {
            tool_list: list("tools", tools.collect())?,
            prompt_list: list("prompts", prompts.collect())?,
            resource_list: list("resources", resources.iter().map(entry).collect())?,
            template_list: list("resourceTemplates", templates.iter().map(entry).collect())?,
            has_completions: handshake["capabilities"].get("completions").is_some(),
            discover,
            handshake,
            tools_by_name,
            tools: offer.tools,
            prompts: offer.prompts.into_iter().map(|prompt| (prompt.name().into(), prompt)).collect(),
            resources: resources.into_iter().map(|resource| (resource.uri().into(), resource)).collect(),
            templates,
            has_tasks,
            tasks: Arc::new(Tasks::new(offer.tasks, offer.records, serde_json::to_value(&offer.server)?)),
            server_info,
            logs,
            tells_changes,
        })
    }

    /// Whether some function writes to the client's log.
    pub(crate) const fn logs(&self) -> bool {
        self.logs
    }

    pub(super) const fn has_tools(&self) -> bool {
        !self.tools.is_empty()
    }

    pub(super) const fn has_tasks(&self) -> bool {
        self.has_tasks
    }

    pub(super) fn has_prompts(&self) -> bool {
        !self.prompt_list.is_empty()
    }

    pub(super) fn has_resources(&self) -> bool {
        !self.resource_list.is_empty() || !self.template_list.is_empty()
    }

    pub(crate) fn tool(&self, name: &str) -> Option<&Tool> {
        self.tools.get(*self.tools_by_name.get(name)?)
    }

    pub(super) fn prompt(&self, name: &str) -> Option<&Prompt> {
        self.prompts.get(name)
    }

    /// The template that is written so, or the resource at this URI.
    pub(super) fn template(&self, uri: &str) -> Option<&Resource> {
        self.templates.iter().find(|template| template.uri() == uri).or_else(|| self.resources.get(uri))
    }

    /// The resource at a URI, and the arguments that the URI holds.
    pub(super) fn resource(&self, uri: &str) -> Option<(&Resource, Bytes)> {
        if let Some(resource) = self.resources.get(uri) {
            return Some((resource, Bytes::new()));
        }
        self.templates.iter().find_map(|template| Some((template, template.matches(uri)?)))
    }
}

/// The capabilities of the current revision. Those of the handshake know no extensions.
fn with_extensions(mut capabilities: Map<String, Value>, has_tasks: bool) -> Map<String, Value> {
    if has_tasks {
        capabilities.insert("extensions".into(), json!({ TASKS: {} }));
    }
    capabilities
}

/// The scopes that a caller needs to see an entry.
fn shown_to(hidden: bool, scopes: &[Cow<'static, str>]) -> Vec<Cow<'static, str>> {
    if hidden { scopes.to_vec() } else { Vec::new() }
}
