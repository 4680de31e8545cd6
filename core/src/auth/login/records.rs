//! What the login keeps in the store.
//!
//! | Collection | Key | Record | Kept for |
//! |---|---|---|---|
//! | `new_clients` | `client_id` | [`Client`](crate::auth::request::client::Client) | 1 h, or until its first login |
//! | `clients` | `client_id`; owner: the user, while it is the only one | the same | 90 days from each login or refresh |
//! | `client_assertions` | SHA-256 of client and `jti` | `()`: the assertion was used | until it has expired, at most 12 min |
//! | `consents` | id of the form | `()`: the form was answered | 10 min, as long as the form opens |
//! | `transactions` | SHA-256 of the upstream `state` | [`Transaction`] | 10 min; taken by the callback |
//! | `codes` | SHA-256 of the code | [`Code`] | 60 s; once used 10 min, so that a second use is known as one |
//! | `grants` | grant id; owner: the user | [`Grant`] | 2 min until its code is used, then until the family ends |
//! | `revocations` | SHA-256 of the user | [`Revocation`] | 2 min |
//! | `unpermitted` | SHA-256 of the user | [`Unpermitted`] | 30 days; 1 h once the user was asked again |
//! | `refresh_tokens` | SHA-256 of the token; owner: the grant | [`RefreshToken`] | 30 days, or as configured; 1 min once the family has ended |
//!
//! All records are sealed, so what they hold is secret in the file; keys are not, hence the hashes.

use std::fmt;
use std::time::Duration;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::grant_id::GrantId;
use crate::auth::provider::{Identity, UpstreamTokens};
use crate::auth::request::pkce::CodeChallenge;
use crate::auth::request::redirect_uri::RedirectUri;
use crate::auth::request::scope::Scopes;
use crate::store::Collection;

pub(crate) const ASSERTIONS: Collection = Collection::new("client_assertions");
pub(crate) const NEW_CLIENTS: Collection = Collection::new("new_clients");
pub(crate) const CLIENTS: Collection = Collection::new("clients");
pub(crate) const CONSENTS: Collection = Collection::new("consents");
pub(crate) const TRANSACTIONS: Collection = Collection::new("transactions");
pub(crate) const CODES: Collection = Collection::new("codes");
pub(crate) const GRANTS: Collection = Collection::new("grants");
pub(crate) const REVOCATIONS: Collection = Collection::new("revocations");
pub(crate) const REFRESH_TOKENS: Collection = Collection::new("refresh_tokens");
pub(crate) const UNPERMITTED: Collection = Collection::new("unpermitted");

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A client that nobody has logged in with.
pub(crate) const UNUSED_CLIENT_TTL: Duration = Duration::from_secs(60 * 60);
/// A client since its last login.
pub(crate) const CLIENT_TTL: Duration = DAY.saturating_mul(90);
/// The consent page, and then the user's stay at the provider.
pub(crate) const REQUEST_TTL: Duration = MINUTE.saturating_mul(10);
/// An authorization code (RFC 6749 §4.1.2 advises at most ten minutes).
pub(crate) const CODE_TTL: Duration = MINUTE;
/// The memory of a used code.
pub(crate) const USED_CODE_TTL: Duration = MINUTE.saturating_mul(10);
/// A revocation: longer than one takes, and then longer than a login that was under way meanwhile.
pub(crate) const REVOCATION_TTL: Duration = MINUTE.saturating_mul(2);
/// A permission that a user did not give at the provider, until the next login.
pub(crate) const UNPERMITTED_TTL: Duration = DAY.saturating_mul(30);
/// The same, once the user was asked again.
pub(crate) const ASKED_AGAIN_TTL: Duration = MINUTE.saturating_mul(60);
/// A grant whose code was not used yet.
pub(crate) const UNUSED_GRANT_TTL: Duration = MINUTE.saturating_mul(2);

/// A refresh token whose family has ended: until every replica has found that out by itself, of which it tells those that
/// it is shown to.
pub(crate) const ENDED_FAMILY_TTL: Duration = MINUTE;

