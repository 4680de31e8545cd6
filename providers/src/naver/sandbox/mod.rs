//! A stand-in for Naver on this machine, to develop and test without an application at Naver.
//!
//! One server on loopback plays `nid.naver.com` (login), `openapi.naver.com` (profile, calendar, search) and NAVER API
//! HUB (search). It is not Naver: anybody may log in under any name with the password `test`, its credentials are
//! public, and it forgets everything when it stops.
//!
//! ```no_run
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! use dari_providers::naver::{NaverOpenApi, sandbox::NaverSandbox};
//!
//! let sandbox = NaverSandbox::start("127.0.0.1:0".parse()?).await?;
//! let naver = NaverOpenApi::from_env_with(&sandbox.env())?;
//! assert!(naver.search_web("서울", 5).await?.total > 0);
//! # Ok(())
//! # }
//! ```
//!
//! # What it does as Naver does
//! - **Authorize**, `/oauth2/authorize` (OpenID Connect family: `scope` with `openid`, PKCE with S256, really verified) and
//!   `/oauth2.0/authorize`. `state` is required. An unknown client or callback URL gives an HTML page, never a redirect; a
//!   cancelled login comes back as `error=access_denied`. Consent is remembered until it is revoked; `auth_type=reprompt`
//!   asks again; `auth_type=autologin` fails outside Naver's own app.
//! - **Token**, `/oauth2/token` and `/oauth2.0/token`: the secret is taken in the body only (`client_secret_post`);
//!   `expires_in` is a **string**; a refresh gives **no** new refresh token; tokens hold `+`, `/` and `=`; there is no
//!   `scope` in the reply. `/oauth2.0/token` reports every failure under status **200**, `/oauth2/token` answers 401
//!   `invalid_client` for bad clients, and for a bad code what [`Quirks::bad_code_status`] says. The old
//!   `grant_type=delete` always succeeds and leaves the consent.
//! - **Revoke**, `/oauth2.0/revoke`: an empty 200, for unknown tokens too; it disconnects the application from the user.
//! - **Connected services**, `/connections`: where a user disconnects the application, in the place of Naver's page of
//!   that name. The URL in [`Quirks::unlink_webhook`] is then told, once, with Naver's signature.
//! - **Profile**, `/v1/nid/me` and `/v1/nid/verify`: nested in `response`, errors 024 and 028 in their own form.
//! - **Calendar**, `/calendar/createSchedule.json`: JSON under `text/html`; a known UID is a `modify`; without the
//!   calendar permission 401 or 403 ([`Quirks::calendar_denial`]).
//! - **Search**, `/v1/search/{vertical}.json` and on the HUB `/search/v1/{vertical}`: matches in `<b>`, HTML entities,
//!   the errors SE01 to SE06, the four texts of a rejected application, JSON under `text/plain` on the HUB.
//!
//! # What it does not do
//! - **No id_token, no JWKS**: there is nothing here to sign with, so its discovery document names neither.
//! - Naver does not document everything. Decided here: a code lives ten minutes and is good for one attempt; a code is
//!   redeemed at the family that issued it; refresh tokens work at both families and do not expire.
//! - An iCalendar text that was encoded twice, lost its `+` or has a `%` in its UID is refused with 400, so that a test
//!   notices; Naver would take it and store rubbish. So is an end that is not after the start.
//! - Search knows some forty invented documents and offers them in every vertical; `.xml` and filters are not there.
//! - A token says whose it is, and a sandbox that is started anew takes those of an earlier run at their word: a server
//!   that is restarted together with it goes on without a login. Schedules and revocations are forgotten.
//! - No café, no CLOVA, no agreement API, no CORS, and no session: every login asks for the password.
//!
//! # Driving it from a test
//! [`NaverSandbox::control`] gives a handle that switches [`Quirks`], makes a [`Fault`] for a [`RouteGroup`], ends tokens
//! and consents, and counts requests. The forms have fixed names: on the login page the fields `id` and `password` and
//! `button[type=submit]#login`, on the permission page `input[name=calendar]` (ticked), `button#agree` and `button#cancel`.
//! `/calendar` shows the schedules it has taken, `/calendar.json` the same for programs.

mod authorize;
mod bounded;
mod calendar;
mod callback;
mod connections;
mod control;
mod corpus;
mod find;
mod gate;
mod ical_reader;
mod pages;
mod params;
mod profile;
mod search;
mod state;
mod token;
mod token_text;

use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::env::Env;
use callback::Callbacks;
use state::Shared;

pub use control::{CalendarDenial, Fault, Quirks, RouteGroup, SandboxControl, SandboxSchedule};

/// The client id of the sandbox's one application.
pub const CLIENT_ID: &str = "NaverSandboxClient01";
/// Its client secret, which is no secret.
pub const CLIENT_SECRET: &str = "SandboxSecret";
/// The key id for searches by the way of NAVER API HUB.
pub const HUB_KEY_ID: &str = "sandboxhub";
/// The key that belongs to it.
pub const HUB_KEY: &str = "SandboxHubKey";
/// The password of everybody.
pub const PASSWORD: &str = "test";

