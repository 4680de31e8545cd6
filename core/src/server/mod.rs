//! `McpServer`: the builder, its checks, and the ways to serve.

mod banner;
mod build;
mod caller_login;
#[cfg(feature = "auth")]
mod check_up;
mod stdio;
mod test_client;

use std::any::Any;
use std::convert::Infallible;

use axum::Router;
use axum::extract::Request;
use axum::response::IntoResponse;
use axum::routing::Route;
use tokio::net::{TcpListener, ToSocketAddrs};
use tower::{Layer, Service};

pub use banner::banner;
pub use stdio::StdioServer;
#[cfg(feature = "auth")]
pub use stdio::StdioToken;
pub use test_client::{
    CallError, InputResponse, LogMessage, ProgressReport, PromptAnswer, Question, ResourceAnswer, TestAnswer,
    TestClient, ToolAnswer,
};

use crate::Error;
use crate::changes::Changes;
use crate::context::Shared;
use crate::dispatch::TaskSettings;
use crate::prompt::Prompt;
use crate::protocol::{Icon, Implementation};
use crate::resource::Resource;
use crate::tool::Tool;
use crate::trace::Observation;
use crate::transport::http;

/// The largest request body that is read unless [`McpServer::body_limit`] says otherwise: 4 MiB.
const BODY_LIMIT: usize = 4 * 1024 * 1024;

/// How many entries a page of a list has unless [`McpServer::page_size`] says otherwise: most servers have one page, for
/// some clients read no further.
const PAGE_SIZE: usize = 500;

/// What is called with the URL of the MCP endpoint.
type OnStart = Box<dyn FnOnce(&str) + Send>;

/// Puts a layer around routes: those of the server, and those at the root of its origin.
type Layering = Box<dyn Fn(Router) -> Router + Send>;

/// An MCP server: what it offers, who may use it, and where it is.
///
/// Nothing is checked while it is described; [`build`](Self::build), and with it every way to serve, reports all
/// mistakes at once.
///
/// ```no_run
/// use dari::prelude::*;
///
/// /// Adds two numbers.
/// #[mcp_tool(read_only)]
/// fn add(a: i64, b: i64) -> String {
///     (a + b).to_string()
/// }
///
/// # async fn run() -> Result<(), dari::Error> {
/// McpServer::new("adder", "1.0.0").tools(tools![add]).serve("127.0.0.1:8000").await
/// # }
/// ```
#[must_use = "a server does nothing until it is served"]
pub struct McpServer {
    info: Implementation,
    instructions: Option<String>,
    tools: Vec<Tool>,
    prompts: Vec<Prompt>,
    resources: Vec<Resource>,
    page_size: usize,
    tasks: TaskSettings,
    /// Whether the application has changes to tell.
    tells_changes: bool,
    shared: Shared,
    public_url: Option<String>,
    path: String,
    allowed_hosts: Vec<String>,
    allowed_origins: Vec<String>,
    body_limit: usize,
    #[cfg(feature = "auth")]
    auth: Option<crate::auth::OAuthProxy>,
    #[cfg(feature = "auth")]
    stdio_token: Option<StdioToken>,
    layers: Vec<Layering>,
    on_start: Option<OnStart>,
    problems: Vec<String>,
}

impl McpServer {
    /// A server of this name and version, which clients show to their users.
    pub fn new(name: impl Into<String>, version: impl Into<String>) -> Self {
        Self {
            info: Implementation { name: name.into(), version: version.into(), ..Implementation::default() },
            instructions: None,
            tools: Vec::new(),
            prompts: Vec::new(),
            resources: Vec::new(),
            page_size: PAGE_SIZE,
            tasks: TaskSettings::new(),
            tells_changes: false,
            shared: Shared::default(),
            public_url: None,
            path: "/mcp".to_owned(),
            allowed_hosts: Vec::new(),
            allowed_origins: Vec::new(),
            body_limit: BODY_LIMIT,
            #[cfg(feature = "auth")]
            auth: None,
            #[cfg(feature = "auth")]
            stdio_token: None,
            layers: Vec::new(),
            on_start: None,
            problems: Vec::new(),
        }
    }

