//! Client-id metadata documents: clients that describe themselves at the URL that is their name
//! (draft-ietf-oauth-client-id-metadata-document-00 §4, MCP Client Registration).

use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::client::{
    Client, ClientKeys, MAX_REDIRECT_URIS, RegistrationError, application_type, client_name, grant_types, is_web_page,
    response_types,
};
use super::document_url::fetchable;
use super::key_set::{KeySet, KeySetError};
use super::redirect_policy::RedirectPolicy;
use super::redirect_uri::RedirectUri;
use super::scope::Scopes;

/// What a document says that is of use here. Other members are ignored.
#[derive(Deserialize)]
struct Document {
    client_id: String,
    client_name: String,
    redirect_uris: Vec<String>,
    client_uri: Option<String>,
    application_type: Option<String>,
    grant_types: Option<Vec<String>>,
    response_types: Option<Vec<String>>,
    token_endpoint_auth_method: Option<String>,
    jwks: Option<Value>,
    jwks_uri: Option<String>,
    client_secret: Option<Value>,
    client_secret_expires_at: Option<Value>,
}

/// Why a document describes no client.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ClientDocumentError {
    /// Not JSON, or without what it must have.
    #[error("the document is not a JSON object with client_id, client_name and redirect_uris")]
    NotMetadata,
    /// MCP: the two strings must be the same.
    #[error("client_id in the document is not the URL of the document")]
    OtherClientId,
    /// A person could not tell who asks.
    #[error("client_name is empty or too long")]
    Name,
    /// None that this server could answer at.
    #[error("redirect_uris has none that this server allows")]
    RedirectUris,
    /// A document everybody can read holds no secret (CIMD §4.1).
    #[error(
        "the document must not have a client_secret, nor an authentication method that needs one: only none and private_key_jwt"
    )]
    Secret,
    /// What is said of its keys.
    #[error("the client authenticates with private_key_jwt, but {0}")]
    Keys(&'static str),
    /// What its key set says.
    #[error("jwks: {0}")]
    KeySet(#[from] KeySetError),
    /// Another member.
    #[error("{0} has a value that this server cannot do with")]
    Member(&'static str),
}

/// Reads the document that was found at this URL.
///
/// Of its redirect URIs those are left out that this server does not allow: a document is one for all servers. An
/// authorization request that presents one of them is refused as one that is not listed.
pub(crate) fn read(url: &Url, document: &[u8], policy: &RedirectPolicy) -> Result<Client, ClientDocumentError> {
    use ClientDocumentError as E;
    // serde would also take an array for a struct.
    let document: Value = serde_json::from_slice(document).map_err(|_| E::NotMetadata)?;
    if !document.is_object() {
        return Err(E::NotMetadata);
    }
    let document: Document = serde_json::from_value(document).map_err(|_| E::NotMetadata)?;
    if document.client_id != url.as_str() {
        return Err(E::OtherClientId);
    }
    let name = client_name(Some(document.client_name)).ok().flatten().ok_or(E::Name)?;
    let allowed = |text: &String| RedirectUri::register(text, policy).ok();
    let redirect_uris: Vec<RedirectUri> =
        document.redirect_uris.iter().take(MAX_REDIRECT_URIS).filter_map(allowed).collect();
    if redirect_uris.is_empty() {
        return Err(E::RedirectUris);
    }
    if document.client_secret.is_some() || document.client_secret_expires_at.is_some() {
        return Err(E::Secret);
    }
    let keys = match document.token_endpoint_auth_method.as_deref() {
        None | Some("none") => None,
        Some("private_key_jwt") => Some(keys(document.jwks, document.jwks_uri)?),
        Some(_) => return Err(E::Secret),
    };
    response_types(document.response_types.as_deref()).map_err(|error| member(&error))?;
    Ok(Client {
        grant_types: grant_types(document.grant_types.as_deref()).map_err(|error| member(&error))?,
        // Only a hint, and not worth a login.
        application_type: application_type(document.application_type.as_deref(), &redirect_uris)
            .or_else(|_| application_type(None, &redirect_uris))
            .map_err(|error| member(&error))?,
        client_id: document.client_id,
        client_name: Some(name),
        client_uri: document.client_uri.filter(|uri| is_web_page(uri)),
        scope: Scopes::default(),
        redirect_uris,
        registered_at: 0,
        keys,
    })
}

/// Either the keys or where they are, and not both (RFC 7591 §2).
fn keys(inline: Option<Value>, uri: Option<String>) -> Result<ClientKeys, ClientDocumentError> {
    match (inline, uri) {
        (Some(set), None) => {
            KeySet::parse(&set)?;
            Ok(ClientKeys::Inline(set))
        }
        (None, Some(uri)) => {
            fetchable(&uri).map_err(|_| ClientDocumentError::Keys("jwks_uri is not a plain https URL"))?;
            Ok(ClientKeys::At(uri))
        }
        (None, None) => Err(ClientDocumentError::Keys("has neither jwks nor jwks_uri")),
        (Some(_), Some(_)) => Err(ClientDocumentError::Keys("has both jwks and jwks_uri")),
    }
}

fn member(error: &RegistrationError) -> ClientDocumentError {
    match error {
        RegistrationError::BadMember { member, .. } => ClientDocumentError::Member(member),
        _ => ClientDocumentError::NotMetadata,
    }
}

#[cfg(test)]
mod tests;