/// A valid authorization request (RFC 6749 §4.1.1), as it travels from the consent page to the token endpoint.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct AuthorizationRequest {
    pub(crate) client_id: String,
    pub(crate) redirect_uri: RedirectUri,
    /// Whether the request named the URI: then the token request has to, too (RFC 6749 §4.1.3).
    pub(crate) redirect_uri_sent: bool,
    pub(crate) state: Option<String>,
    pub(crate) scopes: Scopes,
    /// Whether these are exactly those that were asked for: the client knows them, then (RFC 6749 §5.1).
    #[serde(default)]
    pub(crate) scopes_as_asked: bool,
    pub(crate) challenge: CodeChallenge,
}

/// What the consent form holds, sealed.
#[derive(Serialize, Deserialize)]
pub(crate) struct ConsentQuestion {
    /// Random; what makes the form answerable once.
    pub(crate) id: String,
    pub(crate) request: AuthorizationRequest,
}

/// A login whose user is at the provider.
#[derive(Serialize, Deserialize)]
pub(crate) struct Transaction {
    pub(crate) request: AuthorizationRequest,
    /// The id of the browser that consented.
    pub(crate) browser: String,
    /// Our own PKCE verifier, where the provider knows PKCE.
    pub(crate) verifier: Option<String>,
    /// The user whom the provider asks once more for what was not permitted before.
    #[serde(default)]
    pub(crate) asks_again: Option<String>,
}

/// What a user did not permit at the provider, as a call found out.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Unpermitted {
    pub(crate) scopes: Scopes,
    pub(crate) standing: Standing,
}

/// How far it is with asking the user again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Standing {
    /// At the next login.
    Wanted,
    /// It was done.
    AskedAgain,
    /// It was done, and the permission was missing once more: the provider did not ask, or the user did not agree.
    WantedStill,
}

/// An authorization code.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Code {
    pub(crate) grant: GrantId,
    /// Whoever uses the code, also for the second time, has to fit it.
    pub(crate) request: AuthorizationRequest,
    pub(crate) used: bool,
}

/// A refresh token: the one with this number in the family of its grant.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct RefreshToken {
    pub(crate) grant: GrantId,
    pub(crate) index: u32,
}

/// One user's login for one client at this server.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Grant {
    pub(crate) client_id: String,
    /// What the client called itself at the login, for its user to know it by.
    #[serde(default)]
    pub(crate) client_name: Option<String>,
    pub(crate) subject: String,
    pub(crate) profile: Value,
    pub(crate) scopes: Scopes,
    pub(crate) upstream: GrantedTokens,
    /// When the provider last said whose tokens these are, in seconds since 1970.
    pub(crate) verified_at: u64,
    /// The number of the newest refresh token that was used.
    pub(crate) used: Option<u32>,
    /// When the family ends if nothing is refreshed, in seconds since 1970.
    pub(crate) expires_at: u64,
    /// Counts the writes, so that of two readers the one with the newer version is known.
    pub(crate) generation: u64,
    /// Who refreshes the upstream tokens now.
    pub(crate) lease: Option<Lease>,
}

/// The right of one server to do something for a while, as the refresh of upstream tokens.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Lease {
    #[serde(default)]
    pub(crate) server: String,
    /// Which of its leases this is.
    #[serde(default)]
    pub(crate) number: u64,
    /// In milliseconds since 1970.
    pub(crate) until: u64,
}

/// A grant of a user is revoked, or was lately.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Revocation {
    /// Who is at it; none: it is done.
    pub(crate) lease: Option<Lease>,
}

/// The provider's tokens.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct GrantedTokens {
    #[serde(with = "secret")]
    pub(crate) access_token: SecretString,
    #[serde(with = "optional_secret")]
    pub(crate) refresh_token: Option<SecretString>,
    #[serde(with = "optional_secret")]
    pub(crate) id_token: Option<SecretString>,
    pub(crate) scope: Option<String>,
    /// When the first of them was received, which is when the user logged in, in seconds since 1970.
    pub(crate) granted_at: u64,
    /// In seconds since 1970.
    pub(crate) obtained_at: u64,
    /// In seconds since 1970; `None` where the provider does not say.
    pub(crate) expires_at: Option<u64>,
}

