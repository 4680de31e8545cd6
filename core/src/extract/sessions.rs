//! The users' logins, in a tool.

use super::{FromContext, Rejection, Requirements};
use crate::RequestContext;
use crate::auth::{Login, Principal, Sessions};

/// For a tool that shows its user where they are signed in, or signs them out. The server must have a login, and the
/// caller be logged in.
///
/// ```
/// use dari::auth::Sessions;
/// use dari::prelude::*;
///
/// /// Signs the user out of this server everywhere, here as well.
/// #[mcp_tool]
/// async fn sign_out_everywhere(token: AccessToken, sessions: Sessions) -> Result<String, ToolError> {
///     let ended = sessions.end_all(token.user_id()).await.context("the sessions could not all be ended, try again")?;
///     Ok(format!("{ended} sessions ended"))
/// }
/// ```
impl FromContext for Sessions {
    async fn from_context(context: &RequestContext) -> Result<Self, Rejection> {
        let login = context.principal().and_then(Principal::login::<Login>);
        login.map(|login| login.sessions()).ok_or(Rejection::LoginRequired)
    }

    fn requires(requirements: &mut Requirements) {
        requirements.login();
    }
}
