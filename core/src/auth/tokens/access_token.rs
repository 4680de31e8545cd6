//! Our access tokens: JWTs that only this server verifies (RFC 7519, RFC 9068 §2, RFC 8725).

use std::collections::HashMap;
use std::time::Duration;

use jsonwebtoken::crypto::{CryptoProvider, aws_lc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use crate::auth::login::grant_id::GrantId;
use crate::auth::login::records::Grant;
use crate::auth::random::random_id;
use crate::auth::request::scope::Scopes;
use crate::clock::Clock;
use crate::store::KeyRing;

/// The label under which the signing key is derived.
const LABEL: &str = "dari/access-token";
/// RFC 9068 §2.1: what the token is, so that no other JWT can pass for one.
const TYPE: &str = "at+jwt";
/// Far above what we issue.
const MAX_BYTES: usize = 8 * 1024;
/// How far a clock may be ahead of ours in `nbf` and `iat`, in seconds.
const LEEWAY: u64 = 60;

/// The claims of an access token.
#[derive(Serialize, Deserialize)]
pub(crate) struct Claims {
    pub(crate) iss: String,
    /// One string and no list: the token is for this resource and nothing else.
    pub(crate) aud: String,
    pub(crate) sub: String,
    pub(crate) client_id: String,
    pub(crate) scope: Scopes,
    pub(crate) iat: u64,
    pub(crate) exp: u64,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) nbf: Option<u64>,
    pub(crate) jti: String,
    /// The grant, which is where the provider's tokens are.
    pub(crate) gid: GrantId,
}

/// Why a token is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenError {
    Invalid,
    Expired,
}

/// Issues and verifies access tokens.
pub(crate) struct AccessTokens {
    header: Header,
    signing: EncodingKey,
    verifying: HashMap<String, DecodingKey>,
    validation: Validation,
    issuer: String,
    audience: String,
    clock: Clock,
}

impl AccessTokens {
    pub(crate) fn new(keys: &KeyRing, issuer: &str, audience: &str, clock: Clock) -> Self {
        // An application may have installed one; either signs HS256.
        let _ = CryptoProvider::install_default(&aws_lc::DEFAULT_PROVIDER);
        let mut header = Header::new(Algorithm::HS256);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(keys.id().to_string());
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_audience(&[audience]);
        validation.set_issuer(&[issuer]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // By our own clock, below.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let verifying = keys.ids().filter_map(|id| {
            let key = keys.derive_for(id, LABEL)?;
            Some((id.to_string(), DecodingKey::from_secret(key.as_slice())))
        });
        Self {
            header,
            signing: EncodingKey::from_secret(keys.derive(LABEL).as_slice()),
            verifying: verifying.collect(),
            validation,
            issuer: issuer.to_owned(),
            audience: audience.to_owned(),
            clock,
        }
    }

    /// A token for this grant with these scopes. `None`: the system gives no random bytes.
    pub(crate) fn issue(&self, id: &GrantId, grant: &Grant, scopes: &Scopes, lifetime: Duration) -> Option<String> {
        let now = self.clock.unix();
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: self.audience.clone(),
            sub: grant.subject.clone(),
            client_id: grant.client_id.clone(),
            scope: scopes.clone(),
            iat: now,
            exp: now.saturating_add(lifetime.as_secs()),
            nbf: None,
            jti: random_id().ok()?,
            gid: id.clone(),
        };
        jsonwebtoken::encode(&self.header, &claims, &self.signing).ok()
    }

    /// The claims of a token of ours that is valid now.
    pub(crate) fn verify(&self, token: &str) -> Result<Claims, TokenError> {
        if token.len() > MAX_BYTES {
            return Err(TokenError::Invalid);
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| TokenError::Invalid)?;
        let key = header.kid.as_deref().and_then(|kid| self.verifying.get(kid)).ok_or(TokenError::Invalid)?;
        if header.typ.as_deref() != Some(TYPE) || header.crit.is_some() {
            return Err(TokenError::Invalid);
        }
        let token = jsonwebtoken::decode::<Claims>(token, key, &self.validation).map_err(|_| TokenError::Invalid)?;
        token.claims.check_times(self.clock.unix())?;
        Ok(token.claims)
    }
}

impl Claims {
    /// Whether they are those of a token that is valid now, in seconds since 1970.
    pub(crate) fn check_times(&self, now: u64) -> Result<(), TokenError> {
        let latest = now.saturating_add(LEEWAY);
        if self.iat > latest || self.nbf.is_some_and(|nbf| nbf > latest) {
            return Err(TokenError::Invalid);
        }
        if self.exp <= now { Err(TokenError::Expired) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests;
