//! `private_key_jwt`: a client proves at the token endpoint that it holds a key (RFC 7521 §4.2, RFC 7523 §3).
//!
//! In two steps. [`Assertions::verify`] finds whose it is and writes nothing, so that a stranger who describes a client of
//! its own can fill nothing. [`Assertions::spend`] notes its `jti`, once a code or token of that client is there for which
//! something happens, and before it does.

use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::{DecodingKey, Header, Validation};
use serde::Deserialize;

use super::documents::{ClientDocuments, KeysRefusal};
use crate::auth::bounds::rate::{Rate, RateLimit, TooOften};
use crate::auth::bounds::source::Source;
use crate::auth::fetch::cache::DocumentError;
use crate::auth::login::grant_id::GrantId;
use crate::auth::login::records::ASSERTIONS;
use crate::auth::request::client::ClientKeys;
use crate::auth::request::key_set::{KeySet, is_allowed};
use crate::store::{Key, Put, Sealed, StoreError};

/// The one type of assertion that is known here (RFC 7523 §2.2).
pub(crate) const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// The longest assertion that is looked at.
const MAX_BYTES: usize = 8 * 1024;
/// The longest `jti`; more than any generator makes.
const MAX_JTI: usize = 256;
/// How far clocks may be apart, in seconds.
const LEEWAY: u64 = 60;
/// The longest life of an assertion from now on, in seconds: so long a used one has to be remembered.
const MAX_LIFE: u64 = 10 * 60;
/// How many used assertions are remembered at once.
pub(crate) const MAX_USED: u64 = 100_000;
/// How often one source may authenticate. A hosted client comes from a few addresses for all of its users.
const PER_SOURCE: Rate = Rate { burst: 300, every: Duration::from_millis(100) };
/// How many assertions may be spent on one grant. A grant has a use for a few in an hour, so whoever wants to fill the
/// memory of used ones needs thousands of logins of real users.
const PER_GRANT: Rate = Rate { burst: 20, every: Duration::from_secs(60) };

/// Checks assertions. Which ones were used is in the store, so that replicas know it of each other.
pub(crate) struct Assertions {
    audiences: [String; 2],
    store: Sealed,
    per_source: RateLimit<Source>,
    per_grant: RateLimit<GrantId>,
}

/// An assertion that is its client's, and that may have been used before: [`Assertions::spend`] tells.
#[must_use]
pub(crate) struct Verified(Claims);

/// Why an assertion proves nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AssertionError {
    /// It is not right.
    #[error("client_assertion {0}")]
    Invalid(&'static str),
    /// It was used before (RFC 7523 §3, 7).
    #[error("client_assertion was used before: its jti must be a new one each time")]
    Used,
    /// The client's keys are not to be had.
    #[error("the client's keys: {0}")]
    Keys(KeysRefusal),
    /// Too many at once.
    #[error("too many client assertions")]
    TooOften(TooOften),
    /// Whether it was used cannot be said now.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What an assertion says (RFC 7523 §3).
#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: OneOrMore,
    exp: u64,
    nbf: Option<u64>,
    iat: Option<u64>,
    jti: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl OneOrMore {
    fn as_slice(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::More(more) => more,
        }
    }
}

/// Whom an assertion is said to be of. Nothing is proven yet: it only tells which client's keys to look at.
pub(crate) fn claimed_client(assertion: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Claimed {
        sub: String,
    }
    if assertion.len() > MAX_BYTES {
        return None;
    }
    jsonwebtoken::dangerous::insecure_decode_claims::<Claimed>(assertion).ok().map(|claimed| claimed.sub)
}

impl Assertions {
    /// For a server with this issuer and token endpoint: clients name either as the audience.
    pub(crate) fn new(issuer: &str, token_endpoint: &str, store: Sealed) -> Self {
        let audiences = [issuer.to_owned(), token_endpoint.to_owned()];
        Self { audiences, store, per_source: RateLimit::new(PER_SOURCE), per_grant: RateLimit::new(PER_GRANT) }
    }

