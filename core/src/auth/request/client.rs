//! Clients, and how they register themselves (RFC 7591). Those that do are public: nobody gets a secret.

use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::redirect_policy::RedirectPolicy;
use super::redirect_uri::{Kind, RedirectUri, RedirectUriError};
use super::scope::Scopes;
use crate::auth::random::random_id;

/// The largest registration request that is worth reading, in bytes; the endpoint stops there with 413.
pub(crate) const MAX_BODY: usize = 64 * 1024;
const MAX_NAME: usize = 200;
const MAX_URI: usize = 2048;
/// The most redirect URIs of a client.
pub(super) const MAX_REDIRECT_URIS: usize = 20;
/// The most bytes that are kept of a client, as its record is written: ten times what real ones have.
pub(crate) const MAX_RECORD: usize = 4 * 1024;
const MAX_LIST: usize = 20;

/// What a client asks for (RFC 7591 §2). Members that are not listed here are ignored, as §2 has it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ClientMetadata {
    redirect_uris: Option<Vec<String>>,
    client_name: Option<String>,
    client_uri: Option<String>,
    application_type: Option<String>,
    scope: Option<String>,
    grant_types: Option<Vec<String>>,
    response_types: Option<Vec<String>>,
    // Whatever it is, `none` is registered (§3.2.1); it only must be of the right type.
    token_endpoint_auth_method: Option<String>,
}

/// Where a client runs (OpenID Connect Dynamic Client Registration §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ApplicationType {
    /// On the user's machine.
    Native,
    /// On a web server.
    Web,
}

/// What a client may send to the token endpoint (RFC 7591 §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum GrantType {
    /// RFC 6749 §4.1.
    AuthorizationCode,
    /// RFC 6749 §6.
    RefreshToken,
}

/// Where the keys are by which a client authenticates (`private_key_jwt`, OpenID Connect Core §9).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ClientKeys {
    /// `jwks`: in its metadata.
    Inline(Value),
    /// `jwks_uri`: at this URL.
    At(String),
}

/// A client, as it is stored where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Client {
    /// Its identifier: one that we gave it, that the operator chose, or the URL of its metadata document.
    pub(crate) client_id: String,
    /// What it calls itself: unverified, for the consent page only.
    pub(crate) client_name: Option<String>,
    /// Its home page, http or https: unverified.
    pub(crate) client_uri: Option<String>,
    /// Where it may be answered.
    pub(crate) redirect_uris: Vec<RedirectUri>,
    /// Where it runs.
    pub(crate) application_type: ApplicationType,
    /// The scopes it announced. No bound: an authorization request may ask for others.
    pub(crate) scope: Scopes,
    /// The grants it may use.
    pub(crate) grant_types: Vec<GrantType>,
    /// When it registered, in seconds since 1970.
    pub(crate) registered_at: u64,
    /// Its keys, if it authenticates; else it is a public client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) keys: Option<ClientKeys>,
}

/// Why a registration was refused (RFC 7591 §3.2.2).
#[derive(Debug, thiserror::Error)]
pub(crate) enum RegistrationError {
    /// The body has more than [`MAX_BODY`] bytes.
    #[error("the registration request is too large: at most {MAX_BODY} bytes are read")]
    TooLarge,
    /// Not JSON, no object, or members of the wrong type.
    #[error(
        "the registration request is not a JSON object of client metadata (RFC 7591 section 2), or a member has the wrong type"
    )]
    NotMetadata,
    /// A member with a value that cannot be registered.
    #[error("{member}: {why}")]
    BadMember {
        /// The metadata's name.
        member: &'static str,
        /// What is wrong and what would be right.
        why: String,
    },
    /// One of the redirect URIs, counted from 1.
    #[error("redirect_uris, number {number}: {error}")]
    RedirectUri {
        /// Which one.
        number: usize,
        /// What is wrong with it.
        error: RedirectUriError,
    },
    /// More than [`MAX_RECORD`] bytes in all.
    #[error("the metadata is too large: at most {MAX_RECORD} bytes are kept of a client")]
    TooMuch,
    /// None, or too many.
    #[error("redirect_uris must list from 1 to {MAX_REDIRECT_URIS} URIs")]
    RedirectUris,
    /// The operating system has no randomness to give.
    #[error("no client_id could be made")]
    NoRandomness,
}

impl RegistrationError {
    /// The error code of RFC 7591 §3.2.2.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::TooLarge | Self::TooMuch | Self::NotMetadata | Self::BadMember { .. } => "invalid_client_metadata",
            Self::RedirectUri { .. } | Self::RedirectUris => "invalid_redirect_uri",
            Self::NoRandomness => "server_error",
        }
    }

    /// The status of the answer.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooMuch
            | Self::NotMetadata
            | Self::BadMember { .. }
            | Self::RedirectUri { .. }
            | Self::RedirectUris => StatusCode::BAD_REQUEST,
            Self::NoRandomness => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

