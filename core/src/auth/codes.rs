//! Authorization codes: made at the callback, used once at the token endpoint (RFC 6749 §4.1.2).

use super::grant_id::GrantId;
use super::oauth_error::OAuthError;
use super::random::random_id;
use super::reason::Reason;
use super::records::{AuthorizationRequest, CODE_TTL, CODES, Code, USED_CODE_TTL};
use crate::store::{Key, Put, Sealed};

/// The codes of a server.
pub(crate) struct Codes(Sealed);

/// What came of a code.
pub(crate) enum Redeemed {
    /// It was good, and is used now.
    Grant(GrantId),
    /// It was used before: the grant it made has to end (RFC 6749 §4.1.2).
    Again(GrantId),
}

impl Codes {
    pub(crate) const fn new(store: Sealed) -> Self {
        Self(store)
    }

    /// Stores a new code for a grant.
    ///
    /// # Errors
    /// Those of the store.
    pub(crate) async fn issue(&self, grant: GrantId, request: AuthorizationRequest) -> Result<String, OAuthError> {
        let code = random_id().map_err(|error| OAuthError::internal(&error))?;
        let put = Put::default().with_ttl(CODE_TTL);
        self.0.put(&Key::hashed(CODES, &code), &Code::Fresh { grant, request }, put).await?;
        Ok(code)
    }

    /// Uses a code, if `check` agrees to it; a code that it does not agree to stays as it was.
    ///
    /// # Errors
    /// Those of `check`; `invalid_grant` for an unknown code.
    pub(crate) async fn redeem(
        &self,
        code: &str,
        check: impl Fn(&AuthorizationRequest) -> Result<(), OAuthError>,
    ) -> Result<Redeemed, OAuthError> {
        let key = Key::hashed(CODES, code);
        loop {
            let Some(record) = self.0.get::<Code>(&key).await? else {
                return Err(OAuthError::invalid_grant(Reason::CodeUnknown, "the code is unknown or has expired"));
            };
            let grant = match &*record {
                Code::Used { grant } => return Ok(Redeemed::Again(grant.clone())),
                Code::Fresh { grant, request } => {
                    check(request)?;
                    grant.clone()
                }
            };
            let used = Code::Used { grant: grant.clone() };
            // Of two that come at once, the second finds it used.
            if self.0.swap(&key, &record, &used, Some(USED_CODE_TTL)).await? {
                return Ok(Redeemed::Grant(grant));
            }
        }
    }
}