    /// The name for people, where it differs from the programmatic one.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.info.title = Some(title.into());
        self
    }

    /// What models are told of the server as a whole.
    pub fn instructions(mut self, instructions: impl Into<String>) -> Self {
        self.instructions = Some(instructions.into());
        self
    }

    /// A picture that clients may show.
    pub fn icon(mut self, icon: Icon) -> Self {
        self.info.icons.push(icon);
        self
    }

    /// Adds tools: `tools![web_search, get_current_time]`. Clients list them in this order.
    pub fn tools<T: Into<Tool>>(mut self, tools: impl IntoIterator<Item = T>) -> Self {
        self.tools.extend(tools.into_iter().map(Into::into));
        self
    }

    /// Adds prompts: `prompts![summarize]`. Clients list them in this order.
    pub fn prompts(mut self, prompts: impl IntoIterator<Item = Prompt>) -> Self {
        self.prompts.extend(prompts);
        self
    }

    /// Adds resources and templates of resources: `resources![profile, note]`. Clients list them in this order, and of
    /// several templates that fit a URI the first is read.
    pub fn resources(mut self, resources: impl IntoIterator<Item = Resource>) -> Self {
        self.resources.extend(resources);
        self
    }

    /// How many tools, prompts or resources a page of a list has; 500 unless said otherwise.
    pub const fn page_size(mut self, entries: usize) -> Self {
        self.page_size = entries;
        self
    }

    /// How tasks are kept, on a server with tools under `#[mcp_tool(task)]`.
    ///
    /// Without a login they are in the server's memory and end with it. With one they are in its store, where each is for
    /// its own caller only: what came of it can be asked for after a restart and, where several servers share a store, of
    /// any of them. A task that ran in a process that is gone is told as failed, half a minute later. What a client sends
    /// to another server than the one that runs its task gets there within seconds. Clients ask how their tasks are: they
    /// are not told by notifications.
    pub const fn tasks(mut self, settings: TaskSettings) -> Self {
        self.tasks = settings;
        self
    }

    /// Lets the application tell clients what has changed, and declares that it does: see [`Changes`].
    ///
    /// A server whose functions take [`Changes`] as a parameter has its own without this.
    pub fn changes(mut self, changes: Changes) -> Self {
        self.shared.changes = changes;
        if std::mem::replace(&mut self.tells_changes, true) {
            self.problems.push("`.changes(..)` was called twice: give clones of one to whoever tells".to_owned());
        }
        self
    }

    /// Gives a value to every function that takes [`State<T>`](crate::State).
    pub fn state<T: Any + Clone + Send + Sync>(mut self, value: T) -> Self {
        if self.shared.states.insert(value) {
            let name = std::any::type_name::<T>();
            self.problems
                .push(format!("two values of type `{name}` were given to `.state(..)`: wrap one in a type of its own"));
        }
        self
    }

    /// Puts a login in front of the server: a provider, or an [`OAuthProxy`](crate::auth::OAuthProxy) with settings.
    #[cfg(feature = "auth")]
    pub fn auth(mut self, auth: impl Into<crate::auth::OAuthProxy>) -> Self {
        if self.auth.replace(auth.into()).is_some() {
            self.problems.push("`.auth(..)` was called twice: a server has one login".to_owned());
        }
        self
    }

    /// The URL under which clients reach the server, without the MCP path: `https://mcp.example.com`.
    ///
    /// The `Host` and `Origin` checks follow from it. Where it is not set, it is the address that is listened on, if
    /// that is a loopback one. A login brings its own ([`OAuthProxy::public_url`](crate::auth::OAuthProxy)).
    pub fn public_url(mut self, url: impl Into<String>) -> Self {
        self.public_url = Some(url.into());
        self
    }

    /// The path of the MCP endpoint; `/mcp` unless said otherwise.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// Further values of `Host` that are served, such as the name behind a gateway: `internal:8080`.
    pub fn allowed_hosts(mut self, hosts: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.allowed_hosts.extend(hosts.into_iter().map(Into::into));
        self
    }

    /// Further origins whose pages may call the server: `https://app.example.com`.
    pub fn allowed_origins(mut self, origins: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.allowed_origins.extend(origins.into_iter().map(Into::into));
        self
    }

    /// The largest request body that is read, and over stdio the longest message, in bytes; 4 MiB unless said otherwise.
    pub const fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    /// Whether an argument must have the exact JSON type of its schema.
    ///
    /// Off unless said otherwise: models write `"10"` where a number is asked for, and are understood.
    pub const fn strict_arguments(mut self, strict: bool) -> Self {
        self.shared.strict_arguments = strict;
        self
    }

    /// Whether the model is told the text of errors that came in by `?` and were not written for it.
    ///
    /// Off unless said otherwise: such errors are logged, and the model gets the id to find them by.
    pub const fn expose_errors(mut self, expose: bool) -> Self {
        self.shared.expose_errors = expose;
        self
    }

    /// Puts a `tower` layer around all routes, for instance one of `tower-http`. The last one added sees a request first.
    ///
    /// It works at the level of HTTP; [`observe`](Self::observe) is what sees requests as MCP does.
    ///
    /// ```
    /// use axum::extract::Request;
    /// use axum::middleware::{Next, from_fn};
    ///
    /// let server = dari::McpServer::new("layered", "1.0.0").layer(from_fn(async |request: Request, next: Next| {
    ///     let mut response = next.run(request).await;
    ///     response.headers_mut().insert("x-served-by", "dari".parse().expect("a header's value"));
    ///     response
    /// }));
    /// # drop(server);
    /// ```
    pub fn layer<L>(mut self, layer: L) -> Self
    where
        L: Layer<Route> + Clone + Send + Sync + 'static,
        L::Service: Service<Request> + Clone + Send + Sync + 'static,
        <L::Service as Service<Request>>::Response: IntoResponse + 'static,
        <L::Service as Service<Request>>::Error: Into<Infallible> + 'static,
        <L::Service as Service<Request>>::Future: Send + 'static,
    {
        self.layers.push(Box::new(move |router| router.layer(layer.clone())));
        self
    }

    /// Calls this after every request that was served, over any transport: what it was, who sent it, what came of it and
    /// how long it took. It runs where the request was served, so it had better be quick.
    ///
    /// ```
    /// let server = dari::McpServer::new("watched", "1.0.0").observe(|seen| {
    ///     println!("{} {:?}: {:?} in {:?}", seen.method, seen.target, seen.outcome, seen.duration);
    /// });
    /// # drop(server);
    /// ```
    pub fn observe(mut self, observer: impl Fn(&Observation<'_>) + Send + Sync + 'static) -> Self {
        self.shared.observers.push(Box::new(observer));
        self
    }

    /// Calls this with the URL of the MCP endpoint once [`serve`](Self::serve) or [`serve_on`](Self::serve_on) listens, for
    /// instance to print a [`banner`].
    pub fn on_start(mut self, call: impl FnOnce(&str) + Send + 'static) -> Self {
        self.on_start = Some(Box::new(call));
        self
    }

    /// Checks everything and serves nothing.
    ///
    /// # Errors
    ///
    /// Every mistake in the description, at once.
    pub fn build(self) -> Result<Server, Error> {
        self.build_at(None)
    }

    /// Serves over HTTP until SIGTERM or Ctrl-C; running calls then have 30 s to finish, or until the second Ctrl-C.
    ///
    /// # Errors
    ///
    /// Every mistake in the description, or that the address cannot be listened on.
    pub async fn serve(self, address: impl ToSocketAddrs + std::fmt::Debug) -> Result<(), Error> {
        let shown = format!("{address:?}");
        let listener = TcpListener::bind(address).await;
        let listener = listener.map_err(|source| Error::Listen { address: shown.replace('"', ""), source })?;
        self.serve_until_signalled(listener).await
    }

    /// It is no part of what is generic, or all that serves would be compiled once more with every server.
    async fn serve_until_signalled(self, listener: TcpListener) -> Result<(), Error> {
        let (stop, mut stopped) = tokio::sync::watch::channel(0);
        let signals = async move {
            loop {
                shutdown_signal().await;
                stop.send_modify(|signals| *signals += 1);
            }
        };
        let mut hurried = stopped.clone();
        let served = self.serve_until(
            listener,
            async move { drop(stopped.wait_for(|signals| *signals >= 1).await) },
            async move { drop(hurried.wait_for(|signals| *signals >= 2).await) },
        );
        tokio::select! {
            served = served => served,
            never = signals => never,
        }
    }

    /// Serves on a listener until `stop` resolves.
    ///
    /// # Errors
    ///
    /// Every mistake in the description, or a listener that has no address.
    pub async fn serve_on(self, listener: TcpListener, stop: impl Future<Output = ()>) -> Result<(), Error> {
        self.serve_until(listener, stop, std::future::pending()).await
    }

    async fn serve_until(
        mut self,
        listener: TcpListener,
        stop: impl Future<Output = ()>,
        hurry: impl Future<Output = ()>,
    ) -> Result<(), Error> {
        let address = listener.local_addr().map_err(Error::Serve)?;
        let default_url = address.ip().is_loopback().then(|| format!("http://{address}"));
        let on_start = self.on_start.take();
        let server = self.build_at(default_url)?;
        let url = server.mcp_url.clone().unwrap_or_else(|| {
            tracing::warn!(
                "no public URL is set, so only loopback is served: set `public_url(..)`, or name the hosts with \
                 `allowed_hosts(..)`"
            );
            format!("http://127.0.0.1:{}{}", address.port(), server.path)
        });
        tracing::info!(%address, %url, "serving MCP");
        if let Some(call) = on_start {
            call(&url);
        }
        let lanes = http::Lanes {
            endpoint: server.endpoint.clone(),
            straight: (!server.is_layered).then(|| server.path.as_str().into()),
            router: server.into_router(),
        };
        http::serve(listener, lanes, stop, hurry).await;
        Ok(())
    }

    /// Everything as one router, for the root of an origin.
    ///
    /// # Errors
    ///
    /// Every mistake in the description.
    pub fn into_router(self) -> Result<Router, Error> {
        Ok(self.build()?.into_router())
    }

    /// The routes in two parts, to nest under a path: `Router::new().nest("/api", app).merge(well_known)`.
    ///
    /// The public URL then ends with that path: `https://example.com/api`.
    ///
    /// # Errors
    ///
    /// Every mistake in the description.
    pub fn into_parts(self) -> Result<(Router, Router), Error> {
        Ok(self.build()?.into_parts())
    }
}