impl Client {
    /// Makes a client of the body of a registration request; `now` is in seconds since 1970.
    ///
    /// What can be replaced is (RFC 7591 §3.2.1), and the answer says by what; what cannot is refused.
    pub(crate) fn register(body: &[u8], policy: &RedirectPolicy, now: u64) -> Result<Self, RegistrationError> {
        if body.len() > MAX_BODY {
            return Err(RegistrationError::TooLarge);
        }
        // serde would also take an array for a struct.
        let asked: Value = serde_json::from_slice(body).map_err(|_| RegistrationError::NotMetadata)?;
        if !asked.is_object() {
            return Err(RegistrationError::NotMetadata);
        }
        let asked: ClientMetadata = serde_json::from_value(asked).map_err(|_| RegistrationError::NotMetadata)?;
        let grant_types = grant_types(asked.grant_types.as_deref())?;
        response_types(asked.response_types.as_deref())?;
        let redirect_uris = redirect_uris(asked.redirect_uris.as_deref().unwrap_or_default(), policy)?;
        let client = Self {
            application_type: application_type(asked.application_type.as_deref(), &redirect_uris)?,
            client_name: client_name(asked.client_name)?,
            client_uri: asked.client_uri.filter(|uri| is_web_page(uri)),
            scope: Scopes::parse(asked.scope.as_deref().unwrap_or_default())
                .map_err(|error| RegistrationError::BadMember { member: "scope", why: error.to_string() })?,
            client_id: random_id().map_err(|_| RegistrationError::NoRandomness)?,
            redirect_uris,
            grant_types,
            registered_at: now,
            keys: None,
        };
        let bytes = serde_json::to_vec(&client).map_err(|_| RegistrationError::NotMetadata)?;
        if bytes.len() > MAX_RECORD { Err(RegistrationError::TooMuch) } else { Ok(client) }
    }

    /// Drops the announced scopes this server does not know: they are ignored, not refused.
    #[must_use]
    pub(crate) fn with_scopes_of(mut self, supported: &Scopes) -> Self {
        self.scope = self.scope.intersection(supported);
        self
    }

    /// Whether the client may have refresh tokens.
    pub(crate) fn may_refresh(&self) -> bool {
        self.grant_types.contains(&GrantType::RefreshToken)
    }

    /// The client information response (RFC 7591 §3.2.1): what is registered, without a secret.
    pub(crate) fn response(&self) -> Value {
        let mut response = json!({
            "client_id": self.client_id,
            "client_id_issued_at": self.registered_at,
            "redirect_uris": self.redirect_uris,
            "application_type": self.application_type,
            "scope": self.scope,
            "grant_types": self.grant_types,
            "response_types": ["code"],
            "token_endpoint_auth_method": "none",
        });
        for (member, text) in [("client_name", &self.client_name), ("client_uri", &self.client_uri)] {
            if let Some(text) = text {
                response[member] = json!(text);
            }
        }
        response
    }
}

fn bad(member: &'static str, why: impl Into<String>) -> RegistrationError {
    RegistrationError::BadMember { member, why: why.into() }
}

pub(super) fn grant_types(asked: Option<&[String]>) -> Result<Vec<GrantType>, RegistrationError> {
    let both = vec![GrantType::AuthorizationCode, GrantType::RefreshToken];
    match asked {
        // RFC 7591 would have the code alone here; a user who must log in every hour is worse than a token unused.
        None | Some([]) => Ok(both),
        Some(types) if types.len() > MAX_LIST => Err(bad("grant_types", "too many")),
        Some(types) if !types.iter().any(|name| name == "authorization_code") => {
            Err(bad("grant_types", "must contain authorization_code; refresh_token is the only other one"))
        }
        Some(types) if types.iter().any(|name| name == "refresh_token") => Ok(both),
        Some(_) => Ok(vec![GrantType::AuthorizationCode]),
    }
}

pub(super) fn response_types(asked: Option<&[String]>) -> Result<(), RegistrationError> {
    match asked {
        None | Some([]) => Ok(()),
        Some(types) if types.len() <= MAX_LIST && types.iter().any(|name| name == "code") => Ok(()),
        Some(_) => Err(bad("response_types", "must contain code: it is the only response type here")),
    }
}

fn redirect_uris(asked: &[String], policy: &RedirectPolicy) -> Result<Vec<RedirectUri>, RegistrationError> {
    if asked.is_empty() || asked.len() > MAX_REDIRECT_URIS {
        return Err(RegistrationError::RedirectUris);
    }
    let check = |(index, text): (usize, &String)| {
        RedirectUri::register(text, policy).map_err(|error| RegistrationError::RedirectUri { number: index + 1, error })
    };
    asked.iter().enumerate().map(check).collect()
}

/// The type the client names, or else the one its redirect URIs speak of.
///
/// OpenID Connect's default, `web`, would lock out clients that do not send the member. A web client cannot own a
/// private-use scheme; loopback is left to it, for development.
pub(crate) fn application_type(
    asked: Option<&str>,
    uris: &[RedirectUri],
) -> Result<ApplicationType, RegistrationError> {
    let local = uris.iter().any(|uri| uri.is_loopback() || uri.kind() == Kind::PrivateUse);
    match asked {
        None if local => Ok(ApplicationType::Native),
        None => Ok(ApplicationType::Web),
        Some("native") => Ok(ApplicationType::Native),
        Some("web") if uris.iter().any(|uri| uri.kind() == Kind::PrivateUse) => {
            Err(bad("application_type", "a web client cannot have a private-use scheme; register as native"))
        }
        Some("web") => Ok(ApplicationType::Web),
        Some(_) => Err(bad("application_type", "must be native or web")),
    }
}

pub(super) fn client_name(asked: Option<String>) -> Result<Option<String>, RegistrationError> {
    match asked {
        Some(name) if name.chars().count() > MAX_NAME => {
            Err(bad("client_name", format!("may have at most {MAX_NAME} characters")))
        }
        Some(name) if name.trim().is_empty() => Ok(None),
        name => Ok(name),
    }
}

/// Whether this is a page that could be shown as the client's own. Anything else is dropped, not refused: a login must
/// not fail for an ornament.
pub(super) fn is_web_page(uri: &str) -> bool {
    uri.len() <= MAX_URI
        && url::Url::parse(uri).is_ok_and(|url| {
            matches!(url.scheme(), "https" | "http") && url.username().is_empty() && url.password().is_none()
        })
}

#[cfg(test)]
mod tests;
