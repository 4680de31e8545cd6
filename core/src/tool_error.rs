//! Why a tool or an extractor failed, in the words of its author.

use std::any::Any;
use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use crate::extract::Rejection;
use crate::protocol::RpcError;

/// An error of any type.
pub(crate) type Cause = Box<dyn Error + Send + Sync>;

/// Why a tool failed.
///
/// The model is told what the author chose to tell it: the text of [`ToolError::new`] or of `.context(..)`
/// ([`ResultExt`]). Any other error that comes in by `?` is logged whole, under the request's
/// [reference](crate::RequestContext::reference), and reaches the model as a plain "internal error" with that reference,
/// unless the server was built with `.expose_errors(true)`.
/// The error type of a library can choose the text by itself: see [`ModelMessage`]. An [`RpcError`](crate::RpcError)
/// that comes in by `?` is the answer to the request itself, which the client gets and no model reads.
///
/// ```
/// use dari::{ResultExt, ToolError};
///
/// fn read(path: &str) -> Result<String, ToolError> {
///     if path.is_empty() {
///         return Err(ToolError::new("`path` is empty: name a file"));
///     }
///     std::fs::read_to_string(path).context("the file cannot be read")
/// }
/// assert_eq!(read("").unwrap_err().to_string(), "`path` is empty: name a file");
/// assert_eq!(read("/nowhere").unwrap_err().to_string(), "the file cannot be read");
/// ```
// It is no `std::error::Error`, because any `std::error::Error` becomes one by `?`.
pub struct ToolError(Box<Kind>);

/// Whether an error was written for the model.
pub(crate) enum Kind {
    /// The author's words for the model, and what led to them.
    Told { text: Cow<'static, str>, cause: Option<Cause> },
    /// The request cannot be served: a JSON-RPC error, which the client gets and no model reads.
    Protocol(RpcError),
    /// The user has to permit more first. The text is for where nobody can be asked.
    NeedsScopes { scopes: Vec<Box<str>>, text: Cow<'static, str> },
    /// An extractor was not filled, which is for the transport to tell.
    Rejected(Rejection),
    /// An error that was not written for the model.
    Foreign(Cause),
}

impl ToolError {
    /// A failure that the model is told in these words, so that it can mend its call or tell its user.
    #[must_use]
    pub fn new(text: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Kind::Told { text: text.into(), cause: None }))
    }

    /// The call needs a permission that the user has not given, as its own answer from the provider shows: the client is
    /// told to ask for it (HTTP 403, `insufficient_scope`), and makes the call again once the user has agreed.
    ///
    /// For providers that do not report what a user granted, such as Naver; where they do, name the scope in
    /// `#[mcp_tool(scopes(..))]`. Make it one of [`OAuthProxy::scopes_supported`](../dari/auth/struct.OAuthProxy.html):
    /// of others no client can ask. A model reads of it only where nobody is logged in, who could be asked.
    ///
    /// ```
    /// # use dari::ToolError;
    /// # enum CalendarError { NotPermitted, Away }
    /// fn told(error: CalendarError) -> ToolError {
    ///     match error {
    ///         CalendarError::NotPermitted => ToolError::needs_scope("calendar"),
    ///         CalendarError::Away => ToolError::new("the calendar is away, try again later"),
    ///     }
    /// }
    /// ```
    ///
    /// Source: MCP 2026-07-28, Authorization, "Scope Challenge Handling".
    #[must_use]
    pub fn needs_scope(scope: impl Into<Box<str>>) -> Self {
        Self::needs_scopes([scope])
    }

    /// The same for several scopes: name all that the call needs, so that the user is asked once.
    #[must_use]
    pub fn needs_scopes(scopes: impl IntoIterator<Item = impl Into<Box<str>>>) -> Self {
        let scopes: Vec<Box<str>> = scopes.into_iter().map(Into::into).collect();
        let text = format!(
            "the user has not permitted this (`{}`): ask them to log in again and to agree",
            scopes.join("`, `")
        );
        Self(Box::new(Kind::NeedsScopes { scopes, text: text.into() }))
    }

    /// The same failure with these words for the model; what was known before stays for the log.
    #[must_use]
    pub fn context(self, text: impl Into<Cow<'static, str>>) -> Self {
        let cause: Cause = match *self.0 {
            // Words do not change what is needed.
            Kind::NeedsScopes { scopes, .. } => {
                return Self(Box::new(Kind::NeedsScopes { scopes, text: text.into() }));
            }
            Kind::Told { text, cause } => Box::new(Earlier { text, cause }),
            Kind::Protocol(error) => Box::new(error),
            Kind::Rejected(rejection) => rejected(&rejection).into(),
            Kind::Foreign(cause) => cause,
        };
        Self(Box::new(Kind::Told { text: text.into(), cause: Some(cause) }))
    }

    /// The scopes that it asks for.
    pub(crate) fn needed_scopes(&self) -> Option<&[Box<str>]> {
        match &*self.0 {
            Kind::NeedsScopes { scopes, .. } => Some(scopes),
            _ => None,
        }
    }

