//! The client of Naver's Open APIs: search, calendar and profile.

mod builder;
mod calendar;
mod items;
mod query;
mod search;
mod text;
pub mod vertical;

use std::fmt;
use std::sync::Arc;

use secrecy::SecretString;

use super::error::{CallAuth, NaverError};
use super::http::{Http, bearer};
use super::profile::NaverProfile;
use super::settings::{BaseUrl, KeyPair, NaverConfigError};
use crate::env::Env;

pub use builder::NaverOpenApiBuilder;
pub use calendar::{CreatedSchedule, InvalidSchedule, NewSchedule, ProcessType};
pub use items::{
    BlogPost, BookResult, CafeArticle, EncycEntry, ImageResult, LocalPlace, NewsArticle, ShopItem, WebResult,
};
pub use query::{InvalidQuery, SearchQuery, Sort};
pub use search::SearchPage;
pub use vertical::Vertical;

/// A client of Naver's Open APIs. Clones are cheap and share their connections.
///
/// - Search carries the application's keys: [`search_web`](Self::search_web), [`search`](Self::search).
/// - Calendar and profile carry a user's access token, given per call: [`create_schedule`](Self::create_schedule),
///   [`profile`](Self::profile).
///
/// Every call ends after ten seconds unless the builder says otherwise, follows no redirect, ignores proxy settings of
/// the environment and reads at most 1 MiB.
///
/// ```no_run
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// use dari_providers::naver::NaverOpenApi;
///
/// let naver = NaverOpenApi::from_env()?;
/// for result in naver.search_web("제주 올레길", 5).await?.items {
///     println!("{} {}", result.title, result.link);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct NaverOpenApi {
    inner: Arc<Inner>,
}

struct Inner {
    http: Http,
    open_api: BaseUrl,
    search: SearchHost,
}

/// Which of the two hosts answers searches, with the keys it wants.
enum SearchHost {
    /// `openapi.naver.com`, until 2027-06-30.
    Legacy(KeyPair),
    /// NAVER API HUB.
    Hub(KeyPair, BaseUrl),
}

impl NaverOpenApi {
    /// A client made by hand.
    pub fn builder() -> NaverOpenApiBuilder {
        NaverOpenApiBuilder::default()
    }

    /// A client from the process environment and a `.env` file.
    ///
    /// | variable | meaning |
    /// |---|---|
    /// | `NAVER_CLIENT_ID`, `NAVER_CLIENT_SECRET` | the application's keys; required unless the HUB keys are there |
    /// | `NAVER_OPENAPI_URL` | default `https://openapi.naver.com` |
    /// | `NAVER_SEARCH_HUB_KEY_ID`, `NAVER_SEARCH_HUB_KEY` | keys of NAVER API HUB: with them, searches go there |
    /// | `NAVER_SEARCH_HUB_URL` | default `https://naverapihub.apigw.ntruss.com` |
    ///
    /// # Errors
    /// When variables are missing (all are named at once) or a URL can't be used.
    pub fn from_env() -> Result<Self, NaverConfigError> {
        Self::from_env_with(&Env::load()?)
    }

    /// The same from an environment read before, or one made for a test.
    ///
    /// # Errors
    /// As [`from_env`](Self::from_env).
    pub fn from_env_with(env: &Env) -> Result<Self, NaverConfigError> {
        builder::from_env(env)
    }

    /// The profile of the user whose access token this is: `GET /v1/nid/me`.
    ///
    /// This succeeds for a token of **any** application, so it proves nothing about who a token was issued to.
    /// Call it only with tokens that came from your own code exchange.
    ///
    /// # Errors
    /// [`NaverErrorKind::PermissionDenied`](crate::naver::NaverErrorKind::PermissionDenied) when the token is bad or expired, and the others of [`NaverError`]. A reply under
    /// status 200 that does not say `00`, or has no id, is an error too.
    pub async fn profile(&self, token: &SecretString) -> Result<NaverProfile, NaverError> {
        let request = self.inner.http.get(self.inner.open_api.at("/v1/nid/me"));
        let reply = self.inner.http.send(CallAuth::User, bearer(request, token)).await?;
        NaverProfile::from_reply(reply.status, &reply.body)
    }
}

/// Shows the hosts; never a key.
impl fmt::Debug for NaverOpenApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let search = match &self.inner.search {
            SearchHost::Legacy(_) => "legacy",
            SearchHost::Hub(..) => "hub",
        };
        f.debug_struct("NaverOpenApi")
            .field("open_api", &self.inner.open_api)
            .field("search", &search)
            .finish_non_exhaustive()
    }
}
