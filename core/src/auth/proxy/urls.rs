//! Every URL of this server, made once from what the operator configured.
//!
//! Clients compare these strings byte for byte, so nothing here is normalised later: a configuration that a URL parser
//! would write differently is refused, with the spelling that works. One trailing slash of the public URL is dropped,
//! because everybody pastes it.

use url::Url;

use crate::auth::request::redirect_uri::{Parts, is_loopback_host};

/// The paths of the endpoints, relative to the public URL.
pub(crate) const REGISTER: &str = "/register";
/// RFC 6749 §3.1.
pub(crate) const AUTHORIZE: &str = "/authorize";
/// Where the consent page posts to.
pub(crate) const CONSENT: &str = "/consent";
/// RFC 6749 §3.2.
pub(crate) const TOKEN: &str = "/token";
/// RFC 7009 §2.
pub(crate) const REVOKE: &str = "/revoke";
/// Where a provider's own routes are.
pub(crate) const PROVIDER: &str = "/auth/provider";

const PROTECTED_RESOURCE: &str = "/.well-known/oauth-protected-resource";
const AUTHORIZATION_SERVER: &str = "/.well-known/oauth-authorization-server";

/// The URLs of this server, each exactly as clients will see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Urls {
    base: String,
    origin_len: usize,
    issuer: String,
    resource: String,
    callback_path: String,
    register: String,
    authorize: String,
    consent: String,
    token: String,
    revoke: String,
    callback: String,
    resource_metadata: String,
}

/// Why a configured URL or path cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UrlError {
    /// It is no URL at all.
    #[error("{what} {url:?} is not a URL; write it as in \"https://mcp.example.com\"")]
    NotAUrl {
        /// Which setting.
        what: &'static str,
        /// What was configured.
        url: String,
    },
    /// Tokens would cross the network in clear.
    #[error("{what} {url:?} must begin with https://; http:// is for 127.0.0.1, [::1] and localhost only")]
    NotHttps {
        /// Which setting.
        what: &'static str,
        /// What was configured.
        url: String,
    },
    /// Something a base or an issuer cannot have.
    #[error("{what} {url:?} must not have {part}; leave it out")]
    Superfluous {
        /// Which setting.
        what: &'static str,
        /// What was configured.
        url: String,
        /// What it has too much.
        part: &'static str,
    },
    /// Clients would see two spellings of it.
    #[error(
        "{what} {url:?} is an unusual spelling, which clients would change and then reject; write it as {canonical:?}"
    )]
    NotCanonical {
        /// Which setting.
        what: &'static str,
        /// What was configured.
        url: String,
        /// The spelling to use.
        canonical: String,
    },
    /// A path that is none.
    #[error(
        "{what} {path:?} must be a plain path such as {example:?}: with a slash in front, none at the end, no query"
    )]
    BadPath {
        /// Which setting.
        what: &'static str,
        /// What was configured.
        path: String,
        /// How it could look.
        example: &'static str,
    },
    /// Two endpoints at one path.
    #[error("{what} {path:?} is the path of another endpoint of this server; choose another one")]
    TakenPath {
        /// Which setting.
        what: &'static str,
        /// What was configured.
        path: String,
    },
    /// The issuer's metadata is served here, so the issuer must be here.
    #[error(
        "the issuer {issuer:?} must be on the origin of the public URL, {origin:?}: this server serves its metadata there"
    )]
    ForeignIssuer {
        /// What was configured.
        issuer: String,
        /// Where it has to be.
        origin: String,
    },
}

/// The settings that URLs are made of, as they are called in messages, and the options that set them.
const SETTINGS: [(&str, &str); 4] = [
    ("the public URL", "public_url"),
    ("the MCP path", "path"),
    ("the path of the callback", "redirect_path"),
    ("the issuer", "issuer"),
];

impl UrlError {
    /// The option whose value it is.
    pub(crate) fn option(&self) -> &'static str {
        let what = match self {
            Self::NotAUrl { what, .. }
            | Self::NotHttps { what, .. }
            | Self::Superfluous { what, .. }
            | Self::NotCanonical { what, .. }
            | Self::BadPath { what, .. }
            | Self::TakenPath { what, .. } => *what,
            Self::ForeignIssuer { .. } => "the issuer",
        };
        SETTINGS.iter().find(|(name, _)| *name == what).map_or("public_url", |(_, option)| option)
    }
}