    /// What the model may be told, and what is for the log.
    pub(crate) fn into_kind(self) -> Kind {
        *self.0
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for ToolError {
    fn from(error: E) -> Self {
        let mut link: Option<&(dyn Error + 'static)> = Some(&error);
        while let Some(error_in_chain) = link {
            if let Some(error) = error_in_chain.downcast_ref::<RpcError>() {
                return Self(Box::new(Kind::Protocol(error.clone())));
            }
            if let Some(message) = error_in_chain.downcast_ref::<ModelMessage>() {
                let text = message.0.clone();
                // A bare message has nothing behind it that a log could want.
                let is_bare = (&error as &dyn Any).is::<ModelMessage>();
                let cause: Option<Cause> = if is_bare { None } else { Some(Box::new(error)) };
                return Self(Box::new(Kind::Told { text, cause }));
            }
            link = error_in_chain.source();
        }
        Self(Box::new(Kind::Foreign(Box::new(error))))
    }
}

/// An extractor that was asked for by [`extract`](crate::RequestContext::extract) ends the call as one in the
/// parameters does.
impl From<Rejection> for ToolError {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::Tool(error) => error,
            Rejection::Protocol(error) => Self(Box::new(Kind::Protocol(error))),
            other => Self(Box::new(Kind::Rejected(other))),
        }
    }
}

fn rejected(rejection: &Rejection) -> &'static str {
    match rejection {
        Rejection::LoginRequired => "a login is required",
        Rejection::ProviderUnavailable { .. } => "the provider behind the login is away",
        Rejection::Tool(_) | Rejection::Protocol(_) => "an extractor failed",
    }
}

impl fmt::Display for ToolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Kind::Told { text, .. } | Kind::NeedsScopes { text, .. } => f.write_str(text),
            Kind::Protocol(error) => error.fmt(f),
            Kind::Rejected(rejection) => f.write_str(rejected(rejection)),
            Kind::Foreign(cause) => cause.fmt(f),
        }
    }
}

impl fmt::Debug for ToolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Kind::Told { text, cause } => {
                f.debug_struct("ToolError").field("told", text).field("cause", cause).finish()
            }
            Kind::Protocol(error) => f.debug_tuple("ToolError").field(error).finish(),
            Kind::NeedsScopes { scopes, .. } => f.debug_struct("ToolError").field("needs_scopes", scopes).finish(),
            Kind::Rejected(rejection) => f.debug_tuple("ToolError").field(rejection).finish(),
            Kind::Foreign(cause) => f.debug_tuple("ToolError").field(cause).finish(),
        }
    }
}

/// The words that a [`ToolError`] had before it was given others.
#[derive(Debug)]
struct Earlier {
    text: Cow<'static, str>,
    cause: Option<Cause>,
}

impl fmt::Display for Earlier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Error for Earlier {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as &(dyn Error + 'static))
    }
}

/// An error with all that led to it, on one line.
pub(crate) struct Chain<'a>(pub(crate) &'a (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut said = self.0.to_string();
        f.write_str(&said)?;
        let mut link = self.0.source();
        while let Some(error) = link {
            let text = error.to_string();
            // Many errors repeat their source in their own text.
            if !said.contains(&text) {
                write!(f, ": {text}")?;
                said = text;
            }
            link = error.source();
        }
        Ok(())
    }
}

/// Words for the model, to be carried by the error type of a library.
///
/// An error that has one in its [`source`](Error::source) chain (or is one) reaches the model in these words when it
/// becomes a [`ToolError`] by `?`; the error as a whole goes to the log.
///
/// ```
/// use dari::{ModelMessage, ToolError};
///
/// #[derive(Debug, thiserror::Error)]
/// #[error("HTTP 429 from the search API")]
/// struct RateLimited(#[source] ModelMessage);
///
/// let error = ToolError::from(RateLimited(ModelMessage::new("too many searches today, try again tomorrow")));
/// assert_eq!(error.to_string(), "too many searches today, try again tomorrow");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelMessage(pub(crate) Cow<'static, str>);

impl ModelMessage {
    /// A message in these words.
    #[must_use]
    pub fn new(text: impl Into<Cow<'static, str>>) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for ModelMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for ModelMessage {}

/// `.context(..)` on results: the words that the model is told when there is an error.
pub trait ResultExt<T> {
    /// Tells the model this text; the error itself stays for the log.
    ///
    /// # Errors
    ///
    /// The same error, in these words.
    fn context(self, text: impl Into<Cow<'static, str>>) -> Result<T, ToolError>;

    /// [`context`](Self::context) with a text that is made only when it is needed.
    ///
    /// # Errors
    ///
    /// The same error, in these words.
    fn with_context<S: Into<Cow<'static, str>>>(self, text: impl FnOnce() -> S) -> Result<T, ToolError>;
}

impl<T, E: Into<ToolError>> ResultExt<T> for Result<T, E> {
    fn context(self, text: impl Into<Cow<'static, str>>) -> Result<T, ToolError> {
        self.map_err(|error| error.into().context(text))
    }

    fn with_context<S: Into<Cow<'static, str>>>(self, text: impl FnOnce() -> S) -> Result<T, ToolError> {
        self.map_err(|error| error.into().context(text()))
    }
}
