//! What the sandbox remembers: users, logins under way, tokens, schedules. All in memory, all bounded.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tokio::runtime::Handle;
use url::Url;

use super::bounded::BoundedMap;
use super::callback::Callbacks;
use super::control::{Fault, Quirks, RouteGroup, SandboxSchedule};
use super::token_text::{Content, Run};

/// How long a login may take, and a code may lie.
const PATIENCE: TimeDelta = TimeDelta::minutes(10);

pub(super) struct Shared {
    pub(super) callbacks: Callbacks,
    /// Where the sandbox runs, for what is called from outside of it.
    pub(super) runtime: Handle,
    state: Mutex<State>,
}

impl Shared {
    /// To be called inside a runtime.
    pub(super) fn new(callbacks: Callbacks) -> io::Result<Self> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(io::Error::other)?;
        Ok(Self { callbacks, runtime: Handle::current(), state: Mutex::new(State::new(seed)) })
    }

    /// Never held over an `await`.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The two families of endpoints, which differ in their manners.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    /// `/oauth2.0/…`.
    OAuth,
    /// `/oauth2/…`, OpenID Connect.
    Oidc,
}

/// A login under way: what the authorize request asked for.
#[derive(Clone, Debug)]
pub(super) struct Transaction {
    pub(super) family: Family,
    pub(super) callback: Url,
    pub(super) state: String,
    pub(super) challenge: Option<String>,
    pub(super) reprompt: bool,
    /// Who gave the right password.
    pub(super) user: Option<String>,
    pub(super) since: DateTime<Utc>,
}

/// What a user has agreed to. The profile goes without saying.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Consent {
    pub(super) calendar: bool,
}

struct Code {
    family: Family,
    user: String,
    state: String,
    challenge: Option<String>,
    issued: DateTime<Utc>,
}

struct Access {
    user: String,
    expires: DateTime<Utc>,
}

/// Tokens as they are sent.
#[derive(Debug)]
pub(super) struct Issued {
    pub(super) access: String,
    pub(super) refresh: Option<String>,
    pub(super) lifetime: TimeDelta,
}

pub(super) struct State {
    pub(super) quirks: Quirks,
    pub(super) faults: HashMap<RouteGroup, Fault>,
    pub(super) hits: Hits,
    pub(super) schedules: BoundedMap<(String, String), SandboxSchedule>,
    transactions: BoundedMap<String, Transaction>,
    consents: BoundedMap<String, Consent>,
    codes: BoundedMap<String, Code>,
    access: BoundedMap<String, Access>,
    /// Refresh token to user.
    refresh: BoundedMap<String, String>,
    /// Tokens of earlier runs that were taken at their word: once, so that one which is revoked stays so.
    adopted: BoundedMap<String, ()>,
    run: Run,
    seed: [u8; 32],
    counter: u64,
}

impl State {
    fn new(seed: [u8; 32]) -> Self {
        Self {
            quirks: Quirks::default(),
            faults: HashMap::new(),
            hits: Hits::default(),
            schedules: BoundedMap::default(),
            transactions: BoundedMap::default(),
            consents: BoundedMap::default(),
            codes: BoundedMap::default(),
            access: BoundedMap::default(),
            refresh: BoundedMap::default(),
            adopted: BoundedMap::default(),
            run: first(&Sha256::digest(seed)),
            seed,
            counter: 0,
        }
    }

    /// 32 bytes that nobody can guess: after the seed was drawn, nothing can fail any more.
    pub(super) fn random(&mut self) -> [u8; 32] {
        self.counter += 1;
        Sha256::new().chain_update(self.seed).chain_update(self.counter.to_be_bytes()).finalize().into()
    }

    pub(super) fn begin(&mut self, transaction: Transaction) -> String {
        let id = hex(&self.random());
        self.transactions.insert(id.clone(), transaction);
        id
    }

    pub(super) fn transaction(&mut self, id: &str, now: DateTime<Utc>) -> Option<&mut Transaction> {
        self.transactions.get_mut(id).filter(|transaction| now - transaction.since < PATIENCE)
    }

    pub(super) fn end(&mut self, id: &str) {
        self.transactions.remove(id);
    }

    pub(super) fn consent(&self, user: &str) -> Option<Consent> {
        self.consents.get(user).copied()
    }

    pub(super) fn agree(&mut self, user: &str, consent: Consent) {
        self.consents.insert(user.to_owned(), consent);
    }

    pub(super) fn issue_code(&mut self, transaction: &Transaction, user: &str, now: DateTime<Utc>) -> String {
        let code = hex(&self.random()[..10]);
        let value = Code {
            family: transaction.family,
            user: user.to_owned(),
            state: transaction.state.clone(),
            challenge: transaction.challenge.clone(),
            issued: now,
        };
        self.codes.insert(code.clone(), value);
        code
    }

    /// Takes a code, which is good for one attempt. `state` is compared where it is sent.
    pub(super) fn redeem(
        &mut self,
        family: Family,
        code: &str,
        state: Option<&str>,
        verifier: Option<&str>,
        now: DateTime<Utc>,
    ) -> Option<Issued> {
        let code = self.codes.remove(code)?;
        let proven = match &code.challenge {
            Some(challenge) => verifier.is_some_and(|verifier| same(&s256(verifier), challenge)),
            None => true,
        };
        let good = proven
            && code.family == family
            && now - code.issued < PATIENCE
            && state.is_none_or(|state| state == code.state)
            && self.consents.get(&code.user).is_some();
        good.then(|| self.issue(code.user, now))
    }

