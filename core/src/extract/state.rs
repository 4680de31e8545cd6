//! `State<T>`: a value that the server was given.

use std::ops::{Deref, DerefMut};

use super::{FromContext, Rejection, Requirements};
use crate::RequestContext;
use crate::protocol::RpcError;

/// A clone of the value that was given to [`McpServer::state`](crate::McpServer::state); `build()` fails where none was.
///
/// ```
/// use dari::{State, ToolError, mcp_tool};
///
/// #[derive(Clone)]
/// struct Greeting(String);
///
/// /// Greets somebody.
/// #[mcp_tool]
/// async fn greet(name: String, State(greeting): State<Greeting>) -> String {
///     format!("{}, {name}!", greeting.0)
/// }
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct State<T>(pub T);

impl<T: Clone + Send + Sync + 'static> FromContext for State<T> {
    async fn from_context(context: &RequestContext) -> Result<Self, Rejection> {
        // `build()` has made sure that it is there.
        context.state::<T>().cloned().map(Self).ok_or_else(|| RpcError::internal().into())
    }

    fn requires(requirements: &mut Requirements) {
        requirements.state::<T>();
    }
}

impl<T> Deref for State<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for State<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}
