//! Resources: what the macro makes of a function, and what the server reads.

pub(crate) mod builder;
mod output;
pub(crate) mod template;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use serde::Serialize;
use serde_json::{Map, Value, json};

pub use output::ResourceOutput;

use self::template::UriTemplate;
use crate::RequestContext;
use crate::extract::Requirements;
use crate::function::Handler;
use crate::function::completer::Completions;
use crate::outcome::{Call, Outcome};
use crate::protocol::{ErrorCode, Icon, ReadResourceResult, ResourceContents, RpcError};

/// A resource, or a template of resources: what is published of it, and the function that reads it.
///
/// [`mcp_resource`](crate::mcp_resource) makes one of a function, and [`resources!`](crate::resources) lists them for a
/// server. Cheap to clone. Serialized, it is the entry of `resources/list` or `resources/templates/list`.
///
/// ```
/// use dari::TestClient;
/// use dari::prelude::*;
///
/// /// A note.
/// #[mcp_resource(uri = "notes://{folder}/{id}{?lines}", mime = "text/plain")]
/// async fn note(folder: String, id: u64, lines: Option<u32>) -> Option<String> {
///     (id < 100).then(|| format!("{lines:?} lines of note {id} in {folder}"))
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let client = TestClient::new(McpServer::new("notes", "1.0.0").resources(resources![note]))?;
/// assert_eq!(client.read("notes://home/7?lines=3").await?.text(), "Some(3) lines of note 7 in home");
/// assert!(client.read("notes://home/100").await.is_err());
/// assert!(client.read("notes://%2E%2E/7").await.is_err());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Resource {
    definition: Arc<Definition>,
    handler: Handler,
}

/// All that is known of a resource before it is read.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Definition {
    #[serde(flatten)]
    uri: Uri,
    name: Cow<'static, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<Cow<'static, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<Cow<'static, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mime_type: Option<Cow<'static, str>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    icons: Vec<Icon>,
    #[serde(rename = "_meta", skip_serializing_if = "Map::is_empty")]
    meta: Map<String, Value>,
    #[serde(skip)]
    scopes: Vec<Cow<'static, str>>,
    #[serde(skip)]
    hidden_without_scope: bool,
    #[serde(skip)]
    ttl: Duration,
    #[serde(skip)]
    public: bool,
    #[serde(skip)]
    requirements: Requirements,
    #[serde(skip)]
    completions: Completions,
    #[serde(skip)]
    problems: Vec<String>,
}

/// Where a resource is.
#[derive(Serialize)]
enum Uri {
    /// At one URI.
    #[serde(rename = "uri")]
    Exact(Cow<'static, str>),
    /// At every URI of this form.
    #[serde(rename = "uriTemplate")]
    Template(UriTemplate),
}

impl Resource {
    /// The URI, or the template of URIs, as it is published.
    #[must_use]
    pub fn uri(&self) -> &str {
        match &self.definition.uri {
            Uri::Exact(uri) => uri,
            Uri::Template(template) => template.as_str(),
        }
    }

    /// Whether it is a template.
    #[must_use]
    pub fn is_template(&self) -> bool {
        matches!(self.definition.uri, Uri::Template(_))
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.definition.name
    }

    /// The scopes that a caller must have been granted.
    pub(crate) fn scopes(&self) -> &[Cow<'static, str>] {
        &self.definition.scopes
    }

    /// Whether a caller who lacks one of the scopes is not told of it.
    pub(crate) fn hidden_without_scope(&self) -> bool {
        self.definition.hidden_without_scope
    }

    /// What its extractors need of the server.
    pub(crate) fn requirements(&self) -> &Requirements {
        &self.definition.requirements
    }

    /// What its arguments may be.
    pub(crate) fn completions(&self) -> &Completions {
        &self.definition.completions
    }

    /// Mistakes of its author that only `build()` can tell, each a sentence.
    pub(crate) fn problems(&self) -> &[String] {
        &self.definition.problems
    }

    /// The arguments that a URI gives to a template's function, as a JSON object; `None` if it is not of this form.
    pub(crate) fn matches(&self, uri: &str) -> Option<Bytes> {
        match &self.definition.uri {
            Uri::Exact(own) => (own == uri).then(Bytes::new),
            Uri::Template(template) => template.matches(uri),
        }
    }

    /// Reads it at this URI, which [`matches`](Self::matches).
    pub(crate) fn read(&self, context: Box<RequestContext>, uri: Box<str>, arguments: Bytes) -> Call {
        let definition = Arc::clone(&self.definition);
        let call = (self.handler)(context, arguments);
        let complete = move |answer| match answer {
            Ok(Outcome::Resource(result)) => Ok(definition.complete(result, &uri)),
            // Of what was wrong with the arguments the client sees that they came from the URI.
            Ok(Outcome::Error(error)) if error.code() == ErrorCode::InvalidParams && !error.has_data() => {
                Ok(Outcome::Error(error.with_data(json!({ "uri": uri }))))
            }
            answer => answer,
        };
        call.map(complete).boxed()
    }
}

/// There is no such resource (MCP 2026-07-28, Resources, Error Handling).
pub(crate) fn not_found(uri: &str) -> Outcome {
    Outcome::Error(RpcError::resource_not_found(uri))
}

impl Definition {
    /// Fills in what the function left open. A function that gave nothing found nothing.
    fn complete(&self, mut result: ReadResourceResult, uri: &str) -> Outcome {
        if result.contents.is_empty() {
            return not_found(uri);
        }
        for contents in &mut result.contents {
            let (ResourceContents::Text { uri: own, mime_type, .. }
            | ResourceContents::Blob { uri: own, mime_type, .. }) = contents;
            if own.is_empty() {
                uri.clone_into(own);
            }
            if mime_type.is_none() {
                *mime_type = self.mime_type.as_deref().map(str::to_owned);
            }
        }
        if result.ttl.is_zero() {
            result.ttl = self.ttl;
        }
        result.public |= self.public;
        Outcome::Resource(result)
    }
}

impl Serialize for Resource {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.definition.serialize(serializer)
    }
}

impl fmt::Debug for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resource").field("uri", &self.uri()).finish_non_exhaustive()
    }
}

/// The type beside a function that `#[mcp_resource]` makes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no resource",
    label = "not a function with `#[mcp_resource]`",
    note = "write `#[mcp_resource(uri = \"…\")]` above the function"
)]
pub trait ResourceFn {
    /// The URI, or the template of URIs.
    const URI: &'static str;

    /// The resource.
    fn resource() -> Resource;
}
