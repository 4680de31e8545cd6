use http::{HeaderMap, Method, header};
use serde_json::json;

use crate::world::{BASE, RESOURCE, World};

#[tokio::test]
async fn a_call_without_a_token_is_told_where_to_log_in_disc_01() {
    let world = World::with(|proxy| proxy.required_scopes(["profile"])).await;
    let refusal = world.gate.authenticate(&HeaderMap::new()).await.unwrap_err();
    let response = world.gate.respond(refusal);
    assert_eq!(response.status(), 401);
    let challenge = response.headers()[header::WWW_AUTHENTICATE].to_str().unwrap();
    assert_eq!(
        challenge,
        format!(r#"Bearer resource_metadata="{BASE}/.well-known/oauth-protected-resource/mcp", scope="profile""#)
    );
}

#[tokio::test]
async fn metadata_is_found_and_agrees_disc_02_to_05() {
    let world = World::new().await;
    for path in ["/.well-known/oauth-protected-resource/mcp", "/.well-known/oauth-protected-resource"] {
        let document = world.get(path, "").await.json();
        assert_eq!(document["resource"], RESOURCE);
        assert_eq!(document["authorization_servers"], json!([BASE]));
    }
    let slashed = world.get("/.well-known/oauth-protected-resource/mcp/", "").await.json();
    assert_eq!(slashed["resource"], format!("{RESOURCE}/"));
    let server = world.get("/.well-known/oauth-authorization-server", "").await;
    assert_eq!(server.header("access-control-allow-origin"), "*");
    let server = server.json();
    assert_eq!(server["issuer"], BASE);
    assert_eq!(server["code_challenge_methods_supported"], json!(["S256"]));
    assert_eq!(server["response_types_supported"], json!(["code"]));
    assert_eq!(server["authorization_response_iss_parameter_supported"], true);
    assert_eq!(world.get("/.well-known/openid-configuration", "").await.status, 404);
}

#[tokio::test]
async fn wrong_methods_are_405_and_preflights_answered_only_where_clients_fetch_code_09() {
    let world = World::new().await;
    let wrong = [
        (Method::GET, "/token"),
        (Method::GET, "/register"),
        (Method::DELETE, "/authorize"),
        (Method::GET, "/consent"),
        (Method::POST, "/auth/callback"),
        (Method::POST, "/.well-known/oauth-authorization-server"),
    ];
    for (method, path) in wrong {
        assert_eq!(world.method(method, path).await.status, 405, "{path}");
    }
    for (path, allowed) in [("/token", true), ("/register", true), ("/authorize", false), ("/consent", false)] {
        let request = http::Request::options(path)
            .header(header::ORIGIN, "https://inspector.example")
            .header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST");
        let reply = world.send(request.body(axum::body::Body::empty()).unwrap()).await;
        assert_eq!(reply.headers.contains_key("access-control-allow-origin"), allowed, "{path}");
    }
}
