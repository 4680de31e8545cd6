//! The ways to serve without HTTP: the standard streams, and any two streams of bytes.

use std::future::Future;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};

use super::build::random_key;
use super::caller_login::CallerLogin;
use super::{McpServer, shutdown_signal};
use crate::auth::Principal;
use crate::error::{BuildError, Error};
use crate::transport::stdio::{self, Stdio};

/// The token that functions get over stdio, where no user can log in (MCP 2026-07-28, Overview, Auth).
///
/// It comes from the environment of the process, and whoever started the process is its user. It is used as it is: when
/// it ends, the process has to be started with another one.
///
/// `Debug` shows no token.
#[cfg(feature = "auth")]
#[derive(Debug)]
pub struct StdioToken {
    secret: secrecy::SecretString,
    user_id: Option<String>,
    scopes: Option<Vec<String>>,
}

#[cfg(feature = "auth")]
impl StdioToken {
    /// This token. On a server with [`auth`](McpServer::auth) its provider is asked whose it is.
    #[must_use]
    pub fn new(secret: impl Into<String>) -> Self {
        Self { secret: secret.into().into(), user_id: None, scopes: None }
    }

    /// The token in this variable of the environment.
    ///
    /// # Errors
    ///
    /// The variable is not set, empty, or not UTF-8.
    pub fn from_env(variable: &str) -> Result<Self, Error> {
        match std::env::var(variable) {
            Ok(secret) if !secret.trim().is_empty() => Ok(Self::new(secret.trim())),
            Ok(_) => {
                Err(Error::config(format!("the variable {variable} is empty: it holds the access token for stdio")))
            }
            Err(error) => Err(Error::config(format!("the access token for stdio is in {variable}: {error}"))),
        }
    }

    /// The user's id at the provider, on a server without [`auth`](McpServer::auth), which could ask.
    #[must_use]
    pub fn user_id(mut self, user_id: impl Into<String>) -> Self {
        self.user_id = Some(user_id.into());
        self
    }

    /// The scopes of this server that the user has; all that its functions ask for, unless said otherwise.
    #[must_use]
    pub fn scopes(mut self, scopes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.scopes = Some(scopes.into_iter().map(Into::into).collect());
        self
    }
}

/// A server whose description was found to be right, for streams of bytes.
#[derive(Clone)]
#[must_use = "a server does nothing until it is served"]
pub struct StdioServer(Arc<Stdio>);

impl McpServer {
    /// The token that functions get over stdio.
    ///
    /// ```no_run
    /// # async fn run(server: dari::McpServer) -> Result<(), dari::Error> {
    /// let token = dari::StdioToken::from_env("NAVER_ACCESS_TOKEN")?;
    /// server.stdio_token(token).serve_stdio().await
    /// # }
    /// ```
    #[cfg(feature = "auth")]
    pub fn stdio_token(mut self, token: StdioToken) -> Self {
        self.stdio_token = Some(token);
        self
    }

    /// Serves the client that started this process, over stdin and stdout (MCP 2026-07-28, Transports, stdio), until it
    /// closes stdin or the process is told to stop; running calls then have a second to finish.
    ///
    /// Nothing else may be written to stdout: a `println!` in a tool breaks the protocol. Logs belong on stderr, as with
    /// `tracing_subscriber::fmt().with_writer(std::io::stderr)`.
    ///
    /// Nobody logs in over stdio: functions that take an [`AccessToken`](crate::AccessToken) get that of
    /// [`stdio_token`](Self::stdio_token), and what concerns HTTP alone (login, URLs, layers) is not looked at.
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
    /// McpServer::new("adder", "1.0.0").tools(tools![add]).serve_stdio().await
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Every mistake in the description, that the token is not accepted, or that a stream cannot be used.
    pub async fn serve_stdio(self) -> Result<(), Error> {
        let server = self.build_stdio().await?;
        let input = stdio::stdin().map_err(Error::Stdio)?;
        let output = stdio::stdout().map_err(Error::Stdio)?;
        tracing::info!("serving MCP over stdio");
        server.serve(input, output, shutdown_signal()).await
    }

    /// Checks everything, for streams of bytes: a socket, or a pipe in a test.
    ///
    /// # Errors
    ///
    /// Every mistake in the description, or that the token is not accepted.
    pub async fn build_stdio(mut self) -> Result<StdioServer, Error> {
        let login = self.stdio_login();
        let mut problems = self.check_with(&login);
        let scopes = self.all_scopes();
        let registry = self.registry(crate::store::Records::in_memory(), &mut problems);
        let key = random_key(&mut problems);
        self.check_stdio_token(&mut problems);
        let (Some(registry), true) = (registry, problems.is_empty()) else {
            return Err(BuildError::new(problems).into());
        };
        let principal = self.stdio_principal(scopes).await?;
        let shared = Arc::new(self.take_shared(&key));
        Ok(StdioServer(Arc::new(Stdio::new(registry, shared, principal, self.body_limit))))
    }

