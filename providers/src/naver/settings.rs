//! Hosts and credentials, and what is said when they are missing.

use std::fmt;

use dari::store::SettingError;
use secrecy::SecretString;
use url::{Host, Url};

use crate::env::{Env, EnvFileError};

/// Where a Naver application is registered, and its client id and secret are shown.
pub(crate) const APPS_PAGE: &str = "https://developers.naver.com/apps";
/// Host of the login.
pub(crate) const LOGIN: &str = "https://nid.naver.com";
/// Host of the legacy search, the calendar and the profile.
pub(crate) const OPEN_API: &str = "https://openapi.naver.com";
/// Host of the search on NAVER API HUB.
pub(crate) const SEARCH_HUB: &str = "https://naverapihub.apigw.ntruss.com";

/// Why Naver's settings can't be used. All that is missing is reported at once.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NaverConfigError {
    /// Variables that are needed have no value.
    #[error(
        "{} not set; register an application at {APPS_PAGE} and put its values into the environment or a `.env` file",
        name_list(names)
    )]
    Missing {
        /// The variables.
        names: Vec<&'static str>,
    },
    /// One of the two keys of NAVER API HUB was given without the other.
    #[error(
        "{name} is not set although the other key of NAVER API HUB is; set both (NAVER Cloud console, API HUB, Application) or none"
    )]
    HalfHubKey {
        /// The variable that lacks.
        name: &'static str,
    },
    /// A base URL that can't be used.
    #[error("{name} is `{value}`, but {reason}")]
    Url {
        /// The variable or setting.
        name: &'static str,
        /// What it holds, without any user name and password.
        value: String,
        /// What is wrong, and what would be right.
        reason: &'static str,
    },
    /// A time limit that can't be used.
    #[error("{name} is not a whole number of seconds from 1 to 30")]
    Timeout {
        /// The variable.
        name: &'static str,
    },
    /// A switch that is neither on nor off.
    #[error("{name} is neither `true` nor `false`")]
    NotABool {
        /// The variable.
        name: &'static str,
    },
    /// The route for Naver's unlink messages was asked for, but this program was built without it.
    #[error(
        "NAVER_UNLINK_WEBHOOK is `true`, but this program was built without the feature `naver-unlink` of dari-providers"
    )]
    NoUnlinkFeature,
    /// A secret that can't be used.
    #[error(transparent)]
    Secret(#[from] SettingError),
    /// Several of these.
    #[error("several settings can't be used:{}", list(.0))]
    Several(Vec<NaverConfigError>),
    /// The `.env` file can't be used.
    #[error(transparent)]
    EnvFile(#[from] EnvFileError),
    /// The HTTP client can't be made, for instance for want of TLS roots.
    #[error("the HTTP client can't be made")]
    HttpClient(#[source] reqwest::Error),
}

impl NaverConfigError {
    /// All mistakes as one.
    pub(crate) fn all(mut wrong: Vec<Self>) -> Self {
        match wrong.pop() {
            Some(only) if wrong.is_empty() => only,
            last => Self::Several(wrong.into_iter().chain(last).collect()),
        }
    }
}

fn list(errors: &[NaverConfigError]) -> String {
    errors.iter().map(|error| format!("\n  - {error}")).collect()
}

fn name_list(names: &[&'static str]) -> String {
    match names {
        [] => String::new(),
        [one] => format!("{one} is"),
        [most @ .., last] => format!("{} and {last} are", most.join(", ")),
    }
}

/// A key pair that stands for the application, not for a user.
#[derive(Clone)]
pub(crate) struct KeyPair {
    pub(crate) id: String,
    pub(crate) secret: SecretString,
}

impl KeyPair {
    /// Both of a pair of variables, or the names of those that have no value.
    ///
    /// # Errors
    /// When the secret can't be read.
    pub(crate) fn from_env(
        env: &Env,
        id: &'static str,
        secret: &'static str,
    ) -> Result<Result<Self, Vec<&'static str>>, SettingError> {
        Ok(match (env.get(id), env.secret(secret)?) {
            (Some(id), Some(secret)) => Ok(Self { id, secret }),
            (None, Some(_)) => Err(vec![id]),
            (Some(_), None) => Err(vec![secret]),
            (None, None) => Err(vec![id, secret]),
        })
    }
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyPair").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The base of an API: an origin with an optional path, checked once.
#[derive(Clone, Debug)]
pub(crate) struct BaseUrl(Url);

impl BaseUrl {
    /// Takes a URL over TLS, or over plain HTTP on this machine only, since secrets travel over it.
    pub(crate) fn parse(name: &'static str, value: &str) -> Result<Self, NaverConfigError> {
        let refuse = |value: &str, reason| NaverConfigError::Url { name, value: value.to_owned(), reason };
        let Ok(mut url) = Url::parse(value) else {
            // A text that is no URL is not echoed: a secret put into the wrong variable looks like this.
            return Err(refuse("…", "that is not a URL; write it as https://host"));
        };
        if !url.username().is_empty() || url.password().is_some() {
            let host = url.host_str().unwrap_or("…");
            return Err(refuse(host, "a base URL takes no user name or password"));
        }
        let local = match url.host() {
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        if url.query().is_some() || url.fragment().is_some() {
            url.set_query(None);
            url.set_fragment(None);
            return Err(refuse(url.as_str(), "a base URL takes no query and no fragment"));
        }
        match url.scheme() {
            "https" => {}
            "http" if local => {}
            "http" => {
                return Err(refuse(url.as_str(), "plain http is taken for this machine only; use https"));
            }
            _ => return Err(refuse(url.as_str(), "only https is taken, or http on this machine")),
        }
        Ok(Self(url))
    }

    /// The URL of `path` (with a leading slash) under this base.
    pub(crate) fn at(&self, path: &str) -> Url {
        let mut url = self.0.clone();
        let base = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{base}{path}"));
        url
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_travel_over_tls_or_stay_on_this_machine() {
        for good in ["https://openapi.naver.com", "http://127.0.0.1:9000", "http://localhost:1", "http://[::1]:1/x/"] {
            BaseUrl::parse("X", good).unwrap();
        }
        let bad = [
            "http://openapi.naver.com",
            "ftp://a",
            "naver",
            "https://u:p@a",
            "https://a?b=c",
            "http://localhost.evil.kr",
        ];
        for bad in bad {
            let error = BaseUrl::parse("NAVER_OPENAPI_URL", bad).unwrap_err().to_string();
            assert!(error.contains("NAVER_OPENAPI_URL"), "{error}");
            assert!(!error.contains("u:p"), "{error}");
        }
    }

    #[test]
    fn a_base_may_have_a_path() {
        let url = |base: &str| BaseUrl::parse("X", base).unwrap().at("/v1/nid/me").to_string();
        assert_eq!(url("https://a.kr"), "https://a.kr/v1/nid/me");
        assert_eq!(url("https://a.kr/"), "https://a.kr/v1/nid/me");
        assert_eq!(url("https://a.kr/gate/"), "https://a.kr/gate/v1/nid/me");
    }

    #[test]
    fn all_that_lacks_is_named_with_where_to_get_it() {
        let text = NaverConfigError::Missing { names: vec!["NAVER_CLIENT_ID", "NAVER_CLIENT_SECRET"] }.to_string();
        assert!(text.starts_with("NAVER_CLIENT_ID and NAVER_CLIENT_SECRET are not set"), "{text}");
        assert!(text.contains(APPS_PAGE));
    }
}
