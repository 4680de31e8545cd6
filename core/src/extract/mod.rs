//! Extractors: parameters that a function is given by the server and not by the model.

#[cfg(feature = "auth")]
mod access_token;
mod ask;
mod cancelled;
mod log;
mod progress;
mod reconnect;
mod rejection;
mod request;
mod requirement;
mod resolved;
#[cfg(feature = "auth")]
mod sessions;
mod state;
mod task;

use std::future::Future;

#[cfg(feature = "auth")]
pub use access_token::AccessToken;
pub use ask::{Ask, AskError, Root, Sampled, Sampling};
pub use cancelled::Cancelled;
pub use log::Log;
pub use progress::{IntoMessage, Progress};
pub use reconnect::Reconnect;
pub(crate) use rejection::Refused;
pub use rejection::Rejection;
pub use request::HttpHeaders;
pub use requirement::Requirements;
pub use resolved::ResolvedArguments;
pub use state::State;
pub use task::Task;

use crate::RequestContext;

/// A parameter type that is filled from the request, and is no argument of the tool.
///
/// Implement it for a type of your own to make it an extractor. Such a type must not also be
/// `Deserialize + JsonSchema`: the parameter's type alone decides whether it is an argument.
///
/// ```
/// use dari::{FromContext, Rejection, RequestContext};
///
/// /// The tenant that a gateway names in a header.
/// struct Tenant(String);
///
/// impl FromContext for Tenant {
///     async fn from_context(context: &RequestContext) -> Result<Self, Rejection> {
///         let name = context.headers().get("x-tenant").and_then(|name| name.to_str().ok());
///         let name = name.ok_or_else(|| dari::ToolError::new("the gateway named no tenant"))?;
///         Ok(Self(name.to_owned()))
///     }
/// }
/// ```
pub trait FromContext: Sized + Send {
    /// Fills the parameter.
    ///
    /// # Errors
    ///
    /// A [`Rejection`] ends the call before the function starts.
    fn from_context(context: &RequestContext) -> impl Future<Output = Result<Self, Rejection>> + Send;

    /// Says what the server must have for this to work; `build()` fails, naming tool and type, where it has not.
    fn requires(_requirements: &mut Requirements) {}
}

/// An extractor of which there may be none, so that `Option<T>` is an extractor too.
pub trait OptionalFromContext: Sized + Send {
    /// Fills the parameter, or finds that there is nothing to fill it with.
    ///
    /// # Errors
    ///
    /// A [`Rejection`] ends the call: what is there cannot be had.
    fn from_context(context: &RequestContext) -> impl Future<Output = Result<Option<Self>, Rejection>> + Send;
}

impl<T: OptionalFromContext> FromContext for Option<T> {
    async fn from_context(context: &RequestContext) -> Result<Self, Rejection> {
        T::from_context(context).await
    }
}
