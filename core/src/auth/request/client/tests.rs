use super::*;

fn register(body: Value) -> Result<Client, RegistrationError> {
    register_bytes(body.to_string().as_bytes())
}

fn register_bytes(body: &[u8]) -> Result<Client, RegistrationError> {
    let policy = RedirectPolicy::new("https://mcp.example/auth/callback");
    Client::register(body, &policy, 1_800_000_000)
}

/// A body that registers, with one member changed.
fn with(member: &str, value: Value) -> Value {
    let mut body = json!({ "redirect_uris": ["http://localhost:1/callback"] });
    body[member] = value;
    body
}

#[test]
fn minimal_registration_reg_01() {
    let client = register(json!({ "redirect_uris": ["http://localhost:1/callback"] })).unwrap();
    assert!(crate::auth::random::is_random_id(&client.client_id));
    assert!(client.may_refresh());
    assert_eq!(
        client.response(),
        json!({
            "client_id": client.client_id,
            "client_id_issued_at": 1_800_000_000,
            "redirect_uris": ["http://localhost:1/callback"],
            "application_type": "native",
            "scope": "",
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "token_endpoint_auth_method": "none",
        })
    );
}

#[test]
fn what_is_registered_is_echoed_and_stored_reg_01() {
    let client = register(json!({
        "client_name": "Claude Code (달력)",
        "client_uri": "https://claude.ai",
        "redirect_uris": ["http://localhost:1/callback", "https://claude.ai/api/mcp/auth_callback"],
        "application_type": "native",
        "scope": "calendar openid email",
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
        "software_id": "x", "contacts": ["a@b.example"], "jwks": { "keys": [] }, "client_name#ko": 5,
    }))
    .unwrap()
    .with_scopes_of(&Scopes::parse("calendar").unwrap());
    let response = client.response();
    assert_eq!(response["client_name"], "Claude Code (달력)");
    assert_eq!(response["client_uri"], "https://claude.ai");
    assert_eq!(response["redirect_uris"][1], "https://claude.ai/api/mcp/auth_callback");
    assert_eq!(response["scope"], "calendar");
    let stored = serde_json::to_string(&client).unwrap();
    assert_eq!(serde_json::from_str::<Client>(&stored).unwrap(), client);
}

#[test]
fn cursor_registers_three_uris_at_once() {
    let client = register(json!({ "redirect_uris": [
        "cursor://anysphere.cursor-mcp/oauth/callback",
        "https://www.cursor.com/agents/mcp/oauth/callback",
        "http://localhost:8787/callback",
    ] }));
    assert_eq!(client.unwrap().application_type, ApplicationType::Native);
}

#[test]
fn no_redirect_uris_reg_02() {
    for body in [json!({}), json!({ "redirect_uris": null }), json!({ "redirect_uris": [] })] {
        assert_eq!(register(body).unwrap_err().code(), "invalid_redirect_uri");
    }
}

#[test]
fn one_bad_uri_refuses_all_and_is_counted_reg_03_04_05() {
    for uri in ["javascript:alert(1)", "https://a.example/#", "http://a.example/", "https://mcp.example/auth/callback"]
    {
        let error = register(json!({ "redirect_uris": ["https://a.example/cb", uri] })).unwrap_err();
        assert_eq!((error.code(), error.status()), ("invalid_redirect_uri", StatusCode::BAD_REQUEST));
        assert!(error.to_string().starts_with("redirect_uris, number 2: "), "{error}");
    }
}