impl Grant {
    /// A grant that was just made; `expires_at` is the end of its code's life.
    pub(crate) fn new(
        request: &AuthorizationRequest,
        client_name: Option<String>,
        identity: Identity,
        tokens: &UpstreamTokens,
        now: u64,
    ) -> Self {
        Self {
            client_id: request.client_id.clone(),
            client_name,
            subject: identity.subject,
            profile: identity.profile,
            scopes: request.scopes.clone(),
            upstream: GrantedTokens::new(tokens, now),
            verified_at: now,
            used: None,
            expires_at: now.saturating_add(UNUSED_GRANT_TTL.as_secs()),
            generation: 0,
            lease: None,
        }
    }
}

impl GrantedTokens {
    /// Tokens that were received now.
    pub(crate) fn new(tokens: &UpstreamTokens, now: u64) -> Self {
        Self {
            access_token: tokens.access_token().clone(),
            refresh_token: tokens.refresh_token().cloned(),
            id_token: tokens.id_token().cloned(),
            scope: tokens.scope().map(str::to_owned),
            granted_at: now,
            obtained_at: now,
            expires_at: tokens.expires_in().map(|lifetime| now.saturating_add(lifetime.as_secs())),
        }
    }

    /// What a refresh gave, with what it left as it was: most providers keep their refresh token (RFC 6749 §6).
    pub(crate) fn refreshed(&self, tokens: &UpstreamTokens, now: u64) -> Self {
        let new = Self::new(tokens, now);
        Self {
            refresh_token: new.refresh_token.or_else(|| self.refresh_token.clone()),
            id_token: new.id_token.or_else(|| self.id_token.clone()),
            scope: new.scope.or_else(|| self.scope.clone()),
            granted_at: self.granted_at,
            ..new
        }
    }

    /// The tokens as the provider's code sees them.
    pub(crate) fn tokens(&self, now: u64) -> UpstreamTokens {
        let mut tokens = UpstreamTokens::new(self.access_token.clone());
        if let Some(token) = &self.refresh_token {
            tokens = tokens.with_refresh_token(token.clone());
        }
        if let Some(token) = &self.id_token {
            tokens = tokens.with_id_token(token.clone());
        }
        if let Some(scope) = &self.scope {
            tokens = tokens.with_scope(scope);
        }
        if let Some(expires_at) = self.expires_at {
            tokens = tokens.with_expires_in(Duration::from_secs(expires_at.saturating_sub(now)));
        }
        tokens
    }

    /// Whether the access token has ended.
    pub(crate) fn is_expired(&self, now: u64) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }

    /// Whether it is time for another access token: in the last 60 s, or the last tenth of a shorter life.
    pub(crate) fn is_due(&self, now: u64) -> bool {
        self.expires_at.is_some_and(|end| end.saturating_sub(self.last_part(end)) <= now)
    }

    /// Whether another access token is worth waiting for: in the second half of the time in which it is due.
    pub(crate) fn is_pressing(&self, now: u64) -> bool {
        self.expires_at.is_some_and(|end| end.saturating_sub(self.last_part(end) / 2) <= now)
    }

    fn last_part(&self, end: u64) -> u64 {
        (end.saturating_sub(self.obtained_at) / 10).min(60)
    }
}

/// Records hold tokens: nothing of them is shown.
macro_rules! redacted {
    ($($record:ident),*) => {$(
        impl fmt::Debug for $record {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($record), "([REDACTED])"))
            }
        }
    )*};
}
redacted!(
    AuthorizationRequest,
    ConsentQuestion,
    Transaction,
    Unpermitted,
    Code,
    RefreshToken,
    Grant,
    Lease,
    Revocation,
    GrantedTokens
);

/// Secrets in records, which are sealed as a whole.
mod secret {
    use secrecy::{ExposeSecret as _, SecretString};
    use serde::Deserialize as _;

    pub(super) fn serialize<S: serde::Serializer>(secret: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(secret.expose_secret())
    }

    pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
        String::deserialize(deserializer).map(Into::into)
    }
}

mod optional_secret {
    use secrecy::{ExposeSecret as _, SecretString};
    use serde::{Deserialize as _, Serialize as _};

