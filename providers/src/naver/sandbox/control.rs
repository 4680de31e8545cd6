//! What a test can change and see while the sandbox runs.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use serde::Serialize;

use super::connections;
use super::state::Shared;
use crate::naver::KstDateTime;

/// How the sandbox behaves where Naver is known or thought to vary. The defaults are what Naver most likely does.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Quirks {
    /// How long access tokens issued from now on live; one hour.
    pub access_token_lifetime: Duration,
    /// The status of `/oauth2/token` for a bad code, verifier or refresh token; 200. Naver's own is not known, clients
    /// must bear 200, 400 and 401.
    pub bad_code_status: u16,
    /// Whether the profile API reports errors under status 200; no.
    pub profile_errors_under_200: bool,
    /// Whether the profile holds nothing but the id, as if the user had refused all else; no.
    pub only_id_profile: bool,
    /// How the calendar answers a token without the calendar permission.
    pub calendar_denial: CalendarDenial,
    /// Whether the calendar's reply has the field `code` that was seen in 2025; no, as in the documentation.
    pub calendar_reply_with_code: bool,
    /// Whether a refresh gives a new refresh token and ends the old one; no. Naver never does, other providers do.
    pub rotate_refresh_tokens: bool,
    /// Whether `auth_type=reprompt` is refused with `invalid_request`; no.
    pub refuse_reprompt: bool,
    /// Whether `auth_type=reprompt` is passed over, as if it had not been sent; no.
    pub ignore_reprompt: bool,
    /// Whether search is not ticked in the application's settings; no.
    pub search_not_ticked: bool,
    /// The URL that is told when a user disconnects the application, as it is registered in its settings; none.
    pub unlink_webhook: Option<String>,
}

impl Default for Quirks {
    fn default() -> Self {
        Self {
            access_token_lifetime: Duration::from_secs(3600),
            bad_code_status: 200,
            profile_errors_under_200: false,
            only_id_profile: false,
            calendar_denial: CalendarDenial::Unauthorized,
            calendar_reply_with_code: false,
            rotate_refresh_tokens: false,
            refuse_reprompt: false,
            ignore_reprompt: false,
            search_not_ticked: false,
            unlink_webhook: None,
        }
    }
}

/// Naver's two answers to a missing calendar permission; its pages name both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CalendarDenial {
    /// 401 with code 024.
    Unauthorized,
    /// 403 with code 403.
    Forbidden,
}

/// Routes that fail together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RouteGroup {
    /// The authorize endpoints and the pages behind them.
    Login,
    /// `/oauth2/token` and `/oauth2.0/token`.
    Token,
    /// `/oauth2.0/revoke`.
    Revoke,
    /// `/v1/nid/…`.
    Profile,
    /// `/calendar/createSchedule.json`.
    Calendar,
    /// Search, legacy and HUB.
    Search,
}

/// A way to fail. All but [`Delay`](Self::Delay) answer in place of the route, which then does nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// 503 with the error object of that route.
    Unavailable,
    /// Waits, then goes on as usual.
    Delay(Duration),
    /// 200 with an HTML page.
    HtmlPage,
    /// 200 with `{}`.
    EmptyJson,
    /// 200 with an error object.
    ErrorUnder200,
    /// 302 to a page.
    Redirect,
    /// 200 with JSON of 2 MiB.
    Oversized,
    /// 429, too many calls in this second.
    RateLimited,
    /// 429, too many calls today.
    QuotaExhausted,
}

/// A schedule that the sandbox's calendar has taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SandboxSchedule {
    /// The name its owner logged in with.
    pub user: String,
    /// UID within the user's calendar.
    pub uid: String,
    /// Title, as it was before it was escaped.
    pub title: String,
    /// Start.
    pub start: KstDateTime,
    /// End.
    pub end: KstDateTime,
    /// Description; empty where there is none.
    pub description: String,
    /// Location; empty where there is none.
    pub location: String,
}

/// A handle to a running sandbox. Clones act on the same one.
#[derive(Clone)]
pub struct SandboxControl {
    shared: Arc<Shared>,
}

impl SandboxControl {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Changes its behaviour from now on: `control.set(|quirks| quirks.only_id_profile = true)`.
    pub fn set(&self, change: impl FnOnce(&mut Quirks)) {
        change(&mut self.shared.lock().quirks);
    }

    /// Lets a group of routes fail until [`clear_fault`](Self::clear_fault).
    pub fn fault(&self, group: RouteGroup, fault: Fault) {
        self.shared.lock().faults.insert(group, fault);
    }

    /// Lets a group of routes work again.
    pub fn clear_fault(&self, group: RouteGroup) {
        self.shared.lock().faults.remove(&group);
    }

    /// Ends all access tokens now; refresh tokens stay.
    pub fn expire_access_tokens(&self) {
        self.shared.lock().expire_access_tokens(Utc::now());
    }

    /// Disconnects the application from a user, as the user could under "connected services": all their tokens end, and
    /// the next login asks for consent again. The [`Quirks::unlink_webhook`] is told. Gives whether the user was
    /// connected.
    pub fn revoke_consent(&self, user: &str) -> bool {
        connections::disconnect(&self.shared, user)
    }

    /// How many requests a path has had, such as `/oauth2/token`, without the query.
    pub fn hits(&self, path: &str) -> u64 {
        self.shared.lock().hits.path(path)
    }

    /// How many requests both token endpoints have had with a `grant_type`.
    pub fn grant_hits(&self, grant_type: &str) -> u64 {
        self.shared.lock().hits.grant(grant_type)
    }

    /// The schedules of all users, oldest first.
    pub fn schedules(&self) -> Vec<SandboxSchedule> {
        self.shared.lock().schedules.values().cloned().collect()
    }
}

impl fmt::Debug for SandboxControl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SandboxControl").finish_non_exhaustive()
    }
}
