//! Clients that the operator registers in code (MCP Client Registration, Pre-registration).

use crate::auth::request::client::{Client, GrantType, application_type};
use crate::auth::request::redirect_policy::RedirectPolicy;
use crate::auth::request::redirect_uri::RedirectUri;
use crate::auth::request::scope::Scopes;

/// A client that is known from the start, under an identifier that its user types in.
///
/// It is a public client: it proves itself by PKCE and its redirect URI, and has no secret that could leak.
///
/// ```
/// use dari::auth::PreRegisteredClient;
///
/// let client = PreRegisteredClient::new("calendar-bot", ["https://bot.example/oauth/callback"]).name("Calendar bot");
/// ```
///
/// Source: [MCP Client Registration](https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/client-registration#pre-registration).
#[derive(Clone, Debug)]
pub struct PreRegisteredClient {
    client_id: String,
    name: Option<String>,
    redirect_uris: Vec<String>,
}

impl PreRegisteredClient {
    /// A client with this `client_id` that is answered at one of these redirect URIs.
    #[must_use]
    pub fn new(client_id: impl Into<String>, redirect_uris: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let redirect_uris = redirect_uris.into_iter().map(Into::into).collect();
        Self { client_id: client_id.into(), name: None, redirect_uris }
    }

    /// What users are told that it is called.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The client, or what is wrong with it.
    pub(crate) fn check(&self, policy: &RedirectPolicy) -> Result<Client, String> {
        let visible = self.client_id.bytes().all(|byte| matches!(byte, 0x20..=0x7e));
        if self.client_id.trim().is_empty() || self.client_id.len() > 200 || !visible {
            return Err(format!(
                "client: {:?} is no client_id; it must be 1 to 200 characters of ASCII",
                self.client_id
            ));
        }
        let wrong = |why: String| format!("client {:?}: {why}", self.client_id);
        let uri = |text: &String| RedirectUri::register(text, policy).map_err(|why| wrong(format!("{text:?}: {why}")));
        let redirect_uris = self.redirect_uris.iter().map(uri).collect::<Result<Vec<_>, _>>()?;
        if redirect_uris.is_empty() {
            return Err(wrong("it has no redirect URI, so that it could never be answered".to_owned()));
        }
        Ok(Client {
            client_id: self.client_id.clone(),
            client_name: self.name.clone(),
            client_uri: None,
            application_type: application_type(None, &redirect_uris).map_err(|error| wrong(error.to_string()))?,
            redirect_uris,
            scope: Scopes::default(),
            grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
            registered_at: 0,
            keys: None,
        })
    }
}