    fn issue(&mut self, user: String, now: DateTime<Utc>) -> Issued {
        let refresh = self.content(&user, i64::MAX).refresh();
        self.refresh.insert(refresh.clone(), user.clone());
        Issued { refresh: Some(refresh), ..self.issue_access(user, now) }
    }

    fn issue_access(&mut self, user: String, now: DateTime<Utc>) -> Issued {
        let lifetime = TimeDelta::from_std(self.quirks.access_token_lifetime).unwrap_or(TimeDelta::MAX);
        let expires = now.checked_add_signed(lifetime).unwrap_or(DateTime::<Utc>::MAX_UTC);
        let access = self.content(&user, expires.timestamp()).access();
        self.access.insert(access.clone(), Access { user, expires });
        Issued { access, refresh: None, lifetime }
    }

    /// What a new token says.
    fn content(&mut self, user: &str, expires: i64) -> Content {
        let calendar = self.consent(user).is_some_and(|consent| consent.calendar);
        Content { run: self.run, random: first(&self.random()), expires, calendar, user: user.to_owned() }
    }

    /// Takes a token of an earlier run at its word.
    fn adopt(&mut self, token: &str) {
        let (access, refresh) = (Content::of_access(token), Content::of_refresh(token));
        let is_access = access.is_some();
        let Some(content) = access.or(refresh).filter(|content| content.run != self.run) else { return };
        if self.adopted.get(token).is_some() {
            return;
        }
        self.adopted.insert(token.to_owned(), ());
        if self.consent(&content.user).is_none() {
            self.agree(&content.user, Consent { calendar: content.calendar });
        }
        if is_access {
            let expires = DateTime::from_timestamp(content.expires, 0).unwrap_or_default();
            self.access.insert(token.to_owned(), Access { user: content.user, expires });
        } else {
            self.refresh.insert(token.to_owned(), content.user);
        }
    }

    /// A new access token. The refresh token stays as it is, unless the sandbox is told to rotate.
    pub(super) fn renew(&mut self, refresh: &str, now: DateTime<Utc>) -> Option<Issued> {
        self.adopt(refresh);
        let user = self.refresh.get(refresh)?.clone();
        if self.quirks.rotate_refresh_tokens {
            self.refresh.remove(refresh);
            return Some(self.issue(user, now));
        }
        Some(self.issue_access(user, now))
    }

    /// Whose access token it is and when it ends, if it is good.
    pub(super) fn bearer(&mut self, access: &str, now: DateTime<Utc>) -> Option<(String, DateTime<Utc>)> {
        self.adopt(access);
        let access = self.access.get(access).filter(|access| access.expires > now)?;
        Some((access.user.clone(), access.expires))
    }

    /// Whose token it is, access or refresh, expired or not.
    pub(super) fn owner(&mut self, token: &str) -> Option<String> {
        self.adopt(token);
        self.access.get(token).map(|access| &access.user).or_else(|| self.refresh.get(token)).cloned()
    }

    /// Forgets an access token only.
    pub(super) fn drop_access(&mut self, access: &str) {
        self.access.remove(access);
    }

    pub(super) fn expire_access_tokens(&mut self, now: DateTime<Utc>) {
        self.access.values_mut().for_each(|access| access.expires = access.expires.min(now));
    }

    /// Removes consent and all tokens and codes of a user; gives whether there was consent.
    pub(super) fn unlink(&mut self, user: &str) -> bool {
        self.codes.retain(|code| code.user != user);
        self.access.retain(|access| access.user != user);
        self.refresh.retain(|owner| owner != user);
        self.consents.remove(user).is_some()
    }
}

/// Counters. Only the first hundred different paths and grant types are told apart.
#[derive(Debug, Default)]
pub(super) struct Hits {
    paths: BTreeMap<String, u64>,
    grants: BTreeMap<String, u64>,
}

impl Hits {
    pub(super) fn count_path(&mut self, path: &str) {
        count(&mut self.paths, path);
    }

    pub(super) fn count_grant(&mut self, grant_type: &str) {
        count(&mut self.grants, grant_type);
    }

    pub(super) fn path(&self, path: &str) -> u64 {
        self.paths.get(path).copied().unwrap_or_default()
    }

    pub(super) fn grant(&self, grant_type: &str) -> u64 {
        self.grants.get(grant_type).copied().unwrap_or_default()
    }
}

fn count(counters: &mut BTreeMap<String, u64>, name: &str) {
    if let Some(counter) = counters.get_mut(name) {
        *counter += 1;
    } else if counters.len() < 100 && name.len() <= 100 {
        counters.insert(name.to_owned(), 1);
    }
}

/// The challenge that belongs to a verifier (RFC 7636 §4.2).
pub(super) fn s256(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

/// Compares in constant time.
pub(super) fn same(a: &str, b: &str) -> bool {
    a.as_bytes().ct_eq(b.as_bytes()).into()
}

/// The first bytes of a digest.
pub(super) fn first<const N: usize>(digest: &[u8]) -> [u8; N] {
    let mut bytes = [0; N];
    bytes.copy_from_slice(&digest[..N]);
    bytes
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
