//! Making a [`NaverOpenApi`].

use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;

use super::{Inner, NaverOpenApi, SearchHost};
use crate::env::Env;
use crate::naver::http::Http;
use crate::naver::settings::{BaseUrl, KeyPair, NaverConfigError, OPEN_API, SEARCH_HUB};

const CLIENT: [&str; 2] = ["NAVER_CLIENT_ID", "NAVER_CLIENT_SECRET"];
const HUB: [&str; 2] = ["NAVER_SEARCH_HUB_KEY_ID", "NAVER_SEARCH_HUB_KEY"];

/// Makes a [`NaverOpenApi`]. It needs the application's keys, those of the HUB, or both (then the HUB is searched).
///
/// ```
/// use dari_providers::naver::NaverOpenApi;
///
/// let naver = NaverOpenApi::builder().client("client id", "client secret".into()).build()?;
/// # Ok::<(), dari_providers::naver::NaverConfigError>(())
/// ```
#[derive(Debug)]
#[must_use]
pub struct NaverOpenApiBuilder {
    client: Option<KeyPair>,
    hub: Option<KeyPair>,
    open_api: String,
    hub_url: String,
    timeout: Duration,
}

impl Default for NaverOpenApiBuilder {
    fn default() -> Self {
        Self {
            client: None,
            hub: None,
            open_api: OPEN_API.to_owned(),
            hub_url: SEARCH_HUB.to_owned(),
            timeout: Duration::from_secs(10),
        }
    }
}

impl NaverOpenApiBuilder {
    /// The application's client id and secret: search uses them.
    pub fn client(mut self, id: impl Into<String>, secret: SecretString) -> Self {
        self.client = Some(KeyPair { id: id.into(), secret });
        self
    }

    /// The keys of NAVER API HUB: search goes there. The search of developers.naver.com ends on 2027-06-30.
    pub fn search_hub(mut self, key_id: impl Into<String>, key: SecretString) -> Self {
        self.hub = Some(KeyPair { id: key_id.into(), secret: key });
        self
    }

    /// Base URL of the Open APIs, `https://openapi.naver.com` unless set.
    pub fn open_api_url(mut self, url: impl Into<String>) -> Self {
        self.open_api = url.into();
        self
    }

    /// Base URL of NAVER API HUB, `https://naverapihub.apigw.ntruss.com` unless set.
    pub fn search_hub_url(mut self, url: impl Into<String>) -> Self {
        self.hub_url = url.into();
        self
    }

    /// How long one call may take from connecting to the last byte; ten seconds unless set.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Makes the client.
    ///
    /// # Errors
    /// When keys are missing or a URL can't be used: neither TLS nor on this machine, or no URL at all.
    pub fn build(self) -> Result<NaverOpenApi, NaverConfigError> {
        let open_api = BaseUrl::parse("NAVER_OPENAPI_URL", &self.open_api)?;
        let search = match (self.hub, self.client) {
            (Some(keys), _) => SearchHost::Hub(keys, BaseUrl::parse("NAVER_SEARCH_HUB_URL", &self.hub_url)?),
            (None, Some(keys)) => SearchHost::Legacy(keys),
            (None, None) => return Err(NaverConfigError::Missing { names: CLIENT.to_vec() }),
        };
        let http = Http::new(self.timeout).map_err(NaverConfigError::HttpClient)?;
        Ok(NaverOpenApi { inner: Arc::new(Inner { http, open_api, search }) })
    }
}

pub(super) fn from_env(env: &Env) -> Result<NaverOpenApi, NaverConfigError> {
    let mut builder = NaverOpenApi::builder();
    let hub = KeyPair::from_env(env, HUB[0], HUB[1])?;
    if let Err(missing) = &hub
        && let [name] = missing[..]
    {
        return Err(NaverConfigError::HalfHubKey { name });
    }
    builder.hub = hub.ok();
    match KeyPair::from_env(env, CLIENT[0], CLIENT[1])? {
        Ok(keys) => builder.client = Some(keys),
        Err(names) if builder.hub.is_none() => return Err(NaverConfigError::Missing { names }),
        Err(_) => {}
    }
    if let Some(url) = env.get("NAVER_OPENAPI_URL") {
        builder = builder.open_api_url(url);
    }
    if let Some(url) = env.get("NAVER_SEARCH_HUB_URL") {
        builder = builder.search_hub_url(url);
    }
    builder.build()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(values: &[(&str, &str)]) -> Result<NaverOpenApi, String> {
        from_env(&Env::from_map(values.iter().copied())).map_err(|error| error.to_string())
    }

    #[test]
    fn all_that_lacks_is_reported_at_once() {
        let error = build(&[]).unwrap_err();
        assert!(error.contains("NAVER_CLIENT_ID and NAVER_CLIENT_SECRET are not set"), "{error}");
        let error = build(&[("NAVER_CLIENT_ID", "x"), ("NAVER_CLIENT_SECRET", " ")]).unwrap_err();
        assert!(error.starts_with("NAVER_CLIENT_SECRET is not set"), "{error}");
        assert!(error.contains("https://developers.naver.com/apps"), "{error}");
    }

    #[test]
    fn the_hub_is_used_when_its_keys_are_there() {
        let client = [("NAVER_CLIENT_ID", "x"), ("NAVER_CLIENT_SECRET", "hunter2")];
        let hub = [("NAVER_SEARCH_HUB_KEY_ID", "k"), ("NAVER_SEARCH_HUB_KEY", "hunter3")];
        let shown = |values: &[(&str, &str)]| format!("{:?}", build(values).unwrap());
        assert!(shown(&client).contains("legacy"));
        assert!(shown(&hub).contains("hub"));
        let both = shown(&[client, hub].concat());
        assert!(both.contains("hub") && !both.contains("hunter"), "{both}");
        let error = build(&[client[0], client[1], hub[0]]).unwrap_err();
        assert!(error.starts_with("NAVER_SEARCH_HUB_KEY is not set"), "{error}");
    }

    #[test]
    fn urls_are_checked() {
        let keys = [("NAVER_CLIENT_ID", "x"), ("NAVER_CLIENT_SECRET", "y")];
        let error = build(&[keys[0], keys[1], ("NAVER_OPENAPI_URL", "http://openapi.naver.com")]).unwrap_err();
        assert!(error.contains("NAVER_OPENAPI_URL"), "{error}");
        build(&[keys[0], keys[1], ("NAVER_OPENAPI_URL", "http://127.0.0.1:8080")]).unwrap();
    }

    #[test]
    fn debug_of_the_builder_shows_no_secret() {
        let builder = NaverOpenApi::builder().client("id", "hunter2".into()).search_hub("id", "hunter2".into());
        assert!(!format!("{builder:?}").contains("hunter2"));
    }
}