impl Urls {
    /// Works out every URL from the public base URL, the path of the MCP endpoint, the path of the callback, and the
    /// issuer (the public URL if `None`).
    ///
    /// An `mcp_path` of `/` (or nothing) puts the MCP endpoint at the base URL itself.
    pub(crate) fn new(
        public_url: &str,
        mcp_path: &str,
        redirect_path: &str,
        issuer: Option<&str>,
    ) -> Result<Self, UrlError> {
        let base = public_url.strip_suffix('/').unwrap_or(public_url);
        let origin_len = check_base(base, "the public URL")?;
        let mcp_path = if mcp_path == "/" { "" } else { mcp_path };
        if !mcp_path.is_empty() {
            check_path(base, mcp_path, "the MCP path", "/mcp")?;
        }
        check_path(base, redirect_path, "the path of the callback", "/auth/callback")?;
        if redirect_path == mcp_path {
            return Err(UrlError::TakenPath { what: "the path of the callback", path: redirect_path.to_owned() });
        }
        let issuer = issuer.unwrap_or(base);
        let issuer_origin_len = check_base(issuer.strip_suffix('/').unwrap_or(issuer), "the issuer")?;
        if issuer[..issuer_origin_len] != base[..origin_len] {
            return Err(UrlError::ForeignIssuer { issuer: issuer.to_owned(), origin: base[..origin_len].to_owned() });
        }
        let resource = format!("{base}{mcp_path}");
        let (origin, resource_path) = resource.split_at(origin_len);
        Ok(Self {
            resource_metadata: format!("{origin}{PROTECTED_RESOURCE}{resource_path}"),
            origin_len,
            issuer: issuer.to_owned(),
            callback_path: redirect_path.to_owned(),
            register: format!("{base}{REGISTER}"),
            authorize: format!("{base}{AUTHORIZE}"),
            consent: format!("{base}{CONSENT}"),
            token: format!("{base}{TOKEN}"),
            revoke: format!("{base}{REVOKE}"),
            callback: format!("{base}{redirect_path}"),
            base: base.to_owned(),
            resource,
        })
    }

    /// The public base URL, without a slash at its end.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// Whether browsers reach this server over TLS; if not, it is on loopback.
    pub(crate) fn is_https(&self) -> bool {
        self.base.starts_with("https:")
    }

    /// The issuer identifier (RFC 8414 §2, RFC 9207 §2).
    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The resource identifier (RFC 9728 §1.2), which is also the audience of access tokens.
    pub(crate) fn resource(&self) -> &str {
        &self.resource
    }

    /// The registration endpoint (RFC 7591 §3).
    pub(crate) fn register(&self) -> &str {
        &self.register
    }

    /// The authorization endpoint (RFC 6749 §3.1).
    pub(crate) fn authorize(&self) -> &str {
        &self.authorize
    }

    /// Where the consent page posts to.
    pub(crate) fn consent(&self) -> &str {
        &self.consent
    }

    /// The token endpoint (RFC 6749 §3.2).
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// The revocation endpoint (RFC 7009 §2).
    pub(crate) fn revoke(&self) -> &str {
        &self.revoke
    }

    /// Our redirection endpoint at the provider (RFC 6749 §3.1.2).
    pub(crate) fn callback(&self) -> &str {
        &self.callback
    }

    /// The path of the callback, relative to the base URL.
    pub(crate) fn callback_path(&self) -> &str {
        &self.callback_path
    }

    /// The URL for `resource_metadata` in a challenge (RFC 9728 §5.1).
    pub(crate) fn resource_metadata(&self) -> &str {
        &self.resource_metadata
    }

    /// The absolute paths of the protected resource's metadata: with the resource's path, and bare.
    pub(crate) fn resource_metadata_paths(&self) -> Vec<String> {
        unique([format!("{PROTECTED_RESOURCE}{}", &self.resource[self.origin_len..]), PROTECTED_RESOURCE.to_owned()])
    }