/// A running sandbox. It stops when this is dropped.
#[derive(Debug)]
#[must_use = "a sandbox stops when it is dropped"]
pub struct NaverSandbox {
    address: SocketAddr,
    control: SandboxControl,
    // Dropping the sender is the signal to stop.
    _stop: oneshot::Sender<()>,
}

impl NaverSandbox {
    /// Starts on a loopback address; port 0 takes a free one. Every callback URL on loopback is accepted.
    ///
    /// # Errors
    /// When the address is not on loopback (`InvalidInput`: a login without passwords must not be reachable by others) or
    /// can't be listened on.
    pub async fn start(address: SocketAddr) -> io::Result<Self> {
        Self::builder().start(address).await
    }

    /// A sandbox with callback URLs of its own.
    pub fn builder() -> NaverSandboxBuilder {
        NaverSandboxBuilder::default()
    }

    /// The origin in place of `https://nid.naver.com`, without a slash at its end.
    pub fn login_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The origin in place of `https://openapi.naver.com`; the same as the other.
    pub fn open_api_url(&self) -> String {
        self.login_url()
    }

    /// [`CLIENT_ID`].
    pub fn client_id(&self) -> &'static str {
        CLIENT_ID
    }

    /// [`CLIENT_SECRET`].
    pub fn client_secret(&self) -> &'static str {
        CLIENT_SECRET
    }

    /// The settings that point clients at this sandbox: `NAVER_CLIENT_ID`, `NAVER_CLIENT_SECRET`, `NAVER_OPENAPI_URL`,
    /// `NAVER_LOGIN_URL`. With them, searches go the legacy way.
    pub fn env(&self) -> Env {
        Env::from_map([
            ("NAVER_CLIENT_ID", CLIENT_ID.to_owned()),
            ("NAVER_CLIENT_SECRET", CLIENT_SECRET.to_owned()),
            ("NAVER_OPENAPI_URL", self.open_api_url()),
            ("NAVER_LOGIN_URL", self.login_url()),
        ])
    }

    /// The handle to change its behaviour and to look into it.
    pub fn control(&self) -> SandboxControl {
        self.control.clone()
    }
}

/// Makes a [`NaverSandbox`].
#[derive(Debug, Default)]
#[must_use]
pub struct NaverSandboxBuilder {
    registered: BTreeSet<String>,
    registered_only: bool,
}

impl NaverSandboxBuilder {
    /// Registers a callback URL, which is compared as it is written.
    pub fn callback_url(mut self, url: impl Into<String>) -> Self {
        self.registered.insert(url.into());
        self
    }

    /// Accepts registered callback URLs only, as Naver does. Without this, any callback URL on loopback is accepted too.
    pub fn registered_callbacks_only(mut self) -> Self {
        self.registered_only = true;
        self
    }

    /// Starts it.
    ///
    /// # Errors
    /// As [`NaverSandbox::start`].
    pub async fn start(self, address: SocketAddr) -> io::Result<NaverSandbox> {
        if !address.ip().is_loopback() {
            let text = format!("the Naver sandbox listens on loopback only, not on {address}; use 127.0.0.1");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        let callbacks = Callbacks { registered: self.registered, registered_only: self.registered_only };
        let shared = Arc::new(Shared::new(callbacks)?);
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel::<()>();
        let server = axum::serve(listener, router(Arc::clone(&shared))).with_graceful_shutdown(async {
            // An error means that the sender is gone, which is the signal.
            let _gone = stopped.await;
        });
        tokio::spawn(async move {
            if let Err(error) = server.await {
                tracing::warn!(%error, "the Naver sandbox stopped");
            }
        });
        tracing::info!(%address, "the Naver sandbox is running; it is not Naver");
        Ok(NaverSandbox { address, control: SandboxControl::new(shared), _stop: stop })
    }
}

fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/", get(pages::start))
        .route("/oauth2/authorize", get(authorize::oidc).post(authorize::oidc))
        .route("/oauth2.0/authorize", get(authorize::oauth).post(authorize::oauth))
        .route("/login", post(authorize::login))
        .route("/permission", post(authorize::permission))
        .route("/connections", get(connections::page).post(connections::page))
        .route("/oauth2/token", post(token::oidc))
        .route("/oauth2.0/token", get(token::oauth).post(token::oauth))
        .route("/oauth2.0/revoke", post(token::revoke))
        .route("/.well-known/openid-configuration", get(token::discovery))
        .route("/v1/nid/me", get(profile::me).post(profile::me))
        .route("/v1/nid/verify", get(profile::verify).post(profile::verify))
        .route("/calendar/createSchedule.json", post(calendar::create))
        .route("/calendar", get(calendar::list_page))
        .route("/calendar.json", get(calendar::list_json))
        .route("/v1/search/{vertical}", get(search::legacy))
        .route("/search/v1/{vertical}", get(search::hub))
        .layer(from_fn_with_state(Arc::clone(&shared), gate::gate))
        .layer(DefaultBodyLimit::max(256 * 1024))
        .with_state(shared)
}
