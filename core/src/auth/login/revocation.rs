//! The end of a grant because its user, or somebody for the user, said so (RFC 7009).
//!
//! Unlike any other end, this one may go on to the provider: when it was the user's last grant. A code or a refresh
//! token that was used twice never does, or whoever stole one could take the consent of the user back.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::grant_id::GrantId;
use super::logins::Logins;
use super::records::Grant;
use crate::auth::reason::Reason;
use crate::store::StoreError;

/// Why it is not known whether a grant was ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RevokeError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the revocation was stopped half-way, as at the end of the process")]
    Stopped,
}

impl Logins {
    /// Ends a grant, and the consent at the provider if it was the user's last. True if there was one.
    ///
    /// A task of its own: a client that hangs up stops nothing half-way. What the provider says changes nothing.
    pub(crate) async fn revoke(self: &Arc<Self>, id: &GrantId) -> Result<bool, RevokeError> {
        let (sender, receiver) = oneshot::channel();
        let (logins, id) = (self.clone(), id.clone());
        tokio::spawn(async move {
            // Nobody may be waiting any more.
            let _ = sender.send(logins.end_and_revoke(&id).await);
        });
        Ok(receiver.await.map_err(|_| RevokeError::Stopped)??)
    }

    async fn end_and_revoke(&self, id: &GrantId) -> Result<bool, StoreError> {
        let Some(grant) = self.grants.end(id, Reason::Revoked).await? else { return Ok(false) };
        // From here on the grant has ended, whatever fails.
        match self.grants.of_user(&grant.subject).await {
            Ok(others) if others.is_empty() => self.revoke_upstream(id, &grant).await,
            Ok(_) => {}
            Err(error) => Reason::ProviderNotRevoked.log_failure(&error),
        }
        Ok(true)
    }

    async fn revoke_upstream(&self, id: &GrantId, grant: &Grant) {
        match self.upstream.revoke(&grant.upstream.tokens(self.clock.unix())).await {
            Ok(()) => {
                tracing::info!(target: "dari::auth", grant = %id, "revoked at the provider");
                self.permissions.forget_or_log(&grant.subject).await;
            }
            Err(error) => Reason::ProviderNotRevoked.log_failure(&error),
        }
    }
}