#[test]
fn not_metadata_reg_06() {
    let deep = "[".repeat(20_000);
    for body in
        ["", "not json", "[]", "[[\"https://a.example/cb\"]]", "null", "5", "{\"redirect_uris\":", "\u{feff}{}", &deep]
    {
        assert_eq!(register_bytes(body.as_bytes()).unwrap_err().code(), "invalid_client_metadata", "{body:.40}");
    }
    assert_eq!(register_bytes(b"{\"client_name\":\"\xff\"}").unwrap_err().code(), "invalid_client_metadata");
    for (member, value) in [
        ("redirect_uris", json!("http://localhost:1/callback")),
        ("redirect_uris", json!([5])),
        ("client_name", json!({ "a": 1 })),
        ("client_uri", json!(5)),
        ("scope", json!(["a"])),
        ("scope", json!("a\"b")),
        ("grant_types", json!("authorization_code")),
        ("response_types", json!({})),
        ("application_type", json!("toaster")),
        ("token_endpoint_auth_method", json!(false)),
    ] {
        let error = register(with(member, value.clone())).unwrap_err();
        assert_eq!(
            (error.code(), error.status()),
            ("invalid_client_metadata", StatusCode::BAD_REQUEST),
            "{member} {value}"
        );
        let fits = |byte: u8| matches!(byte, 0x20 | 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        assert!(error.to_string().bytes().all(fits), "{error}");
    }
}

#[test]
fn big_input_reg_07() {
    let uris: Vec<String> = (0..500).map(|n| format!("https://a.example/{n}")).collect();
    assert_eq!(register(json!({ "redirect_uris": uris })).unwrap_err().code(), "invalid_redirect_uri");
    assert!(register(json!({ "redirect_uris": uris[..20] })).is_ok());
    assert!(register(with("client_name", json!("가".repeat(200)))).is_ok());
    assert!(register(with("client_name", json!("가".repeat(201)))).is_err());
    assert!(register(with("grant_types", json!(vec!["authorization_code"; 21]))).is_err());
    let error = register_bytes(&vec![b' '; 2 * 1024 * 1024]).unwrap_err();
    assert_eq!(error.status(), StatusCode::PAYLOAD_TOO_LARGE);
}

#[test]
fn other_grants_and_responses_reg_10() {
    for (member, value) in [
        ("grant_types", json!(["implicit", "password"])),
        ("grant_types", json!(["refresh_token"])),
        ("response_types", json!(["token"])),
        ("response_types", json!(["code token"])),
    ] {
        assert_eq!(register(with(member, value)).unwrap_err().code(), "invalid_client_metadata");
    }
    let client = register(with("grant_types", json!(["authorization_code", "implicit"]))).unwrap();
    assert_eq!(client.grant_types, [GrantType::AuthorizationCode]);
    assert!(!client.may_refresh());
    let client = register(with("response_types", json!(["token", "code"]))).unwrap();
    assert_eq!(client.response()["response_types"], json!(["code"]));
}

#[test]
fn everyone_is_a_public_client() {
    for method in ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"] {
        let response = register(with("token_endpoint_auth_method", json!(method))).unwrap().response();
        assert_eq!(response["token_endpoint_auth_method"], "none");
        assert!(response.get("client_secret").is_none());
    }
}

#[test]
fn application_type_follows_the_uris() {
    for (asked, uri, registered) in [
        (None, "http://localhost:1/cb", Some(ApplicationType::Native)),
        (None, "cursor://anysphere.cursor-mcp/cb", Some(ApplicationType::Native)),
        (None, "https://a.example/cb", Some(ApplicationType::Web)),
        (Some("native"), "https://vscode.dev/redirect", Some(ApplicationType::Native)),
        (Some("web"), "http://localhost:3000/cb", Some(ApplicationType::Web)),
        (Some("web"), "cursor://anysphere.cursor-mcp/cb", None),
    ] {
        let client = register(json!({ "redirect_uris": [uri], "application_type": asked }));
        assert_eq!(client.ok().map(|client| client.application_type), registered, "{asked:?} {uri}");
    }
}

#[test]
fn only_web_pages_are_kept_as_client_uri_cons_08() {
    for (uri, kept) in [
        ("https://a.example/about", true),
        ("http://a.example", true),
        ("javascript:alert(1)", false),
        ("data:text/html,x", false),
        ("https://claude.ai@evil.example/", false),
        ("not a uri", false),
        ("", false),
    ] {
        assert_eq!(register(with("client_uri", json!(uri))).unwrap().client_uri.is_some(), kept, "{uri}");
    }
    assert_eq!(register(with("client_name", json!("  "))).unwrap().client_name, None);
}

#[test]
fn ids_differ_hyg_06() {
    let body = || json!({ "redirect_uris": ["http://localhost:1/callback"] });
    assert_ne!(register(body()).unwrap().client_id, register(body()).unwrap().client_id);
}
