//! The logins of a user, for the application.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::grant_id::GrantId;
use super::logins::Logins;
use super::records::Grant;
use super::revocation::RevokeError;
use crate::auth::reason::Reason;
use crate::store::StoreError;

/// The users' logins at this server: to show them to their user, and to end them.
///
/// A session is a grant: one user's login for one MCP client. (The `Mcp-Session-Id` of older revisions of the protocol
/// has nothing to do with it.) A user who is logged in with two clients, or twice with one, has two.
///
/// Had from a built server ([`Server::sessions`](crate::Server::sessions)) or a [`Gate`](crate::auth::Gate::sessions),
/// and a tool may take it as a parameter. Clones share everything.
///
/// ```
/// use dari::auth::{Sessions, SessionsError};
///
/// /// For the page "where you are signed in".
/// async fn lines(sessions: &Sessions, user_id: &str) -> Result<Vec<String>, SessionsError> {
///     let of_user = sessions.of_user(user_id).await?;
///     Ok(of_user
///         .iter()
///         .map(|session| format!("{} {}", session.id(), session.client_name().unwrap_or("an app without a name")))
///         .collect())
/// }
///
/// /// For an account that is closed.
/// async fn close(sessions: &Sessions, user_id: &str) -> Result<(), SessionsError> {
///     let ended = sessions.end_all(user_id).await?;
///     println!("{ended} sessions ended");
///     Ok(())
/// }
/// ```
#[derive(Clone)]
pub struct Sessions(Arc<Logins>);

/// One login of a user.
#[derive(Clone, Debug)]
pub struct Session {
    id: String,
    client_id: String,
    client_name: Option<String>,
    scopes: Vec<String>,
    began_at: SystemTime,
    ends_at: SystemTime,
}

/// Why sessions could not be listed or ended. To try again does no harm.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionsError {
    /// The store did not answer, or not as it should.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The work was stopped, as at the end of the process.
    #[error("the session may or may not have been ended, since the process is ending; end it again after the restart")]
    Stopped,
}

impl From<RevokeError> for SessionsError {
    fn from(error: RevokeError) -> Self {
        match error {
            RevokeError::Store(error) => Self::Store(error),
            RevokeError::Stopped => Self::Stopped,
        }
    }
}

impl Session {
    fn new(id: &GrantId, grant: Grant) -> Self {
        Self {
            id: id.to_string(),
            scopes: grant.scopes.iter().map(str::to_owned).collect(),
            began_at: time(grant.upstream.granted_at),
            ends_at: time(grant.expires_at),
            client_id: grant.client_id,
            client_name: grant.client_name,
        }
    }

    /// What the session is called, here and in the log. It is no secret and opens nothing.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The MCP client that acts for the user (`client_id`).
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// What the client called itself at the login, which nobody has verified.
    #[must_use]
    pub fn client_name(&self) -> Option<&str> {
        self.client_name.as_deref()
    }

    /// The scopes that the user granted.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.scopes.iter().map(String::as_str)
    }

    /// When the user logged in.
    #[must_use]
    pub const fn began_at(&self) -> SystemTime {
        self.began_at
    }

    /// When the session ends if the client does not use it until then.
    #[must_use]
    pub const fn ends_at(&self) -> SystemTime {
        self.ends_at
    }
}

impl Sessions {
    pub(crate) const fn new(logins: Arc<Logins>) -> Self {
        Self(logins)
    }

    /// The sessions of a user, the newest first. The id is the user's at this server:
    /// [`Principal::subject`](crate::auth::Principal::subject).
    ///
    /// # Errors
    ///
    /// [`SessionsError::Store`].
    pub async fn of_user(&self, user_id: &str) -> Result<Vec<Session>, SessionsError> {
        let mut sessions = Vec::new();
        for id in self.0.grants.of_user(user_id).await? {
            // One that ended meanwhile is left out.
            if let Some(grant) = self.0.grants.read(&id).await? {
                sessions.push(Session::new(&id, grant));
            }
        }
        sessions.sort_by_key(|session| std::cmp::Reverse(session.began_at));
        Ok(sessions)
    }

    /// Ends one session of a user, by its [`Session::id`]: its access and refresh tokens are void at once, at other
    /// replicas within five seconds. With the user's last one, the consent at the provider is revoked as well, whose
    /// failure is no error here. False: the user has no such session.
    ///
    /// The user has to be named, so that nobody ends what is another's by its id.
    ///
    /// # Errors
    ///
    /// [`SessionsError`].
    pub async fn end(&self, user_id: &str, session_id: &str) -> Result<bool, SessionsError> {
        let ids = self.0.grants.of_user(user_id).await?;
        match ids.iter().find(|id| id.to_string() == session_id) {
            Some(id) => Ok(self.0.revoke(id).await?),
            None => Ok(false),
        }
    }

    /// Ends all sessions of a user, as [`end`](Self::end); gives how many there were.
    ///
    /// # Errors
    ///
    /// [`SessionsError`]. Some may have been ended.
    pub async fn end_all(&self, user_id: &str) -> Result<usize, SessionsError> {
        let mut ended = 0;
        for id in self.0.grants.of_user(user_id).await? {
            ended += usize::from(self.0.revoke(&id).await?);
        }
        Ok(ended)
    }

    /// For a [`Provider`](crate::auth::Provider) that is told that a user took the consent back at the provider: ends
    /// the sessions that began no later than that, and asks nothing of the provider. Gives how many there were.
    ///
    /// # Errors
    ///
    /// [`SessionsError::Store`]. Some may have been ended.
    pub async fn consent_withdrawn(&self, user_id: &str, at: SystemTime) -> Result<usize, SessionsError> {
        let mut ended = 0;
        for id in self.0.grants.of_user(user_id).await? {
            let began_at = self.0.grants.read(&id).await?.map(|grant| time(grant.upstream.granted_at));
            if began_at.is_some_and(|began_at| began_at <= at) {
                ended += usize::from(self.0.grants.end(&id, Reason::ConsentWithdrawn).await?.is_some());
            }
        }
        // Also without a session: the next consent is asked for from the start.
        self.0.permissions.forget(user_id).await?;
        Ok(ended)
    }
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions").finish_non_exhaustive()
    }
}

fn time(seconds: u64) -> SystemTime {
    // A record is ours, so its times are real ones.
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds)).unwrap_or(SystemTime::UNIX_EPOCH)
}