    /// The absolute path at which a client looks that knows the resource with a slash at its end.
    pub(crate) fn slashed_resource_metadata_path(&self) -> String {
        format!("{PROTECTED_RESOURCE}{}/", &self.resource[self.origin_len..])
    }

    /// The absolute paths of the authorization server's metadata: the issuer's path inserted (RFC 8414 §3.1) and
    /// appended to, as clients do both, each with and without the slash that the issuer may end in.
    pub(crate) fn server_metadata_paths(&self) -> Vec<String> {
        let path = &self.issuer[self.origin_len..];
        let bare = path.trim_end_matches('/');
        unique([
            format!("{AUTHORIZATION_SERVER}{bare}"),
            format!("{AUTHORIZATION_SERVER}{path}"),
            format!("{bare}{AUTHORIZATION_SERVER}"),
        ])
    }

    /// The same as URLs.
    pub(crate) fn server_metadata_urls(&self) -> impl Iterator<Item = String> {
        let origin = &self.base[..self.origin_len];
        self.server_metadata_paths().into_iter().map(move |path| format!("{origin}{path}"))
    }

    /// Whether a `resource` parameter names this server's resource (RFC 8707 §2).
    ///
    /// A slash at the end does not matter, nor the case of scheme and host (MCP "Canonical Server URI").
    pub(crate) fn accepts_resource(&self, resource: &str) -> bool {
        let (origin, path) = self.resource.split_at(self.origin_len);
        let (Some(their_origin), Some(their_path)) = (resource.get(..self.origin_len), resource.get(self.origin_len..))
        else {
            return false;
        };
        their_origin.eq_ignore_ascii_case(origin) && their_path.strip_suffix('/').unwrap_or(their_path) == path
    }
}

/// Checks a base URL without a slash at its end; gives the length of its origin.
fn check_base(base: &str, what: &'static str) -> Result<usize, UrlError> {
    let owned = || base.to_owned();
    let parts = Parts::split(base).filter(|parts| !parts.authority.is_empty());
    let (Some(parts), Ok(url)) = (parts, Url::parse(base)) else {
        return Err(UrlError::NotAUrl { what, url: owned() });
    };
    match url.scheme() {
        "https" => {}
        "http" if is_loopback_host(url.host_str().unwrap_or_default()) => {}
        _ => return Err(UrlError::NotHttps { what, url: owned() }),
    }
    for (there, part) in [
        (parts.authority.contains('@'), "a user name or password"),
        (base.contains('?'), "a query"),
        (base.contains('#'), "a fragment"),
    ] {
        if there {
            return Err(UrlError::Superfluous { what, url: owned(), part });
        }
    }
    let canonical = url.as_str().trim_end_matches('/');
    if canonical != base || parts.path.contains("//") {
        let canonical = canonical.replace("//", "/").replacen(":/", "://", 1);
        return Err(UrlError::NotCanonical { what, url: owned(), canonical });
    }
    Ok(base.len() - parts.path.len())
}

fn check_path(base: &str, path: &str, what: &'static str, example: &'static str) -> Result<(), UrlError> {
    let joined = format!("{base}{path}");
    let plain = path.starts_with('/')
        && !path.ends_with('/')
        && !path.contains(['?', '#', '{', '}', '*'])
        && check_base(&joined, what).is_ok();
    if !plain {
        return Err(UrlError::BadPath { what, path: path.to_owned(), example });
    }
    let below = |folder: &str| path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    if [REGISTER, AUTHORIZE, CONSENT, TOKEN, REVOKE].contains(&path) || below("/.well-known") || below(PROVIDER) {
        return Err(UrlError::TakenPath { what, path: path.to_owned() });
    }
    Ok(())
}

fn unique<const N: usize>(paths: [String; N]) -> Vec<String> {
    let mut unique: Vec<String> = Vec::with_capacity(N);
    for path in paths {
        if !unique.contains(&path) {
            unique.push(path);
        }
    }
    unique
}

#[cfg(test)]
mod tests;
