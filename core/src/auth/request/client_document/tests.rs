use proptest::prelude::*;
use serde_json::json;

use super::*;

const URL: &str = "https://a.example/client.json";

fn read_document(document: &Value) -> Result<Client, ClientDocumentError> {
    let policy = RedirectPolicy::new("https://mcp.example/auth/callback");
    read(&Url::parse(URL).unwrap(), document.to_string().as_bytes(), &policy)
}

/// A document that is right but for one member.
fn with(member: &str, value: Value) -> Value {
    let mut document = json!({ "client_id": URL, "client_name": "A", "redirect_uris": ["http://localhost/callback"] });
    match value {
        Value::Null => document.as_object_mut().unwrap().remove(member).map(drop).unwrap_or_default(),
        value => document[member] = value,
    }
    document
}

fn ec_set() -> Value {
    json!({ "keys": [{
        "kty": "EC", "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    }] })
}

#[test]
fn a_document_like_the_one_in_the_specification() {
    let client = read_document(&json!({
        "client_id": URL,
        "client_name": "Example MCP Client",
        "client_uri": "https://a.example",
        "logo_uri": "https://a.example/logo.png",
        "redirect_uris": ["http://127.0.0.1:3000/callback", "http://localhost:3000/callback"],
        "grant_types": ["authorization_code"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
    }))
    .unwrap();
    assert_eq!(client.client_id, URL);
    assert_eq!(client.redirect_uris.len(), 2);
    assert!(client.keys.is_none() && !client.may_refresh());
}

#[test]
fn what_a_document_must_have_cimd_06() {
    use ClientDocumentError as E;
    for (member, value, error) in [
        ("client_id", json!("https://a.example/client.json/"), E::OtherClientId),
        ("client_id", json!("https://A.example/client.json"), E::OtherClientId),
        ("client_id", Value::Null, E::NotMetadata),
        ("client_id", json!(5), E::NotMetadata),
        ("client_name", Value::Null, E::NotMetadata),
        ("client_name", json!("  "), E::Name),
        ("client_name", json!("x".repeat(201)), E::Name),
        ("redirect_uris", Value::Null, E::NotMetadata),
        ("redirect_uris", json!("http://localhost/callback"), E::NotMetadata),
        ("redirect_uris", json!([]), E::RedirectUris),
        ("redirect_uris", json!(["javascript:alert(1)", "https://*.a.example/"]), E::RedirectUris),
        ("redirect_uris", json!(["https://mcp.example/auth/callback"]), E::RedirectUris),
        ("token_endpoint_auth_method", json!("client_secret_basic"), E::Secret),
        ("token_endpoint_auth_method", json!("client_secret_post"), E::Secret),
        ("token_endpoint_auth_method", json!("client_secret_jwt"), E::Secret),
        ("client_secret", json!("x"), E::Secret),
        ("client_secret_expires_at", json!(0), E::Secret),
        ("token_endpoint_auth_method", json!("private_key_jwt"), E::Keys("has neither jwks nor jwks_uri")),
        ("grant_types", json!(["client_credentials"]), E::Member("grant_types")),
        ("response_types", json!(["token"]), E::Member("response_types")),
    ] {
        assert_eq!(read_document(&with(member, value.clone())).unwrap_err(), error, "{member} {value}");
    }
    let policy = RedirectPolicy::new("https://mcp.example/auth/callback");
    for text in ["", "not json", "[]", "null", "\u{feff}{}", &"[".repeat(5000)] {
        let url = Url::parse(URL).unwrap();
        assert_eq!(read(&url, text.as_bytes(), &policy).unwrap_err(), E::NotMetadata, "{text:.20}");
    }
}

#[test]
fn redirect_uris_that_are_not_allowed_here_are_left_out() {
    let uris =
        json!(["unknown://callback", "http://localhost/callback", "http://evil.example/", "https://a.example/cb"]);
    let client = read_document(&with("redirect_uris", uris)).unwrap();
    let kept: Vec<&str> = client.redirect_uris.iter().map(RedirectUri::as_str).collect();
    assert_eq!(kept, ["http://localhost/callback", "https://a.example/cb"]);
}

#[test]
fn a_portless_loopback_uri_is_good_for_every_port() {
    let client = read_document(&with("application_type", json!("toaster"))).unwrap();
    let policy = RedirectPolicy::new("https://mcp.example/auth/callback");
    let resolve = |uri| RedirectUri::resolve(&client.redirect_uris, Some(uri), &policy);
    assert!(resolve("http://localhost:53682/callback").is_ok());
    assert!(resolve("http://127.0.0.1:53682/callback").is_err());
    assert!(resolve("http://localhost:53682/other").is_err());
}

#[test]
fn keys_are_inline_or_elsewhere() {
    use ClientDocumentError as E;
    let signed = |members: Value| {
        let mut document = with("token_endpoint_auth_method", json!("private_key_jwt"));
        for (name, value) in members.as_object().unwrap() {
            document[name] = value.clone();
        }
        read_document(&document).map(|client| client.keys)
    };
    assert_eq!(signed(json!({ "jwks": ec_set() })).unwrap(), Some(ClientKeys::Inline(ec_set())));
    let uri = "https://keys.example/jwks.json";
    assert_eq!(signed(json!({ "jwks_uri": uri })).unwrap(), Some(ClientKeys::At(uri.to_owned())));
    assert_eq!(signed(json!({ "jwks_uri": uri, "jwks": ec_set() })), Err(E::Keys("has both jwks and jwks_uri")));
    assert_eq!(signed(json!({ "jwks": { "keys": [] } })), Err(E::KeySet(KeySetError::NoKey)));
    for bad in ["http://keys.example/", "https://127.1/jwks", "file:///etc/passwd", "x"] {
        assert!(matches!(signed(json!({ "jwks_uri": bad })), Err(E::Keys(_))), "{bad}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let policy = RedirectPolicy::new("https://mcp.example/auth/callback");
        prop_assert!(read(&Url::parse(URL).unwrap(), &bytes, &policy).is_err());
    }

    #[test]
    fn whatever_uris_it_lists_only_sound_ones_are_kept(uris in prop::collection::vec("(https|http|x)://\\PC{0,20}", 0..30)) {
        if let Ok(client) = read_document(&with("redirect_uris", json!(uris))) {
            prop_assert!(!client.redirect_uris.is_empty() && client.redirect_uris.len() <= MAX_REDIRECT_URIS);
            for uri in &client.redirect_uris {
                prop_assert!(uris.iter().any(|listed| listed == uri.as_str()));
            }
        }
    }
}