    /// Whether this assertion was made by the client with these keys, for this server, now.
    pub(crate) async fn verify(
        &self,
        assertion: &str,
        client_id: &str,
        keys: &ClientKeys,
        documents: &ClientDocuments,
        source: Option<Source>,
    ) -> Result<Verified, AssertionError> {
        if assertion.len() > MAX_BYTES {
            return Err(AssertionError::Invalid("is too long"));
        }
        let header =
            jsonwebtoken::decode_header(assertion).map_err(|_| AssertionError::Invalid("is not a signed JWT"))?;
        if !is_allowed(header.alg) || header.crit.is_some() {
            return Err(AssertionError::Invalid("is signed with an algorithm that is not allowed here"));
        }
        if let Some(source) = source {
            self.per_source.spend(source).map_err(AssertionError::TooOften)?;
        }
        let known = documents.keys(keys, source).await.map_err(AssertionError::Keys)?;
        let claims = match signed(assertion, &header, &known) {
            Some(claims) => claims,
            // The client may have changed its keys since.
            None => match documents.newer_keys(keys, source).await {
                Ok(Some(newer)) if !Arc::ptr_eq(&newer, &known) => signed(assertion, &header, &newer),
                Ok(_) | Err(DocumentError::TooOften(_)) => None,
                Err(error) => return Err(AssertionError::Keys(error)),
            }
            .ok_or(AssertionError::Invalid("is not signed with a key of the client"))?,
        };
        self.check(&claims, client_id)?;
        Ok(Verified(claims))
    }

    fn check(&self, claims: &Claims, client_id: &str) -> Result<(), AssertionError> {
        let now = self.store.clock().unix();
        let latest = now.saturating_add(LEEWAY);
        let audiences = claims.aud.as_slice();
        let wrong = match () {
            () if claims.iss != client_id || claims.sub != client_id => "must have the client_id as iss and as sub",
            // One for several servers could be used at this one by another (RFC 7523bis §4).
            () if audiences.is_empty() || !audiences.iter().all(|one| self.audiences.contains(one)) => {
                "must have the issuer or the token endpoint of this server as aud, and nothing else"
            }
            () if claims.exp.saturating_add(LEEWAY) <= now => "has expired",
            () if claims.exp > now.saturating_add(MAX_LIFE).saturating_add(LEEWAY) => "must expire within ten minutes",
            () if claims.iat.is_some_and(|at| at > latest) || claims.nbf.is_some_and(|at| at > latest) => {
                "is from the future"
            }
            () if claims.jti.is_empty() || claims.jti.len() > MAX_JTI => "must have a jti of at most 256 bytes",
            () => return Ok(()),
        };
        Err(AssertionError::Invalid(wrong))
    }

    /// Notes that it was used, for as long as it would be accepted. `grant` is the one, of this very client, that it is
    /// used on.
    ///
    /// # Errors
    /// [`AssertionError::Used`] for all but the first who come with it, over all replicas.
    pub(crate) async fn spend(&self, Verified(claims): &Verified, grant: &GrantId) -> Result<(), AssertionError> {
        self.per_grant.spend(grant.clone()).map_err(AssertionError::TooOften)?;
        if self.store.count(ASSERTIONS).await? >= MAX_USED {
            return Err(AssertionError::TooOften(TooOften(Duration::from_secs(MAX_LIFE))));
        }
        let key = Key::hashed(ASSERTIONS, &format!("{}\n{}", claims.sub, claims.jti));
        let rest = claims.exp.saturating_add(LEEWAY).saturating_sub(self.store.clock().unix());
        let put = Put::default().with_ttl(Duration::from_secs(rest.saturating_add(1)));
        if self.store.put_if_absent(&key, &(), put).await? { Ok(()) } else { Err(AssertionError::Used) }
    }
}

/// The claims, if one of the keys made the signature.
fn signed(assertion: &str, header: &Header, keys: &KeySet) -> Option<Claims> {
    let mut validation = Validation::new(header.alg);
    // By our own rules and clock, in `check`.
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    let decode = |key: &DecodingKey| jsonwebtoken::decode::<Claims>(assertion, key, &validation).ok();
    keys.candidates(header.alg, header.kid.as_deref()).find_map(decode).map(|token| token.claims)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in "\\PC{0,100}") {
            prop_assert!(claimed_client(&text).is_none());
        }

        #[test]
        fn any_claims_are_read_without_a_panic(json in "[ -~]{0,80}") {
            use base64::Engine as _;
            let payload = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(json);
            let _ = claimed_client(&format!("e30.{payload}.AA"));
        }
    }
}