    /// The scopes that functions ask for, each once.
    fn all_scopes(&self) -> Vec<String> {
        let tools = self.tools.iter().flat_map(|tool| tool.scopes());
        let prompts = self.prompts.iter().flat_map(|prompt| prompt.scopes());
        let resources = self.resources.iter().flat_map(|resource| resource.scopes());
        let mut scopes: Vec<String> = tools.chain(prompts).chain(resources).map(|scope| scope.to_string()).collect();
        scopes.sort_unstable();
        scopes.dedup();
        scopes
    }

    #[cfg(feature = "auth")]
    fn stdio_login(&self) -> CallerLogin {
        CallerLogin {
            provider: self.login_provider(),
            exists: self.stdio_token.is_some(),
            missing: "stdio has no login: give it a token with `.stdio_token(..)`",
        }
    }

    #[cfg(not(feature = "auth"))]
    #[expect(clippy::unused_self, reason = "the same call as with a login")]
    fn stdio_login(&self) -> CallerLogin {
        CallerLogin {
            provider: None,
            exists: false,
            missing: "stdio has no login: give it a token, with the feature `auth`",
        }
    }

    #[cfg(feature = "auth")]
    fn check_stdio_token(&self, problems: &mut Vec<String>) {
        let Some(token) = &self.stdio_token else { return };
        match (&self.auth, &token.user_id) {
            (None, None) => problems.push(
                "nobody says whose the token of `.stdio_token(..)` is: add `.auth(..)`, whose provider is asked, or \
                 `.user_id(..)`"
                    .to_owned(),
            ),
            (Some(_), Some(_)) => problems.push(
                "`.user_id(..)` says whose the token of `.stdio_token(..)` is, but the provider of `.auth(..)` is asked: \
                 leave one out"
                    .to_owned(),
            ),
            _ => {}
        }
    }

    #[cfg(not(feature = "auth"))]
    #[expect(clippy::unused_self, reason = "the same call as with a login")]
    fn check_stdio_token(&self, _problems: &mut Vec<String>) {}

    /// Who calls: the user of the token, by the provider's word where there is one.
    #[cfg(feature = "auth")]
    async fn stdio_principal(&mut self, all_scopes: Vec<String>) -> Result<Option<Principal>, Error> {
        use crate::auth::{Identity, UpstreamTokens};

        let Some(StdioToken { secret, user_id, scopes }) = self.stdio_token.take() else { return Ok(None) };
        let tokens = UpstreamTokens::new(secret);
        let identity = match &self.auth {
            Some(proxy) => proxy
                .identify(&tokens)
                .await
                .map_err(|error| Error::config(format!("the token of `.stdio_token(..)` cannot be used: {error}")))?,
            None => Identity { subject: user_id.unwrap_or_default(), profile: serde_json::Value::Null },
        };
        let scopes = scopes.unwrap_or(all_scopes);
        Ok(Some(<crate::AccessToken>::configured(&tokens, identity, scopes)))
    }

    #[cfg(not(feature = "auth"))]
    #[expect(clippy::unused_async, clippy::needless_pass_by_ref_mut, reason = "the same call as with a login")]
    async fn stdio_principal(&mut self, _all_scopes: Vec<String>) -> Result<Option<Principal>, Error> {
        Ok(None)
    }
}

impl StdioServer {
    /// Serves one client over two streams of bytes, one message a line, until it closes its side or `stop` resolves. May be
    /// called for many clients, such as the connections of a socket; each has a session of its own.
    ///
    /// ```
    /// use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let server = dari::McpServer::new("empty", "1.0.0").build_stdio().await?;
    /// let (client, theirs) = tokio::io::duplex(4096);
    /// let (input, output) = tokio::io::split(theirs);
    /// tokio::spawn(async move { server.serve(input, output, std::future::pending()).await });
    ///
    /// let (answers, mut requests) = tokio::io::split(client);
    /// requests.write_all(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\n").await?;
    /// let answer = BufReader::new(answers).lines().next_line().await?;
    /// assert_eq!(answer.as_deref(), Some(r#"{"jsonrpc":"2.0","id":1,"result":{}}"#));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The input cannot be read. A client that goes away is none.
    pub async fn serve(
        &self,
        input: impl AsyncRead + Unpin + Send,
        output: impl AsyncWrite + Unpin + Send + 'static,
        stop: impl Future<Output = ()>,
    ) -> Result<(), Error> {
        Arc::clone(&self.0).serve(input, output, stop).await.map_err(Error::Stdio)
    }
}

impl std::fmt::Debug for StdioServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StdioServer").finish_non_exhaustive()
    }
}