    pub(super) fn serialize<S: serde::Serializer>(
        secret: &Option<SecretString>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        secret.as_ref().map(|secret| secret.expose_secret()).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<SecretString>, D::Error> {
        Ok(Option::<String>::deserialize(deserializer)?.map(Into::into))
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;
    use crate::auth::request::redirect_policy::RedirectPolicy;

    fn upstream(obtained_at: u64, expires_at: Option<u64>) -> GrantedTokens {
        GrantedTokens {
            access_token: "a".to_owned().into(),
            refresh_token: None,
            id_token: None,
            scope: None,
            granted_at: obtained_at,
            obtained_at,
            expires_at,
        }
    }

    #[test]
    fn due_a_minute_or_a_tenth_ahead() {
        let hour = upstream(1000, Some(4600));
        assert_eq!([4539, 4540, 4600].map(|now| hour.is_due(now)), [false, true, true]);
        assert_eq!([4540, 4569, 4570].map(|now| hour.is_pressing(now)), [false, false, true]);
        assert_eq!([4540, 4599, 4600].map(|now| hour.is_expired(now)), [false, false, true]);
        let brief = upstream(1000, Some(1030));
        assert_eq!([1026, 1027].map(|now| brief.is_due(now)), [false, true]);
        assert!(!upstream(1000, None).is_due(u64::MAX));
        assert!(upstream(1000, Some(1000)).is_due(1000));
    }

    #[test]
    fn a_refresh_keeps_what_it_does_not_replace() {
        let mut old = upstream(0, Some(10));
        old.refresh_token = Some("old".to_owned().into());
        let kept = old.refreshed(&UpstreamTokens::new("b".to_owned().into()), 100);
        assert_eq!(kept.refresh_token.as_ref().unwrap().expose_secret(), "old");
        assert_eq!((kept.access_token.expose_secret(), kept.expires_at), ("b", None));
        assert_eq!((kept.granted_at, kept.obtained_at), (0, 100));
        let rotated = UpstreamTokens::new("b".to_owned().into()).with_refresh_token("new".to_owned().into());
        assert_eq!(old.refreshed(&rotated, 100).refresh_token.unwrap().expose_secret(), "new");
    }

    #[test]
    fn records_show_nothing_hyg_02() {
        let policy = RedirectPolicy::new("https://mcp.example.com/auth/callback");
        let request = AuthorizationRequest {
            client_id: "hidden-client".to_owned(),
            redirect_uri: RedirectUri::register("https://hidden.example/cb", &policy).unwrap(),
            redirect_uri_sent: true,
            state: Some("hidden-state".to_owned()),
            scopes: Scopes::parse("hidden-scope").unwrap(),
            scopes_as_asked: true,
            challenge: CodeChallenge::parse(Some(&"A".repeat(43)), Some("S256")).unwrap(),
        };
        let grant = GrantId::random().unwrap();
        let hidden = || "hidden".to_owned();
        let tokens = UpstreamTokens::new("hidden-access".to_owned().into())
            .with_refresh_token("hidden-refresh".to_owned().into())
            .with_id_token("hidden-id".to_owned().into());
        let identity = Identity { subject: hidden(), profile: serde_json::json!({ "hidden": 1 }) };
        let form = ConsentQuestion { id: hidden(), request: request.clone() };
        let transaction = Transaction {
            request: request.clone(),
            browser: hidden(),
            verifier: Some(hidden()),
            asks_again: Some(hidden()),
        };
        let unpermitted = Unpermitted { scopes: request.scopes.clone(), standing: Standing::Wanted };
        let code = Code { grant: grant.clone(), request: request.clone(), used: false };
        let refresh_token = RefreshToken { grant: grant.clone(), index: 0 };
        let login = Grant::new(&request, Some(hidden()), identity, &tokens, 0);
        let lease = Lease { server: hidden(), number: 0, until: 0 };
        let revocation = Revocation { lease: Some(lease.clone()) };
        let upstream = login.upstream.clone();
        let shown: [(&str, &dyn fmt::Debug); 11] = [
            ("Unpermitted", &unpermitted),
            ("AuthorizationRequest", &request),
            ("ConsentQuestion", &form),
            ("Transaction", &transaction),
            ("Code", &code),
            ("RefreshToken", &refresh_token),
            ("Grant", &login),
            ("Lease", &lease),
            ("Revocation", &revocation),
            ("GrantedTokens", &upstream),
            ("UpstreamTokens", &tokens),
        ];
        for (name, record) in shown {
            let text = format!("{record:?} {record:#?}");
            assert!(text.contains(name) && !text.contains("hidden") && !text.contains(grant.as_str()), "{text}");
        }
        assert!(!format!("{grant:?} {grant}").contains(grant.as_str()));
    }
}