/// A server whose description was found to be right.
#[must_use = "a server does nothing until its routes are served"]
pub struct Server {
    endpoint: std::sync::Arc<http::Endpoint>,
    routers: http::Routers,
    path: String,
    /// Whether the application put something around the routes.
    is_layered: bool,
    mcp_url: Option<String>,
}

impl Server {
    #[cfg(any(test, feature = "__steps"))]
    pub(crate) const fn endpoint(&self) -> &std::sync::Arc<http::Endpoint> {
        &self.endpoint
    }

    /// The URL of the MCP endpoint, if the public URL is known.
    #[must_use]
    pub fn mcp_url(&self) -> Option<&str> {
        self.mcp_url.as_deref()
    }

    /// The users' logins, to list them and to end them; `None` where the server has no login.
    ///
    /// ```
    /// # use dari::auth::SessionsError;
    /// /// What an administrator's page calls for an account that is closed.
    /// async fn close_account(server: &dari::Server, user_id: &str) -> Result<usize, SessionsError> {
    ///     match server.sessions() {
    ///         Some(sessions) => sessions.end_all(user_id).await,
    ///         None => Ok(0),
    ///     }
    /// }
    /// ```
    #[cfg(feature = "auth")]
    #[must_use]
    pub fn sessions(&self) -> Option<crate::auth::Sessions> {
        self.endpoint.sessions_of_users()
    }

    /// Ends the streams that legacy clients keep open, once called: for a program that serves the routes itself and wants
    /// to stop gracefully, which waits for every connection.
    pub fn end_streams(&self) -> impl Fn() + Send + Sync + use<> {
        let endpoint = self.endpoint.clone();
        move || endpoint.end_streams()
    }

    /// Everything as one router, for the root of an origin.
    pub fn into_router(self) -> Router {
        self.routers.app.merge(self.routers.well_known)
    }

    /// The routes in two parts, to nest under a path.
    pub fn into_parts(self) -> (Router, Router) {
        (self.routers.app, self.routers.well_known)
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("mcp_url", &self.mcp_url).finish_non_exhaustive()
    }
}

/// Resolves when the process is told to stop.
async fn shutdown_signal() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}
