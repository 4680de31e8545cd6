//! The two documents by which clients find their way: protected resource metadata (RFC 9728) and authorization server
//! metadata (RFC 8414). They are serialized once.

use bytes::Bytes;
use serde::Serialize;

use super::urls::Urls;
use crate::auth::request::key_set::ALGORITHMS;
use crate::auth::request::scope::Scopes;

/// The metadata documents, ready to send as `application/json`.
#[derive(Debug, Clone)]
pub(crate) struct Metadata {
    /// RFC 9728 §2, for the resource without a slash at its end.
    pub(crate) protected_resource: Bytes,
    /// The same for clients that know the resource with a slash: each must find the string it asked for (§3.3).
    pub(crate) slashed_protected_resource: Bytes,
    /// RFC 8414 §2.
    pub(crate) authorization_server: Bytes,
}

/// What a server offers beyond its URLs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Offer<'a> {
    /// The server's name for people (`resource_name`).
    pub(crate) server_name: &'a str,
    /// Every scope clients may ask for.
    pub(crate) scopes_supported: &'a Scopes,
    /// Whether clients may register themselves (RFC 7591).
    pub(crate) registration: bool,
    /// Whether clients may describe themselves (CIMD).
    pub(crate) client_documents: bool,
}

#[derive(Serialize)]
struct ProtectedResource<'a> {
    resource: &'a str,
    authorization_servers: [&'a str; 1],
    // Written even when empty: without it mcp-remote asks for OpenID scopes that nobody has.
    scopes_supported: Vec<&'a str>,
    bearer_methods_supported: [&'static str; 1],
    resource_name: &'a str,
}

#[derive(Serialize)]
struct AuthorizationServer<'a> {
    issuer: &'a str,
    authorization_endpoint: &'a str,
    token_endpoint: &'a str,
    revocation_endpoint: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    registration_endpoint: Option<&'a str>,
    scopes_supported: Vec<&'a str>,
    response_types_supported: [&'static str; 1],
    response_modes_supported: [&'static str; 1],
    grant_types_supported: [&'static str; 2],
    token_endpoint_auth_methods_supported: Vec<&'static str>,
    // RFC 8414 §2: must be there for `private_key_jwt`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    token_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    // RFC 8414 §2: left out it would mean `client_secret_basic`.
    revocation_endpoint_auth_methods_supported: Vec<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    revocation_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    code_challenge_methods_supported: [&'static str; 1],
    authorization_response_iss_parameter_supported: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    client_id_metadata_document_supported: bool,
}

impl Metadata {
    /// Writes the documents.
    ///
    /// # Errors
    /// Never with these types; it is serde's.
    pub(crate) fn new(urls: &Urls, offer: Offer<'_>) -> Result<Self, serde_json::Error> {
        let scopes: Vec<&str> = offer.scopes_supported.iter().collect();
        let resource = |resource: &str| {
            serde_json::to_vec(&ProtectedResource {
                resource,
                authorization_servers: [urls.issuer()],
                scopes_supported: scopes.clone(),
                bearer_methods_supported: ["header"],
                resource_name: offer.server_name,
            })
        };
        let (methods, algorithms) = if offer.client_documents {
            (vec!["none", "private_key_jwt"], ALGORITHMS.iter().map(|(_, name)| *name).collect())
        } else {
            (vec!["none"], Vec::new())
        };
        let server = AuthorizationServer {
            issuer: urls.issuer(),
            authorization_endpoint: urls.authorize(),
            token_endpoint: urls.token(),
            revocation_endpoint: urls.revoke(),
            registration_endpoint: offer.registration.then_some(urls.register()),
            scopes_supported: scopes.clone(),
            response_types_supported: ["code"],
            response_modes_supported: ["query"],
            grant_types_supported: ["authorization_code", "refresh_token"],
            token_endpoint_auth_methods_supported: methods.clone(),
            token_endpoint_auth_signing_alg_values_supported: algorithms.clone(),
            revocation_endpoint_auth_methods_supported: methods,
            revocation_endpoint_auth_signing_alg_values_supported: algorithms,
            code_challenge_methods_supported: ["S256"],
            authorization_response_iss_parameter_supported: true,
            client_id_metadata_document_supported: offer.client_documents,
        };
        Ok(Self {
            protected_resource: resource(urls.resource())?.into(),
            slashed_protected_resource: resource(&format!("{}/", urls.resource()))?.into(),
            authorization_server: serde_json::to_vec(&server)?.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn metadata(issuer: Option<&str>, scopes: &str, offers: bool) -> Metadata {
        let urls = Urls::new("https://a.example", "/mcp", "/auth/callback", issuer).unwrap();
        let scopes_supported = &Scopes::parse(scopes).unwrap();
        let offer =
            Offer { server_name: "캘린더", scopes_supported, registration: offers, client_documents: offers };
        Metadata::new(&urls, offer).unwrap()
    }

    fn json(document: &Bytes) -> Value {
        serde_json::from_slice(document).unwrap()
    }

    #[test]
    fn protected_resource_disc_02() {
        let metadata = metadata(None, "calendar profile", true);
        assert_eq!(
            json(&metadata.protected_resource),
            json!({
                "resource": "https://a.example/mcp",
                "authorization_servers": ["https://a.example"],
                "scopes_supported": ["calendar", "profile"],
                "bearer_methods_supported": ["header"],
                "resource_name": "캘린더",
            })
        );
        assert_eq!(json(&metadata.slashed_protected_resource)["resource"], "https://a.example/mcp/");
    }

    #[test]
    fn authorization_server_disc_03_04_05() {
        for issuer in ["https://a.example", "https://a.example/", "https://a.example/login"] {
            let metadata = metadata(Some(issuer), "calendar", true);
            assert_eq!(
                json(&metadata.authorization_server),
                json!({
                    "issuer": issuer,
                    "authorization_endpoint": "https://a.example/authorize",
                    "token_endpoint": "https://a.example/token",
                    "revocation_endpoint": "https://a.example/revoke",
                    "registration_endpoint": "https://a.example/register",
                    "scopes_supported": ["calendar"],
                    "response_types_supported": ["code"],
                    "response_modes_supported": ["query"],
                    "grant_types_supported": ["authorization_code", "refresh_token"],
                    "token_endpoint_auth_methods_supported": ["none", "private_key_jwt"],
                    "token_endpoint_auth_signing_alg_values_supported":
                        ["ES256", "ES384", "EdDSA", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512"],
                    "revocation_endpoint_auth_methods_supported": ["none", "private_key_jwt"],
                    "revocation_endpoint_auth_signing_alg_values_supported":
                        ["ES256", "ES384", "EdDSA", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512"],
                    "code_challenge_methods_supported": ["S256"],
                    "authorization_response_iss_parameter_supported": true,
                    "client_id_metadata_document_supported": true,
                })
            );
            assert_eq!(json(&metadata.protected_resource)["authorization_servers"], json!([issuer]));
        }
    }

    #[test]
    fn no_scopes_are_an_empty_list_and_no_registration_is_no_endpoint() {
        let metadata = metadata(None, "", false);
        assert_eq!(json(&metadata.protected_resource)["scopes_supported"], json!([]));
        let server = json(&metadata.authorization_server);
        assert_eq!(server["scopes_supported"], json!([]));
        assert!(server.get("registration_endpoint").is_none());
        assert!(server.get("client_id_metadata_document_supported").is_none());
        assert_eq!(server["token_endpoint_auth_methods_supported"], json!(["none"]));
        assert_eq!(server["revocation_endpoint_auth_methods_supported"], json!(["none"]));
    }
}
