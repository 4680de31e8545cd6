//! A resource in the making: what the macro emits calls these, once a resource.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use super::template::{Part, UriTemplate};
use super::{Definition, Resource, ResourceOutput, Uri};
use crate::function::about::About;
use crate::function::completer::Completions;
use crate::function::param::Params;
use crate::function::run::{self, Converted};
use crate::function::signature::{Declared, Signature};
use crate::function::{Callee, Handler, Kind};
use crate::outcome::Outcome;

/// How the result of a function becomes contents.
pub struct Contents<T>(fn(T) -> Converted);

/// The way of a type that a resource may return.
pub fn contents<T: ResourceOutput>() -> Contents<T> {
    Contents(|output| output.into_contents().map(Outcome::Resource))
}

/// A resource in the making.
pub struct ResourceBuilder {
    uri: Uri,
    about: About,
    declared: Declared,
    mime_type: Option<&'static str>,
    ttl: Duration,
    public: bool,
}

impl ResourceBuilder {
    /// A resource at this URI of which this is said, and which has these parameters.
    #[must_use]
    pub fn new(uri: &'static str, about: About, signature: Signature) -> Self {
        Self::at(Uri::Exact(uri.into()), about, signature)
    }

    /// Resources at every URI of this form, whose parts the macro found.
    #[must_use]
    pub fn template(text: &'static str, parts: &'static [Part], about: About, signature: Signature) -> Self {
        Self::at(Uri::Template(UriTemplate::new(text, parts)), about, signature)
    }

    fn at(uri: Uri, about: About, signature: Signature) -> Self {
        Self { uri, about, declared: signature.finish(), mime_type: None, ttl: Duration::ZERO, public: false }
    }

    /// The media type (`mimeType`).
    pub fn mime(&mut self, mime_type: &'static str) {
        self.mime_type = Some(mime_type);
    }

    /// How long a client may keep what it reads (`ttlMs`).
    pub fn ttl_ms(&mut self, milliseconds: u64) {
        self.ttl = Duration::from_millis(milliseconds);
    }

    /// It is the same for every caller (`cacheScope`).
    pub fn public(&mut self) {
        self.public = true;
    }

    /// The resource around an `async fn`.
    pub fn asynchronous<P, F, Fut, O>(self, params: P, output: Contents<O>, function: F) -> Resource
    where
        P: Params,
        F: Fn(P::Values) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = O> + Send + 'static,
        O: 'static,
    {
        self.finish(|callee| run::asynchronous(callee, params, output.0, function))
    }

    /// The resource around a plain `fn`, which runs on the blocking pool.
    pub fn blocking<P, F, O>(self, params: P, output: Contents<O>, function: F) -> Resource
    where
        P: Params,
        F: Fn(P::Values) -> O + Send + Sync + 'static,
        O: 'static,
    {
        self.finish(|callee| run::blocking(callee, params, output.0, function))
    }

    /// The resource around a plain `fn` that is quick enough to run in place.
    pub fn inline<P, F, O>(self, params: P, output: Contents<O>, function: F) -> Resource
    where
        P: Params,
        F: Fn(P::Values) -> O + Send + Sync + 'static,
        O: 'static,
    {
        self.finish(|callee| run::inline(callee, params, output.0, function))
    }

    fn finish(self, handler: impl FnOnce(Arc<Callee>) -> Handler) -> Resource {
        let Self { uri, about, declared, mime_type, ttl, public } = self;
        let Declared { arguments, requirements, problems: mut mistakes } = declared;
        let mut problems = about.problems;
        problems.append(&mut mistakes);
        let uri = match uri {
            Uri::Template(template) => Uri::Template(template.with_arguments(&arguments.list)),
            exact @ Uri::Exact(_) => exact,
        };
        let definition = Definition {
            uri,
            name: about.name.clone(),
            title: about.title,
            description: about.description,
            mime_type: mime_type.map(Into::into),
            icons: about.icons,
            meta: about.meta,
            scopes: about.scopes,
            hidden_without_scope: about.hidden_without_scope,
            ttl,
            public,
            requirements,
            completions: Completions::of(&arguments.list, &about.name, about.timeout),
            problems,
        };
        let callee = Arc::new(Callee { kind: Kind::Resource, name: about.name, timeout: about.timeout, arguments });
        Resource { definition: Arc::new(definition), handler: handler(callee) }
    }
}
